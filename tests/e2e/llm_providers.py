#!/usr/bin/env python3
"""llm_providers.py -- the acceptance questions with a model: each provider's wire format, the model down, and none
configured. The model is scripted (model_acceptance.json) and as strict about requests as the providers are; what it
costs is printed: who skipped it, calls and tokens of the others.
"""
import statistics
import sys
import time

from acceptance import Cases, load
from judge import Asker, Database
from llm_stack import stack_of, use_of
from model_brains import Acceptance
from models import Models
from stack import Stack

MOST_CALLS = 2  # of a model, for one message


# Answers to a question back, and what people say of themselves: that is read word by word, whatever there is of models.
NO_MODEL = ["14 kept", "17b", "17c", "101", "101 list", "101 forgotten", "101 all", "101 erased", "101 others"]


class CountingAsker(Asker):
    """Notes what each answer cost: its own figures, and the requests that came to the model."""

    def __init__(self, stack, models):
        super().__init__(stack)
        self.models, self.costs = models, []

    def post(self, who, path, body):
        before = len(self.models.requests) if self.models else 0
        reply = super().post(who, path, body)
        if path == "/api/chat":
            came = len(self.models.requests) - before if self.models else 0
            self.costs.append((body["message"], came, *use_of(reply), reply.get("degraded", False)))
        return reply


class Table(Cases):
    """All rows, each as acceptance.py judges it; degraded: "never", "always", or "any"."""

    def __init__(self, stack, database, models, name, changed=None, degraded="never"):
        super().__init__(stack, database, load())
        self.asker, self.name, self.changed, self.degraded = CountingAsker(stack, models), name, changed or {}, degraded
        self.began = time.monotonic()

    def problems(self, row, reply, changes):
        wrong = super().problems(dict(row, **self.changed.get(row["number"], {})), reply, changes)
        is_degraded = reply.get("degraded", False)
        if self.degraded != "any" and is_degraded != (self.degraded == "always" and row["number"] not in NO_MODEL):
            wrong.append("degraded is %s" % is_degraded)
        return wrong

    def all_rows(self):
        for row in self.cases["rows"]:
            self.judge(row)
        self.check("%s: nothing but tickets has changed" % self.name, self.tickets.untouched() == self.tickets.others)

    def told(self):
        """What it cost."""
        costs = self.asker.costs
        asked = [c for c in costs if c[2]]
        calls = [c[2] for c in asked] or [0]
        print("# %s: %d messages in %.0f s, %d skipped the model; of the others: calls %d (at most %d), tokens in %d (median %d), "
              "out %d" % (self.name, len(costs), time.monotonic() - self.began, len(costs) - len(asked), sum(calls), max(calls),
                          sum(c[3] for c in asked), statistics.median(c[3] for c in asked) if asked else 0,
                          sum(c[4] for c in asked)), flush=True)

    def cheap(self):
        dear = [c for c in self.asker.costs if max(c[1], c[2]) > MOST_CALLS]
        self.check("%s: at most %d calls of a model for a message" % (self.name, MOST_CALLS), not dear, dear)
        odd = [c for c in self.asker.costs if c[1] != c[2]]
        self.check("%s: as many calls are told as were made" % self.name, not odd, odd)


def fits(table, m, brain):
    """The requests were such as a provider takes, and the script knew all."""
    table.check("%s: nothing that a provider would refuse" % table.name, m.refused == [], m.refused[:3])
    table.check("%s: all questions are known, all tools offered" % table.name, not brain.unknown and not brain.not_offered,
                (brain.unknown, brain.not_offered))


# What a model does otherwise than the built-in planner, and rightly so: members of a row that are judged otherwise.
BY_MODEL = {"87": {"outcome": "answered"}}  # a model that says that it does not understand has answered


def with_model(provider):
    brain = Acceptance()
    with Models(brain) as m, stack_of([(provider, m)]) as s, Database(s) as database:
        t = Table(s, database, m, provider + ", every question to the model", BY_MODEL)
        t.each(t.all_rows, t.cheap, lambda: fits(t, m, brain))
        t.told()
        skipped = [c for c in t.asker.costs if not c[2]]
        print("# answered from the cache or before a model: %s" % sorted({c[0] for c in skipped}))
    return t


def auto_and_down():
    """As it is when nobody sets anything; then the model goes away."""
    brain = Acceptance()
    with Models(brain) as m, stack_of([("gemini", m)], "auto", JARVIS_LLM_CACHE="0") as s:
        with Database(s) as database:
            t = Table(s, database, m, "gemini, sure questions without it", BY_MODEL)
            t.each(t.all_rows, t.cheap, lambda: fits(t, m, brain))
        t.told()
        skipped = sum(1 for c in t.asker.costs if not c[1])
        t.check("most questions need no model", skipped > len(t.asker.costs) // 2, (skipped, len(t.asker.costs)))
        wanted = {c[0] for c in t.asker.costs if c[1]}
        print("# those that did: %s" % sorted(wanted))
        m.close()
        with Database(s) as database:
            return t, without(s, database, wanted)


def without(s, database, wanted):
    """What wanted a model, and some that did not, when it is down."""
    t = Table(s, database, None, "the model down", degraded="any")
    rows = t.cases["rows"]
    t.cases["rows"] = [r for i, r in enumerate(rows) if r["question"] in wanted or i % 10 == 0]
    t.each(t.all_rows)
    odd = [c for c in t.asker.costs if c[5] != (c[0] in wanted)]
    t.check("degraded says so wherever a model was wanted, and only there", not odd, odd)
    return t


def down_always():
    with Models(Acceptance()) as m:
        m.close()
        with stack_of([("gemini", m)]) as s, Database(s) as database:
            t = Table(s, database, None, "the model down, every question to it", degraded="always")
            t.each(t.all_rows)
            t.told()
    return [t]


def none_configured():
    """acceptance.py has the rest."""
    with Stack() as s, Database(s) as database:
        t = Table(s, database, None, "none configured")
        t.cases["rows"] = t.cases["rows"][:20]
        t.each(t.all_rows)
        t.check("no model was asked", not any(c[2] for c in t.asker.costs), t.asker.costs)
    return t


PARTS = {"gemini": lambda: [with_model("gemini")], "openai": lambda: [with_model("openai")],
         "anthropic": lambda: [with_model("anthropic")], "auto": auto_and_down, "down": down_always,
         "none": lambda: [none_configured()]}


def main():
    tables = [t for name in sys.argv[1:] or PARTS for t in PARTS[name]()]
    print("1..%d" % sum(t.passed + t.failed for t in tables))
    return 1 if any(t.failed for t in tables) else 0


if __name__ == "__main__":
    sys.exit(main())
