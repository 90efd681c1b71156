#!/usr/bin/env python3
"""a2a_nats.py -- docs/a2a-nats-binding.md, proved on the whole running system with a plain NATS client that
knows nothing of Jarvis: by hand in JSON, in protobuf byte by byte, and the document's own examples."""
import json
import os
import re
import shlex
import signal
import sys
import threading
import time
import uuid

import forge
from bus import ANSWERED, CANNOT_ASK, LOST, NO_ANSWER, NO_RESPONDERS, Listener, Operator, Tally
from stack import TOP, Stack, wait_for

DOCUMENT = os.path.join(TOP, "docs", "a2a-nats-binding.md")
BINDING = "urn:jarvis:a2a:bindings:nats:v1"
A2A = "jarvis.a2a.tickets."
TOOL_CALL = "application/vnd.jarvis.tool-call+json"
END = ({}, b"")
METHODS = {  # request, reply, streaming
    "SendMessage": ("SendMessageRequest", "SendMessageResponse", False),
    "SendStreamingMessage": ("SendMessageRequest", "StreamResponse", True),
    "GetTask": ("GetTaskRequest", "Task", False),
    "ListTasks": ("ListTasksRequest", "ListTasksResponse", False),
    "CancelTask": ("CancelTaskRequest", "Task", False),
    "SubscribeToTask": ("SubscribeToTaskRequest", "StreamResponse", True),
    "CreateTaskPushNotificationConfig": ("TaskPushNotificationConfig", "TaskPushNotificationConfig", False),
    "GetTaskPushNotificationConfig": ("GetTaskPushNotificationConfigRequest", "TaskPushNotificationConfig", False),
    "ListTaskPushNotificationConfigs": ("ListTaskPushNotificationConfigsRequest",
                                        "ListTaskPushNotificationConfigsResponse", False),
    "DeleteTaskPushNotificationConfig": ("DeleteTaskPushNotificationConfigRequest", "google.protobuf.Empty", False),
    "GetExtendedAgentCard": ("GetExtendedAgentCardRequest", "AgentCard", False),
}
# Golden vectors of Google's own protobuf library.
SEND_HI = bytes.fromhex("120c0a026d3120012a040a0268691a0418002001")  # "hi", historyLength 0, returnImmediately
LIST_C1 = bytes.fromhex("12026331180220024000")                      # of context c1, WORKING, two a page
LIST_NONE = bytes.fromhex("1802")                                    # an empty page of two


def new_id(what="m"):
    return "%s-%s" % (what, uuid.uuid4().hex[:12])


def message(part, **members):
    part = {"text": part} if isinstance(part, str) else part
    return {"messageId": new_id(), "role": "ROLE_USER", "parts": [part], **members}


def send(part, configuration=None, **members):
    body = {"message": message(part, **members)}
    return {**body, "configuration": configuration} if configuration else body


def tool_call(tool, **arguments):
    return {"data": {"tool": tool, "arguments": arguments}, "mediaType": TOOL_CALL}


def create(operation="vpn_access"):
    return tool_call("create_my_ticket", operation=operation)


def fields(data):
    """The members of a protobuf message as [(number, bytes or int), ...]."""
    found, at = [], 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte, at = data[at], at + 1
            value, shift = value | (byte & 127) << shift, shift + 7
            if byte < 128:
                return value

    while at < len(data):
        key = varint()
        kind = key & 7
        if kind == 0:
            found.append((key >> 3, varint()))
        else:
            size = {1: 8, 5: 4}[kind] if kind != 2 else varint()
            found.append((key >> 3, data[at:at + size]))
            at += size
    return found


def member(data, number):
    return next((v for n, v in fields(data) if n == number), None)


def text_field(number, text):
    data = text.encode()
    return bytes([number << 3 | 2, len(data)]) + data


def kind(part):
    """What a part of a stream is: (Event-ID, kind, state)."""
    name, value = next(iter(part.json.items()))
    status = value.get("status", {})
    return int(part.headers.get("Event-ID", 0)), name, status.get("state", "")


class Binding(Tally):
    def __init__(self, stack):
        super().__init__()
        self.s, self.o = stack, Operator(stack)
        self.vishal, self.happy = stack.login("vishal"), stack.login("happy")

    # ---- asking ---------------------------------------------------------------------------------

    def one(self, method, body, token="", **headers):
        return self.o.one(A2A + method, body, self.vishal if token == "" else token,
                          headers={k.replace("_", "-"): v for k, v in headers.items()})

    def all(self, method, body, token="", wait_ms=30000, **headers):
        """A stream to its end, without its signs of life."""
        code, parts, err = self.o.ask(A2A + method, body, self.vishal if token == "" else token, most=0,
                                      wait_ms=wait_ms, headers={k.replace("_", "-"): v for k, v in headers.items()})
        assert code == ANSWERED and parts[-1] == END, (method, code, parts, err)
        return [p for p in parts[:-1] if "Jarvis-Alive" not in p.headers]

    def follow(self, task_id, **headers):
        """Somebody who follows a task while others do something."""
        headers = ["%s: %s" % (k.replace("_", "-"), v) for k, v in headers.items()]
        return Listener(self.o, A2A + "SubscribeToTask", json.dumps({"id": task_id}),
                        headers=["Authorization: Bearer " + self.vishal, *headers])

    def question(self):
        """A task that waits for an answer."""
        task = self.one("SendMessage", send("create new ticket")).json["task"]
        assert task["status"]["state"] == "TASK_STATE_INPUT_REQUIRED", task
        return task

    def is_error(self, name, reply, number, code, reason=None, field=None, domain="a2a-protocol.org"):
        """A failed reply: two headers, and a Status that says the same."""
        status = reply.json
        info = status["details"][0]
        bad = status["details"][1]["fieldViolations"][0]["field"] if field else None
        self.check(name, reply.code == number and reply.error == status["message"] and
                   reply.headers["Content-Type"] == "application/json" and status["code"] == code and
                   info["@type"] == "type.googleapis.com/google.rpc.ErrorInfo" and
                   (reason is None or (info["reason"], info["domain"]) == (reason, domain)) and
                   (not field or field in bad), reply)

    # ---- identification -------------------------------------------------------------------------

    def interface(self):
        card = self.one("GetExtendedAgentCard", {}).json
        mine = [i for i in card["supportedInterfaces"] if i["protocolBinding"] == BINDING]
        self.check("the card declares the binding", mine == [
            {"url": "nats:jarvis.a2a.tickets", "protocolBinding": BINDING, "protocolVersion": "1.0"}], card)
        subject = mine[0]["url"].removeprefix("nats:") + ".GetExtendedAgentCard"
        self.check("the url says the subjects", self.o.one(subject, {}, self.vishal).json == card)
        public = self.o.one("jarvis.svc.registry.Card", {"token": "tickets"}).json["card"]
        self.check("the public card has the same interface, for everybody", mine[0] in
                   [{k: i[k] for k in mine[0] if k in i} for i in self.camel(public)["supportedInterfaces"]], public)
        for token in ("tickets", "finops", "oxygen", "jarvis"):
            url = next(i["url"] for i in self.camel(self.o.one("jarvis.svc.registry.Card", {"token": token}).json["card"])[
                "supportedInterfaces"] if i["protocolBinding"] == BINDING)
            reply = self.o.one(url.removeprefix("nats:") + ".ListTasks", {}, self.vishal)
            self.check("%s is where its card says" % token, url == "nats:jarvis.a2a." + token and "tasks" in reply.json, reply)
        info = self.o.one("$SRV.INFO.tickets", b"").json
        there = {e["subject"].removeprefix(A2A): e for e in info["endpoints"] if e["subject"].startswith(A2A)}
        self.check("$SRV.INFO lists the operations, and no others", set(there) == set(METHODS), sorted(there))
        for name, (request, reply, streams) in METHODS.items():
            e = there[name]
            full = [t if "." in t else "lf.a2a.v1." + t for t in (request, reply)]
            self.check("%s: queue group, types, streaming" % name, e["queue_group"] == "tickets" and
                       [e["metadata"]["request"], e["metadata"]["reply"]] == full and
                       ("streaming" in e["metadata"]) == streams, e)

    def camel(self, value):
        """snake_case members, as Jarvis's own services have them, to A2A's."""
        if isinstance(value, list):
            return [self.camel(v) for v in value]
        if not isinstance(value, dict):
            return value
        return {re.sub("_(.)", lambda m: m[1].upper(), k): self.camel(v) for k, v in value.items()}

    # ---- every operation ------------------------------------------------------------------------

    def messages(self):
        reply = self.one("SendMessage", send(tool_call("get_my_tickets"), contextId="c-7")).json["message"]
        self.check("SendMessage: what only looks is answered with a Message", reply["role"] == "ROLE_AGENT" and
                   reply["contextId"] == "c-7" and "taskId" not in reply and "12301" in reply["parts"][0]["text"], reply)
        task = self.one("SendMessage", send(create())).json["task"]
        parts = task["artifacts"][0]["parts"]
        self.check("SendMessage: what changes something is a Task", task["status"]["state"] == "TASK_STATE_COMPLETED" and
                   task["artifacts"][0]["artifactId"] == "result" and "text" in parts[0] and "data" in parts[1] and
                   len(task["history"]) == 1, task)
        early = self.one("SendMessage", send(create(), {"returnImmediately": True, "historyLength": 0})).json["task"]
        self.check("SendMessage: returnImmediately gives the task as it is now", early["id"] and
                   "history" not in early and early["status"]["state"] != "TASK_STATE_UNSPECIFIED", early)
        parts = self.all("SendStreamingMessage", send(tool_call("get_my_tickets")))
        self.check("SendStreamingMessage: a Message is one part, without a number, then the end",
                   [kind(p)[:2] for p in parts] == [(0, "message")], parts)
        parts = self.all("SendStreamingMessage", send("create new ticket"))
        self.check("SendStreamingMessage: ends at a question", [kind(p)[1:] for p in parts] ==
                   [("task", "TASK_STATE_INPUT_REQUIRED")], parts)
        parts = self.all("SendStreamingMessage", send(create(), {"returnImmediately": True}))
        steps = [kind(p) for p in parts]
        last = parts[-1].json
        state = (last.get("task") or last.get("statusUpdate", {}))["status"]["state"]
        self.check("SendStreamingMessage: the Task first, its last state last, numbers grow", steps[0][1] == "task" and
                   state == "TASK_STATE_COMPLETED" and [s[0] for s in steps] == sorted({s[0] for s in steps}) and
                   steps[0][0] >= 1, steps)

    def tasks(self):
        ids = [self.one("SendMessage", send(create(), contextId="c-list")).json["task"]["id"] for _ in range(3)]
        task = self.one("GetTask", {"id": ids[0], "historyLength": 1}).json
        self.check("GetTask: the task, bare", task["id"] == ids[0] and task["contextId"] == "c-list" and
                   len(task["history"]) == 1 and task["artifacts"], task)
        self.check("GetTask: snake_case is understood, camelCase answered",
                   "history" not in self.one("GetTask", {"id": ids[0], "history_length": 0}).json)
        found, token = [], ""
        for size in (2, 1):
            page = self.one("ListTasks", {"contextId": "c-list", "pageSize": 2, "pageToken": token}).json
            found += [t["id"] for t in page["tasks"]]
            token = page["nextPageToken"]
            self.check("ListTasks: a page of %d" % size, len(page["tasks"]) == size and page["pageSize"] == 2 and
                       page["totalSize"] == 3 and bool(token) == (size == 2) and "artifacts" not in page["tasks"][0], page)
        self.check("ListTasks: all of the context, each once", sorted(found) == sorted(ids), found)
        page = self.one("ListTasks", {"contextId": "nowhere"}).json
        self.check("ListTasks: none is an empty list", page == {"tasks": [], "nextPageToken": "", "pageSize": 50,
                                                                "totalSize": 0}, page)

    def push(self):
        task = self.question()["id"]
        config = {"taskId": task, "url": "https://8.8.8.8/hook", "token": "t-1"}
        reply = self.one("CreateTaskPushNotificationConfig", config)
        if "notifier" not in self.s.pids():
            self.is_error("CreateTaskPushNotificationConfig: nobody there to post", reply, 503, 14)
        else:
            made = reply.json
            self.check("CreateTaskPushNotificationConfig: gives an id", made.pop("id") and made == config, reply)
            config["id"] = reply.json["id"]
            again = self.one("GetTaskPushNotificationConfig", {"taskId": task, "id": config["id"]}).json
            listed = self.one("ListTaskPushNotificationConfigs", {"taskId": task}).json["configs"]
            self.check("Get and List give it back", again == config and listed == [config], (again, listed))
            self.is_error("a webhook within is none", self.one("CreateTaskPushNotificationConfig", {
                "taskId": task, "url": "http://127.0.0.1:1/"}), 400, 3, field="url")
            for _ in range(2):
                reply = self.one("DeleteTaskPushNotificationConfig", {"taskId": task, "id": config["id"]})
                self.check("DeleteTaskPushNotificationConfig: Empty, also when it is gone", not reply.code and reply.json == {}, reply)
        listed = self.one("ListTaskPushNotificationConfigs", {"taskId": task}).json
        self.check("ListTaskPushNotificationConfigs: none", listed.get("configs", []) == [], listed)
        self.is_error("GetTaskPushNotificationConfig: no such configuration", self.one(
            "GetTaskPushNotificationConfig", {"taskId": task, "id": "nope"}), 404, 5, "TASK_NOT_FOUND")
        reply = self.one("DeleteTaskPushNotificationConfig", {"taskId": task, "id": "nope"})
        self.check("DeleteTaskPushNotificationConfig: is idempotent", not reply.code and reply.json == {}, reply)
        for method in ("Get", "Delete"):
            self.is_error(method + "TaskPushNotificationConfig: no such task", self.one(
                method + "TaskPushNotificationConfig", {"taskId": "nope", "id": "x"}), 404, 5, "TASK_NOT_FOUND")
        self.is_error("ListTaskPushNotificationConfigs: no such task", self.one(
            "ListTaskPushNotificationConfigs", {"taskId": "nope"}), 404, 5, "TASK_NOT_FOUND")

    # ---- protobuf -------------------------------------------------------------------------------

    def protobuf(self):
        reply = self.one("ListTasks", LIST_C1)
        self.check("protobuf: asked and answered, byte by byte", reply == ({}, LIST_NONE), reply)
        reply = self.one("ListTasks", LIST_C1, Content_Type="application/protobuf")
        self.check("protobuf: so, too, when Content-Type says it", reply.body == LIST_NONE, reply)
        reply = self.one("SendMessage", SEND_HI)
        task = member(reply.body, 1)
        self.check("protobuf: SendMessage gives a Task", not reply.code and task and len(member(task, 1)) == 36 and
                   member(member(task, 3), 1) in (1, 2, 3), reply)
        task_id = member(task, 1).decode()
        wait_for(lambda: self.one("GetTask", {"id": task_id}).json["status"]["state"] == "TASK_STATE_COMPLETED")
        task = self.one("GetTask", text_field(2, task_id)).body
        sent = member(task, 5)
        self.check("protobuf: GetTask: completed, with what was sent", member(member(task, 3), 1) == 3 and
                   (member(sent, 1), member(sent, 3), member(sent, 4)) == (b"m1", task_id.encode(), 1) and
                   member(member(sent, 5), 1) == b"hi" and member(member(task, 4), 1) == b"result", task)
        parts = self.all("SubscribeToTask", text_field(2, task_id), Last_Event_ID="1")
        numbers = [int(p.headers["Event-ID"]) for p in parts]
        self.check("protobuf: a stream's parts say their type and number", numbers[0] > 1 and numbers == sorted(set(numbers)) and
                   all(p.headers["Content-Type"] == "application/protobuf" for p in parts) and
                   [fields(p.body)[0][0] for p in parts][-1] == 3 and
                   all(member(fields(p.body)[0][1], 1) == task_id.encode() for p in parts), parts)
        reply = self.one("GetTask", text_field(2, "nope"))
        info = member(member(reply.body, 3), 2)
        self.check("protobuf: an error is a packed Status with an ErrorInfo", reply.code == 404 and
                   reply.headers["Content-Type"] == "application/protobuf" and member(reply.body, 1) == 5 and
                   member(reply.body, 2).decode() == reply.error and
                   member(member(reply.body, 3), 1) == b"type.googleapis.com/google.rpc.ErrorInfo" and
                   (member(info, 1), member(info, 2)) == (b"TASK_NOT_FOUND", b"a2a-protocol.org"), reply)
        reply = self.one("ListTasks", json.dumps({"contextId": "c1"}), Content_Type="application/a2a+json; charset=utf-8")
        self.check("application/a2a+json is JSON", reply.json["tasks"] == [], reply)
        reply = self.one("ListTasks", b"", Content_Type="application/json")
        self.check("an empty body of type JSON is an empty request", "tasks" in reply.json, reply)
        reply = self.one("ListTasks", b"")
        self.check("an empty body is protobuf's empty request", not reply.code and not reply.body.startswith(b"{"), reply)

    # ---- errors ---------------------------------------------------------------------------------

    def errors(self):
        done = self.one("SendMessage", send(create())).json["task"]
        rows = [
            ("GetTask", {"id": "nope"}, 404, 5, "TASK_NOT_FOUND", None),
            ("CancelTask", {"id": "nope"}, 404, 5, "TASK_NOT_FOUND", None),
            ("SendMessage", send("hi", taskId="nope"), 404, 5, "TASK_NOT_FOUND", None),
            ("CancelTask", {"id": done["id"]}, 400, 9, "TASK_NOT_CANCELABLE", None),
            ("SendMessage", send("hi", taskId=done["id"]), 400, 9, "UNSUPPORTED_OPERATION", "message.taskId"),
            ("SendMessage", send({"url": "https://example.com/x"}), 400, 3, "CONTENT_TYPE_NOT_SUPPORTED", "message.parts[0]"),
            ("SendMessage", send(tool_call("get_my_tickets"), {"acceptedOutputModes": ["image/png"]}), 400, 3,
             "CONTENT_TYPE_NOT_SUPPORTED", "configuration.acceptedOutputModes"),
        ]
        for method, body, number, code, reason, field in rows:
            self.is_error("%s: %s" % (method, reason), self.one(method, body), number, code, reason, field)
        wrong = [
            ("no message", {}, "message"),
            ("no parts", {"message": {**message("hi"), "parts": []}}, "message.parts"),
            ("no messageId", send("hi", messageId=""), "message.messageId"),
            ("a very long messageId", send("hi", messageId="x" * 129), "message.messageId"),
            ("the agent's role", send("hi", role="ROLE_AGENT"), "message.role"),
            ("another context than the task's", send("hi", taskId=self.question()["id"], contextId="other"), "message.contextId"),
            ("a negative historyLength", send("hi", {"historyLength": -1}), "configuration.historyLength"),
        ]
        for name, body, field in wrong:
            self.is_error("invalid: " + name, self.one("SendMessage", body), 400, 3, field=field)
        self.is_error("invalid: pageSize", self.one("ListTasks", {"pageSize": 101}), 400, 3, field="pageSize")
        self.is_error("invalid: pageToken", self.one("ListTasks", {"pageToken": "x"}), 400, 3, field="pageToken")
        for name, body in (("half an object", b'{"id":'), ("two objects", b'{"id":"a"} {}'), ("too deep", b'{"a":' * 40),
                           ("a member twice", b'{"id":"a","id":"b"}')):
            self.is_error("wrong JSON: " + name, self.one("GetTask", body), 400, 3)
        self.is_error("wrong JSON by Content-Type", self.one("GetTask", b"\x0a\x01x", Content_Type="application/json"), 400, 3)
        reply = self.one("GetTask", b"\x0a\xff")
        self.check("wrong protobuf", reply.code == 400 and member(reply.body, 1) == 3, reply)
        reply = self.one("GetTask", {"id": done["id"], "unknown": [1, {"x": None}]})
        self.check("unknown members are skipped", not reply.code and reply.json["id"] == done["id"], reply)
        reply = self.one("Nothing", {})
        self.check("no such operation: headers alone", reply.code == 501 and reply.error and reply.body == b"", reply)
        for method, body, number in (("SendStreamingMessage", {}, 400), ("SubscribeToTask", {"id": "nope"}, 404),
                                     ("SubscribeToTask", {"id": done["id"]}, 400)):
            parts = self.all(method, body)
            self.check("%s: a stream that fails is an error, then the end" % method,
                       len(parts) == 1 and parts[0].code == number and parts[0].json["details"], parts)

    def parameters(self):
        for value in ("0.3", "2.0", "1.1", "99.0", "one"):
            reply = self.one("ListTasks", {}, A2A_Version=value)
            self.is_error("A2A-Version %s is not spoken" % value, reply, 400, 9, "VERSION_NOT_SUPPORTED")
        for value in ("1.0", "1.0.1"):
            reply = self.one("ListTasks", {}, A2A_Version=value)
            self.check("A2A-Version '%s' is" % value, not reply.code and "tasks" in reply.json, reply)
        parts = self.all("SubscribeToTask", {"id": "x"}, A2A_Version="0.3")
        self.is_error("a stream of another version", parts[0], 400, 9, "VERSION_NOT_SUPPORTED")
        reply = self.one("ListTasks", {}, A2A_Extensions="https://example.com/x/v1, urn:jarvis:a2a:tools:v1")
        self.check("A2A-Extensions: unknown ones are no error", "tasks" in reply.json, reply)
        self.is_error("a deadline that is no time", self.one("ListTasks", {}, Jarvis_Deadline="soon"), 400, 3)
        self.is_error("a deadline that is over", self.one("ListTasks", {}, Jarvis_Deadline="1"), 504, 4)
        trace = os.urandom(16).hex()
        self.one("ListTasks", {}, traceparent="00-%s-00f067aa0ba902b7-01" % trace)
        log = os.path.join(self.s.var, "log", "tickets.log")
        self.check("traceparent: the trace goes on", any(trace in line and "ListTasks" in line for line in open(log)))

    def identity(self):
        task = self.question()["id"]
        token = next(t for name, t, _ in forge.forgeries(self.s, self.vishal) if name == "expired")
        for name, t in (("no token", None), ("an expired token", token), ("no token at all", "nonsense")):
            self.is_error("%s: UNAUTHENTICATED" % name, self.one("GetTask", {"id": task}, t), 401, 16)
            parts = self.all("SubscribeToTask", {"id": task}, t)
            self.check("%s: streams too" % name, [p.code for p in parts] == [401], parts)
        self.is_error("another scheme", self.one("GetTask", {"id": task}, None, Authorization="Basic eDp5"), 401, 16)
        for method, body in (("GetTask", {"id": task}), ("CancelTask", {"id": task}), ("SendMessage", send("x", taskId=task)),
                             ("ListTaskPushNotificationConfigs", {"taskId": task})):
            self.is_error("somebody else's task looks like none: " + method, self.one(method, body, self.happy), 404, 5,
                          "TASK_NOT_FOUND")
        parts = self.all("SubscribeToTask", {"id": task}, self.happy, Last_Event_ID="1")
        self.check("and cannot be followed", [p.code for p in parts] == [404], parts)
        listed = self.one("ListTasks", {"pageSize": 100}, self.happy).json
        self.check("nor is it listed", task not in [t["id"] for t in listed["tasks"]], listed)
        self.is_error("what the tool forbids", self.one("SendMessage", send(tool_call("delete_ticket", ticket_id=12301))), 403, 7)
        self.one("CancelTask", {"id": task})

    def limits(self):
        room = (1 << 20) - len(json.dumps(send("")))
        reply = self.one("SendMessage", json.dumps(send("x" * room)))
        self.check("a message of 1 MiB is read", reply.code != 429, reply.headers)
        reply = self.one("SendMessage", json.dumps(send("x" * (room + 1))))
        self.is_error("one byte more is too large", reply, 429, 8)
        code, _, err = self.o.ask(A2A + "SendMessage", b"x" * (3 << 20), self.vishal)
        self.check("what the server does not take never leaves the client", code == CANNOT_ASK and "payload" in err.lower(), (code, err))

    # ---- streams --------------------------------------------------------------------------------

    def streaming(self):
        task = self.question()
        self.check("a question is the status message", "?" in task["status"]["message"]["parts"][0]["text"], task["status"])
        with self.follow(task["id"]) as a, self.follow(task["id"]) as b:
            first = [x.wait(1)[0] for x in (a, b)]
            self.check("SubscribeToTask: the Task first, as it is now", [kind(p)[1:] for p in first] ==
                       [("task", "TASK_STATE_INPUT_REQUIRED")] * 2, first)
            reply = self.one("SendMessage", send("gpu allocation", taskId=task["id"])).json["task"]
            self.check("an answer sets it going", reply["status"]["state"] == "TASK_STATE_COMPLETED" and
                       [m["role"] for m in reply["history"]] == ["ROLE_USER", "ROLE_AGENT", "ROLE_USER"], reply)
            parts, others = a.ended(), b.ended()
        steps = [kind(p) for p in parts]
        self.check("every step comes, in order, and then the end", [s[1:] for s in steps] == [
            ("task", "TASK_STATE_INPUT_REQUIRED"), ("statusUpdate", "TASK_STATE_WORKING"), ("artifactUpdate", ""),
            ("statusUpdate", "TASK_STATE_COMPLETED")], steps)
        numbers = [s[0] for s in steps]
        self.check("the numbers grow, the same for all who follow", numbers == sorted(set(numbers)) and parts == others, steps)
        update = parts[2].json["artifactUpdate"]
        self.check("an artifact's update", update["lastChunk"] and update["taskId"] == task["id"] and
                   update["contextId"] == task["contextId"] and update["artifact"]["artifactId"] == "result", update)

        for at, number in enumerate(numbers):
            rest = self.all("SubscribeToTask", {"id": task["id"]}, Last_Event_ID=str(number))
            self.check("Last-Event-ID %d: the same from there on, and no Task first" % number, rest == parts[at + 1:], rest)
        rest = self.all("SubscribeToTask", {"id": task["id"]}, Last_Event_ID="1")
        self.check("from the beginning: also what came before", [kind(p) for p in rest][-3:] == steps[1:] and
                   kind(rest[0])[1:] == ("statusUpdate", "TASK_STATE_INPUT_REQUIRED"), rest)
        for value in ("x", "-1", "1.5", "9" * 16, str(numbers[-1] + 1), str(numbers[-1] + (1 << 32))):
            parts = self.all("SubscribeToTask", {"id": task["id"]}, Last_Event_ID=value)
            self.is_error("Last-Event-ID %s" % value, parts[0], 400, 3)
        parts = self.all("SubscribeToTask", {"id": task["id"]}, Last_Event_ID="0")
        self.is_error("Last-Event-ID 0 is none: a task that is over cannot be followed", parts[0], 400, 9, "UNSUPPORTED_OPERATION")

    def hops(self):
        task = self.question()["id"]
        deadline = int((time.time() + 2.5) * 1000)
        with self.follow(task, Jarvis_Deadline=deadline) as f:
            f.wait(1)
            parts = f.ended(raw=True)
        alive = [p for p in parts if "Jarvis-Alive" in p.headers]
        self.check("a silent stream says that it is there, empty but for the header", 1 <= len(alive) <= 3 and
                   all(p == ({"Jarvis-Alive": "1"}, b"") for p in alive), parts)
        self.is_error("a hop ends with its deadline", parts[-1], 504, 4)
        seen = kind(parts[0])[0]
        with self.follow(task, Last_Event_ID=seen) as f:
            f.wait(1, raw=True)  # a sign of life: it is there, with nothing to tell
            self.one("SendMessage", send("vpn access", taskId=task))
            steps = [kind(p) for p in f.ended()]
        self.check("the next hop goes on where the last one stopped", [s[1] for s in steps] ==
                   ["statusUpdate", "artifactUpdate", "statusUpdate"] and steps[0][0] > seen and
                   steps[-1][2] == "TASK_STATE_COMPLETED", steps)

    def slow(self):
        task = self.question()["id"]
        headers = {"Last-Event-ID": "1"}
        whole = None

        def answer():
            self.one("SendMessage", send("vpn access", taskId=task))

        thread = threading.Thread(target=answer)
        thread.start()
        code, parts, err = self.o.ask(A2A + "SubscribeToTask", {"id": task}, self.vishal, headers=headers, most=0,
                                      pending=1, wait_ms=20000)
        thread.join()
        self.check("a slow client loses parts, and knows", code == LOST and len(parts) == 1, (code, parts, err))
        whole = self.all("SubscribeToTask", {"id": task}, Last_Event_ID="1")
        seen = [p for p in parts if p.body]
        rest = self.all("SubscribeToTask", {"id": task}, Last_Event_ID=seen[-1].headers["Event-ID"])
        self.check("with Last-Event-ID it gets each once all the same", seen + rest == whole and len(whole) == 4, (seen, rest))

    def draining(self):
        task, before = self.question()["id"], self.s.pids()["tickets"]
        with self.follow(task) as f:
            seen = kind(f.wait(1)[0])[0]
            self.o.ask("jarvis.ctl.tickets.all.drain", b"", wait_ms=100)
            parts = f.ended()
        self.is_error("an instance that stops ends its streams", parts[-1], 503, 14)
        wait_for(lambda: self.s.pids().get("tickets", before) != before, 20)

        def answered():
            code, found, _ = self.o.ask(A2A + "SendMessage", send("vpn access", messageId="drained", taskId=task), self.vishal)
            return code == ANSWERED and not found[0].code and found[0].json["task"]

        done = wait_for(answered, 20)
        steps = [kind(p) for p in self.all("SubscribeToTask", {"id": task}, Last_Event_ID=str(seen))]
        self.check("another instance goes on with the task and its stream", done["status"]["state"] == "TASK_STATE_COMPLETED" and
                   [s[1] for s in steps] == ["statusUpdate", "artifactUpdate", "statusUpdate"], steps)

    def killed(self):
        task, before = self.question()["id"], self.s.pids()["tickets"]
        with self.follow(task) as f:
            seen = kind(f.wait(1)[0])[0]
            os.kill(before, signal.SIGKILL)
            wait_for(lambda: self.s.pids().get("tickets", before) != before, 20)

            def going_on():
                code, found, _ = self.o.ask(A2A + "GetTask", {"id": task}, self.vishal)
                return code == ANSWERED and not found[0].code

            wait_for(going_on, 20)
            with self.follow(task, Last_Event_ID=seen) as again:
                again.wait(1, raw=True)
                self.one("SendMessage", send("vpn access", taskId=task))
                steps = [kind(p) for p in again.ended()]
            self.check("who dies says nothing, not even the end", len(f.told()) == 1 and not f.over, f.found)
        self.check("and the stream is gone on with elsewhere", [s[1] for s in steps] ==
                   ["statusUpdate", "artifactUpdate", "statusUpdate"] and steps[-1][2] == "TASK_STATE_COMPLETED", steps)

    # ---- observers, cancellation ----------------------------------------------------------------

    def observers(self):
        with Listener(self.o, "jarvis.task.tickets.>", listens=True) as heard:
            task = self.question()
            self.one("SendMessage", send("vpn access", taskId=task["id"]))
            own = "jarvis.task.tickets.%s." % task["id"]
            found = [m for m in heard.wait(6, lambda m: m.subject.startswith(own))]
        kinds = [m.subject.removeprefix(own) for m in found]
        self.check("jarvis.task: every event, in order", kinds ==
                   ["message", "status", "message", "status", "artifact", "status"], kinds)
        self.check("numbered from 1", [int(m.headers["Event-ID"]) for m in found] == [1, 2, 3, 4, 5, 6], found)
        numbers = {"message": 2, "status": 3, "artifact": 4}
        self.check("each a StreamResponse in protobuf", all(fields(m.body)[0][0] == numbers[k] for m, k in zip(found, kinds)) and
                   member(member(found[1].body, 3), 1) == task["id"].encode(), found)
        parts = self.all("SubscribeToTask", text_field(2, task["id"]), Last_Event_ID="1")
        same = [m.body for m in found if m.subject.rsplit(".", 1)[1] != "message"]
        self.check("the same bytes as in the stream, which leaves the messages out", [p.body for p in parts] == same, parts)

    def cancelling(self):
        task = self.question()["id"]
        with Listener(self.o, "jarvis.task.tickets.%s.*" % task, listens=True) as heard, self.follow(task) as f:
            f.wait(1)
            reply = self.one("CancelTask", {"id": task}).json
            self.check("CancelTask: the Task, canceled", reply["status"]["state"] == "TASK_STATE_CANCELED", reply)
            steps = [kind(p) for p in f.ended()]
            self.check("those who follow are told, and the stream ends", steps[-1][1:] ==
                       ("statusUpdate", "TASK_STATE_CANCELED") and len(steps) == 2, steps)
            found = heard.wait(2)
        self.check("on the bus: the status, then the word to whoever works for it", [m.subject.rsplit(".", 1)[1] for m in found] ==
                   ["status", "cancel"] and found[1].body == b"" and "Event-ID" not in found[1].headers, found)
        self.is_error("once", self.one("CancelTask", {"id": task}), 400, 9, "TASK_NOT_CANCELABLE")
        parent = self.question()["id"]
        child = self.one("SendMessage", send("create new ticket"), Jarvis_Parent_Task="tickets/" + parent).json["task"]["id"]
        with self.follow(child) as f:
            f.wait(1)
            self.one("CancelTask", {"id": parent})
            steps = [kind(p) for p in f.ended()]
        self.check("what was sent for it is cancelled, too", steps[-1][1:] == ("statusUpdate", "TASK_STATE_CANCELED"), steps)

    def idempotency(self):
        body = send(create(), {"returnImmediately": True})
        first = self.one("SendMessage", body).json["task"]["id"]
        again = self.one("SendMessage", {"message": body["message"]}).json["task"]
        self.check("the same message again is the same task, whatever the configuration", again["id"] == first and
                   again["status"]["state"] == "TASK_STATE_COMPLETED", again)
        parts = self.all("SendStreamingMessage", body)
        self.check("as a stream, too", parts[0].json["task"]["id"] == first, parts)
        other = {"message": {**body["message"], "parts": [create("gpu_allocation")]}}
        self.is_error("another message of that id is a conflict", self.one("SendMessage", other), 409, 6, field="message.messageId")
        mine = self.one("SendMessage", body, self.happy).json["task"]["id"]
        self.check("ids are each caller's own", mine != first, mine)

    def nobody(self):
        self.check("no such agent: no responders", self.o.ask("jarvis.a2a.nobody.SendMessage", send("hi"), self.vishal)[0] ==
                   NO_RESPONDERS)
        said = "outside.%s" % uuid.uuid4().hex
        body = send(create())
        o = Operator(self.s)
        o.inbox = ["-i", said]
        code, found, _ = o.ask(A2A + "SendMessage", body, self.vishal, wait_ms=500)
        log = os.path.join(self.s.var, "log", "tickets.log")
        wait_for(lambda: any(said in line for line in open(log, errors="replace")))
        listed = self.one("ListTasks", {"pageSize": 100, "historyLength": 5}).json["tasks"]
        self.check("a reply subject outside _INBOX: dropped, not done, and on record", code == NO_ANSWER and not found and
                   body["message"]["messageId"] not in json.dumps(listed), (code, found))

    # ---- the document's own examples ------------------------------------------------------------

    def examples(self):
        with open(DOCUMENT, encoding="utf-8") as f:
            text = f.read().split("\n## 18.", 1)[1]
        blocks = re.findall(r"^```(\w+)\n(.*?)^```", text, re.S | re.M)
        known, n = {"TOKEN": self.vishal}, 0
        for (language, command), (_, wanted) in zip(blocks, blocks[1:]):
            if language != "sh":
                continue
            n += 1
            found = self.run_example(command, known)
            wanted = [w.strip() for w in wanted.split("\n---\n")]
            self.check("example %d: %s" % (n, command.split()[-2] if "'" not in command else re.search(r"jarvis\.\S+", command)[0]),
                       len(found) == len(wanted) and all(map(matches, wanted, found)), found)
            for m in found:
                task = re.search(rb'"(?:taskId|id)": ?"([0-9a-f-]{36})"', m.body)
                if task:
                    known.setdefault("TASK", task[1].decode())
        self.check("there are examples", n >= 7, n)

    def run_example(self, command, known):
        for name, value in known.items():
            command = command.replace("$" + name, value)
        words = shlex.split(command.replace("\\\n", " "))
        assert words[:2] == ["nats", "req"], words
        headers, rest, most = {}, [], 1
        while words[2:]:
            word = words.pop(2)
            if word == "-H":
                name, value = words.pop(2).split(":", 1)
                headers[name] = value
            elif word == "--replies=0":
                most = 0
            elif not word.startswith("--"):
                rest.append(word)
        code, found, err = self.o.ask(rest[0], rest[1].encode(), headers=headers, most=most)
        assert code == ANSWERED, (command, code, err)
        return [m for m in found if "Jarvis-Alive" not in m.headers]


def like(wanted, there):
    """As in the document, where "…" stands for anything."""
    if isinstance(wanted, dict):
        return isinstance(there, dict) and set(wanted) == set(there) and all(like(wanted[k], there[k]) for k in wanted)
    if isinstance(wanted, list):
        return isinstance(there, list) and len(wanted) == len(there) and all(map(like, wanted, there))
    if isinstance(wanted, str) and "…" in wanted:
        return re.fullmatch(".*".join(map(re.escape, wanted.split("…"))), str(there), re.S) is not None
    return wanted == there


def matches(wanted, m):
    head, _, body = wanted.partition("\n\n")
    headers = dict(line.split(": ", 1) for line in head.split("\n") if ": " in line)
    if not like(headers, m.headers):
        return False
    return like(json.loads(body), m.json) if body.strip() else m.body == b""


def main():
    with Stack() as s:
        b = Binding(s)
        return b.run(b.interface, b.messages, b.tasks, b.push, b.protobuf, b.errors, b.parameters, b.identity, b.limits,
                     b.streaming, b.hops, b.slow, b.observers, b.cancelling, b.idempotency, b.nobody, b.examples, b.draining, b.killed)


if __name__ == "__main__":
    sys.exit(main())
