#!/usr/bin/env python3
"""llm_faults.py -- models that fail: streams cut in the middle, 429 with Retry-After, 503, a slow first piece, what is no
JSON, a wrong key. The person gets the right answer nevertheless, in time, and what was cut is no history. And what
protects the house: another model takes over, one that fails rests, budgets hold, what is used is written down to the
token, no key is in a log, one person's cached answer is nobody else's.
"""
import json
import re
import sys
import threading
import time

from a2a import text
from bus import REFUSED, Operator
from judge import holds
from llm_stack import MODELS, Asking, everything_sent, name_of, stack_of, use_of
from model_brains import Script, call, results_of, told
from models import FORMATS, Models, filled
from stack import wait_for

PLAN = {"calls": [call("tickets__get_my_tickets")], "usage": (1000, 20)}
# Each is long enough to be told at once.
PIECES = ["These are **your** tickets: " + "to begin with, " * 10, "12301 " + "which waits, " * 12, "and 12303 " + "on which somebody works, " * 7,
          "and no more. " + "That is all. " * 12, "Really. " * 20]
ANSWER = {"pieces": PIECES, "usage": (2000, 40)}


def good(request):
    return dict(ANSWER) if results_of(request) else dict(PLAN)


def failing(turn, times=1 << 30, **fault):
    """A good model that fails at its plans or at its answers, so many times."""
    left = [times]

    def brain(request):
        answer = good(request)
        if (turn == "answer") == bool(results_of(request)) and left[0] > 0:
            left[0] -= 1
            answer["fault"] = fault
            answer.update({k: v for k, v in fault.items() if k in ("finish", "text", "calls", "pieces")})
        return answer

    return brain


# Each is met at the plan and at the answer; "heals": it fails once, and a second attempt is safe.
FAULTS = {
    "429": {"status": 429}, "500": {"status": 500}, "503": {"status": 503}, "529": {"status": 529}, "401": {"status": 401},
    "400": {"status": 400}, "reset": {"reset": 0}, "cut at once": {"cut": 1}, "cut in the first event": {"cut": 60},
    "malformed": {"malformed": 0}, "no end mark": {"no_end": True}, "an error inside": {"error_event": 0},
    "no JSON at all": {"body": b"<html>Bad gateway</html>"}, "nothing": {"body": b""},
}
# Plans are asked for as a whole: these happen to streams alone.
OF_STREAMS = ["no end mark", "an error inside"]
HEALS = ["429", "500", "503", "529", "reset", "cut at once"]


# Events of a stream before the first piece of text.
LEAD = {"gemini": 0, "openai": 1, "anthropic": 3}


def size_of(provider, n):
    """Bytes of the answer's first n events."""
    events = FORMATS[provider].events(filled(dict(ANSWER), 0), MODELS[provider], 1, {})
    return sum(len(e) for e in events[:n])


class Faults(Asking):
    provider = "openai"

    def well(self):
        """Until the model serves again, and has more successes than failures behind it."""
        self.script(good)
        for _ in range(3):
            wait_for(lambda: not self.chat("show my tickets, well")[0]["degraded"], 40)

    def right(self, name, reply, degraded):
        self.check(name + ": the person gets the answer", reply["outcome"] == "answered" and "12301" in reply["response"] and
                   "12303" in reply["response"], reply)
        self.check(name + ": degraded %s" % degraded, reply["degraded"] == degraded, reply)
        h = self.history(reply)
        self.check(name + ": what is kept is that answer, once", h[-1] == ("assistant", reply["response"]) and
                   [r for r, _ in h] == ["user", "assistant"], h)

    # ---- one provider

    def each_fault(self, names=tuple(FAULTS)):
        for name in names:
            fault = FAULTS[name]
            for turn in ("plan", "answer")[name in OF_STREAMS:]:
                self.script(failing(turn, **fault))
                reply, asked = self.chat("show my tickets (%s, %s)" % (name, turn))
                self.right("%s, %s" % (name, turn), reply, True)
                # one more after a reset: on a connection that was kept it may be nobody's fault
                self.check("%s, %s: tried at most three times" % (name, turn), 1 <= len(asked) <= 4 + (name == "reset"), len(asked))
                self.well()

    def each_of_streams(self):
        """Where formats differ most."""
        self.each_fault(["malformed", "cut in the first event", *OF_STREAMS])

    def each_that_heals(self):
        for name in HEALS:
            for turn in ("plan", "answer"):
                self.script(failing(turn, 1, **FAULTS[name]))
                reply, asked = self.chat("show my tickets (%s once, %s)" % (name, turn))
                self.right("%s once, %s" % (name, turn), reply, False)
                self.check("%s once, %s: one call more" % (name, turn), len(asked) == 3, len(asked))
        self.well()

    def never_again(self):
        """The request's own fault, and a wrong key, are not tried again."""
        for name in ("400", "401"):
            self.script(failing("plan", **FAULTS[name]))
            _, asked = self.chat("show my tickets (%s, again?)" % name)
            self.check("%s is not tried again" % name, len(asked) == 1, len(asked))
            self.well()

    def slow(self):
        """The first piece does not come, or the next one; both end, and the call to the provider with them."""
        never = threading.Event()
        for name, turns, fault in (("first", ("plan", "answer"), {"hold": never}), ("next", ("answer",), {"pause": (3, never)})):
            for turn in turns:
                self.script(failing(turn, **fault))
                before = len(self.m.requests)
                reply, _ = self.chat("show my tickets (slow %s piece, %s)" % (name, turn))
                self.right("slow %s piece, %s" % (name, turn), reply, True)
                self.m.wait(lambda: all(r["ended"] for r in self.m.requests[before:]), 60)
                self.well()

    def ends_otherwise(self):
        """A safety block, no answer, and one that was too long for its limit."""
        for name, more in (("blocked", {"finish": "blocked", "text": "", "pieces": None, "calls": []}),
                           ("empty", {"text": "", "pieces": None, "calls": [], "finish": "stop"})):
            for turn in ("plan", "answer"):
                self.script(failing(turn, **more))
                reply, _ = self.chat("show my tickets (%s, %s)" % (name, turn))
                self.check("%s, %s: there is an answer" % (name, turn), reply["response"].strip(), reply)
                self.check("%s, %s: it is kept" % (name, turn), self.history(reply)[-1] == ("assistant", reply["response"]))
                self.well()
        self.script(failing("answer", finish="length"))
        reply, _ = self.chat("show my tickets (cut by its limit)")
        self.right("cut by its limit", reply, False)
        self.check("cut by its limit: it says so", "too long" in reply["response"], reply["response"])

    def dribbles(self):
        """Byte by byte it is the same answer."""
        self.script(lambda r: dict(good(r), fault={"dribble": 3}))
        reply, _ = self.chat("show my tickets (dribbled)")
        self.check("byte by byte", reply["response"] == "".join(PIECES) and not reply["degraded"], reply)

    # ---- streaming

    def streamed(self):
        """The model's pieces are the person's, as they come."""
        go_on = threading.Event()
        self.script(failing("answer", pause=(LEAD[self.provider] + 2, go_on)))
        stream = self.stream("show my tickets (streamed)")
        wait_for(lambda: "".join(e[2]["text"] for e in list(stream.list) if e[1] == "delta").startswith(PIECES[0]), 30)
        early = not stream.over and not any(e[1] == "done" for e in list(stream.list))
        go_on.set()
        events = stream.all()
        deltas = [e[2]["text"] for e in events if e[1] == "delta"]
        done = events[-1][2]
        self.check("streamed: pieces come before the model has ended", early and len(deltas) > 1, deltas)
        self.check("streamed: together they are the answer", "".join(deltas) == done["response"] == "".join(PIECES), (deltas, done))
        self.check("streamed: one plan, no error", [e[1] for e in events].count("plan") == 1 and events[-1][1] == "done", events)

    def streamed_over_a2a(self):
        """SendStreamingMessage, both bindings: the model's pieces are the artifact's, as they come."""
        for i, (path, body) in enumerate((("/message:stream", text("show my tickets (as A2A 0)")), ("", {
                "jsonrpc": "2.0", "id": 1, "method": "SendStreamingMessage", "params": text("show my tickets (as A2A 1)")}))):
            go_on, said, last, c = threading.Event(), [], {}, self.s.connect(60)
            self.script(failing("answer", pause=(LEAD[self.provider] + 2, go_on)))
            c.request("POST", "/a2a/jarvis" + path, json.dumps(body), {
                "Authorization": "Bearer " + self.s.login("vishal"), "A2A-Version": "1.0", "Content-Type": "application/json"})
            for line in c.getresponse():
                if not line.startswith(b"data: "):
                    continue
                last = json.loads(line[6:])
                last = last.get("result", last)
                if last.get("artifactUpdate", {"artifact": {}})["artifact"].get("artifactId") == "response":
                    said.append((go_on.is_set(), last["artifactUpdate"]))
                    go_on.set()
            c.close()
            self.check("streamed over A2A %d: a piece comes before the model has ended" % i, said and not said[0][0], said)
            self.check("streamed over A2A %d: together they are the answer" % i, "".join(
                p["artifact"]["parts"][0]["text"] for _, p in said) == "".join(PIECES), said)
            self.check("streamed over A2A %d: each is added, the last one says so" % i, all(p.get("append") for _, p in said[1:]) and
                       [p.get("lastChunk", False) for _, p in said] == [False] * (len(said) - 1) + [True], said)
            self.check("streamed over A2A %d: and it is done" % i,
                       last["statusUpdate"]["status"]["state"] == "TASK_STATE_COMPLETED", last)

    def cut_while_streamed(self):
        """What was told is taken back: the answer begins again, and ends with what the agents said."""
        told = LEAD[self.provider] + 2
        size = size_of(self.provider, told) + 30
        for name, fault in (("an error", {"error_event": told + 1}), ("cut", {"cut": size}), ("no end", {"no_end": True}),
                            ("reset", {"reset": size})):
            go_on = threading.Event()
            self.script(failing("answer", pause=(told, go_on), **fault))
            stream = self.stream("show my tickets (streamed, then %s)" % name)
            stream.first("delta")
            go_on.set()
            events = stream.all()
            kinds, done = [e[1] for e in events], events[-1][2]
            at = max(i for i, k in enumerate(kinds) if k == "plan")
            before = [e[2]["text"] for e in events[:at] if e[1] == "delta"]
            after = [e[2]["text"] for e in events[at:] if e[1] == "delta"]
            self.check("%s: pieces, then a second plan, then all of it" % name, kinds[-1] == "done" and before and
                       kinds.count("plan") == 2 and "".join(after) == done["response"], events)
            self.check("%s: degraded, and right" % name, done["degraded"] and "12301" in done["response"] and
                       "create_ai_key" in done["response"], done)
            self.check("%s: what was cut is no history" % name, self.history(done)[-1] == ("assistant", done["response"]))
            self.check("%s: no call was made twice" % name, kinds.count("artifact") <= 2, events)
            self.well()

    # ---- limits

    def retry_after(self):
        self.script(failing("plan", 1, status=429, retry_after=2))
        reply, asked = self.chat("show my tickets (in two seconds)")
        waited = asked[1]["at"] - asked[0]["at"] if len(asked) > 1 else 0
        self.check("Retry-After is waited for", 1.9 <= waited < 10 and not reply["degraded"], (waited, reply))
        date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 3))
        self.script(failing("plan", 1, status=429, retry_after=date))
        reply, asked = self.chat("show my tickets (at a time)")
        waited = asked[1]["at"] - asked[0]["at"] if len(asked) > 1 else 0
        self.check("also when it is a date", 1.0 <= waited < 10 and not reply["degraded"], (waited, reply))
        self.script(failing("plan", 1, status=429, retry_after=3600))
        reply, asked = self.chat("show my tickets (in an hour)")
        self.right("in an hour", reply, True)
        self.check("an hour is not waited for", len(asked) == 1, len(asked))
        self.new_llm()
        self.well()

    def keys(self):
        """In a header, and nowhere else; not even when the provider says it aloud."""
        key = self.m.keys["openai"]
        self.check("the key is in a header only", all(key not in r["raw"].decode() for r in self.m.requests))
        self.m.keys["openai"] = "another-key"
        replies = [self.chat("show my tickets (with a wrong key %d)" % i)[0] for i in range(2)]
        self.m.keys["openai"] = key
        self.check("a wrong key: the built-in answers", all(r["degraded"] and "12301" in r["response"] for r in replies) and
                   not any(key in json.dumps(r) for r in replies), replies)
        self.check("a wrong key: it was said aloud", any(key in str(r) for r in self.m.refused) and
                   all(r[1] == 401 for r in self.m.refused), self.m.refused)
        self.m.refused.clear()
        self.check("no key is in a log", self.logs_with([key, "Bearer key-of"]) == [], self.logs_with([key, "Bearer key-of"]))
        self.new_llm()

    def written_down(self):
        """Usage, to the token."""
        self.script(good)
        before = sums(self.used("alex"))
        use = [use_of(self.chat("show my tickets, number %d" % i, "alex")[0]) for i in range(3)]
        asked = 3 * (1000 + 2000), 3 * (20 + 40)
        wanted = (6, 0, *asked, asked[0] * 300000 // 1000000 + asked[1] * 2500000 // 1000000)
        self.check("an answer tells what it cost", use == [(2, 3000, 60)] * 3, use)
        wait_for(lambda: sums(self.used("alex")) != before, 20)
        wait_for(lambda: sums(self.used("alex"))[0] == before[0] + 6, 20)
        after = sums(self.used("alex"))
        self.check("and it is written down", tuple(a - b for a, b in zip(after, before)) == wanted, (before, after, wanted))
        _, _, text = self.s.http("GET", "/metrics")
        counted = {k: int(v) for k, v in re.findall(r'^(jarvis_llm_\w+)\{instance="[0-9a-f]+"(?:,model="[^"]+")?\} (\d+)$',
                                                    text, re.M)}
        self.check("and counted for Prometheus", counted.get("jarvis_llm_calls_total", 0) >= 6 and
                   counted.get("jarvis_llm_input_tokens_total", 0) >= asked[0] and counted.get("jarvis_llm_serving") == 1 and
                   "jarvis_llm_waiting" in counted, text[-3000:])
        self.chat("show my tickets, and another's are not mine", "vishal")
        wait_for(lambda: self.used("vishal"), 20)
        mine = self.call("llm.Usage", {"username": "alex"}, "vishal")
        everybody = self.call("llm.Usage", {"username": "*"}, "admin")
        self.check("others may not look, an administrator may", isinstance(mine, str) and "denied" in mine and
                   isinstance(everybody, dict) and {"alex", "vishal"} <= {r["username"] for r in everybody["rows"]}, (mine, everybody))


def sums(rows):
    return tuple(sum(r[i] for r in rows) for i in range(2, 7))


def two_providers(t, first, second):
    """Fail-over, a rest, and the way back."""
    def ask(i, **more):
        return t.chat("show my tickets (two of them, %s)" % i, **more)[0]

    first.brain, second.brain = good, good
    reply = ask("both well")
    t.check("both well: the first one answers", use_of(reply)[0] == 2 and len(first.requests) == 2 and not second.requests, reply)
    first.brain = lambda r: {"fault": {"status": 503}}
    second.forget()
    reply = ask("the first fails")
    t.check("the first fails: the second answers, and that is no harm", not reply["degraded"] and
            reply["response"] == "".join(PIECES) and reply["model"]["name"] == name_of("openai"), reply)
    for i in range(4):
        ask("until it rests %d" % i)
    n = len(first.requests)
    replies = [ask("it rests %d" % i) for i in range(2)]
    t.check("it rests: it is not asked any more", len(first.requests) == n and not any(r["degraded"] for r in replies),
            (n, len(first.requests)))
    first.brain = good
    wait_for(lambda: ask("is it back? %d" % len(second.requests)) and len(first.requests) > n, 60)
    wait_for(lambda: ask("it is back %d" % len(second.requests))["model"]["name"] == name_of("gemini"), 30)
    t.check("it comes back when it is well", True)
    second.forget()
    first.brain = failing("answer", error_event=3)
    reply = ask("cut after the first piece")
    t.check("cut after pieces were told: no second model goes on from there",
            "".join(PIECES[:3]) + "".join(PIECES) not in reply["response"] and "12301" in reply["response"] and
            t.history(reply)[-1][1] == reply["response"], (reply, len(second.requests)))


def cached(t, m):
    """The same question: one person's answer is nobody else's."""
    def brain(r):
        return {"text": told(results_of(r))} if results_of(r) else dict(PLAN)

    m.brain = brain
    question = "show my tickets, all the same"
    one, asked = t.chat(question, "vishal")
    again, none = t.chat(question, "vishal")
    other, theirs = t.chat(question, "happy")
    t.check("cached: the second time nothing is asked", len(asked) == 2 and not none and again["response"] == one["response"] and
            use_of(again)[0] == 0, (len(asked), len(none), again))
    t.check("cached: another person is answered anew", len(theirs) == 2 and "12302" in other["response"] and
            not holds(json.dumps(other), "12301") and not holds(everything_sent(theirs), "12301"), other)
    m.brain = failing("answer", status=503)
    bad, _ = t.chat("show my tickets, not cached", "vishal")
    m.brain = brain
    well, asked = t.chat("show my tickets, not cached", "vishal")
    t.check("cached: never what failed", bad["degraded"] and asked and not well["degraded"] and "12301" in well["response"], (bad, well))


def between_actors(t, m):
    """The very same request for two people, by whoever may ask models: one's answer is not the other's, unless it is said
    that nothing in it is anybody's. People and operators may not ask at all."""
    n = []
    m.brain = lambda r: n.append(1) or {"text": "answer %d" % len(n), "usage": (10, 5)}
    actor, operator = Operator(t.s, "orchestrator", own_inbox=True), Operator(t.s)

    def ask(text, who=None, bus=actor, **more):
        body = {"purpose": "answer", "turns": [{"role": "user", "text": text}], **more}
        return bus.one("jarvis.svc.llm.Generate", body, t.s.login(who) if who else None)

    texts = [ask("the same", who).json["text"] for who in ("alex", "admin", "alex", "admin")]
    t.check("between actors: not shared among people", texts == ["answer 1", "answer 2", "answer 1", "answer 2"], texts)
    texts = [ask("for everybody", who, shared=True).json["text"] for who in ("alex", "admin")]
    t.check("between actors: shared where it is said", texts == ["answer 3"] * 2, texts)
    again = ask("the same", "alex", fresh=True).json
    t.check("between actors: fresh is not from the cache, nor into it", (again["text"], ask("the same", "alex").json["text"]) ==
            ("answer 4", "answer 1"), again)
    code = operator.ask("jarvis.svc.llm.Generate", {"purpose": "answer", "turns": [{"role": "user", "text": "x"}]},
                        t.s.login("admin"))[0]
    t.check("between actors: nobody else may ask", len(n) == 4 and code == REFUSED, code)
    wrong = [ask("x", "alex", **more).error for more in ({"max_tokens": 8193}, {"purpose": "A b"}, {"model": "none/such"},
                                                         {"tools": [{"name": "a b"}]}, {"turns": []})]
    t.check("between actors: what is wrong is named", len(n) == 4 and all(
        name in text for name, text in zip(("max_tokens", "purpose", "model", "tools[0].name", "turns"), wrong)), wrong)


def budgets(t, m):
    """A person's day is used up: the built-in answers, the others go on."""
    m.brain = good  # 0.3 * 3000 + 2.5 * 60 = 1 050 millionths of a dollar an answer
    replies = [t.chat("show my tickets (of the budget, %d)" % i, "sarah")[0] for i in range(4)]
    t.check("budget: at first the model answers", use_of(replies[0])[0] == 2 and not replies[0]["degraded"], replies[0])
    t.check("budget: then the built-in does", replies[-1]["degraded"] and "12305" in replies[-1]["response"] and
            use_of(replies[-1])[0] == 0, replies[-1])
    t.check("budget: the person is told why", replies[0]["degraded_why"] == "" and replies[-1]["degraded_why"] == (
        "your budget for language models of $0.002 a day is used up; it starts again at 00:00 UTC"), replies[-1])
    other, asked = t.chat("show my tickets (of the budget)", "alex")
    t.check("budget: of one person, not of others", not other["degraded"] and len(asked) == 2, other)
    wait_for(lambda: int(t.call("llm.Usage", {}, "sarah")["spent_microusd"]) > 0, 20)
    usage = t.call("llm.Usage", {}, "sarah")
    t.check("budget: it can be looked up", int(usage["budget_microusd"]) == 2000 and
            2000 <= int(usage["spent_microusd"]) <= 3200, usage)


def one_provider(provider, names):
    with Models(good) as m, stack_of([(provider, m)], JARVIS_LLM_CACHE="0", JARVIS_LLM_FIRST="2s", JARVIS_LLM_IDLE="2s") as s:
        f = Faults(s, m)
        f.provider = provider
        tests = [f.streamed, f.streamed_over_a2a, f.cut_while_streamed, f.dribbles]
        if provider == "openai":
            tests += [f.each_that_heals, f.each_fault, f.never_again, f.slow, f.ends_otherwise, f.written_down, f.retry_after, f.keys]
        else:
            tests += [f.each_of_streams]
        f.each(*[t for t in tests if not names or t.__name__ in names])
        f.check("nothing that a provider would refuse", m.refused == [], m.refused[:3])
    return f


def others():
    tallies = []
    with Models(good) as a, Models(good) as b, stack_of([("gemini", a), ("openai", b)], JARVIS_LLM_CACHE="0") as s:
        t = Faults(s, a)
        t.each(lambda: two_providers(t, a, b))
        t.check("nothing that a provider would refuse", a.refused == b.refused == [], a.refused + b.refused)
        tallies.append(t)
    with Models(good) as m, stack_of([("anthropic", m)], JARVIS_LLM_BUDGET="0.002") as s:
        t = Faults(s, m)
        t.each(lambda: budgets(t, m), lambda: cached(t, m), lambda: between_actors(t, m))
        t.check("nothing that a provider would refuse", m.refused == [], m.refused)
        tallies.append(t)
    return tallies


def main():
    """Of providers and tests by name, or of all."""
    names = [n for n in sys.argv[1:] if n not in MODELS and n != "others"]
    where = [n for n in sys.argv[1:] if n not in names] or [*MODELS, "others"]
    tallies = [one_provider(p, names) for p in where if p in MODELS]
    tallies += others() if "others" in where else []
    print("1..%d" % sum(t.passed + t.failed for t in tallies))
    return 1 if any(t.failed for t in tallies) else 0


if __name__ == "__main__":
    sys.exit(main())
