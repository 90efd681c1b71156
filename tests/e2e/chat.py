#!/usr/bin/env python3
"""chat.py -- a chat is a task of the agent Jarvis: what a person's page is told and what an A2A client is
told are the same; and it goes on whatever dies meanwhile.
"""
import json
import os
import signal
import sys
import threading
import uuid

from bus import Tally
from stack import Stack, wait_for

QUESTION = "show my tickets and aws cost"
TWO_WISHES = "create a ticket for vpn access and show my courses"


class Events:
    """A stream of server-sent events, read by a thread: [(id, name, data), ...]."""

    def __init__(self, stack, who, method, path, body=None, **headers):
        self.list, self.over = [], False
        self.c = stack.connect(90)
        h = {"Authorization": "Bearer " + stack.login(who), "Accept": "text/event-stream",
             "Content-Type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}}
        self.c.request(method, path, json.dumps(body) if body else None, h)
        self.r = self.c.getresponse()
        self.status = self.r.status
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        block = {}
        try:
            for line in self.r:
                line = line.decode().rstrip("\n")
                if line and not line.startswith(":"):
                    name, value = line.split(": ", 1)
                    block[name] = value
                elif not line:
                    if "data" in block:
                        self.list.append((int(block.get("id", 0)), block.get("event"), json.loads(block["data"])))
                    block = {}
        except (OSError, ValueError) as e:
            self.list.append((0, "broken", str(e)))
        self.over = True
        self.c.close()

    def first(self, name):
        return wait_for(lambda: next((e for e in list(self.list) if e[1] == name), None), 30)

    def all(self):
        self.thread.join(90)
        assert self.over, "the stream does not end"
        return self.list


def message(text, **members):
    return {"message": {"messageId": uuid.uuid4().hex, "role": "ROLE_USER", "parts": [{"text": text}], **members}}


def as_chat(events):
    """An A2A stream told as a chat's: what a person's page would be shown of it."""
    told = []
    for number, _, e in events:
        status, made = e.get("statusUpdate", {}).get("status", {}), e.get("artifactUpdate", {}).get("artifact")
        for p in status.get("message", {}).get("parts", []):
            if "data" in p:
                name = p["mediaType"].split(".")[-1].split("+")[0]
                told.append((number, "done" if name == "reply" else name, p["data"]))
        if made and made["artifactId"] == "response":
            told.append((number, "delta", {"text": made["parts"][0]["text"]}))
        elif made:
            told.append((number, "artifact", {**made["metadata"], "media_type": made["parts"][0]["mediaType"],
                                              "data": made["parts"][0]["data"]}))
    return told


def anonymous(events):
    """Without what differs from one time to the next."""
    text = json.dumps([(name, data) for _, name, data in events])
    for name in ("session_id", "message_id"):
        for value in {d[name] for _, _, d in events if name in d}:
            text = text.replace(value, name)
    return json.loads(text)


class Chat(Tally):
    def __init__(self, stack):
        super().__init__()
        self.s = stack

    def ask(self, who="vishal", text=QUESTION, **headers):
        return Events(self.s, who, "POST", "/api/chat", {"message": text, "session_id": self.s.new_session(who)}, **headers)

    def call(self, who, method, path, body=None, **headers):
        return self.s.http(method, path, body, self.s.login(who), {k.replace("_", "-"): v for k, v in headers.items()})

    def same(self):
        """The same question, by either way; and either's task by the other's."""
        for text in (QUESTION, "what can you do for me?", "show happy's tickets", "create a ticket"):
            chat = self.ask(text=text).all()
            a2a = Events(self.s, "vishal", "POST", "/a2a/jarvis/message:stream",
                         message(text, contextId=self.s.new_session("vishal"))).all()
            self.check("%s: a chat and an A2A client are told the same" % text,
                       chat[-1][1] == "done" and anonymous(chat) == anonymous(as_chat(a2a)), (chat, a2a))
        done = chat[-1][2]
        task = self.call("vishal", "GET", "/a2a/jarvis/tasks/" + done["message_id"], A2A_Version="1.0")[2]
        self.check("a chat's question back is a task that waits", task["status"]["state"] == "TASK_STATE_INPUT_REQUIRED" and
                   task["contextId"] == done["session_id"] and done["outcome"] == "needs_input", task)
        status, _, reply = self.call("vishal", "POST", "/a2a/jarvis/message:send",
                                     message("vpn access", taskId=task["id"]), A2A_Version="1.0")
        self.check("and is answered by an A2A client", status == 200 and
                   reply["task"]["status"]["state"] == "TASK_STATE_COMPLETED" and "was created" in json.dumps(reply), reply)
        h = self.call("vishal", "GET", "/api/history?session_id=" + done["session_id"])[2]
        self.check("which stands in the session", [m["content"] for m in h["messages"] if m["role"] == "user"] ==
                   ["create a ticket", "vpn access"], h)
        path = "/api/chat/%s/events" % done["message_id"]
        self.check("the chat's stream still ends with the question", Events(self.s, "vishal", "GET", path).all() == chat)
        self.check("of others' one knows nothing", self.call("happy", "GET", path)[0] == 404)

    def resumed(self):
        """An A2A client's task, read as a chat, after any of its events."""
        a2a = Events(self.s, "vishal", "POST", "/a2a/jarvis/message:stream", message(QUESTION)).all()
        task, told = a2a[0][2]["task"]["id"], as_chat(a2a)
        for i, (number, name, _) in enumerate(told):
            rest = Events(self.s, "vishal", "GET", "/api/chat/%s/events" % task, Last_Event_ID=str(number)).all()
            self.check("after %s %d" % (name, number), [e[:2] for e in rest] == [e[:2] for e in told[i + 1:]], rest)

    def deleted(self):
        """What was told goes with its session."""
        done = self.ask().all()[-1][2]
        path = "/api/chat/%s/events" % done["message_id"]
        there = self.call("vishal", "GET", path)[0]
        gone = self.call("vishal", "DELETE", "/api/sessions/" + done["session_id"].upper())[0]
        wait_for(lambda: self.call("vishal", "GET", path)[0] == 404)
        status, _, reply = self.call("vishal", "GET", "/a2a/jarvis/tasks/" + done["message_id"], A2A_Version="1.0")
        self.check("a session is deleted: its tasks are gone", (there, gone, status) == (200, 204, 404), (there, gone, reply))

    def stopped(self, name):
        """While it stands still, whoever waits for it waits."""
        pid = self.s.pids()[name]
        os.kill(pid, signal.SIGSTOP)
        return lambda: os.kill(pid, signal.SIGCONT)

    def tickets(self):
        reply = self.s.chat("vishal", "show my tickets", self.s.new_session("vishal"))
        return reply["response"].count("vpn_access")

    def orchestrator_dies(self):
        """In the middle: the ticket is made, the courses are not there yet."""
        before, go_on = self.tickets(), self.stopped("oxygen")
        stream = self.ask(text=TWO_WISHES)
        stream.first("plan")
        wait_for(lambda: self.tickets() == before + 1)
        old = self.s.pids()["orchestrator"]
        os.kill(old, signal.SIGKILL)
        wait_for(lambda: self.s.pids().get("orchestrator", old) != old)
        go_on()
        events = stream.all()
        kinds = [e[1] for e in events]
        self.check("the stream goes on to its end, and tells that the answer began again",
                   stream.status == 200 and kinds[-1] == "done" and kinds.count("plan") == 2 and "error" not in kinds, events)
        self.check("each event once, in order", [e[0] for e in events] == sorted({e[0] for e in events}), events)
        self.check("all of it was answered", events[-1][2]["outcome"] == "answered" and
                   "was created" in events[-1][2]["response"] and "courses" in events[-1][2]["response"], events[-1])
        self.check("nothing was done twice", self.tickets() == before + 1)
        h = self.call("vishal", "GET", "/api/history?session_id=" + events[-1][2]["session_id"])[2]
        self.check("nor said twice", [m["role"] for m in h["messages"]] == ["user", "assistant"], h)

    def gateway_dies(self):
        go_on = self.stopped("oxygen")
        stream = self.ask(text="show my courses and tickets")
        plan = stream.first("plan")
        old = self.s.pids()["gateway"]
        os.kill(old, signal.SIGKILL)
        wait_for(lambda: self.s.pids().get("gateway", old) != old)
        had = stream.all()
        go_on()
        seen = max(e[0] for e in had)
        path = "/api/chat/%s/events" % plan[2]["message_id"]
        wait_for(lambda: self.s.http("GET", "/health")[0] == 200)
        rest = Events(self.s, "vishal", "GET", path, Last_Event_ID=str(seen)).all()
        whole = Events(self.s, "vishal", "GET", path).all()
        self.check("another one tells the rest", rest[-1][1] == "done" and rest[0][0] > seen, (had, rest))
        self.check("and nothing is missing in between", [e for e in had if e[0]] + rest == whole, (had, rest, whole))

    def under_way(self):
        """The same key while the first is under way waits for its answer."""
        go_on, key = self.stopped("oxygen"), uuid.uuid4().hex
        body = {"message": "show my courses", "session_id": self.s.new_session("vishal")}
        replies = []
        stream = Events(self.s, "vishal", "POST", "/api/chat", body, Idempotency_Key=key)
        stream.first("agent")
        second = threading.Thread(target=lambda: replies.append(
            self.call("vishal", "POST", "/api/chat", body, Idempotency_Key=key)))
        second.start()
        third = Events(self.s, "vishal", "POST", "/api/chat", body, Idempotency_Key=key)
        third.first("plan")
        go_on()
        second.join(30)
        self.check("the same key, asked three times at once: one answer", replies and replies[0][0] == 200 and
                   replies[0][2] == stream.all()[-1][2] and third.all() == stream.all(), (replies, stream.list, third.list))

    def cancelled(self):
        go_on = self.stopped("oxygen")
        stream = self.ask(text="show my courses")
        task = stream.first("plan")[2]["message_id"]
        status, _, reply = self.call("vishal", "POST", "/a2a/jarvis/tasks/%s:cancel" % task, {}, A2A_Version="1.0")
        events = stream.all()
        go_on()
        self.check("cancelled by an A2A client: the chat's stream says so", status == 200 and events[-1][1] == "error" and
                   events[-1][2]["code"] == "CANCELLED" and "cancelled" in events[-1][2]["detail"], (reply, events))
        again = self.call("vishal", "GET", "/api/chat/%s/events" % task, Last_Event_ID=str(events[-2][0]))
        self.check("and says so again", again[2].get("code") == "CANCELLED" if isinstance(again[2], dict) else False, again)


def main():
    with Stack() as s:
        c = Chat(s)
        return c.run(c.same, c.resumed, c.deleted, c.under_way, c.cancelled, c.orchestrator_dies, c.gateway_dies)


if __name__ == "__main__":
    sys.exit(main())
