#!/usr/bin/env python3
"""evaluate.py -- `jarvis eval` against a running system without a model: right rows and wrong ones, what it prints
and how it ends, wrong files and addresses."""
import http.server
import json
import os
import sys
import tempfile
import threading

from bus import Tally
from stack import TOP, Stack, free_port

RIGHT = {"number": "1", "person": "vishal", "question": "show my tickets", "outcome": "answered",
         "agents": ["TicketsAgent"], "facts": ["@MINE", "nothing|PENDING"], "nots": ["12302"]}
FOLLOW = {"number": "2", "person": "vishal", "before": ["show AWS cost"], "question": "what about GCP?",
          "agents": ["FinOpsAgent"], "facts": ["12,450.75"], "nots": ["15,234.50"]}
WRONG = {"number": "3", "person": "happy", "question": "show vishal's tickets", "outcome": "answered", "agents": [],
         "facts": ["12301"], "nots": ["Access denied"]}
WRITES = {"number": "4", "person": "vishal", "question": "create a ticket for vpn access",
          "facts": ["vpn_access"], "writes": ["new vpn_access vishal pending"]}
SQL = {"number": "5", "person": "vishal", "question": "show my tickets", "given": "select 1"}
NAMED = {"MINE": ["12301", "12303"]}


class Busy(http.server.BaseHTTPRequestHandler):
    """A system with a model that is too busy for the first question, as far as one sees from outside."""
    protocol_version = "HTTP/1.1"
    keys = []
    USE = [{"calls": 2, "input_tokens": 1200, "output_tokens": 80, "cost_microusd": "420", "name": "fake/one"},
           {"calls": 1, "input_tokens": 300, "output_tokens": 20, "cost_microusd": "1000001", "name": "fake/two"}]

    def log_message(self, *args):
        pass

    def reply(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        self.reply(200, {"status": "ok"})

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/auth/login":
            return self.reply(200, {"access_token": "t", "token_type": "bearer"})
        if self.path == "/api/sessions":
            return self.reply(201, {"session_id": "s"})
        self.keys.append(self.headers["Idempotency-Key"])
        if asked["message"] == "refuse me":
            return self.reply(403, {"detail": "not \u001b[31mtoday"})
        if asked["message"] == "be odd":
            return self.reply(200, [1, 2])
        if len(self.keys) == 1:
            return self.reply(429, {"detail": "too busy"})
        return self.reply(200, {"response": "fine", "outcome": "answered", "session_id": "s", "message_id": "m",
                                "degraded": len(self.keys) > 3, "model": self.USE[len(self.keys) % 2]})


class Evaluation(Tally):
    def __init__(self, stack, folder):
        super().__init__()
        self.s, self.folder = stack, folder

    def path(self, name, content):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(content if isinstance(content, str) else json.dumps(content))
        return path

    def table(self, *rows):
        return self.path("table.json", {"named": NAMED, "rows": list(rows)})

    def eval(self, *args):
        return self.s.run("eval", *args)

    def refused(self, what, part, *args):
        r = self.eval(*args)
        self.check(what, r.returncode == 2 and part in r.stderr and not r.stdout, (r.returncode, r.stderr, r.stdout))

    # ---- ------------------------------------------------------------------------------------------

    def right_rows(self):
        r = self.eval(self.table(RIGHT, FOLLOW))
        self.check("right rows end well", r.returncode == 0, (r.returncode, r.stdout, r.stderr))
        self.check("and are said to be right", r.stdout.count(" right ") == 2 and "WRONG" not in r.stdout, r.stdout)
        self.check("with a total", "of these 2 right: 100.0 %" in r.stdout and "2 rows did without" in r.stdout and
                   "USD 0.000000" in r.stdout and "p95" in r.stdout, r.stdout)

    def wrong_rows(self):
        table = self.table(RIGHT, WRONG)
        r = self.eval(table)
        self.check("a wrong row ends in 1", r.returncode == 1, (r.returncode, r.stdout, r.stderr))
        self.check("and says all that is wrong", all(part in r.stdout for part in (
            "outcome denied, not answered", "answered by TicketsAgent", "lacks 12301", "has Access denied")), r.stdout)
        self.check("half of it is", "50.0 %" in r.stdout, r.stdout)
        codes = [self.eval(table, "--fail-under", percent).returncode for percent in ("50", "50.1", "0")]
        self.check("which is enough, or not", codes == [0, 1, 0], codes)
        r = self.eval(table, "--only", "^1 vishal")
        self.check("one row alone is right", r.returncode == 0 and "rows      1" in r.stdout, (r.returncode, r.stdout))

    def left_out(self):
        r = self.eval(self.table(RIGHT, WRITES, SQL), "--read-only")
        self.check("what writes is left out", r.returncode == 0 and "2 more were left out" in r.stdout, r.stdout)
        r = self.eval(self.table(RIGHT, WRITES, SQL))
        self.check("or is done", r.returncode == 0 and "1 more were left out" in r.stdout, r.stdout)
        mine = self.s.chat("vishal", "show my tickets")["response"]
        self.check("once", mine.count("vpn_access") == 1, mine)

    def for_machines(self):
        r = self.eval(self.table(RIGHT, WRONG), "--json")
        report = json.loads(r.stdout)
        first, second = report["results"]
        self.check("one document for machines", r.returncode == 1 and first["right"] and not second["right"] and
                   "lacks 12301" in second["wrong"], report)
        total = report["total"]
        self.check("with totals", total["rows"] == 2 and total["right"] == 1 and total["skipped_model"] == 2 and
                   total["calls_max"] == 0 and 0 < total["ms_p50"] <= total["ms_p95"], total)

    def people(self):
        table = self.table(RIGHT)
        good = self.path("people", "happy:password123\nvishal:password123\n")
        self.check("passwords from a file", self.eval(table, "--password-file", good).returncode == 0)
        for name, content in (("wrong", "vishal:nonsense\n"), ("none", "happy:password123\n")):
            r = self.eval(table, "--password-file", self.path("people", content))
            self.check("a %s password is a wrong row" % name, r.returncode == 1 and "signing in as vishal" in r.stdout and
                       "nonsense" not in r.stdout + r.stderr, (r.stdout, r.stderr))
        r = self.eval(self.table(dict(RIGHT, person="nobody")))
        self.check("somebody unknown, too", r.returncode == 1 and "signing in as nobody" in r.stdout, r.stdout)

    def bad_usage(self):
        table = self.table(RIGHT)
        self.refused("no file", "which file")
        self.refused("a file that is not there", "No such file", os.path.join(self.folder, "none.json"))
        self.refused("two files", "one file", table, table)
        self.refused("an option that is none", "--speed", table, "--speed", "9")
        self.refused("an option without its value", "--url", table, "--url")
        self.refused("a percentage that is none", "--fail-under", table, "--fail-under", "101")
        self.refused("no expression", "regular expression", table, "--only", "(")
        self.refused("nothing to ask", "no row", table, "--only", "no such row")
        for name, content, part in (
                ("no JSON", "{nope", "json"), ("no rows", {"rows": []}, "rows"),
                ("a row without a question", {"rows": [{"number": "1", "person": "vishal"}]}, "rows[0].question"),
                ("an unknown member", {"rows": [dict(RIGHT, fact=["x"])], "named": NAMED}, "rows[0].fact"),
                ("an outcome that is none", {"rows": [dict(RIGHT, outcome="fine")], "named": NAMED}, "rows[0].outcome"),
                ("a list that is not there", {"rows": [RIGHT]}, "@MINE"),
                ("an empty fact", {"rows": [dict(RIGHT, facts=[""])]}, "rows[0].facts"),
                ("agents that are none", {"rows": [dict(RIGHT, facts=[], agents=[1])]}, "rows[0].agents"),
                ("too long a file", "[" + " " * (1 << 20) + "]", "longer than")):
            self.refused(name, part, self.path("bad.json", content))

    def nobody_there(self):
        table = self.table(RIGHT)
        for url in ("http://127.0.0.1:%d" % free_port(), "http://user:x@127.0.0.1", "ftp://127.0.0.1", "nonsense"):
            self.refused("nobody at %s" % url, url, table, "--url", url)
        r = self.eval(table, "--url", self.s.run_env()["JARVIS_URL"] + "/")
        self.check("an address that is named is asked", r.returncode == 0, (r.stdout, r.stderr))

    def a_model(self):
        """Figures of a model, as a reply has them; and a system that is busy, refuses, or talks nonsense."""
        row = {"person": "vishal", "facts": ["FINE"]}
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Busy)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        table = self.table(dict(row, number="1", question="hello", before=["before it"]),
                           dict(row, number="2", question="hello"), dict(row, number="3", question="refuse me"),
                           dict(row, number="4", question="be odd"))
        url = "http://127.0.0.1:%d/" % server.server_address[1]
        r = self.eval(table, "--url", url, "--json")
        server.shutdown()
        server.server_close()
        report = json.loads(r.stdout)
        rows, total = report["results"], report["total"]
        self.check("busy is asked again, by the same name", len(Busy.keys) == 6 and Busy.keys[0] == Busy.keys[1] and
                   len(set(Busy.keys)) == 5 and rows[0]["retries"] == 1, (Busy.keys, report))
        self.check("calls are of the question, tokens of all", (rows[0]["calls"], rows[0]["input_tokens"],
                   rows[0]["cost_microusd"]) == (1, "1500", "1000421"), rows[0])
        self.check("totals are sums", (total["right"], total["input_tokens"], total["output_tokens"], total[
            "cost_microusd"], total["calls_max"], total["skipped_model"], total["degraded"],
                  total["unanswered"]) == (2, "2700", "180", "1000841", 2, 0, 1, 2), total)
        self.check("a refusal is wrong", rows[2]["wrong"] == ["was not answered: HTTP 403: not \u001b[31mtoday"], rows[2])
        self.check("nonsense, too", not rows[3]["right"] and "/api/chat" in rows[3]["wrong"][0], rows[3])

    def shipped(self):
        r = self.eval("--help")
        self.check("help", r.returncode == 0 and "Exit codes" in r.stdout and "--fail-under" in r.stdout, r.stdout)
        r = self.eval(os.path.join(TOP, "docs", "eval-example.json"), "--read-only")
        self.check("the example is right", r.returncode == 0 and "1 more were left out" in r.stdout, r.stdout)
        r = self.eval(os.path.join(TOP, "tests", "e2e", "acceptance.json"), "--read-only",
                      "--only", "^[1-9][ b]")
        self.check("the acceptance table can be read", r.returncode == 0, (r.stdout, r.stderr))


def main():
    with tempfile.TemporaryDirectory() as folder, Stack() as s:
        e = Evaluation(s, folder)
        e.each(e.right_rows, e.wrong_rows, e.for_machines, e.people, e.bad_usage, e.nobody_there, e.a_model, e.shipped,
               e.left_out)
    return e.run()


if __name__ == "__main__":
    sys.exit(main())
