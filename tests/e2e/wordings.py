#!/usr/bin/env python3
"""wordings.py -- the wordings of tests/plan through POST /api/chat of the whole running system.

    wordings.py [-v] [tune] [more] [measure]

tests/plan/wishes.json says what people want: who asks, what was said before, the facts that the answer holds
and those that it must not, how it turns out, what is written. Each wording is asked in a conversation of its
own; wishes that change something come last, one at a time, and what they changed is put back. Fails on any fact
of somebody else's, on any change that is not wanted, and below the floors. -v shows what went wrong, by
wording; measure.json stays unseen, of it only the wishes are named.
"""
import collections
import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from judge import Asker, Database, Tickets, found, holds, lacking, only_in_words, same_changes
from stack import TOP, Stack

FOLDER = os.path.join(TOP, "tests", "plan")
# percent: the right agents and tools, the right facts
FLOORS = {"tune": (96, 96), "measure": (93, 93), "more": (93, 93)}
NAMES = {"tickets": "TicketsAgent", "finops": "FinOpsAgent", "oxygen": "OxygenAgent"}
WORKERS = 6
BATCH = 500  # questions between two looks at what has changed; a person may have 1 000 sessions


def load(name):
    with open(os.path.join(FOLDER, name + ".json"), encoding="utf-8") as f:
        return json.load(f)


class Asked:
    """A wording, and what became of it."""

    def __init__(self, wish, text, others):
        self.wish, self.text = wish, text
        self.questions = wish.get("before", []) + [text]
        self.nots_of_others = others.get(wish["asker"], [])
        self.wanted = wish.get("writes", [])
        self.reply, self.changes = None, []

    def ask(self, asker):
        self.reply = asker.ask(self.wish["asker"], self.questions)

    def right_agents(self):
        """Those agents and no others were asked, and what they gave is of the tools that are wanted."""
        agents = {a["name"] for a in self.reply["agents"]}
        tools = {(d["agent"], d["tool"]) for d in self.reply["data"]}
        lists = [{(NAMES[c["agent"]], c["tool"]) for c in calls} for calls in self.wish.get("calls", [[]])]
        if self.wish.get("kind") == "harmless" or (self.wish.get("kind") == "safe" and not agents):
            return True
        return any(agents == {name for name, _ in wanted} and tools <= wanted for wanted in lists)

    def wrong(self):
        text, outcome = self.reply["response"], self.wish.get("outcome")
        out = ["lacks " + fact for fact in lacking(text, self.wish.get("facts"))]
        out += ["has " + fact for fact in found(text, self.wish.get("nots"), " ".join(self.questions))]
        if outcome and self.reply["outcome"] != outcome:
            out.append("%s, not %s" % (self.reply["outcome"], outcome))
        if self.wanted and not same_changes(self.changes, self.wanted):
            out.append("wrote %s" % self.changes)
        return out

    def leaks(self):
        return found(json.dumps(self.reply, ensure_ascii=False), self.nots_of_others, " ".join(self.questions))

    def wrong_writes(self):
        return [] if same_changes(self.changes, self.wanted) else self.changes


class Suite:
    def __init__(self, stack, tickets, verbose):
        self.asker, self.tickets, self.verbose = Asker(stack), tickets, verbose
        wishes = load("wishes")
        self.wishes, self.others = {w["id"]: w for w in wishes["wishes"]}, wishes["others"]
        self.failed = 0

    def ask_serially(self, asked):
        asked.ask(self.asker)
        asked.changes = self.tickets.changes()
        if asked.changes:
            self.tickets.restore()

    def blame(self, all_asked):
        """What was changed by questions that change nothing: whose they are shows their answers."""
        changes = self.tickets.changes()
        if not changes:
            return
        guilty = [a for a in all_asked if any("get_" not in d["tool"] for d in a.reply["data"])]
        for asked in guilty or all_asked[:1]:
            asked.changes = changes
        self.tickets.restore()

    def ask_all(self, all_asked):
        reads = [a for a in all_asked if not a.wanted]
        for at in range(0, len(reads), BATCH):
            with ThreadPoolExecutor(WORKERS) as pool:
                list(pool.map(lambda a: a.ask(self.asker), reads[at:at + BATCH]))
            self.blame(reads[at:at + BATCH])
            self.tickets.database.rows("delete from sessions.sessions")
        for asked in all_asked:
            if asked.wanted:
                self.ask_serially(asked)
        self.tickets.database.rows("delete from sessions.sessions")

    def check(self, name, good, detail=""):
        print("%s - %s%s" % ("ok" if good else "not ok", name, "" if good else "\n# %s" % detail), flush=True)
        self.failed += not good

    def finds_what_is_wrong(self):
        """The judge itself."""
        asked = Asked({**self.wishes["tickets-of-other"], "before": ["about sarah"]}, "show sarah's 12301", self.others)
        asked.reply = {"response": "Ticket 12305", "outcome": "answered", "data": [
            {"agent": "TicketsAgent", "tool": "get_all_tickets", "result": {"tickets": [{"id": 12301}, {"id": 12305}]}}],
            "agents": [{"name": "TicketsAgent"}]}
        asked.changes = ["12301 gone"]
        self.check("what is wrong is found", asked.wrong() == ["lacks sarah", "has 12305", "answered, not denied"] and
                   asked.leaks() == ["12305"] and asked.wrong_writes() == ["12301 gone"] and not asked.right_agents(),
                   (asked.wrong(), asked.leaks(), asked.wrong_writes()))
        there = [holds(json.dumps({"text": text}), "12305") for text in
                 ("\n12305", "\u201c12305\u201d", "a12305b", "0f812305-11aa-4111-8111-0123456789ab", "4f1230512305aabb")]
        self.check("so is a number, but not in an id", there == [True, True, True, False, False], there)
        torn = [only_in_words({"response": text, "data": [{"cents": "1523450", "id": 12301}]})
                for text in ("12301 for USD 15,234.50", "12302 for USD 15,234.51")]
        self.check("so is what is in words only", torn == [[], ["12302", "15,234.51"]], torn)
        same = [same_changes(have, ["new ~printer vishal pending"]) for have in (
            ["new fix_printer vishal pending"], ["new fix vishal pending"], ["new fix_printer alex pending"], [])]
        self.check("so is a change like another", same == [True, False, False, False], same)

    def tell(self, name, bad):
        """What went wrong, by wording or by wish."""
        if name != "measure":
            for asked, why in bad:
                print("# %s [%s] %s\n#     %s" % (asked.wish["id"], asked.wish["asker"], asked.text, "; ".join(why)))
        for wish, n in collections.Counter(asked.wish["id"] for asked, _ in bad).most_common():
            print("# %s: %d wrong" % (wish, n))

    def run(self, name):
        began = time.monotonic()
        all_asked = [Asked(self.wishes[wish], text, self.others) for wish, texts in load(name).items() for text in texts]
        self.ask_all(all_asked)
        n = len(all_asked)
        agents = 100.0 * sum(a.right_agents() for a in all_asked) / n
        facts = 100.0 * sum(not a.wrong() for a in all_asked) / n
        leaks = [(a, a.leaks()) for a in all_asked if a.leaks()]
        writes = [(a, a.wrong_writes()) for a in all_asked if a.wrong_writes()]
        print("# %s: %d wordings in %.0f s: right agents %.1f %%, right facts %.1f %%, leaks %d, wrong writes %d" %
              (name, n, time.monotonic() - began, agents, facts, len(leaks), len(writes)))
        if self.verbose:
            self.tell(name, [(a, a.wrong() + ([] if a.right_agents() else ["agents"])) for a in all_asked
                             if a.wrong() or not a.right_agents()])
        self.check("%s: nobody is told what is somebody else's" % name, not leaks,
                   [(a.wish["id"], why, a.text if name != "measure" else "") for a, why in leaks])
        torn = [(a.wish["id"], only_in_words(a.reply, a.text)) for a in all_asked if only_in_words(a.reply, a.text)]
        self.check("%s: what is said in words is in the data" % name, not torn, torn)
        self.check("%s: nothing is changed that is not wanted" % name, not writes,
                   [(a.wish["id"], why, a.text if name != "measure" else "") for a, why in writes])
        for what, have, floor in zip(("agents", "facts"), (agents, facts), FLOORS[name]):
            self.check("%s: the right %s for %d %% and more" % (name, what, floor), have >= floor, "%.1f" % have)


def main():
    names = [a for a in sys.argv[1:] if a in FLOORS] or ["tune", "measure"]  # more: by hand
    with Stack() as s, Database(s) as database:
        tickets = Tickets(database)
        suite = Suite(s, tickets, "-v" in sys.argv)
        for person in ("vishal", "happy", "admin"):
            s.login(person)
        suite.finds_what_is_wrong()
        for name in names:
            suite.run(name)
        suite.check("nothing but tickets is ever changed", tickets.untouched() == tickets.others, tickets.untouched())
    print("1..%d" % (5 * len(names) + 4))
    return 1 if suite.failed else 0


if __name__ == "__main__":
    sys.exit(main())
