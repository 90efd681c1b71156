"""model_brains.py -- what scripted models think: brains for models.py."""
import json
import os
import re

from models import tokens

HERE = os.path.dirname(os.path.abspath(__file__))


def question_of(request):
    """The text that a person said last, whatever came of calls since."""
    asked = [t for t in request["turns"] if t["role"] == "user" and not t["results"]]
    return asked[-1]["text"] if asked else ""


def results_of(request):
    """What came of the calls of the turn before; [] when the last turn is a question."""
    return request["turns"][-1]["results"]


def call(tool, **arguments):
    return {"name": tool, "arguments": arguments}


def told(results):
    """What agents said, as they said it."""
    return "\n\n".join(str(r["result"].get("text") or r["result"].get("error") or r["result"])
                       if isinstance(r["result"], dict) else str(r["result"]) for r in results)


class Acceptance:
    """A good model: calls as model_acceptance.json has them for the question, and then what the agents said.
    What it does not find there it does not know, and puts it in `unknown`."""

    def __init__(self):
        with open(os.path.join(HERE, "model_acceptance.json"), encoding="utf-8") as f:
            self.table = json.load(f)
        self.unknown, self.not_offered = [], []

    def known(self, text):
        """The question is the last thing said, on a line of its own, whatever stands before it."""
        text = re.sub(r"(\s*</[^<>]*>)*\s*\Z", "", text)
        there = [q for q in self.table if text.endswith(q) and text[:-len(q)][-1:] in ("", "\n", ">")]
        return max(there, key=len) if there else None

    def __call__(self, request):
        question = self.known(question_of(request))
        if question is None:
            self.unknown.append(question_of(request))
            return {"text": "I do not know."}
        entry = self.table[question]
        if results_of(request):
            return {"text": "\n\n".join(filter(None, [entry.get("answer"), told(results_of(request))]))}
        calls = [call(c["tool"], **c["arguments"]) for c in entry.get("calls", [])]
        self.not_offered += [c["name"] for c in calls if c["name"] not in request["tools"]]
        return {"text": entry.get("text", ""), "calls": calls}


class Script:
    """Answers one after the other, the last one again and again; functions get the request. What plans and what
    answers are the same to it."""

    def __init__(self, *answers):
        self.answers, self.n = list(answers), 0

    def __call__(self, request):
        answer = self.answers[min(self.n, len(self.answers) - 1)]
        self.n += 1
        return answer(request) if callable(answer) else answer


class ByTurn:
    """One answer for questions, another one when results have come (None: what the agents said)."""

    def __init__(self, asked, answered=None):
        self.asked, self.answered = asked, answered

    def __call__(self, request):
        answer = self.answered if results_of(request) else self.asked
        if answer is None:
            return {"text": told(results_of(request))}
        return answer(request) if callable(answer) else answer


def size(request):
    """Tokens of a request, by the server's own measure."""
    return tokens("x" * len(request["raw"]))
