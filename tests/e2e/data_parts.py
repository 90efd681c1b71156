#!/usr/bin/env python3
"""data_parts.py -- docs/data-parts.md is true: each of its examples is asked for and compared, and none is missing.

An example is under a heading "### `name`": a tool's has "<who> asks with `<arguments>`:" before its JSON; the others
are events of one chat. Ids that are made anew each time and suggestions need only look alike.
"""
import json
import os
import re
import sys
import uuid

from bus import Tally
from stack import TOP, Stack

CALL, RESULT = "application/vnd.jarvis.tool-call+json", "application/vnd.jarvis.tool-result+json"
EXTENSION = "urn:jarvis:a2a:tools:v1"
EXAMPLE = re.compile(r"^### `(\w+)`\n(.*?)^```json\n(.*?)^```$", re.M | re.S)
ASKED = re.compile(r"^(\w+) asks with `(\{.*\})`:$", re.M)
AGENT = re.compile(r"^## .*agent `(\w+)`, (\w+)$", re.M)
QUESTION = re.compile(r"are of (\w+)' question \"([^\"]+)\"")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")


class Page:
    def __init__(self):
        with open(os.path.join(TOP, "docs", "data-parts.md")) as f:
            self.text = f.read()
        self.agents = [(m.start(), m.group(1), m.group(2)) for m in AGENT.finditer(self.text)]
        self.tools, self.events = [], {}  # [(agent, tool, who, arguments, result)], {name: example}
        for m in EXAMPLE.finditer(self.text):
            asked = ASKED.search(m.group(2))
            if asked:
                agent = [a for at, a, _ in self.agents if at < m.start()][-1]
                self.tools.append((agent, m.group(1), asked.group(1), json.loads(asked.group(2)), json.loads(m.group(3))))
            else:
                self.events[m.group(1)] = json.loads(m.group(3))


def difference(want, have, at=""):
    """Where two values differ, as text; empty when they do not."""
    if at.endswith(".suggestions"):
        good = isinstance(have, list) and 0 < len(have) <= 5 and all(isinstance(s, str) for s in have)
        return "" if good else "%s: %r" % (at, have)
    if isinstance(want, str) and UUID.match(want):
        return "" if isinstance(have, str) and UUID.match(have) else "%s: %r is no UUID" % (at, have)
    if isinstance(want, dict) and isinstance(have, dict):
        if set(want) != set(have):
            return "%s: members %s, not %s" % (at, sorted(have), sorted(want))
        return next((d for d in (difference(want[k], have[k], at + "." + k) for k in want) if d), "")
    if isinstance(want, list) and isinstance(have, list) and len(want) == len(have):
        return next((d for d in (difference(w, h, "%s[%d]" % (at, i)) for i, (w, h) in enumerate(zip(want, have))) if d), "")
    return "" if want == have and type(want) is type(have) else "%s: %r, not %r" % (at, have, want)


def result_of(stack, agent, tool, who, arguments):
    part = {"data": {"tool": tool, "arguments": arguments}, "mediaType": CALL}
    body = {"message": {"messageId": uuid.uuid4().hex, "role": "ROLE_USER", "parts": [part]}}
    status, _, reply = stack.http("POST", "/a2a/%s/message:send" % agent, body, stack.login(who), {"A2A-Version": "1.0"})
    if status != 200:
        return reply
    made = reply["message"] if "message" in reply else reply["task"]["artifacts"][0]
    data = [p for p in made["parts"] if p.get("mediaType") == RESULT]
    return data[0]["data"]["result"] if len(data) == 1 and data[0]["data"]["tool"] == tool else reply


def chat_events(stack, who, question):
    """The first of each kind."""
    status, _, text = stack.http("POST", "/api/chat", {"message": question}, stack.login(who), {"Accept": "text/event-stream"})
    assert status == 200, (status, text)
    events = {}
    for block in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if "event" in lines:
            events.setdefault(lines["event"], json.loads(lines["data"]))
    return events


def tools_of(stack, agent):
    status, _, card = stack.http("GET", "/a2a/%s/extendedAgentCard" % agent, None, stack.login("admin"),
                                 {"A2A-Version": "1.0"})
    assert status == 200, (status, card)
    params = [e["params"] for e in card["capabilities"]["extensions"] if e["uri"] == EXTENSION]
    return {t["name"] for t in params[0]["tools"]}


class Check:
    def __init__(self, stack, page, tally):
        self.stack, self.page, self.tally = stack, page, tally

    def same(self, name, want, have):
        wrong = difference(want, have)
        self.tally.check(name, not wrong, wrong)

    def tools(self):
        for agent in ("tickets", "finops", "oxygen"):
            written, there = {t for a, t, _, _, _ in self.page.tools if a == agent}, tools_of(self.stack, agent)
            self.tally.check("%s: an example of each tool" % agent, written == there, written ^ there)
        for agent, tool, who, arguments, want in self.page.tools:
            self.same("%s %s" % (tool, json.dumps(arguments)), want, result_of(self.stack, agent, tool, who, arguments))

    def chat(self):
        who, question = QUESTION.search(" ".join(self.page.text.split())).groups()
        events = chat_events(self.stack, who, question)
        self.tally.check("an example of each event", set(self.page.events) == set(events), sorted(events))
        for name, want in self.page.events.items():
            self.same("event %s" % name, want, events.get(name))
        self.same("the reply as JSON is the same", events["done"], self.stack.chat(who, question, self.stack.new_session(who)))

    def openapi(self):
        _, _, spec = self.stack.http("GET", "/openapi.json")
        shape = spec["components"]["schemas"]["jarvis.orchestrator.v1.ChatReply"]["properties"]
        self.tally.check("openapi.json has the reply's members", set(shape) == set(self.page.events["done"]) | {"model"},
                         sorted(shape))


def main():
    with Stack() as s:
        check = Check(s, Page(), Tally())
        return check.tally.run(check.tools, check.chat, check.openapi)


if __name__ == "__main__":
    sys.exit(main())
