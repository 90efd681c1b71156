#!/usr/bin/env python3
"""acceptance.py -- the questions people ask, through POST /api/chat of the whole running system.

acceptance.json has a row each: number, person, what was asked `before`, question, outcome, agents that answer,
facts that must be in the answer ("a|b" either, "@NAME" a list of `named`), facts that must not, and what is written
in all; `given` and `undo` are SQL around it. What is no question and answer is a function here, by number. The
clock stands at 2025-01-10T00:00:00Z.
"""
import json
import os
import re
import signal
import sys
from concurrent.futures import ThreadPoolExecutor

from bus import Tally
from judge import Asker, Database, Tickets, found, holds, lacking, only_in_words, same_changes
from stack import TOP, Stack

DEFAULTS = ["show my tickets", "show my courses", "show my pending exams", "show AWS cost", "show GCP cost"]


def load():
    with open(os.path.join(TOP, "tests", "e2e", "acceptance.json"), encoding="utf-8") as f:
        return json.load(f)


def numbers(text):
    """{1, 2, 3, 7} of "1-3 7"."""
    ranges = [part.partition("-") for part in text.split()]
    return {n for first, _, last in ranges for n in range(int(first), int(last or first) + 1)}


class Cases(Tally):
    def __init__(self, stack, database, cases):
        super().__init__()
        self.s, self.database, self.cases = stack, database, cases
        self.asker, self.tickets = Asker(stack), Tickets(database)

    # ---- questions and answers ------------------------------------------------------------------

    def named(self, facts):
        return [f for fact in facts for f in (self.cases["named"][fact[1:]] if fact[:1] == "@" else [fact])]

    def problems(self, row, reply, changes):
        text, agents = reply["response"], [a["name"] for a in reply["agents"]]
        wrong = ["lacks %r" % f for f in lacking(text, self.named(row.get("facts", [])))]
        wrong += ["has %r" % f for f in found(text, self.named(row.get("nots", [])))]
        wrong += ["the data lacks %s" % n for n in only_in_words(reply, row["question"])]
        if row.get("outcome") and reply["outcome"] != row["outcome"]:
            wrong.append("outcome %s, not %s" % (reply["outcome"], row["outcome"]))
        if "agents" in row and agents != row["agents"]:
            wrong.append("agents %s, not %s" % (agents, row["agents"]))
        if not same_changes(changes, row.get("writes", [])):
            wrong.append("wrote %s" % changes)
        return wrong

    def judge(self, row):
        if row.get("given"):
            self.database.rows(row["given"])
        reply = self.asker.ask(row["person"], row.get("before", []) + [row["question"]])
        if row.get("undo"):
            self.database.rows(row["undo"])
        changes = self.tickets.changes()
        if changes:
            self.tickets.restore()
        wrong = self.problems(row, reply, changes)
        self.check("%s %s: %s" % (row["number"], row["person"], row["question"]), not wrong,
                   "%s\n%s" % ("; ".join(wrong), reply["response"]))

    # ---- everything else ------------------------------------------------------------------------

    def get(self, who, path):
        status, _, reply = self.s.http("GET", path, token=self.s.login(who))
        assert status == 200, (path, status, reply)
        return reply

    def case_71(self):
        """An agent stands still: the other's part is told, and politely which is missing."""
        pid = self.s.pids()["oxygen"]
        os.kill(pid, signal.SIGSTOP)
        try:
            reply = self.asker.ask("vishal", ["show my tickets and courses"])
        finally:
            os.kill(pid, signal.SIGCONT)
        self.check("71 one agent down: a partial answer", reply["outcome"] == "partial" and not lacking(
            reply["response"], ["12301", "12303", "OxygenAgent", "courses part is missing"]) and not found(
                reply["response"], ["Python", "error", "exception", "timeout"]), reply)

    def case_81(self):
        statuses = [self.s.http("POST", "/api/chat", {"message": "show my tickets"}, token)[0]
                    for token in (None, "nonsense", self.s.login("vishal")[:-2])]
        self.check("81 nobody and bad tokens are refused", statuses == [401] * 3, statuses)

    def case_82(self):
        theirs = "/api/sessions/" + self.s.new_session("happy")
        token = self.s.login("vishal")
        statuses = [self.s.http(method, path, body, token)[0] for method, path, body in [
            ("GET", theirs, None), ("DELETE", theirs, None), ("POST", theirs + "/switch", None),
            ("PATCH", theirs, {"title": "mine"}), ("GET", "/api/history?session_id=" + theirs[14:], None),
            ("POST", "/api/chat", {"message": "help", "session_id": theirs[14:]})]]
        self.check("82 others' sessions are not there", statuses == [404] * 6, statuses)
        self.check("82 and stay theirs", self.get("happy", theirs)["title"] != "mine")

    def case_83(self):
        message = {"message": {"messageId": "m-83", "role": "ROLE_USER", "parts": [{"text": "show all tickets"}]}}
        statuses = [self.s.http(method, path, body, None, {"A2A-Version": "1.0"})[0] for method, path, body in [
            ("POST", "/a2a/tickets/message:send", message), ("POST", "/a2a/finops", message),
            ("GET", "/a2a/oxygen/tasks", None), ("GET", "/registry/agents", None),
            ("DELETE", "/registry/agents/TicketsAgent", None)]]
        self.check("83 agents and the registry refuse nobody's calls", statuses == [401] * 5, statuses)

    def case_89(self):
        """Three questions, sign out, sign in: the conversation goes on."""
        first = self.s.chat("vishal", "show my tickets", self.s.new_session("vishal"))["session_id"]
        sessions = [self.s.chat("vishal", q)["session_id"] for q in ("show AWS cost", "show my courses")]
        self.check("89 questions go on in one conversation", sessions == [first] * 2, (first, sessions))
        status, _, reply = self.s.http("POST", "/auth/login", {"username": "vishal", "password": "password123"})
        out = self.s.http("POST", "/auth/logout", {"refresh_token": reply["refresh_token"]}, reply["access_token"])[0]
        gone = self.s.http("GET", "/api/history", token=reply["access_token"])[0]
        self.check("89 signed out", (status, out, gone) == (200, 204, 401), (status, out, gone))
        self.s.tokens.pop("vishal")
        history = self.get("vishal", "/api/history")
        self.check("89 signed in again, all is there", history["session_id"] == first and
                   history["message_count"] == len(history["messages"]) == 6, history)
        reply = self.s.chat("vishal", "what about GCP?")
        self.check("89 and goes on", reply["session_id"] == first and "12,450.75" in reply["response"], reply)

    def case_91(self):
        old = self.s.chat("alex", "show my tickets", self.s.new_session("alex"))["session_id"]
        self.database.rows("update sessions.sessions set updated_at = updated_at - interval '25 hours' "
                           "where owner = 'alex'")
        new = self.s.chat("alex", "show my tickets")["session_id"]
        self.check("91 after a day of silence a new conversation begins", new != old, (old, new))
        self.database.rows("update sessions.sessions set updated_at = updated_at - interval '23 hours' "
                           "where session_id = '%s'" % new)
        self.check("91 and not before", self.s.chat("alex", "show my tickets")["session_id"] == new)

    def case_92(self):
        """Two people at once, each in a conversation of their own."""
        wanted = {"vishal": ("12301", "12302"), "happy": ("12302", "12301")}
        sessions = {who: self.s.new_session(who) for who in wanted}

        def ask(who):
            return who, self.s.chat(who, "show my tickets", sessions[who])

        with ThreadPoolExecutor(4) as pool:
            replies = list(pool.map(ask, list(wanted) * 5))
        mixed = [(who, r) for who, r in replies if r["session_id"] != sessions[who] or
                 wanted[who][0] not in r["response"] or holds(json.dumps(r), wanted[who][1])]
        self.check("92 two people at once are not mixed up", not mixed, mixed)
        for who, (_, theirs) in wanted.items():
            history = self.get(who, "/api/history?page_size=100&session_id=" + sessions[who])
            self.check("92 nor is what is kept of %s" % who, history["message_count"] == 10 and
                       not holds(json.dumps(history), theirs), history)

    def case_93(self):
        old = self.s.chat("sarah", "show my tickets", self.s.new_session("sarah"))["session_id"]
        status = self.s.http("DELETE", "/api/sessions/" + old, token=self.s.login("sarah"))[0]
        gone = self.s.http("GET", "/api/sessions/" + old, token=self.s.login("sarah"))[0]
        new = self.s.chat("sarah", "show my tickets")["session_id"]
        self.check("93 the conversation is deleted, and another begun", (status, gone) == (204, 404) and new != old,
                   (status, gone, old, new))

    def case_94(self):
        one, two = (self.s.chat("vishal", q, self.s.new_session("vishal"))["session_id"]
                    for q in ("show AWS cost", "show my courses"))
        self.asker.post("vishal", "/api/sessions/%s/switch" % one, {})
        reply, history = self.s.chat("vishal", "what about GCP?"), self.get("vishal", "/api/history")
        self.check("94 the chosen conversation goes on", reply["session_id"] == history["session_id"] == one != two and
                   "12,450.75" in reply["response"] and history["message_count"] == 4, (reply, history))

    def case_95(self):
        session = self.s.new_session("alex")
        before = self.asker.post("alex", "/api/suggestions", {"session_id": session})["suggestions"]
        self.check("95 five to begin with", before == DEFAULTS, before)
        reply = self.s.chat("alex", "show AWS cost", session)["suggestions"]
        after = self.asker.post("alex", "/api/suggestions", {"session_id": session})["suggestions"]
        for name, list_ in (("in the answer", reply), ("when asked for", after)):
            self.check("95 five that follow, %s" % name, len(set(list_)) == 5 and list_ != DEFAULTS and
                       all(len(text.split()) <= 7 for text in list_), list_)
        self.check("95 the first leads on in what was asked", any(word in reply[0].lower() for word in (
            "cost", "cloud", "gcp", "azure", "breakdown", "budget", "much", "expensive", "cheap", "ec2", "s3")), reply)

    def case_97(self):
        """Twenty at once: all are answered; twenty times the same is done once."""
        token, session = self.s.login("vishal"), self.s.new_session("vishal")
        body = {"message": "create a ticket for vpn access", "session_id": session}

        def post(key):
            return self.s.http("POST", "/api/chat", body, token, {"Idempotency-Key": key})

        with ThreadPoolExecutor(20) as pool:
            replies = list(pool.map(post, ["twenty"] * 20))
        answered = [r for status, _, r in replies if status == 200]
        again = post("twenty")[2]
        self.check("97 twenty times the same question is answered once", answered and
                   all(r == again for r in answered) and all(status in (200, 409, 429, 503) for status, _, _ in replies),
                   [(status, r) for status, _, r in replies])
        changes = self.tickets.changes()
        self.tickets.restore()
        self.check("97 and done once", changes == ["new vpn_access vishal pending"], changes)
        count = self.get("vishal", "/api/sessions/" + session)["message_count"]
        self.check("97 and kept once", count == 2, count)

    def case_98(self):
        for who, wanted in {"vishal": [("exam", "medium", "Python Advanced Final"), ("ticket", "low", "12301")],
                            "happy": [("exam", "high", "Data Science Midterm")],
                            "sarah": [("budget", "medium", "95.00")]}.items():
            notes = self.get(who, "/api/notifications")["notifications"]
            have = [(n["kind"], n["priority"]) for n in notes]
            self.check("98 what %s should know" % who, have == [w[:2] for w in wanted] and
                       all(w[2] in n["text"] for w, n in zip(wanted, notes)), notes)

    def case_99(self):
        reply = self.s.chat("vishal", "show my tickets", self.s.new_session("vishal"))
        self.check("99 a budget ticket suggests the budget", any("budget" in s for s in reply["suggestions"]),
                   reply["suggestions"])

    def case_100(self):
        """Of a third party's agent: as long as nobody has approved it, it is not asked."""
        self.asker.post("admin", "/registry/agents", {"agent_config": {
            "agent_type": "crm", "agent_card_url": "https://crm.example/card.json", "name": "AcmeAgent",
            "description": "customers of the Acme CRM"}, "capabilities": {
                "domains": ["crm"], "keywords": ["customer", "acme", "crm"], "priority": 100}})
        reply = self.asker.ask("vishal", ["Show me customer ABC-123 from Acme CRM and my IT tickets"])
        status = self.s.http("DELETE", "/registry/agents/AcmeAgent", token=self.s.login("admin"))[0]
        self.check("100 an agent that waits for approval is not asked", status == 200 and "12301" in reply["response"] and
                   [a["name"] for a in reply["agents"]] == ["TicketsAgent"], (status, reply))

    # ---- all of them ----------------------------------------------------------------------------

    def functions(self):
        return {int(name[5:]): getattr(self, name) for name in dir(self) if name.startswith("case_")}

    def ask_all(self):
        for row in self.cases["rows"]:
            self.judge(row)
        last = self.case_71  # after it the agent may be given up for a while
        self.each(*[f for f in self.functions().values() if f != last], last)
        self.check("nothing but tickets has changed", self.tickets.untouched() == self.tickets.others)

    def none_is_missing(self):
        there = {int(re.match(r"\d+", row["number"])[0]) for row in self.cases["rows"]}
        there |= set(self.functions()) | {int(n) for n in self.cases["elsewhere"]} | {90}
        wanted = numbers(self.cases["cases"])
        self.check("every case has its row", there == wanted, (wanted - there, there - wanted))


def case_90(cases):
    """The system is stopped and started: what was said is there, in order."""
    questions = ["show my tickets", "show AWS cost", "show my courses"]
    session = cases.s.new_session("vishal")
    answers = [cases.s.chat("vishal", q, session)["response"] for q in questions]
    cases.s.down()
    cases.s.up()
    history = cases.get("vishal", "/api/history?session_id=" + session)["messages"]
    cases.check("90 after a restart all is there, in order", [m["content"] for m in history] ==
                [text for pair in zip(questions, answers) for text in pair], history)


def main():
    with Stack() as s:
        with Database(s) as database:
            cases = Cases(s, database, load())
            cases.each(cases.none_is_missing, cases.ask_all)
        cases.each(lambda: case_90(cases))
    return cases.run()


if __name__ == "__main__":
    sys.exit(main())
