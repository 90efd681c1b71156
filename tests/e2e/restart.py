#!/usr/bin/env python3
"""restart.py -- kill -9 each process of a running system, stop its servers and start them again: it
heals by itself and nothing that was acknowledged is lost."""
import os
import signal
import sys
import time

from stack import Stack, wait_for

ACTORS = ["auth", "registry", "sessions", "notifier", "tickets", "finops", "oxygen", "llm", "orchestrator",
          "gateway"]
SERVERS = ["nats", "postgres"]
QUESTION, FACTS = "show my tickets and aws cost", ["12301", "12303", "15,234.50", "ec2", "s3", "dynamodb"]


def right(s, token, session):
    """Is the whole question answered rightly now?"""
    status, _, reply = s.http("POST", "/api/chat", {"message": QUESTION, "session_id": session}, token)
    return status == 200 and reply["outcome"] == "answered" and all(f in reply["response"] for f in FACTS)


def heal(s, token, session):
    wait_for(lambda: right(s, token, session), 30)


def kill(s, name, how):
    old = s.pids()[name]
    os.kill(old, how)
    return wait_for(lambda: s.pids().get(name, old) != old and s.pids()[name], 30)


def history_count(s, token, session):
    status, _, reply = s.http("GET", "/api/sessions/" + session, token=token)
    return status == 200 and reply["message_count"]


def without(s, name):
    """One agent stands still: the others' part is answered, the missing one politely named."""
    pid = s.pids()[name]
    os.kill(pid, signal.SIGSTOP)
    try:
        return s.chat("vishal", "show my tickets and courses", s.new_session("vishal"))
    finally:
        os.kill(pid, signal.SIGCONT)


def main():
    failed = 0
    with Stack() as s:
        token, session = s.login("vishal"), s.new_session("vishal")
        heal(s, token, session)
        created = s.chat("vishal", "create a ticket for vpn access", session)
        assert "12306" in created["response"], created
        # SIGINT is PostgreSQL's fast shutdown, as of `pg_ctl stop`; SIGTERM would wait for its clients.
        deaths = [(name, signal.SIGKILL) for name in ACTORS + SERVERS] + [("nats", signal.SIGTERM), ("postgres", signal.SIGINT)]
        for name, how in deaths:
            before = wait_for(lambda: history_count(s, token, session))
            began = time.monotonic()
            try:
                kill(s, name, how)
                heal(s, token, session)
                assert history_count(s, token, session) >= before, "messages are gone"
                assert "12306" in s.chat("vishal", "show my tickets", session)["response"], "the ticket is gone"
                print("ok - %s to %s: healed in %.1f s" % (how.name, name, time.monotonic() - began))
            except AssertionError as e:
                failed += 1
                print("not ok - %s to %s: %s" % (how.name, name, e))
                s.show_logs()
        reply = without(s, "oxygen")
        fine = reply["outcome"] == "partial" and "12301" in reply["response"] and "OxygenAgent" in reply["response"]
        print("%s - an agent that hangs: a partial answer\n# %s" % ("ok" if fine else "not ok", reply["response"].replace("\n", "\n# ")))
        failed += not fine
        alive = [n for n, p in s.pids().items() if os.path.exists("/proc/%d" % p)]
        print("%s - all are alive: %s" % ("ok" if len(alive) >= len(ACTORS) + len(SERVERS) else "not ok", alive))
        failed += len(alive) < len(ACTORS) + len(SERVERS)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
