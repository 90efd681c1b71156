#!/usr/bin/env python3
"""operators.py -- the system as an operator meets it on the bus, with a plain NATS client: discovery,
calls with and without a person's token (access.py has the whole matrix), hostile bodies, streams, control, audit.

(Not operator.py: that is a module of Python's own.)
"""
import base64
import collections
import json
import os
import secrets
import sys
import threading

from bus import ANSWERED, CANNOT_ASK, NO_ANSWER, NO_RESPONDERS, REFUSED, Operator, Tally
from stack import Stack, wait_for

ACTORS = {"auth", "registry", "sessions", "notifier", "tickets", "finops", "oxygen", "llm", "orchestrator"}
LIST, MINE, GET = "jarvis.svc.tickets.List", "jarvis.svc.tickets.ListMine", "jarvis.svc.tickets.Get"
SEND, CHAT = "jarvis.a2a.tickets.SendMessage", "jarvis.a2a.jarvis.SendStreamingMessage"
TOOL_CALL, TOOL_RESULT = ("application/vnd.jarvis.tool-%s+json" % kind for kind in ("call", "result"))


def ids(reply):
    return [t["id"] for t in reply.json.get("tickets", [])]


def message(*parts, **members):
    return {"message": {"messageId": "m-1", "role": "ROLE_USER", "parts": list(parts), **members}}


def tool_call(tool, **arguments):
    return {"data": {"tool": tool, "arguments": arguments}, "mediaType": TOOL_CALL}


def varint(n):
    out = b""
    while n > 127:
        out, n = out + bytes([n & 127 | 128]), n >> 7
    return out + bytes([n])


def field(number, data):
    """A length-delimited member in protobuf."""
    return varint(number << 3 | 2) + varint(len(data)) + data


def deep_protobuf(levels):
    """A SendMessage whose data part is a list in a list in a list ..."""
    value = field(3, b"x")
    for _ in range(levels):
        value = field(6, field(1, value))
    return field(2, field(1, b"m") + b"\x20\x01" + field(5, field(4, value)))


class Bus(Tally):
    def __init__(self, stack):
        super().__init__()
        self.s, self.o, self.vishal = stack, Operator(stack), stack.login("vishal")
        self.pids = stack.pids()

    def is_error(self, name, reply, codes, words=""):
        """A service error with its number, a sentence and a body that says the same."""
        codes = codes if isinstance(codes, tuple) else (codes,)
        good = reply.code in codes and reply.error and words.lower() in reply.error.lower()
        if good and reply.body.startswith(b"{"):
            good = reply.json["message"] == reply.error and reply.json["details"][0]["reason"]
        self.check(name, good and reply.code != 500, reply)

    # ---- what is there --------------------------------------------------------------------------

    def discovery(self):
        _, found, _ = self.o.ask("$SRV.PING", b"", wait_ms=5000, most=len(ACTORS))
        names = {r.json["name"] for r in found}
        self.check("$SRV.PING: every actor answers", names == ACTORS and len(found) == len(ACTORS), names)
        self.check("$SRV.PING: as the services protocol says",
                   all(r.json["type"] == "io.nats.micro.v1.ping_response" and r.json["id"] and r.json["version"]
                       for r in found), found)
        info = self.o.one("$SRV.INFO.tickets", b"").json
        subjects = {e["subject"] for e in info["endpoints"]}
        self.check("$SRV.INFO.tickets: subjects of both services", info["description"] and {MINE, SEND} <= subjects, info)
        one = self.o.one("$SRV.PING.tickets.%s" % info["id"], b"").json
        self.check("$SRV.PING by instance", one["id"] == info["id"], one)
        self.check("nobody by that name", self.o.ask("$SRV.PING.nobody", b"")[0] == NO_RESPONDERS)
        self.check("no such agent: told at once", self.o.ask("jarvis.a2a.nobody.SendMessage")[0] == NO_RESPONDERS)
        self.is_error("no such method", self.o.one("jarvis.a2a.tickets.Nothing"), 501)

    def counting(self):
        def count():
            stats = self.o.one("$SRV.STATS.tickets", b"").json
            row = next(e for e in stats["endpoints"] if e["name"] == "ListMine")
            return row["num_requests"], row["num_errors"], row["processing_time"], row["last_error"]

        before = count()
        self.o.one(MINE, token=self.vishal)
        self.o.one(MINE)
        after = count()
        self.check("$SRV.STATS.tickets: requests and errors are counted",
                   (after[0], after[1]) == (before[0] + 2, before[1] + 1) and after[2] > before[2] and
                   after[3].startswith("401"), (before, after))

    # ---- who is asking --------------------------------------------------------------------------

    def access(self):
        """How an owner and a token may be spelled; who may what is access.py's."""
        o = self.o
        self.is_error("without a token", o.one(MINE), 401, "sign in")
        reply = o.one(MINE, token=self.vishal)
        self.check("one's own tickets", not reply.code and ids(reply) == [12301, 12303], reply)
        self.check("answered in JSON", reply.headers.get("Content-Type") == "application/json", reply)
        self.is_error("somebody else's by user id", o.one(LIST, {"username": "user_002"}, self.vishal), 403)
        self.is_error("somebody else's in capitals", o.one(LIST, {"username": "HAPPY"}, self.vishal), 403)
        reply = o.one(LIST, {"username": "VISHAL"}, self.vishal)
        self.check("oneself in capitals", ids(reply) == [12301, 12303], reply)
        reply = o.one(LIST, {"username": "happy"}, self.s.login("admin"))
        self.check("an administrator sees it", ids(reply) == [12302], reply)
        for value in ("Basic dmlzaGFsOnBhc3N3b3JkMTIz", "Bearer", "Bearer a b", self.vishal):
            reply = o.one(MINE, headers={"Authorization": value})
            self.is_error("Authorization: %.20s" % value, reply, 401)

    # ---- who may publish where ------------------------------------------------------------------

    def subjects(self):
        for subject in ("jarvis.svc.auth.Revocations", "jarvis.svc.registry.Catalog", "jarvis.audit.tickets.denied",
                        "jarvis.evt.auth.Revoked", "jarvis.hb.tickets.x", "jarvis.svc.nobody.Nothing"):
            code, _, err = self.o.ask(subject, wait_ms=2000)
            self.check("an operator may not say " + subject, code == REFUSED and subject in err, (code, err))
        for creds, subject in (("tickets", "jarvis.svc.sessions.List"), ("tickets", "jarvis.a2a.finops.SendMessage"),
                               ("tickets", "jarvis.audit.auth.login"), ("tickets", "jarvis.ctl.all.all.drain"),
                               ("tickets", "$JS.API.STREAM.MSG.GET.JARVIS_AUDIT"), ("auth", "$JS.API.STREAM.PURGE.JARVIS_AUDIT"),
                               ("auth", "$JS.API.STREAM.MSG.DELETE.JARVIS_AUDIT"), ("gateway", "jarvis.audit.tickets.denied"),
                               ("gateway", "jarvis.svc.registry.Catalog"), ("gateway", "jarvis.hb.tickets.x")):
            o = Operator(self.s, creds)
            o.env["NATS_CREDS"] = o.env["NATS_CREDS"]
            code, _, err = o.ask(subject, wait_ms=2000)
            self.check("%s may not say %s" % (creds, subject), code == REFUSED, (code, err))
        o = Operator(self.s)
        del o.env["NATS_CREDS"]
        code, _, err = o.ask("$SRV.PING", b"")
        self.check("without credentials nobody gets in", code == CANNOT_ASK and "connect" in err, (code, err))
        for name in os.listdir(os.path.dirname(self.o.env["NATS_CREDS"])):
            mode = os.stat(os.path.join(os.path.dirname(self.o.env["NATS_CREDS"]), name)).st_mode & 0o777
            self.check("%s is private" % name, mode == 0o600, oct(mode))

    # ---- A2A by hand ----------------------------------------------------------------------------

    def a2a(self):
        for name, part in (("a tool call", tool_call("get_my_tickets")), ("text", {"text": "show my tickets"})):
            reply = self.o.one(SEND, message(part), self.vishal)
            m = reply.json.get("message", {})
            parts = m.get("parts", [{}, {}])
            self.check("A2A: %s is answered with text and data" % name, m.get("role") == "ROLE_AGENT" and
                       m.get("messageId") and m.get("contextId") and "12301" in parts[0].get("text", "") and
                       [t["id"] for t in parts[1]["data"]["result"]["tickets"]] == [12301, 12303] and
                       parts[1]["mediaType"] == TOOL_RESULT, reply)
        reply = self.o.one(SEND, message({"text": "hi"}, contextId="my-context"), self.vishal)
        self.check("A2A: the context is kept", reply.json["message"]["contextId"] == "my-context", reply)
        reply = self.o.one("jarvis.a2a.jarvis.SendMessage", message({"text": "show my tickets and aws cost"}), self.vishal)
        made = {a["artifactId"]: a for a in reply.json["task"]["artifacts"]}
        text = "".join(p["text"] for p in made["response"]["parts"])
        self.check("A2A: the agent Jarvis asks the others", "12301" in text and "15,234.50" in text, reply)
        wrong = [
            ("no such tool", message(tool_call("drop_tables")), "drop_tables"),
            ("a wrong argument", message(tool_call("get_ticket", ticket_id="x")), "ticket_id"),
            ("an unknown argument", message(tool_call("get_ticket", ticket_id=12301, also=1)), "also"),
            ("a missing argument", message(tool_call("get_ticket")), "ticket_id"),
            ("arguments that are a list", message({"data": {"tool": "get_ticket", "arguments": []}}), "arguments"),
            ("two tool calls", message(tool_call("get_my_tickets"), tool_call("get_my_tickets")), "one tool call"),
            ("no parts", message(), "parts"),
            ("the agent's role", message({"text": "hi"}, role="ROLE_AGENT"), "role"),
            ("an unknown role", message({"text": "hi"}, role="ROLE_KING"), "role"),
            ("no message", {}, "message"),
            ("a file", message({"url": "https://example.com/x"}), "text or a tool call"),
            ("text and data in one part", message({"text": "hi", "data": {}}), ""),
        ]
        for name, body, words in wrong:
            self.is_error("A2A: " + name, self.o.one(SEND, body, self.vishal), (400, 422), words)
        self.is_error("A2A: no such task", self.o.one("jarvis.a2a.tickets.GetTask", {"id": "nope"}, self.vishal), 404, "nope")
        _, parts, _ = self.o.ask("jarvis.a2a.tickets.SendStreamingMessage", message(), self.vishal, most=0)
        self.check("A2A: a stream that is refused is an error, then the end",
                   len(parts) == 2 and parts[0].code and parts[1] == ({}, b""), parts)

    # ---- bodies ---------------------------------------------------------------------------------

    def bodies(self):
        big = b'{"username":"' + b"x" * (1 << 20) + b'"}'
        wrong = [
            ("an unknown member", LIST, b'{"username":"vishal","nope":1}', 422, "nope"),
            ("camel case is another member", GET, b'{"ticketIdentifier":1}', 422, "ticketIdentifier"),
            ("text for a number", GET, b'{"ticket_id":"abc"}', 422, "ticket_id"),
            ("a number for text", LIST, b'{"username":5}', 422, "username"),
            ("a list for text", LIST, b'{"username":["vishal"]}', 422, "username"),
            ("an object for a number", GET, b'{"ticket_id":{}}', 422, "ticket_id"),
            ("a fraction", GET, b'{"ticket_id":1.5}', 422, "ticket_id"),
            ("a number out of range", GET, b'{"ticket_id":9999999999999}', 422, "ticket_id"),
            ("an endless number", GET, b'{"ticket_id":' + b"9" * 100000 + b"}", (400, 422), ""),
            ("an unknown enum value", LIST, b'{"status":"burning"}', 422, "status"),
            ("a required member that is missing", GET, b"{}", 422, "ticket_id"),
            ("a member twice", GET, b'{"ticket_id":12301,"ticket_id":12302}', (400, 422), ""),
            ("half an object", GET, b'{"ticket_id":', (400, 422), "json"),
            ("an object and more", GET, b'{"ticket_id":12301} {}', (400, 422), "json"),
            ("only a brace", GET, b"{", (400, 422), "json"),
            ("a comment", GET, b'{/* */"ticket_id":12301}', (400, 422), "json"),
            ("objects 100,000 deep", GET, b'{"a":' * 100000, (400, 422), "deep"),
            ("lists 1,000 deep", SEND, b'{"message":' + b"[" * 1000 + b"]" * 1000 + b"}", (400, 422), "deep"),
            ("invalid UTF-8 in JSON", LIST, b'{"username":"\xff\xfe"}', (400, 422), "utf-8"),
            ("half a surrogate pair", LIST, b'{"username":"\\ud800"}', (400, 422), ""),
            ("a NUL in text", LIST, b'{"username":"a\\u0000b"}', 422, "username"),
            ("more than 1 MiB", LIST, big, (413, 429), "1048576"),
            ("protobuf: nothing, where a member is required", GET, b"", 422, "ticket_id"),
            ("protobuf: only 0xff", LIST, b"\xff" * 1000, (400, 422), ""),
            ("protobuf: a length past the end", LIST, b"\x0a\xff\xff\xff\xff\x07ab", (400, 422), ""),
            ("protobuf: invalid UTF-8", LIST, field(1, b"\xff\xfe"), (400, 422), ""),
            ("protobuf: a NUL in text", LIST, field(1, b"a\0b"), (400, 422), ""),
            ("protobuf: an endless varint", GET, b"\x08" + b"\x80" * 5000, (400, 422), ""),
            ("protobuf: an enum value nobody knows", LIST, b"\x10\xe7\x07", (400, 422), "status"),
            ("protobuf: 2,000 deep", SEND, deep_protobuf(2000), (400, 422), "deep"),
            ("protobuf: a group", LIST, b"\x0b\x0c", (400, 422), ""),
            ("protobuf: field number 0", LIST, b"\x02\x01a", (400, 422), ""),
        ]
        for name, subject, body, codes, words in wrong:
            self.is_error(name, self.o.one(subject, body, self.vishal), codes, words)
        for kind in ("application/json", "application/json; charset=utf-8"):
            reply = self.o.one(MINE, b"", self.vishal, headers={"Content-Type": kind})
            self.check("%s and no body are an empty object" % kind, ids(reply) == [12301, 12303], reply)
        self.is_error("protobuf that says it is JSON",
                      self.o.one(LIST, field(1, b"vishal"), self.vishal, headers={"Content-Type": "application/json"}),
                      (400, 422), "json")
        self.is_error("JSON that says it is protobuf",
                      self.o.one(LIST, b'{"username":"x"}', self.vishal, headers={"Content-Type": "application/protobuf"}),
                      (400, 422))
        reply = self.o.one(MINE, b"", self.vishal)
        self.check("protobuf is answered in protobuf",
                   not reply.code and reply.body[:1] == b"\x0a" and b"create_ai_key" in reply.body, reply)
        code, _, err = self.o.ask(LIST, b"x" * (2 << 20), self.vishal)
        self.check("what the bus does not carry is told to the sender", code == CANNOT_ASK and "Payload" in err, err)

    def headers(self):
        def get(**headers):
            return self.o.one(MINE, token=self.vishal, headers={k.replace("_", "-"): v for k, v in headers.items()})

        self.is_error("a deadline that is no time", get(Jarvis_Deadline="tomorrow"), (400, 422), "Jarvis-Deadline")
        self.is_error("a deadline in the past", get(Jarvis_Deadline="1"), 504, "deadline")
        for value in ("garbage", "00-" + "0" * 32 + "-" + "0" * 16 + "-01", "00-" + "Z" * 32 + "-" + "1" * 16 + "-01", "x" * 8000):
            self.check("traceparent: %.40s does no harm" % value, ids(get(traceparent=value)) == [12301, 12303])
        self.check("an unknown header does no harm", ids(get(X_Whatever="\u00e9" * 100)) == [12301, 12303])

    def hammer(self):
        """Everything hostile was answered by the same processes that were there at the beginning."""
        self.check("no process died of it", self.s.pids() == self.pids, (self.pids, self.s.pids()))
        bad = [line for name in ACTORS for line in self.log(name)
               if "AddressSanitizer" in line or "runtime error" in line or "stuck in" in line]
        self.check("no log tells of a bug", not bad, bad)

    # ---- streams --------------------------------------------------------------------------------

    def stream(self):
        code, parts, _ = self.o.ask(CHAT, message({"text": "show my tickets and aws cost"}, messageId=secrets.token_hex(8)),
                                    self.vishal, wait_ms=20000, most=0)
        self.check("a stream ends with an empty message", code == ANSWERED and parts[-1] == ({}, b""), parts[-1:])
        events = [p for p in parts[:-1] if p.body] # the others are signs of life
        numbers = [int(p.headers["Event-ID"]) for p in events]
        self.check("its events are numbered", numbers == sorted(set(numbers)), numbers)
        said = [(p["mediaType"], p["data"]) for e in events for p in
                e.json.get("statusUpdate", {}).get("status", {}).get("message", {}).get("parts", [])]
        kinds = [kind.split(".")[-1].split("+")[0] for kind, _ in said]
        self.check("plan first, reply last", kinds == ["plan"] + 4 * ["agent"] + ["reply"], kinds)
        calls = {c["agent"] for c in said[0][1]["calls"]}
        self.check("the plan names both agents", calls == {"TicketsAgent", "FinOpsAgent"}, said[0])
        task, done = events[0].json["task"], said[-1][1]
        self.check("the answer is whole", done["outcome"] == "answered" and done["message_id"] == task["id"] and
                   all(w in done["response"] for w in ("12301", "12303", "15,234.50", "ec2", "s3", "dynamodb")), done)
        made = [e.json["artifactUpdate"] for e in events if "artifactUpdate" in e.json]
        pieces = "".join(u["artifact"]["parts"][0]["text"] for u in made if u["artifact"]["artifactId"] == "response")
        self.check("the pieces make up the answer", pieces == done["response"], pieces)
        self.check("results are artifacts", [u["artifact"]["metadata"] for u in made if u["artifact"]["artifactId"] != "response"] ==
                   [{"agent": "TicketsAgent", "tool": "get_my_tickets"}, {"agent": "FinOpsAgent", "tool": "get_cloud_cost"}], made)
        subscribe = "jarvis.a2a.jarvis.SubscribeToTask"
        _, again, _ = self.o.ask(subscribe, {"id": task["id"]}, self.vishal, {"Last-Event-ID": str(numbers[2])},
                                 wait_ms=20000, most=0)
        self.check("gone on with after its third", again == [*events[3:], parts[-1]], again)
        _, other, _ = self.o.ask(subscribe, {"id": task["id"]}, self.s.login("happy"), wait_ms=20000, most=0)
        self.check("somebody else finds no such task", len(other) == 2 and other[0].code == 404, other)
        for name, body, token, number in (("without a token", message({"text": "hi"}), None, 401),
                                          ("with nothing to answer", message({"text": " "}), self.vishal, (400, 422)),
                                          ("that is no JSON", b"{", self.vishal, (400, 422))):
            _, parts, _ = self.o.ask(CHAT, body, token, most=0)
            self.check("a stream %s: an error, then the end" % name, len(parts) == 2 and parts[1] == ({}, b"") and
                       parts[0].code in (number if isinstance(number, tuple) else (number,)), parts)

    # ---- audit, control -------------------------------------------------------------------------

    def audit_record(self, subject):
        reply = self.o.one("$JS.API.STREAM.MSG.GET.JARVIS_AUDIT", {"last_by_subj": subject}).json
        return json.loads(base64.b64decode(reply["message"]["data"])) if "message" in reply else {}

    def audit(self):
        """With nothing but a NATS client; audit.py has the rest."""
        happy = self.s.login("happy")
        self.o.one(LIST, {"username": "alex"}, happy)
        record = wait_for(lambda: (r := self.audit_record("jarvis.audit.tickets.denied")).get("who") == "happy" and r, 10)
        self.check("a denial is kept: who, what, whose", record["actor"] == "tickets" and record["method"] == "List" and
                   "alex" in record["text"] and record["trace_id"] and record["at"], record)

    def log(self, name):
        with open(os.path.join(self.s.var, "log", name + ".log"), errors="replace") as f:
            return f.readlines()

    def tell(self, subject, body=b""):
        """Control has no answer; that it is heard shows elsewhere."""
        code, found, err = self.o.ask(subject, body, wait_ms=200)
        assert code == NO_ANSWER, (subject, code, found, err)

    def logged(self):
        """Is a message to tickets logged now?"""
        trace = os.urandom(16).hex()
        self.o.one(MINE, token=self.vishal, headers={"traceparent": "00-%s-00f067aa0ba902b7-01" % trace})
        return any(trace in line for line in self.log("tickets"))

    def loglevel(self):
        self.check("messages are logged", self.logged())
        self.tell("jarvis.ctl.tickets.all.loglevel", b"error")
        wait_for(lambda: not self.logged(), 10)
        for body in (b"", b"shouting", b"\0\0\0", b"x" * 100000):
            self.tell("jarvis.ctl.tickets.all.loglevel", body)
        self.check("a level that is none changes nothing", not self.logged())
        self.tell("jarvis.ctl.tickets.all.loglevel", b"info")
        wait_for(self.logged, 10)
        self.tell("jarvis.ctl.tickets.all.nothing")
        self.check("the log is quiet and loud as told; unknown words do no harm", self.s.pids() == self.pids)

    def drain(self):
        before = self.s.pids()
        info = self.o.one("$SRV.PING.tickets", b"").json
        self.tell("jarvis.ctl.tickets.%s.drain" % info["id"])
        wait_for(lambda: self.s.pids().get("tickets", before["tickets"]) != before["tickets"], 20)

        def back():
            code, found, _ = self.o.ask(MINE, token=self.vishal, wait_ms=10000)
            return code == ANSWERED and ids(found[0]) == [12301, 12303]

        wait_for(back, 20)
        after = self.s.pids()
        del before["tickets"]
        new = after.pop("tickets")
        self.check("drained, it ends and is started again; the others go on", before == after and new, (before, after))
        self.check("as another instance", self.o.one("$SRV.PING.tickets", b"").json["id"] != info["id"])
        reply = wait_for(lambda: (r := self.s.chat("vishal", "show my tickets"))["outcome"] == "answered" and r, 20)
        self.check("and answers in the chat", "12301" in reply["response"], reply)

    def drain_under_load(self):
        """What comes while it drains is answered, or told at once that nobody is there; nothing is lost."""
        seen, over, before = collections.Counter(), threading.Event(), self.s.pids()["tickets"]

        def load():
            while not over.is_set():
                code, found, err = self.o.ask(MINE, token=self.vishal, wait_ms=5000)
                good = code == ANSWERED and ids(found[0]) == [12301, 12303]
                seen["right" if good else "nobody there" if code == NO_RESPONDERS else repr((code, found, err))] += 1

        threads = [threading.Thread(target=load) for _ in range(4)]
        for t in threads:
            t.start()
        wait_for(lambda: seen["right"] >= 10)
        self.tell("jarvis.ctl.tickets.all.drain")
        wait_for(lambda: self.s.pids().get("tickets", before) != before, 20)
        count = seen["right"]
        wait_for(lambda: seen["right"] >= count + 10, 20)
        over.set()
        for t in threads:
            t.join()
        self.check("drained under load: nothing is lost", set(seen) <= {"right", "nobody there"}, seen)


def main():
    with Stack() as s:
        b = Bus(s)
        code = b.run(b.discovery, b.counting, b.access, b.subjects, b.a2a, b.bodies, b.headers,
                     b.stream, b.audit, b.loglevel, b.hammer, b.drain,
                     b.drain_under_load)
        return code


if __name__ == "__main__":
    sys.exit(main())
