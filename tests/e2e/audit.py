#!/usr/bin/env python3
"""audit.py -- the audit as an administrator reads it, its bounds, and that nothing of it is lost to kill -9."""
import os
import secrets
import signal
import sys
import threading

from bus import Operator, Tally
from doors import Audit
from stack import Stack, wait_for

BYTES = 2 << 20


class Records(Tally):
    def __init__(self, stack):
        super().__init__()
        self.s, self.audit, self.admin = stack, Audit(stack), stack.login("admin")
        self.o = Operator(stack)

    def get(self, query="", token=None):
        status, _, reply = self.s.http("GET", "/api/audit" + query, token=token or self.admin)
        return status, reply

    def deny(self, whose="happy", token=None):
        """One denial: its trace id when it was answered, else None."""
        trace = secrets.token_hex(16)
        try:
            status, _, reply = self.s.http("POST", "/a2a/tickets/message:send", {"message": {
                "messageId": trace, "role": "ROLE_USER", "parts": [{"mediaType": "application/vnd.jarvis.tool-call+json", "data": {
                    "tool": "get_user_tickets", "arguments": {"username": whose}}}]}}, token or self.s.login("vishal"),
                {"traceparent": "00-%s-00f067aa0ba902b7-01" % trace, "A2A-Version": "1.0"}, timeout=10)
        except Exception:  # pylint: disable=broad-except -- a process that it needs was killed
            return None
        return trace if status == 403 and "happy's" in str(reply) else None

    def reading(self):
        mine = [self.deny() for _ in range(5)]
        status, reply = self.get("?who=vishal&action=denied&limit=3")
        self.check("newest first", status == 200 and [r["trace_id"] for r in reply["records"]] == mine[:1:-1], reply)
        status, more = self.get("?who=vishal&action=denied&limit=3&cursor=" + reply["next_cursor"])
        self.check("and the page after", [r["trace_id"] for r in more["records"]] == mine[1::-1] and not more["next_cursor"], more)
        r = reply["records"][0]
        self.check("who, what, whose, which rule, when", (r["actor"], r["action"], r["who"], r["user_id"], r["method"],
                                                          r["tool"], r["rule"], r["about"]) ==
                   ("tickets", "denied", "vishal", "user_001", "List", "get_user_tickets", "owner", "happy") and
                   r["at"].endswith("Z") and r["text"] == "owner: happy", r)
        _, reply = self.get("?who=VISHAL&action=login")
        self.check("by person and action", reply["records"] and all(
            (r["who"], r["action"]) == ("vishal", "login") for r in reply["records"]), reply)
        _, reply = self.get("?who=admin&action=audit_read&limit=1")
        self.check("that it was read is on record", reply["records"][0]["text"].startswith("who=VISHAL action=login"), reply)
        for query, member in (("?limit=0x", "limit"), ("?limit=-1", "limit"), ("?limit=201", "limit"), ("?cursor=x", "cursor"),
                              ("?cursor=99999999999999999999", "cursor"), ("?who=" + "x" * 65, "who"),
                              ("?action=" + "x" * 65, "action"), ("?nothing=1", "nothing")):
            status, reply = self.get(query)
            self.check("%.20s: an error that names it" % query, status == 422 and reply["field"] == member, (status, reply))
        for query in ("?who=nobody", "?action=nothing", "?cursor=0"):
            status, reply = self.get(query)
            self.check("%s: none" % query, status == 200 and reply["records"] == [] and not reply["next_cursor"], reply)
        status, reply = self.get(token=self.s.login("vishal"))
        self.check("not for others", status == 403 and "audit:read" in reply["detail"], (status, reply))
        _, reply = self.get("?who=vishal&limit=1")
        self.check("and that is on record", reply["records"][0]["about"] == "audit:read", reply)
        self.s.http("POST", "/auth/login", {"username": "sarah", "password": "a wrong one"})
        _, reply = self.get("?who=sarah&action=login_failed")
        self.check("a failed sign-in, without its password", len(reply["records"]) == 1 and "a wrong one" not in str(reply), reply)
        self.s.http("POST", "/auth/login", {"username": "a wrong one", "password": "sarah's"})
        _, reply = self.get("?action=login_failed&limit=1")
        self.check("nor a name that nobody has: people type passwords there", "unknown name" in reply["records"][0]["text"] and
                   "a wrong one" not in str(reply) and reply["records"][0]["who"] == "", reply)

    def bounds(self):
        config = self.o.one("$JS.API.STREAM.INFO.JARVIS_AUDIT", b"").json["config"]
        self.check("JetStream keeps so much and no more, the newest", config["max_bytes"] == BYTES and
                   config["discard"] == "old" and config["max_age"] == 400 * 86400 * 10**9, config)

    def restart(self, name):
        old = self.s.pids()[name]
        os.kill(old, signal.SIGKILL)
        wait_for(lambda: self.s.pids().get(name, old) != old, 30)

    def kills(self):
        """Every denial that somebody was told of is on record, whatever was killed meanwhile, and once. They are
        fewer than one person may have records in a minute."""
        told, over, lock, token = [], threading.Event(), threading.Lock(), self.s.login("vishal")
        allowed = threading.Semaphore(0)

        def storm():
            while True:
                allowed.acquire()
                if over.is_set():
                    return
                trace = self.deny(token=token)
                if trace:
                    with lock:
                        told.append(trace)
                else:
                    allowed.release()

        def some_more():
            count = len(told)
            allowed.release(35)
            wait_for(lambda: len(told) >= count + 20, 30)

        threads = [threading.Thread(target=storm) for _ in range(4)]
        for t in threads:
            t.start()
        try:
            killed = [n for n in ("tickets", "nats", "auth", "gateway", "nats", "tickets", "postgres") if n in self.s.pids()]
            for name in killed:
                some_more()
                self.restart(name)
            some_more()
        finally:
            over.set()
            allowed.release(len(threads))
            for t in threads:
                t.join()
        print("# %d denials were told of while %s were killed" % (len(told), ", ".join(killed)))
        wait_for(lambda: self.get()[0] == 200 and not self.get()[1]["note"], 30)
        found = {}

        def all_there():
            found.clear()
            for r in self.audit.all(who="vishal", action="denied"):
                found[r["trace_id"]] = found.get(r["trace_id"], 0) + 1
            return set(told) <= set(found)

        try:
            wait_for(all_there, 20)
        except AssertionError:
            pass
        self.check("none of them is lost", not set(told) - set(found), (len(told), sorted(set(told) - set(found))[:5]))
        self.check("each is there once", all(found[t] == 1 for t in told if t in found), [t for t in told if found.get(t) != 1][:5])

    def other_limits(self):
        """What a restart with other settings changes."""
        self.s.down()
        self.s.env["JARVIS_AUDIT_BYTES"] = str(2 * BYTES)
        self.s.up()
        self.o = Operator(self.s)
        config = self.o.one("$JS.API.STREAM.INFO.JARVIS_AUDIT", b"").json["config"]
        self.check("other limits after a restart", config["max_bytes"] == 2 * BYTES, config)
        status, reply = self.get("?limit=1")
        self.check("and the records are still there", status == 200 and reply["records"], reply)


def main():
    with Stack(env={"JARVIS_AUDIT_BYTES": str(BYTES)}) as s:
        r = Records(s)
        return r.run(r.reading, r.bounds, r.kills, r.other_limits)


if __name__ == "__main__":
    sys.exit(main())
