"""llm_stack.py -- the whole system with scripted models behind it: what llm_providers, llm_hostile and llm_faults share.

    with Models(brain) as m, stack_of([("gemini", m)]) as s: ...
"""
import json
import os
import re
import subprocess
import time

from bus import Tally
from chat import Events
from stack import Stack, wait_for

# gemini-3: the strict one about signatures.
MODELS = {"gemini": "gemini-3-flash-preview", "openai": "gpt-4.1-mini", "anthropic": "claude-haiku-4-5"}
BOUND = 45.0  # until an answer must be there, whatever the model does: a question has 30 s of its own
PRICES = {"price_input": "0.30", "price_output": "2.50"}


def name_of(provider):
    return "%s/%s" % (provider, MODELS[provider])


def stack_of(chosen, mode="model", **env):
    """chosen: [(provider, its Models), ...] in the order in which they are tried; keys and the list are in files."""
    s = Stack(env={"JARVIS_PLANNER": mode, **env})
    rows = []
    for provider, m in chosen:
        rows.append({"provider": provider, "model": MODELS[provider], "url": m.url(provider),
                     "key": "@" + file_in(s, "%s.key" % provider, m.keys[provider] + "\n"), **PRICES})
    if rows:
        s.env["JARVIS_LLM_MODELS"] = "@" + file_in(s, "models.json", json.dumps({"models": rows}))
    return s


def file_in(stack, name, text):
    path = os.path.join(stack.folder, name)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(path, 0o644)
    return path


class Asking(Tally):
    """Questions to a stack with models, and what everybody may expect whatever a model does."""

    def __init__(self, stack, models, database=None):
        super().__init__()
        self.s, self.m, self.database = stack, models, database

    def chat(self, question, who="vishal", session=None):
        """(reply, the requests that models got for it)"""
        before = len(self.m.requests)
        reply = self.s.chat(who, question, session or self.s.new_session(who), timeout=BOUND)
        return reply, self.m.requests[before:]

    def stream(self, question, who="vishal", session=None):
        return Events(self.s, who, "POST", "/api/chat", {"message": question, "session_id": session or self.s.new_session(who)})

    def script(self, brain):
        self.m.brain = brain if callable(brain) else lambda _: brain

    def history(self, reply, who="vishal"):
        return [(h["role"], h["content"]) for h in self.s.http(
            "GET", "/api/history?page_size=100&session_id=" + reply["session_id"], token=self.s.login(who))[2]["messages"]]

    def call(self, what, body, who):
        """`jarvis call`, as somebody: the JSON, or what it complains of."""
        env = dict(self.s.env, **self.s.run_env())
        r = subprocess.run([self.s.binary, "call", what, json.dumps(body), "--token", self.s.login(who)], env=env, text=True,
                           capture_output=True, timeout=60)
        return json.loads(r.stdout) if r.returncode == 0 else r.stderr

    def used(self, who):
        """Rows of usage as [(model, purpose, calls, cached, input, output, cost)]."""
        reply = self.call("llm.Usage", {}, who)
        return [(r["model"], r["purpose"], *(int(r[k]) for k in ("calls", "cached", "input_tokens", "output_tokens",
                                                                 "cost_microusd"))) for r in reply["rows"]]

    def same_processes(self, pids):
        return {k: v for k, v in self.s.pids().items() if pids.get(k) != v}

    def logs_with(self, words):
        """Files of the stack's log that hold one of the words."""
        found, folder = [], os.path.join(self.s.var, "log")
        for name in sorted(os.listdir(folder)):
            with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as f:
                text = f.read()
            found += [(name, w) for w in words if w in text]
        return found

    def new_llm(self):
        """The actor begins anew: nothing rests, nothing is cached."""
        old = self.s.pids()["llm"]
        os.kill(old, 9)
        wait_for(lambda: self.s.pids().get("llm", old) != old)
        wait_for(lambda: isinstance(self.call("llm.Usage", {}, "vishal"), dict))


def everything_sent(requests):
    return "\n".join(r["raw"].decode() for r in requests)


def use_of(reply):
    """(calls, input, output) of an answer."""
    u = reply.get("model") or {}
    return u.get("calls", 0), u.get("input_tokens", 0), u.get("output_tokens", 0)


def words_of(text):
    return re.findall(r"\w+", text.lower())
