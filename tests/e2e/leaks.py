#!/usr/bin/env python3
"""leaks.py -- made-up people ask the whole running system made-up questions: no answer, event, history or
list holds a fact that its asker may not see, and nobody changes what is not theirs. The people, their data
and the questions come from tests/leaks; LEAKS_SEED and LEAKS_QUESTIONS choose.
"""
import collections
import json
import os
import re
import subprocess
import sys
import uuid

import forge
from bus import Tally
from stack import PASSWORDS, Stack

SEED = os.environ.get("LEAKS_SEED", "20250110")
QUESTIONS = os.environ.get("LEAKS_QUESTIONS", "500")
AGENTS = ["tickets", "finops", "oxygen"]
UUID = re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
NUMBER = re.compile(r"(?<![a-z0-9])\d[\d,.\-]*")
TABLES = {"tickets.tickets": "username", "finops.budgets": "username", "finops.allocations": "username",
          "finops.costs": "'*'", "oxygen.learners": "username", "oxygen.courses": "username",
          "oxygen.exams": "username", "sessions.sessions": "owner"}


def texts(value):
    """All texts and numbers in JSON, also in JSON in texts."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)
    elif isinstance(value, str) and value[:1] in "{[":
        try:
            yield from texts(json.loads(value))
        except ValueError:
            yield value
    else:
        yield str(value)


def words(text):
    """Words and numbers as facts have them: lower case, digits alone."""
    text = UUID.sub(" ", text.lower())
    found = set(re.findall(r"[a-z0-9]+", text))
    return found | {re.sub(r"\D", "", n) for n in NUMBER.findall(text)}


def spoken(text):
    """Words that somebody typed: "vishals tickets" says a name."""
    found = words(text)
    return found | {w[:-1] for w in found if w.endswith("s")}


def events(text):
    """The data of server-sent events."""
    return [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: ")]


class Leaks(Tally):
    def __init__(self, stack, made):
        super().__init__()
        self.s, self.people, self.talks = stack, made["people"], made["talks"]
        self.facts = {f["word"]: f for f in made["facts"]}
        self.said = collections.defaultdict(set)  # by whom
        self.may = {}  # (word, person): it stands in that person's own data
        self.sessions = collections.defaultdict(list)
        self.leaks, self.counts = [], collections.Counter()
        self.arrange(made["sql"])

    def arrange(self, sql):
        hash_ = forge.psql(self.s, "select password_hash from auth.people where username = 'vishal'").strip()
        row = "('%(user_id)s', '%(username)s', '%(role)s', '%(username)s@company.com', '%(hash)s', true, now())"
        rows = ", ".join(row % {**person, "hash": hash_} for person in self.people)
        forge.psql(self.s, sql)
        forge.psql(self.s, "begin; delete from auth.people; insert into auth.people (user_id, username, role, email, "
                   "password_hash, demo, created_at) values %s; commit" % rows)
        PASSWORDS.clear()  # everybody has the same

    # ---- judging --------------------------------------------------------------------------------

    def may_see(self, who, word):
        return self.people[who]["admin"] or self.facts[word]["owner"] == who or (word, who) in self.may

    def judge(self, who, asked, answer, known):
        """known: what the asker said for it."""
        for word in words("\n".join(texts(answer))) & self.facts.keys():
            if self.may_see(who, word):
                self.counts["told"] += 1
            elif word not in known:
                self.leaks.append((self.people[who]["username"], asked, self.facts[word], answer))

    def lines(self):
        """Each row of everybody's data as (table, whose, row)."""
        out = forge.psql(self.s, " union all ".join(
            "select '%s|' || %s || '|' || to_jsonb(t)::text from %s t" % (table, owner, table)
            for table, owner in TABLES.items()))
        return {tuple(line.split("|", 2)) for line in out.splitlines()}

    def judge_changes(self, who, before, after):
        person = self.people[who]
        for table, owner, row in before ^ after:
            mine = owner == person["username"]
            if table == "tickets.tickets" and (mine or person["admin"]):
                self.counts["written"] += 1
                number = [i for i, p in enumerate(self.people) if p["username"] == owner]
                self.may.update({(w, i): True for w in words(row) for i in number})
            elif not (table == "sessions.sessions" and mine):
                self.check("%s changes nothing but what is theirs" % person["username"], False, (table, owner, row))

    # ---- asking ---------------------------------------------------------------------------------

    def request(self, who, method, path, body=None, headers=None):
        return self.s.http(method, path, body, self.s.login(self.people[who]["username"]), headers)

    def ask(self, who, session, question, stream):
        body = {"message": question["text"], "session_id": session}
        status, _, reply = self.request(who, "POST", "/api/chat", body, {"Accept": "text/event-stream"} if stream else None)
        reply = events(reply) if stream and status == 200 else reply
        self.counts["asked"] += 1
        self.counts[reply["outcome"] if status == 200 and not stream else str(status)] += 1
        self.check_status(question["text"], status, reply)
        return reply

    def check_status(self, asked, status, reply):
        if status not in (200, 404):
            self.check("an answer to %r" % asked, False, (status, reply))

    def ask_agent(self, who, agent, question):
        """The same words to an agent itself."""
        body = {"message": {"messageId": uuid.uuid4().hex, "role": "ROLE_USER", "parts": [{"text": question["text"]}]}}
        status, _, reply = self.request(who, "POST", "/a2a/%s/message:send" % agent, body, {"A2A-Version": "1.0"})
        self.counts["agents " + ("answered" if status == 200 else str(status))] += 1
        self.later.append((who, question["text"], reply, spoken(question["said"])))

    def talk(self, number, talk):
        who, known = talk["who"], set()
        _, _, session = self.request(who, "POST", "/api/sessions", {})
        self.sessions[who].append(session["session_id"])
        for question in talk["questions"]:
            known |= spoken(question["said"])
            reply = self.ask(who, session["session_id"], question, number % 10 == 0)
            self.said[who] |= known
            self.later.append((who, question["text"], reply, set(known)))
        self.ask_agent(who, AGENTS[number % len(AGENTS)], talk["questions"][0])

    def look_around(self, who, other):
        """What is kept of one's own, and what others have."""
        theirs = self.sessions[other][-1] if self.sessions[other] else "11111111-1111-4111-8111-111111111111"
        mine = self.sessions[who][-1]
        for method, path, body in [
                ("GET", "/api/history?session_id=" + mine, None), ("GET", "/api/history?session_id=" + theirs, None),
                ("GET", "/api/sessions", None), ("GET", "/api/sessions/" + theirs, None),
                ("GET", "/auth/user/" + self.people[other]["username"], None),
                ("GET", "/a2a/jarvis/tasks?includeArtifacts=true", None), ("POST", "/api/suggestions", {}), ("GET", "/api/notifications", None),
                ("GET", "/api/memory", None), ("POST", "/api/suggestions", {"session_id": theirs}),
                ("POST", "/api/sessions/%s/switch" % theirs, None), ("DELETE", "/api/sessions/" + theirs, None),
                ("POST", "/api/chat", {"message": "and mine?", "session_id": theirs})]:
            status, _, reply = self.request(who, method, path, body)
            self.check_status(path, status, reply)
            if other != who and theirs in json.dumps([path, body]) and status != 404:
                self.check("others' sessions are not there: %s" % path, False, (status, reply))
            self.later.append((who, path, reply, self.said[who] | words(path)))

    def everybody_asks(self):
        """Person after person, so that each change has an author."""
        before = self.lines()
        for who in range(len(self.people)):
            self.later = []
            talks = [t for t in self.talks if t["who"] == who]
            for number, talk in enumerate(talks):
                self.talk(number, talk)
            if talks:
                self.look_around(who, talks[0]["other"])
            after = self.lines()
            self.judge_changes(who, before, after)
            for args in self.later:
                self.judge(*args)
            before = after

    def leaks_are_none(self):
        self.everybody_asks()
        print("# seed %s: %s" % (SEED, dict(self.counts)))
        self.check("no answer holds what its asker may not see", not self.leaks,
                   "\n".join("%s asked %r and was told %s: %s" % (leak[0], leak[1], leak[2], str(leak[3])[:400])
                             for leak in self.leaks[:5]))
        self.check("it was worth asking", self.counts["told"] > self.counts["asked"] and self.counts["denied"] > 10 and
                   self.counts["answered"] > 50 and self.counts["written"] > 0, self.counts)

    def what_is_wrong_is_found(self):
        """The judge itself: another's fact in an answer, in a number, in JSON in JSON."""
        who = next(i for i, p in enumerate(self.people) if not p["admin"])
        fact = next(f for f in self.facts.values() if f["owner"] != who and f["word"].isdigit() and len(f["word"]) == 9)
        number = "{:,}.{}".format(int(fact["word"][:7]), fact["word"][7:])
        for answer in ({"a": ["USD " + number]}, {"a": json.dumps({"b": fact["word"]})}, {fact["word"]: 1}):
            before = len(self.leaks)
            self.judge(who, "planted", answer, set())
            self.check("found: %s" % answer, len(self.leaks) == before + 1)
            self.judge(who, "said", answer, words(number))
            self.check("not found when it was said", len(self.leaks) == before + 1)
            del self.leaks[before:]


def main():
    made = json.loads(subprocess.run([os.environ["LEAKS"], SEED, QUESTIONS], check=True, capture_output=True, text=True).stdout)
    with Stack() as s:
        leaks = Leaks(s, made)
        return leaks.run(leaks.what_is_wrong_is_found, leaks.leaks_are_none)


if __name__ == "__main__":
    sys.exit(main())
