"""judge.py -- whether an answer is right, and what a question has changed: what acceptance.py and wordings.py
share."""
import glob
import http.client
import json
import re
import shutil
import subprocess
import threading
import time

UNTOUCHED = ["finops.costs", "finops.budgets", "finops.allocations", "oxygen.learners", "oxygen.courses",
             "oxygen.exams", "auth.people", "registry.agents"]  # by whatever anybody asks


ID = re.compile("[0-9a-f-]{16,}")


def holds(text, word):
    """Whether it is there, in any case. Not in an id: they are made by chance, and one in some thousand has the number of a
    ticket."""
    return word.lower() in ID.sub(" ", text.lower())


def said(text, fact):
    """A fact is text in any case; "a|b" is either of two."""
    return any(holds(text, one) for one in fact.split("|"))


def lacking(text, facts):
    return [fact for fact in facts or [] if not said(text, fact)]


def found(text, nots, known=""):
    """What must not be in the text and is, unless the asker said it."""
    return [fact for fact in nots or [] if said(text, fact) and not said(known, fact)]


def scalars(value):
    """All that JSON holds, as text."""
    if isinstance(value, (dict, list)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from scalars(inner)
    else:
        yield str(value)


def only_in_words(reply, known=""):
    """Tickets and amounts of the answer that its data does not have; a difference is reckoned by the reader."""
    text, data = reply["response"], set(scalars(reply["data"]))
    numbers = [n for n in re.findall(r"\b123\d\d\b", text) if n not in known]
    amounts = [] if "| More than " in text else re.findall(r"USD ([\d,]+\.\d\d)", text)
    return [n for n in numbers + amounts if re.sub(r"\D", "", n).lstrip("0") not in data]


class Database:
    """One psql that stays: a question's changes are looked up a thousand times."""

    def __init__(self, stack):
        program = shutil.which("psql") or sorted(glob.glob("/usr/lib/postgresql/*/bin/psql"))[-1]
        self.psql = subprocess.Popen([program, "-XAtq", "-v", "ON_ERROR_STOP=1", stack.run_env()["DATABASE_URL"]],
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.psql.stdin.close()
        self.psql.stdout.close()
        self.psql.wait()

    def rows(self, sql):
        """The rows of one statement or several, as lines."""
        self.psql.stdin.write(sql + ";\n\\echo END\n")
        self.psql.stdin.flush()
        lines = []
        for line in self.psql.stdout:
            if line == "END\n":
                return lines
            lines.append(line.rstrip("\n"))
        raise AssertionError("psql ended at: " + sql)


class Tickets:
    """The table that questions change. What it is when this begins it can be made again."""

    def __init__(self, database):
        self.database = database
        database.rows("create temp table kept as select * from tickets.tickets")
        self.kept, self.others = self.now(), self.untouched()

    def now(self):
        return dict(row.split("|") for row in self.database.rows(
            "select id, operation || ' ' || username || ' ' || status from tickets.tickets order by id"))

    def untouched(self):
        return self.database.rows(" union all ".join(
            "select '%s', md5(coalesce(string_agg(t::text, ' ' order by t::text), '')) from %s t" % (name, name)
            for name in UNTOUCHED))

    def changes(self):
        """["12305 gone", "new vpn_access alex pending", "12304 vpn_access alex approved"]"""
        now = self.now()
        return ["%s gone" % number for number in self.kept if number not in now] + [
            ("%s %s" % (number, row)) if number in self.kept else "new " + row
            for number, row in now.items() if self.kept.get(number) != row]

    def restore(self):
        self.database.rows(
            "begin; delete from tickets.tickets; insert into tickets.tickets select * from kept; "
            "select setval(pg_get_serial_sequence('tickets.tickets', 'id'), 12306, false); commit")


def same_changes(changes, wanted):
    """Are they those that are wanted? "new ~printer vishal pending": a word that holds printer."""
    def alike(change, want):
        have, want = change.split(" "), want.split(" ")
        return len(have) == len(want) and all(w[1:] in h if w[:1] == "~" else w == h for h, w in zip(have, want))

    return len(changes) == len(wanted) and all(alike(*pair) for pair in zip(sorted(changes), sorted(wanted)))


class Asker(threading.local):
    """Questions over a connection of the thread's own, which stays open while it is in use: the gateway closes
    one that lies idle, and a question that changes something is not asked twice."""

    def __init__(self, stack):
        super().__init__()
        self.stack, self.connection, self.used = stack, None, 0.0

    def connected(self):
        if self.connection and time.monotonic() - self.used > 2:
            self.connection.close()
            self.connection = None
        if not self.connection:
            self.connection = self.stack.connect()

    def post(self, who, path, body):
        self.connected()
        try:
            self.connection.request("POST", path, json.dumps(body), {
                "Authorization": "Bearer " + self.stack.login(who), "Content-Type": "application/json"})
            reply = self.connection.getresponse()
            status, data, self.used = reply.status, reply.read(), time.monotonic()
        except (OSError, http.client.HTTPException):
            self.connection = None
            raise
        assert status in (200, 201), (path, body, status, data)
        return json.loads(data)

    def ask(self, who, questions):
        """The answer to the last of the questions in a conversation of its own."""
        session = self.post(who, "/api/sessions", {})["session_id"]
        for question in questions:
            reply = self.post(who, "/api/chat", {"message": question, "session_id": session})
        return reply
