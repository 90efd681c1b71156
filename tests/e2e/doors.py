"""doors.py -- one question through every door of the system, and what came of it in one form.

    doors = Doors(stack)
    for name, answer in doors.every(Wish("budget", "finops", "show nora's budget", "get_user_budget",
                                         {"username": "nora"}, "Budget"), token):
        answer.kind    # "answered", or the error's reason: PERMISSION_DENIED, NOT_FOUND, UNAUTHENTICATED, ...
        answer.says    # the error's sentence, or the answer's text
        answer.body    # all of what came, as text: for leaks
        answer.trace   # the trace id that it was asked under, for the audit

The doors: the chat; a message and a tool call to the agent over both of A2A's HTTP bindings and as JSON by
hand on the bus; the method itself by hand on the bus.
"""
import json
import secrets
from collections import namedtuple

from bus import ANSWERED, Operator
from operators import message, tool_call

Wish = namedtuple("Wish", "name agent text tool arguments method")
Answer = namedtuple("Answer", "kind says body trace")
A2A = {"A2A-Version": "1.0"}


def find(value, *names):
    """The first member of such a name in a piece of JSON, however deep."""
    if isinstance(value, dict):
        for name in names:
            if isinstance(value.get(name), (str, int)):
                return value[name]
        value = list(value.values())
    for v in value if isinstance(value, list) else []:
        found = find(v, *names)
        if found is not None:
            return found
    return None


def new_message(part, **members):
    """A message with an id of its own."""
    m = message(part, **members)
    m["message"]["messageId"] = secrets.token_hex(8)
    return m


class Doors:
    def __init__(self, stack):
        self.s, self.o = stack, Operator(stack)

    # ---- HTTP -----------------------------------------------------------------------------------

    def http(self, method, path, body=None, token=None, headers=()):
        """Any request: (Answer, its status)."""
        trace = secrets.token_hex(16)
        status, _, reply = self.s.http(method, path, body, token,
                                       {"traceparent": "00-%s-00f067aa0ba902b7-01" % trace, **dict(headers)})
        kind, says = "answered", reply
        if status >= 400 or (isinstance(reply, dict) and "error" in reply):
            kind = find(reply, "reason") or find(reply, "code")
            says = find(reply, "detail", "message")
        return Answer(kind, str(says), json.dumps(reply), trace), status

    def chat(self, text, token, session_id=None):
        body = {"message": text, **({"session_id": session_id} if session_id else {})}
        answer, status = self.http("POST", "/api/chat", body, token)
        if status != 200:
            return answer
        reply = json.loads(answer.body)
        kind = {"denied": "PERMISSION_DENIED"}.get(reply["outcome"], reply["outcome"])
        return answer._replace(kind=kind, says=reply["response"])

    def rpc(self, agent, method, params, token):
        """JSON-RPC: errors are told in a response that is fine as HTTP, but for who is asking."""
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        return self.http("POST", "/a2a/" + agent, body, token, A2A)[0]

    def rest(self, agent, method, path, token, body=None):
        return self.http(method, "/a2a/%s%s" % (agent, path), body, token, A2A)[0]

    # ---- the bus --------------------------------------------------------------------------------

    def bus(self, subject, body, token):
        trace = secrets.token_hex(16)
        code, found, err = self.o.ask("jarvis." + subject, body, token,
                                      {"traceparent": "00-%s-00f067aa0ba902b7-01" % trace})
        assert code == ANSWERED and found, (subject, code, err)
        reply = found[0]
        if not reply.code:
            return Answer("answered", reply.body.decode(), reply.body.decode(), trace)
        return Answer(find(reply.json, "reason"), reply.error, reply.body.decode(), trace)

    # ---- all of them ----------------------------------------------------------------------------

    def agent(self, wish, part, kind, token):
        yield kind + " over JSON-RPC", self.rpc(wish.agent, "SendMessage", new_message(part), token)
        yield kind + " over HTTP+JSON", self.rest(wish.agent, "POST", "/message:send", token, new_message(part))
        yield kind + " on the bus", self.bus("a2a.%s.SendMessage" % wish.agent, new_message(part), token)

    def every(self, wish, token):
        yield "chat", self.chat(wish.text, token)
        yield from self.agent(wish, {"text": wish.text}, "text", token)
        yield from self.agent(wish, tool_call(wish.tool, **wish.arguments), "a tool call", token)
        yield "the method on the bus", self.bus("svc.%s.%s" % (wish.agent, wish.method), wish.arguments, token)


class Audit:
    """What is on record, as an administrator reads it."""

    def __init__(self, stack):
        self.s = stack

    def page(self, token, **query):
        path = "/api/audit?" + "&".join("%s=%s" % item for item in query.items())
        status, _, reply = self.s.http("GET", path, token=token)
        assert status == 200, (path, status, reply)
        return reply

    def all(self, **query):
        """Every record, newest first, over as many pages as it takes."""
        token, found, cursor = self.s.login("admin"), [], None
        while cursor != "":
            reply = self.page(token, limit=200, **query, **({"cursor": cursor} if cursor else {}))
            assert not reply.get("note"), reply
            found += reply["records"]
            cursor = reply["next_cursor"]
        return found

    def by_trace(self, **query):
        """{trace id: [records, oldest first]}"""
        found = {}
        for record in self.all(**query):
            found.setdefault(record["trace_id"], []).insert(0, record)
        return found
