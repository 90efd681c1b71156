#!/usr/bin/env python3
"""notices.py -- what people should know, on a running system: listed, live, posted to webhooks, muted, in the chat.

The clock stands two days before an exam of vishal's and one after one of happy's.
"""
import http.client
import json
import queue
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from bus import Tally
from stack import Stack, wait_for

CLOCK = "2025-01-13T00:00:00Z"
URL = "/api/notifications"


class Receiver:
    """A webhook of a local web server: what was posted, in order."""

    def __init__(self):
        self.posts = posts = queue.Queue()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):  # pylint: disable=invalid-name
                body = self.rfile.read(int(self.headers["Content-Length"]))
                posts.put((self.path, dict(self.headers), json.loads(body)))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *args):  # pylint: disable=arguments-differ
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def next(self, seconds=20):
        """The next post: (path, headers, what the notice says); None when there is none in time."""
        try:
            path, headers, body = self.posts.get(timeout=seconds)
        except queue.Empty:
            return None
        return path, {k.lower(): v for k, v in headers.items()}, body["message"]["parts"][1]["data"]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Stream:
    """A stream of notices, read by a thread."""

    def __init__(self, stack, token, last=None):
        self.c = stack.connect(timeout=60)
        headers = {"Authorization": "Bearer " + token, "Accept": "text/event-stream"}
        if last is not None:
            headers["Last-Event-ID"] = str(last)
        self.c.request("GET", URL + "/stream", headers=headers)
        self.r = self.c.getresponse()
        self.events, self.over = queue.Queue(), threading.Event()
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        event = {}
        try:
            for line in self.r:
                line = line.decode().rstrip("\n")
                name, _, value = line.partition(": ")
                if not line and "data" in event:
                    self.events.put((event.get("id"), event.get("event"), json.loads(event["data"])))
                if not line:
                    event = {}
                elif name:
                    event[name] = value
        except (OSError, ValueError, http.client.HTTPException):
            pass
        self.over.set()

    def next(self, seconds=20):
        try:
            return self.events.get(timeout=seconds)
        except queue.Empty:
            return None, None, None

    def several(self, n):
        return [self.next() for _ in range(n)]

    def close(self):
        self.c.sock.shutdown(2)
        self.thread.join(10)
        self.c.close()


class Notices(Tally):
    def __init__(self, stack, receiver):
        super().__init__()
        self.s, self.hook = stack, receiver

    def ask(self, who, method="GET", path="", body=None):
        status, _, reply = self.s.http(method, URL + path, body, self.s.login(who))
        return status, reply

    def keys(self, who):
        status, reply = self.ask(who)
        assert status == 200, (status, reply)
        return [n["key"] for n in reply["notifications"]]

    def create(self, who, operation):
        status, _, reply = self.s.http("POST", "/a2a/tickets/message:send", {"message": {
            "messageId": operation + who, "role": "ROLE_USER", "parts": [{"mediaType": "application/vnd.jarvis.tool-call+json",
                "data": {"tool": "create_my_ticket", "arguments": {"operation": operation}}}]}}, self.s.login(who),
            {"A2A-Version": "1.0"})
        assert status == 200, (status, reply)

    def problem(self, name, answer, status, field):
        self.check(name, answer[0] == status and answer[1].get("field") == field and answer[1].get("detail"), answer)

    # ---- the parts ------------------------------------------------------------------------------

    def listed(self):
        status, reply = self.ask("vishal")
        first = reply["notifications"][0]
        self.check("the most pressing first", status == 200 and (first["kind"], first["priority"], first["text"], first["key"]) == (
            "exam", "high", "Exam Python Advanced Final is in 2 days (2025-01-15).",
            "exam:Python Advanced Final:2025-01-15:3days") and first["at"] == "2025-01-15T00:00:00Z" and int(first["id"]) > 0, reply)
        self.check("then the others", self.keys("vishal")[1:] == [
            "exam:Cloud Architecture Cert:2025-01-20:7days", "ticket:12301:pending"], reply)
        self.check("over, and told so", self.keys("happy") == ["exam:Data Science Midterm:2025-01-12:overdue"])
        self.check("everybody has their own", self.keys("sarah") == ["budget:80"] and self.keys("admin") == [])
        status, _, reply = self.s.http("GET", URL)
        self.check("nobody has none", status == 401, (status, reply))
        for query, field in (("?nothing=1", "nothing"), ("?after=x", "after"), ("?after=-1", "after")):
            self.problem("%s: an error that names it" % query, self.ask("vishal", path=query), 422, field)

    def live(self):
        token = self.s.login("vishal")
        stream, other = Stream(self.s, token), Stream(self.s, self.s.login("happy"))
        first = stream.several(3)
        self.check("a stream begins with what there is, in the order of its ids", [e for _, e, _ in first] == ["notification"] * 3 and
                   [i for i, _, _ in first] == sorted((i for i, _, _ in first), key=int) and
                   all(d["id"] == i for i, _, d in first), first)
        self.check("another's with theirs", other.next()[2]["key"].startswith("exam:Data Science Midterm"))
        self.create("vishal", "laptop_approval")
        id, event, data = stream.next()
        self.check("what is new comes by itself", event == "notification" and data["kind"] == "ticket" and
                   "laptop_approval" in data["text"], (id, event, data))
        stream.close()
        again = Stream(self.s, token, first[2][0])
        self.check("a stream goes on after what is known", again.next() == (id, event, data))
        self.create("happy", "vpn_access")
        data = other.next()[2]
        self.check("each hears of their own", data and "vpn_access" in data["text"], data)
        again.close()
        self.check("and of nothing else", again.events.empty() and other.events.empty())
        other.close()
        known = Stream(self.s, token, id)
        self.create("vishal", "gitlab_access")
        data = known.next()[2]
        self.check("who knows all hears of what comes then", data and "gitlab_access" in data["text"], data)
        known.close()
        for last in ("x", "-1", "9" * 30):
            status, _, reply = self.s.http("GET", URL + "/stream", token=token, headers={"Last-Event-ID": last})
            self.check("Last-Event-ID %.9s is none" % last, status == 400 and reply["field"] == "Last-Event-ID", (status, reply))

    def ended(self):
        """A stream ends with its token."""
        _, _, reply = self.s.http("POST", "/auth/login", {"username": "alex", "password": "password123"})
        stream = Stream(self.s, reply["access_token"])
        stream.next()
        status, _, _ = self.s.http("POST", "/auth/logout", {"refresh_token": reply["refresh_token"]}, reply["access_token"])
        last = (None, None, {})
        while last[1] not in ("error",) and not (stream.over.is_set() and stream.events.empty()):
            last = stream.next(10)
            if last[1] is None:
                break
        self.check("after a sign-out it ends, and says why", status == 204 and last[1] == "error" and
                   last[2]["status"] == 401 and stream.over.wait(10), last)
        stream.close()

    def posted(self):
        url = "http://127.0.0.1:%d/" % self.hook.port
        status, made = self.ask("sarah", "POST", "/webhooks", {"url": url + "sarah", "token": "a-secret"})
        self.check("a webhook is made, and its token is not shown", status == 201 and made["url"] == url + "sarah" and
                   "a-secret" not in str(made), (status, made))
        self.create("sarah", "gitlab_access")
        self.create("happy", "gpu_allocation")
        got = self.hook.next()
        self.check("a new notice is posted, with the token", got and got[0] == "/sarah" and
                   got[1]["x-a2a-notification-token"] == "a-secret" and got[2]["kind"] == "ticket" and
                   "gitlab_access" in got[2]["text"], got)
        self.keys("sarah")
        self.check("once, and only one's own", self.hook.next(3) is None)
        self.check("listed for oneself alone", [h["id"] for h in self.ask("sarah", path="/webhooks")[1]["hooks"]] == [made["id"]] and
                   self.ask("happy", path="/webhooks")[1]["hooks"] == [])
        status, reply = self.ask("happy", "DELETE", "/webhooks/" + made["id"])
        self.check("somebody else's looks like none", status == 404 and
                   reply["detail"] == self.ask("happy", "DELETE", "/webhooks/nope")[1]["detail"], (status, reply))
        self.problem("not within the house", self.ask("sarah", "POST", "/webhooks", {"url": "http://10.0.0.1/"}), 422, "url")
        self.problem("nothing else is a member", self.ask("sarah", "POST", "/webhooks", {"url": url, "x": 1}), 422, "x")
        status, _ = self.ask("sarah", "DELETE", "/webhooks/" + made["id"])
        self.check("removed", status == 204 and self.ask("sarah", path="/webhooks")[1]["hooks"] == [], status)

    def muted(self):
        status, reply = self.ask("vishal", "PUT", "/mutes", {"kind": "ticket", "muted": True})
        self.check("a kind is muted", status == 200 and reply["mutes"] == [
            {"kind": kind, "muted": kind == "ticket"} for kind in ("exam", "budget", "cost", "ticket")], (status, reply))
        self.check("and left out", self.keys("vishal") and not any(k.startswith("ticket") for k in self.keys("vishal")))
        self.check("of one's own list alone", "ticket" in str(self.keys("happy")))
        stream = Stream(self.s, self.s.login("vishal"))
        self.check("and of the stream", {e[2]["kind"] for e in stream.several(2)} == {"exam"} and stream.events.empty())
        stream.close()
        self.problem("an unknown kind", self.ask("vishal", "PUT", "/mutes", {"kind": "rain", "muted": True}), 422, "kind")
        self.problem("muted or not?", self.ask("vishal", "PUT", "/mutes", {"kind": "exam"}), 422, "muted")
        self.ask("vishal", "PUT", "/mutes", {"kind": "ticket", "muted": False})
        self.check("heard of again", "ticket:12301:pending" in self.keys("vishal"))

    def chat(self):
        first = self.s.chat("vishal", "show aws cost", self.s.new_session("vishal"))["response"]
        line = "\n\n**By the way:** Exam Python Advanced Final is in 2 days (2025-01-15)."
        self.check("an answer ends with it", first.endswith(line) and "15,234.50" in first, first)
        second = self.s.chat("vishal", "show aws cost", self.s.new_session("vishal"))["response"]
        self.check("once", second == first[:-len(line)], second)
        third = self.s.chat("sarah", "show aws cost", self.s.new_session("sarah"))["response"]
        self.check("who has nothing pressing is told nothing", "By the way" not in third, third)
        fourth = self.s.chat("happy", "show aws cost", self.s.new_session("happy"))["response"]
        self.check("another is told theirs", "Data Science Midterm is overdue by 1 day" in fourth and "Python" not in fourth, fourth)


def main():
    receiver = Receiver()
    try:
        with Stack(clock=CLOCK, env={"JARVIS_NOTICES_EVERY": "1s", "JARVIS_PUSH_ALLOW": "127.0.0.1:%d" % receiver.port}) as s:
            n = Notices(s, receiver)
            wait_for(lambda: n.keys("vishal"))
            return n.run(n.listed, n.live, n.ended, n.posted, n.muted, n.chat)
    finally:
        receiver.close()


if __name__ == "__main__":
    sys.exit(main())
