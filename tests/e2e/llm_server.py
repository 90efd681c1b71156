#!/usr/bin/env python3
"""llm_server.py -- the scripted models themselves (models.py), by plain HTTP: each format whole, as a stream and with
every fault; what a provider would refuse is refused. Nothing of Jarvis is started.
"""
import copy
import http.client
import json
import socket
import sys
import threading

from bus import Tally
from model_brains import Acceptance, ByTurn, call, results_of
from models import FORMATS, Models

SCHEMA = {"type": "object", "properties": {"ticket_id": {"type": "integer", "description": "The number."}},
          "required": ["ticket_id"]}
CALLS = [call("tickets__get_ticket", ticket_id=12301), call("tickets__get_ticket", ticket_id=12302)]
TEXT = "Grüße: **two** tickets."


def gemini(turns, tools=True, **config):
    contents = []
    for t in turns:
        parts = [{"text": t["text"]}] if t.get("text") else []
        for i, c in enumerate(t.get("calls", [])):
            parts.append({"functionCall": {"name": c["name"], "args": c["arguments"]}})
            if not i:
                parts[-1]["thoughtSignature"] = FORMATS["gemini"].signature(parts[-1]["functionCall"])
        parts += [{"functionResponse": {"name": r["name"], "response": r["result"]}} for r in t.get("results", [])]
        contents.append({"role": {"assistant": "model"}.get(t["role"], "user"), "parts": parts})
    body = {"contents": contents, "systemInstruction": {"parts": [{"text": "You are Jarvis."}]},
            "generationConfig": {"maxOutputTokens": 100, **config}}
    if tools:
        body["tools"] = [{"functionDeclarations": [{"name": "tickets__get_ticket", "description": "Show one ticket.",
                                                    "parametersJsonSchema": SCHEMA}]}]
    return body


def openai(turns, tools=True, **more):
    messages, n = [{"role": "system", "content": "You are Jarvis."}], 0
    for t in turns:
        for r in t.get("results", []):
            messages.append({"role": "tool", "tool_call_id": "c%d" % n, "content": json.dumps(r["result"])})
            n += 1
        calls = [{"id": "c%d" % i, "type": "function", "function": {"name": c["name"], "arguments": json.dumps(c["arguments"])}}
                 for i, c in enumerate(t.get("calls", []))]
        if calls:
            messages.append({"role": "assistant", "content": t.get("text"), "tool_calls": calls})
        elif t.get("text"):
            messages.append({"role": t["role"], "content": t["text"]})
    body = {"model": "gpt-4.1-mini", "messages": messages, "max_completion_tokens": 100, **more}
    if tools:
        body["tools"] = [{"type": "function", "function": {"name": "tickets__get_ticket", "description": "Show one ticket.",
                                                           "parameters": SCHEMA}}]
    if body.get("stream"):
        body["stream_options"] = {"include_usage": True}
    return body


def anthropic(turns, tools=True, **more):
    messages = []
    for t in turns:
        content = [{"type": "tool_result", "tool_use_id": "t%d" % i, "content": json.dumps(r["result"])}
                   for i, r in enumerate(t.get("results", []))]
        content += [{"type": "text", "text": t["text"]}] if t.get("text") else []
        content += [{"type": "tool_use", "id": "t%d" % i, "name": c["name"], "input": c["arguments"]}
                    for i, c in enumerate(t.get("calls", []))]
        messages.append({"role": t["role"], "content": content})
    body = {"model": "claude-haiku-4-5", "max_tokens": 100, "system": "You are Jarvis.", "messages": messages, **more}
    if tools:
        body["tools"] = [{"name": "tickets__get_ticket", "description": "Show one ticket.", "input_schema": SCHEMA}]
    return body


ASK = [{"role": "user", "text": "show tickets 12301 and 12302"}]
AGAIN = ASK + [{"role": "assistant", "calls": CALLS},
               {"role": "user", "results": [{"name": c["name"], "result": {"text": "Ticket."}} for c in CALLS]}]
MAKE = {"gemini": gemini, "openai": openai, "anthropic": anthropic}


class Client:
    def __init__(self, models, provider):
        self.models, self.provider = models, provider

    def headers(self):
        key = self.models.keys[self.provider]
        return {"gemini": {"x-goog-api-key": key}, "openai": {"Authorization": "Bearer " + key},
                "anthropic": {"x-api-key": key, "anthropic-version": "2023-06-01"}}[self.provider]

    def path(self, stream):
        return {"gemini": "/v1beta/models/gemini-3-flash-preview:" +
                          ("streamGenerateContent?alt=sse" if stream else "generateContent"),
                "openai": "/v1/chat/completions", "anthropic": "/v1/messages"}[self.provider]

    def post(self, path, body, headers=None):
        """(status, headers, bytes, whole?)"""
        c = http.client.HTTPConnection("127.0.0.1", self.models.port, timeout=30)
        try:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            c.request("POST", path, data, {"Content-Type": "application/json", **(self.headers() if headers is None else headers)})
            r = c.getresponse()
            got = {k.lower(): v for k, v in r.getheaders()}
            try:
                return r.status, got, r.read(), True
            except http.client.IncompleteRead as e:
                return r.status, got, e.partial, False
        except (ConnectionError, http.client.BadStatusLine):
            return 0, {}, b"", False
        finally:
            c.close()

    def ask(self, turns, stream=False, **more):
        if stream and self.provider != "gemini":
            more["stream"] = True
        return self.post(self.path(stream), MAKE[self.provider](turns, **more))


def events(data):
    """The JSON of each event of a stream; text where it is none."""
    out = []
    for block in data.replace(b"\r\n", b"\n").decode(errors="replace").split("\n\n"):
        for line in block.split("\n"):
            if line.startswith("data: "):
                try:
                    out.append(json.loads(line[6:]))
                except ValueError:
                    out.append(line[6:])
    return out


def understood(provider, data, stream):
    """(text, calls, finish, usage) of an answer, read as a client would."""
    return {"gemini": read_gemini, "openai": read_openai, "anthropic": read_anthropic}[provider](
        events(data) if stream else [json.loads(data)], stream)


def read_gemini(told, _stream):
    parts = [p for e in told for c in e.get("candidates", []) for p in c.get("content", {}).get("parts", [])]
    last = told[-1]
    used = last["usageMetadata"]
    return ("".join(p.get("text", "") for p in parts),
            [call(p["functionCall"]["name"], **p["functionCall"]["args"]) for p in parts if "functionCall" in p],
            last["candidates"][0]["finishReason"], (used["promptTokenCount"], used["candidatesTokenCount"]))


def read_openai(told, stream):
    if not stream:
        m = told[0]["choices"][0]
        calls = [(c["function"]["name"], c["function"]["arguments"]) for c in m["message"].get("tool_calls", [])]
        text, finish, used = m["message"]["content"] or "", m["finish_reason"], told[0]["usage"]
    else:
        assert told[-1] == "[DONE]", told[-1]
        text, finish, by_index, used = "", None, {}, told[-2]["usage"]
        for e in told[:-2]:
            delta, finish = e["choices"][0]["delta"], e["choices"][0]["finish_reason"] or finish
            text += delta.get("content") or ""
            for c in delta.get("tool_calls", []):
                one = by_index.setdefault(c["index"], ["", ""])
                one[0] += c["function"].get("name", "")
                one[1] += c["function"]["arguments"]
        calls = [by_index[i] for i in sorted(by_index)]
    return text, [call(n, **json.loads(a)) for n, a in calls], finish, (used["prompt_tokens"], used["completion_tokens"])


def read_anthropic(told, stream):
    if not stream:
        m, blocks = told[0], told[0]["content"]
        used = (m["usage"]["input_tokens"], m["usage"]["output_tokens"])
        finish = m["stop_reason"]
    else:
        assert told[-1] == {"type": "message_stop"}, told[-1]
        blocks, used, finish = [], (0, 0), None
        for e in told:
            if e["type"] == "content_block_start":
                blocks.append({**e["content_block"], "json": ""})
            elif e["type"] == "content_block_delta":
                blocks[e["index"]]["text"] = blocks[e["index"]].get("text", "") + e["delta"].get("text", "")
                blocks[e["index"]]["json"] += e["delta"].get("partial_json", "")
            elif e["type"] == "content_block_stop" and blocks[e["index"]]["type"] == "tool_use":
                blocks[e["index"]]["input"] = json.loads(blocks[e["index"]]["json"])
            elif e["type"] == "message_start":
                used = (e["message"]["usage"]["input_tokens"], 0)
            elif e["type"] == "message_delta":
                used, finish = (used[0], e["usage"]["output_tokens"]), e["delta"]["stop_reason"]
    return ("".join(b["text"] for b in blocks if b["type"] == "text"),
            [call(b["name"], **b["input"]) for b in blocks if b["type"] == "tool_use"], finish, used)


class Server(Tally):
    def __init__(self, models):
        super().__init__()
        self.m = models
        self.clients = {name: Client(models, name) for name in FORMATS}

    def each_way(self):
        return [(name, client, stream) for name, client in self.clients.items() for stream in (False, True)]

    # ---- what is right

    def said(self):
        """Text and calls, whole and streamed, are what the brain said; the brain gets what was asked."""
        self.m.brain = ByTurn({"calls": CALLS, "usage": (50, 20)}, {"text": TEXT, "usage": (70, 30)})
        finishes = {"gemini": ("STOP", "STOP"), "openai": ("tool_calls", "stop"), "anthropic": ("tool_use", "end_turn")}
        for name, client, stream in self.each_way():
            how = "%s %s" % (name, "streamed" if stream else "whole")
            _, _, first, _ = client.ask(ASK, stream)
            _, _, second, _ = client.ask(AGAIN, stream)
            self.check(how + ": parallel calls", understood(name, first, stream) == ("", CALLS, finishes[name][0], (50, 20)), first)
            self.check(how + ": then text", understood(name, second, stream) == (TEXT, [], finishes[name][1], (70, 30)), second)
            asked = self.m.requests[-1]
            self.check(how + ": the request is neutral", asked["system"] == "You are Jarvis." and asked["stream"] == stream and
                       asked["turns"][1]["calls"] == CALLS and results_of(asked)[0]["result"] == {"text": "Ticket."} and
                       asked["tools"]["tickets__get_ticket"]["schema"] == SCHEMA and asked["max_tokens"] == 100, asked)
        self.check("nothing of that is refused", self.m.refused == [], self.m.refused)

    def json_output(self):
        schema = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}
        self.m.brain = lambda r: {"text": json.dumps({"a": sorted(r["json_schema"])[0]})}
        for name, more in (("gemini", {"responseMimeType": "application/json", "responseJsonSchema": schema}),
                           ("openai", {"response_format": {"type": "json_schema", "json_schema": {
                               "name": "reply", "schema": schema, "strict": True}}}),
                           ("anthropic", {"output_config": {"format": {"type": "json_schema", "schema": schema}}})):
            status, _, data, _ = self.clients[name].ask(ASK, tools=False, **more)
            self.check(name + ": JSON of a schema", status == 200 and
                       understood(name, data, False)[0] == '{"a": "additionalProperties"}', data)

    def embeddings(self):
        texts = ["vpn access", "vpn access", "courses"]
        g = self.clients["gemini"].post("/v1beta/models/gemini-embedding-001:batchEmbedContents", {"requests": [
            {"model": "models/gemini-embedding-001", "content": {"parts": [{"text": t}]}} for t in texts]})
        o = self.clients["openai"].post("/v1/embeddings", {"model": "text-embedding-3-small", "input": texts})
        one = [e["values"] for e in json.loads(g[2])["embeddings"]]
        two = [e["embedding"] for e in json.loads(o[2])["data"]]
        self.check("embeddings: the same for the same", one == two and one[0] == one[1] != one[2], (g, o))

    def knows_acceptance(self):
        brain = self.m.brain = Acceptance()
        for name, client, stream in self.each_way():
            turns = [{"role": "user", "text": "<question>show my tickets</question>"}]
            body = MAKE[name](turns, **({"stream": True} if stream and name != "gemini" else {}))
            data = client.post(client.path(stream), body)[2]
            self.check("%s: a good model, stream %s" % (name, stream), understood(name, data, stream)[1] ==
                       [call("tickets__get_my_tickets")], data)
        self.check("it notes what it does not know, and what it was not offered", brain.unknown == [] and
                   set(brain.not_offered) == {"tickets__get_my_tickets"} and brain(
                       {"turns": [{"role": "user", "text": "?", "results": []}], "tools": {}})["text"] == "I do not know." and
                   brain.unknown == ["?"])

    # ---- what is refused

    WRONG = {
        "gemini": [
            ("no contents", lambda b: b.pop("contents")), ("an unknown member", lambda b: b.update(stream=True)),
            ("an unknown role", lambda b: b["contents"][0].update(role="assistant")),
            ("an empty text", lambda b: b["contents"][0]["parts"][0].update(text="")),
            ("no parts", lambda b: b["contents"][0].update(parts=[])),
            ("a turn too much", lambda b: b["contents"].insert(0, b["contents"][0])),
            ("a missing result", lambda b: b["contents"][2]["parts"].pop()),
            ("a result that is no object", lambda b: b["contents"][2]["parts"][0]["functionResponse"].update(response="x")),
            ("a result of another name", lambda b: b["contents"][2]["parts"][0]["functionResponse"].update(name="other")),
            ("a lost signature", lambda b: b["contents"][1]["parts"][0].pop("thoughtSignature")),
            ("a wrong signature", lambda b: b["contents"][1]["parts"][0].update(thoughtSignature="eA==")),
            ("additionalProperties in parameters", lambda b: b["tools"][0]["functionDeclarations"][0].update(
                parameters={**SCHEMA, "additionalProperties": False}, parametersJsonSchema=None) or
             b["tools"][0]["functionDeclarations"][0].pop("parametersJsonSchema")),
            ("$schema", lambda b: b["tools"][0]["functionDeclarations"][0]["parametersJsonSchema"].update({"$schema": "x"})),
            ("a tool twice", lambda b: b["tools"][0]["functionDeclarations"].append(b["tools"][0]["functionDeclarations"][0])),
            ("no description", lambda b: b["tools"][0]["functionDeclarations"][0].pop("description")),
            ("a schema without JSON", lambda b: b["generationConfig"].update(responseJsonSchema=SCHEMA)),
            ("JSON and tools", lambda b: b["generationConfig"].update(responseMimeType="application/json")),
            ("no tokens", lambda b: b["generationConfig"].update(maxOutputTokens=0)),
            ("a text for a number", lambda b: b["generationConfig"].update(maxOutputTokens="100"))],
        "openai": [
            ("no messages", lambda b: b.update(messages=[])), ("no model", lambda b: b.pop("model")),
            ("an unknown member", lambda b: b.update(system="x")),
            ("an unknown role", lambda b: b["messages"][1].update(role="model")),
            ("a missing result", lambda b: b["messages"].pop()),
            ("a result of no call", lambda b: b["messages"][-1].update(tool_call_id="other")),
            ("results of nothing", lambda b: b["messages"].pop(2)),
            ("arguments that are no text", lambda b: b["messages"][2]["tool_calls"][0]["function"].update(arguments={})),
            ("null content", lambda b: b["messages"][1].update(content=None)),
            ("an object without properties", lambda b: b["tools"][0]["function"].update(parameters={"type": "object"})),
            ("a strict tool that is not", lambda b: b["tools"][0]["function"].update(strict=True)),
            ("no tools", lambda b: b.update(tools=[])), ("a tool twice", lambda b: b.update(tools=b["tools"] * 2)),
            ("a name with a dot", lambda b: b["tools"][0]["function"].update(name="a.b")),
            ("stream_options without stream", lambda b: b.update(stream_options={"include_usage": True})),
            ("two limits", lambda b: b.update(max_tokens=100)),
            ("max_tokens of a reasoning model", lambda b: b.update(model="gpt-5-mini", max_tokens=b.pop("max_completion_tokens")))],
        "anthropic": [
            ("no max_tokens", lambda b: b.pop("max_tokens")), ("an unknown member", lambda b: b.update(stream_options={})),
            ("a system message", lambda b: b["messages"].insert(0, {"role": "system", "content": "x"})),
            ("the assistant first", lambda b: b["messages"].pop(0)), ("the assistant last", lambda b: b["messages"].pop()),
            ("an empty text", lambda b: b["messages"][0]["content"][0].update(text=" ")),
            ("no content", lambda b: b["messages"][0].update(content="")),
            ("a missing result", lambda b: b["messages"][2]["content"].pop()),
            ("text before results", lambda b: b["messages"][2]["content"].insert(0, {"type": "text", "text": "x"})),
            ("an odd id", lambda b: b["messages"][1]["content"][0].update(id="a.b")),
            ("input that is no object", lambda b: b["messages"][1]["content"][0].update(input="{}")),
            ("tools that are not told", lambda b: b.pop("tools")), ("a tool twice", lambda b: b.update(tools=b["tools"] * 2)),
            ("no type", lambda b: b["tools"][0].update(input_schema={"properties": {}})),
            ("a property with a blank", lambda b: b["tools"][0].update(input_schema={"type": "object", "properties": {"a b": {}}})),
            ("an open schema", lambda b: b.update(output_config={"format": {"type": "json_schema", "schema": SCHEMA}}))],
    }

    def refused(self):
        self.m.brain = lambda r: {"text": "x"}
        for name, client in self.clients.items():
            for what, spoil in self.WRONG[name]:
                body = copy.deepcopy(MAKE[name](AGAIN))
                spoil(body)
                self.m.refused.clear()
                status, _, data, _ = client.post(client.path(False), body)
                self.check("%s refuses %s" % (name, what), status == 400 and b"error" in data and
                           self.m.refused[0][:2] == (name, 400), (status, data))
            for what, path, body, headers, code in (
                    ("no key", client.path(False), MAKE[name](ASK), {"anthropic-version": "2023-06-01"}, 401),
                    ("another key", client.path(False), MAKE[name](ASK),
                     {k: v.replace("0123", "3210") for k, v in client.headers().items()}, 401),
                    ("what is no JSON", client.path(False), b'{"a":NaN}', None, 400),
                    ("a list", client.path(False), [], None, 400), ("another address", "/v1/other", {}, None, 404)):
                code = {("gemini", "no key"): 403, ("gemini", "another key"): 400}.get((name, what), code)
                self.check("%s refuses %s" % (name, what), client.post(path, body, headers)[0] == code)
        self.check("a key in the address is none", self.clients["gemini"].post(
            self.clients["gemini"].path(False) + "?key=" + self.m.keys["gemini"], gemini(ASK))[0] == 404)

    # ---- what goes wrong

    def fail_by(self, **fault):
        self.m.brain = lambda r: {"text": TEXT, "fault": fault}

    def faults(self):
        for name, client, stream in self.each_way():
            how = "%s, stream %s: " % (name, stream)
            self.fail_by(status=429, retry_after=7)
            status, headers, data, _ = client.ask(ASK, stream)
            self.check(how + "429 with Retry-After", (status, headers.get("retry-after")) == (429, "7") and
                       "error" in json.loads(data), data)
            self.fail_by(status=529)
            self.check(how + "529", client.ask(ASK, stream)[0] == 529)
            self.fail_by(reset=0)
            self.check(how + "reset at once", client.ask(ASK, stream)[0] == 0 and self.m.requests[-1]["ended"] == "reset")
            for n in (1, 40, 99):
                self.fail_by(cut=n)
                status, _, data, all_of_it = client.ask(ASK, stream)
                self.check(how + "cut after %d bytes" % n, (status, len(data), all_of_it) == (200, n, False), (data, all_of_it))
            self.fail_by(malformed=1)
            status, _, data, all_of_it = client.ask(ASK, stream)
            self.check(how + "malformed", status == 200 and all_of_it and (
                any(isinstance(e, str) and e != "[DONE]" for e in events(data)) if stream else data[:2] == b"{{"), data)
            self.fail_by(dribble=1)
            self.check(how + "byte by byte it is the same", understood(name, client.ask(ASK, stream)[2], stream)[0] == TEXT)

    def faults_of_streams(self):
        for name, client in self.clients.items():
            self.fail_by(no_end=True)
            _, _, data, all_of_it = client.ask(ASK, True)
            mark = {"gemini": b"finishReason", "openai": b"[DONE]", "anthropic": b"message_stop"}[name]
            self.check(name + ": no end mark", all_of_it and mark not in data and b"tickets" in data, data)
            self.fail_by(error_event=2)
            _, _, data, _ = client.ask(ASK, True)
            self.check(name + ": fails inside", b"scripted to fail" in data and mark not in data, data)
            self.m.brain = lambda r: {"text": "", "finish": "blocked"}
            for stream in (False, True):
                data = client.ask(ASK, stream)[2]
                word = {"gemini": b"blockReason", "openai": b"content_filter", "anthropic": b"refusal"}[name]
                self.check("%s: blocked, stream %s" % (name, stream), word in data, data)
            self.m.brain = lambda r: {"calls": [{"name": "tickets__get_ticket", "arguments": '{"ticket_id": '}]}
            data = client.ask(ASK, True)[2]
            self.check(name + ": broken arguments", (
                b"MALFORMED_FUNCTION_CALL" if name == "gemini" else b"tickets__get_ticket") in data, data)

    def held(self):
        """The first byte, and a piece in the middle, come when the script lets them."""
        for name, client in self.clients.items():
            for fault in ("hold", "pause"):
                go_on, got = threading.Event(), []
                self.fail_by(**{fault: go_on if fault == "hold" else (2, go_on)})
                before = len(self.m.requests)
                t = threading.Thread(target=lambda: got.append(client.ask(ASK, True)))
                t.start()
                self.m.wait_for(before + 1)
                waits = not got
                go_on.set()
                t.join(30)
                self.check("%s: %s" % (name, fault), waits and understood(name, got[0][2], True)[0] == TEXT, got)

    def without_end(self):
        for name, client in self.clients.items():
            self.fail_by(endless=True)
            before = len(self.m.requests)
            with socket.create_connection(("127.0.0.1", self.m.port)) as c:
                more = {} if name == "gemini" else {"stream": True}
                body = json.dumps(MAKE[name](ASK, **more)).encode()
                head = "".join("%s: %s\r\n" % h for h in client.headers().items())
                c.sendall(("POST %s HTTP/1.1\r\nHost: x\r\n%sContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (
                    client.path(True), head, len(body))).encode() + body)
                n = 0
                while n < 1 << 20:
                    n += len(c.recv(1 << 16))
            self.m.wait(lambda: len(self.m.requests) > before and self.m.requests[before]["ended"] == "hung_up")
            self.check(name + ": endless, until nobody listens", self.m.requests[before]["sent"] > 1 << 19)

    def closed(self):
        self.m.brain = lambda r: {"text": TEXT}
        c = http.client.HTTPConnection("127.0.0.1", self.m.port, timeout=10)
        client = self.clients["openai"]

        def on_kept():
            c.request("POST", client.path(False), json.dumps(openai(ASK)), {"Content-Type": "application/json", **client.headers()})
            return c.getresponse().read()

        first = on_kept()
        self.m.close()
        try:
            kept = on_kept()
        except (OSError, http.client.HTTPException):
            kept = None
        gone = client.ask(ASK)[0]
        self.m.open()
        self.check("closed, it refuses; opened again, it answers", TEXT.encode() in first and kept is None and gone == 0 and
                   client.ask(ASK)[0] == 200, (first, kept, gone))


def main():
    with Models(None) as m:
        s = Server(m)
        return s.run(s.said, s.json_output, s.embeddings, s.knows_acceptance, s.refused, s.faults, s.faults_of_streams, s.held,
                     s.without_end, s.closed)


if __name__ == "__main__":
    sys.exit(main())
