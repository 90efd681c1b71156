#!/usr/bin/env python3
"""a2a.py -- the A2A protocol over HTTP against the whole system: both bindings, every error, spelling,
negotiation, versions, cards, and input that is wrong, too big, too deep or smuggled.
"""
import concurrent.futures
import json
import sys
import time
import uuid

import edge
from stack import Stack, wait_for

CALL_TYPE, TOOLS = "application/vnd.jarvis.tool-call+json", "urn:jarvis:a2a:tools:v1"
ERROR_INFO, BAD_REQUEST = "type.googleapis.com/google.rpc.ErrorInfo", "type.googleapis.com/google.rpc.BadRequest"
PROBLEM = "application/problem+json"
JSON, A2A_JSON = "application/json", "application/a2a+json"


def call(tool="get_my_tickets", **arguments):
    return {"message": {"messageId": uuid.uuid4().hex, "role": "ROLE_USER", "parts": [
        {"data": {"tool": tool, "arguments": arguments}, "mediaType": CALL_TYPE}]}}


def text(words="show my tickets"):
    return {"message": {"messageId": uuid.uuid4().hex, "role": "ROLE_USER", "parts": [{"text": words}]}}


class A2A:
    def __init__(self, stack):
        self.s, self.passed, self.failed = stack, 0, 0

    def check(self, name, good, detail=""):
        print("%s - %s" % ("ok" if good else "not ok", name), flush=True)
        if not good:
            print("# " + str(detail)[:1500].replace("\n", "\n# "))
        self.passed += bool(good)
        self.failed += not good

    def rest(self, method, path, body=None, who="vishal", agent="tickets", **headers):
        headers = {k.replace("_", "-"): v for k, v in headers.items()}
        return self.s.http(method, "/a2a/%s%s" % (agent, path), body, self.s.login(who) if who else None, headers)

    def rpc_raw(self, body, who="vishal", agent="tickets", path="", **headers):
        headers = {"Content-Type": JSON, **{k.replace("_", "-"): v for k, v in headers.items()}}
        body = body if isinstance(body, (bytes, str)) else json.dumps(body)
        return self.s.http("POST", "/a2a/%s%s" % (agent, path), body, self.s.login(who) if who else None, headers)

    def rpc(self, method, params=None, id=1, **kw):
        body = {"jsonrpc": "2.0", "id": id, "method": method}
        if params is not None:
            body["params"] = params
        return self.rpc_raw(body, **kw)

    def is_error(self, name, answer, http, status, reason, domain="a2a-protocol.org", field=None):
        """HTTP+JSON's error object, whole."""
        got, headers, body = answer
        e = body.get("error", {}) if isinstance(body, dict) else {}
        details = e.get("details") or [{}]
        violations = details[1]["fieldViolations"] if len(details) > 1 else [{}]
        self.check(name, got == http and e.get("code") == http and e.get("status") == status and e.get("message") and
                   details[0].get("@type") == ERROR_INFO and details[0].get("reason") == reason and
                   details[0].get("domain") == domain and len(details) == (2 if field else 1) and
                   (not field or (details[1]["@type"] == BAD_REQUEST and violations[0].get("field") == field and
                                  violations[0].get("description"))), (answer[0], body))

    def is_rpc_error(self, name, answer, code, reason, id=1, domain="a2a-protocol.org", field=None, http=200):
        got, headers, body = answer
        e = body.get("error", {}) if isinstance(body, dict) else {}
        data = e.get("data") or [{}]
        self.check(name, got == http and body.get("jsonrpc") == "2.0" and "id" in body and body["id"] == id and
                   type(body["id"]) is type(id) and "result" not in body and e.get("code") == code and e.get("message") and
                   data[0].get("@type") == ERROR_INFO and data[0].get("reason") == reason and
                   data[0].get("domain") == domain and headers.get("content-type") == JSON and
                   (data[1]["fieldViolations"][0]["field"] if len(data) > 1 else None) == field, (answer[0], body))


# ---- operations

def send(t):
    status, h, r = t.rest("POST", "/message:send", call())
    parts = r["message"]["parts"] if status == 200 else []
    t.check("HTTP+JSON: a tool call", status == 200 and h["content-type"] == JSON and r["message"]["role"] == "ROLE_AGENT" and
            any("12301" in p.get("text", "") for p in parts) and any("data" in p for p in parts), (status, r))
    status, _, r = t.rest("POST", "/message:send", text())
    t.check("HTTP+JSON: a text", status == 200 and "12303" in json.dumps(r), (status, r))
    for path in ("", "/"):
        status, h, r = t.rpc("SendMessage", call(), "id-7", path=path)
        t.check("JSON-RPC: a tool call to <url>%s" % path, status == 200 and h["content-type"] == JSON and
                r["id"] == "id-7" and r["jsonrpc"] == "2.0" and "error" not in r and "12301" in json.dumps(r["result"]["message"]),
                (status, r))
    for agent, words in (("finops", "what is our aws cost?"), ("oxygen", "show my courses"), ("jarvis", "show my tickets")):
        status, _, r = t.rest("POST", "/message:send", text(words), agent=agent)
        t.check("HTTP+JSON: %s" % agent, status == 200 and ("message" in r) != ("task" in r), (status, r))
    status, _, r = t.rest("POST", "/message:send", dict(call(), tenant="acme"))
    t.check("a tenant in the body", status == 200, (status, r))
    status, _, r = t.rest("POST", "/acme/message:send", call())
    t.check("a tenant in the path", status == 200, (status, r))
    t.is_error("one that differs from the path", t.rest("POST", "/acme/message:send", dict(call(), tenant="other")), 400,
               "INVALID_ARGUMENT", "INVALID_ARGUMENT", "jarvis", "tenant")


def lists(t):
    status, _, r = t.rest("GET", "/tasks")
    t.check("HTTP+JSON: ListTasks", status == 200 and set(r) >= {"tasks", "nextPageToken", "pageSize", "totalSize"} and
            r["pageSize"] == 50, (status, r))
    for query in ("pageSize=3&contextId=c&includeArtifacts=true&historyLength=0&statusTimestampAfter=2025-01-01T00:00:00Z",
                  "page_size=3&context_id=c&include_artifacts=false&history_length=1&status=TASK_STATE_WORKING",
                  "pageSize=3&contextId=&pageToken=&unknown=1&A2A-Version=1.0", "pageSize=3&status=2"):
        status, _, r = t.rest("GET", "/tasks?" + query)
        t.check("ListTasks?%s" % query[:40], status == 200 and r["pageSize"] == 3, (status, r))
    for query, field in (("pageSize=0", "pageSize"), ("pageSize=101", "pageSize"), ("pageSize=x", "pageSize"),
                         ("page_size=1.5", "page_size"), ("status=FOO", "status"), ("includeArtifacts=yes", "includeArtifacts"),
                         ("statusTimestampAfter=yesterday", "statusTimestampAfter")):
        t.is_error("ListTasks?%s" % query, t.rest("GET", "/tasks?" + query), 400, "INVALID_ARGUMENT", "INVALID_ARGUMENT",
                   "jarvis", field)
    for params in (None, {}, {"pageSize": 3, "contextId": "c", "includeArtifacts": True},
                   {"page_size": 3, "context_id": "c", "include_artifacts": True, "history_length": 2, "unknown": [1]}):
        status, _, r = t.rpc("ListTasks", params)
        t.check("JSON-RPC: ListTasks %s" % (params and sorted(params)[:1]), status == 200 and
                r["result"]["pageSize"] == (3 if params else 50), (status, r))
    t.is_rpc_error("JSON-RPC: ListTasks, a wrong type", t.rpc("ListTasks", {"pageSize": "x"}), -32602, "INVALID_ARGUMENT",
                   domain="jarvis", field="pageSize")


def unknown_tasks(t):
    for name, method, path, body in (
            ("GetTask", "GET", "/tasks/nope", None), ("CancelTask", "POST", "/tasks/nope:cancel", None),
            ("CancelTask", "POST", "/tasks/nope:cancel", {}), ("GetTask", "GET", "/tenant/tasks/nope", None)):
        t.is_error("HTTP+JSON: %s %s of a task that is none" % (name, "" if body is None else "with a body"),
                   t.rest(method, path, body), 404, "NOT_FOUND", "TASK_NOT_FOUND")
    for method, params in (("GetTask", {"id": "nope"}), ("CancelTask", {"id": "nope"}),
                           ("GetTask", {"id": "nope", "historyLength": 3}), ("GetTask", {"id": "nope", "history_length": 3})):
        t.is_rpc_error("JSON-RPC: %s of a task that is none" % method, t.rpc(method, params), -32001, "TASK_NOT_FOUND")
    t.is_error("a message to a task that is none",
               t.rest("POST", "/message:send", {"message": dict(text()["message"], taskId="nope")}), 404, "NOT_FOUND",
               "TASK_NOT_FOUND")
    t.is_rpc_error("by its other spelling",
                   t.rpc("SendMessage", {"message": dict(text()["message"], task_id="nope")}), -32001, "TASK_NOT_FOUND")


# ---- tasks, as agents keep them

def events(body):
    """(id or None, data) of an event stream that is over."""
    out = []
    for block in body.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)
        if "data" in lines:
            out.append((int(lines["id"]) if "id" in lines else None, json.loads(lines["data"])))
    return out


def kinds(stream):
    return [next(iter(e[1].get("result", e[1]))) for e in stream]


def soon(t, id, state="TASK_STATE_COMPLETED", who="vishal"):
    """The task when it is in that state."""
    def look():
        r = t.rest("GET", "/tasks/" + id, who=who)[2]
        return r if r["status"]["state"] == state else None
    return wait_for(look, 15)


def tasks(t):
    status, _, r = t.rest("POST", "/message:send", call("create_ticket", operation="create_ai_key"))
    task = r.get("task", {})
    t.check("what changes something is a task", status == 200 and task["status"]["state"] == "TASK_STATE_COMPLETED" and
            task["artifacts"][0]["name"] == "result" and task["history"], (status, r))
    later = dict(call(), configuration={"returnImmediately": True})
    for name, answer in (("HTTP+JSON", t.rest("POST", "/message:send", later)),
                         ("JSON-RPC", t.rpc("SendMessage", dict(call(), configuration={"return_immediately": True})))):
        r = answer[2].get("result", answer[2])
        t.check("%s: returnImmediately" % name, answer[0] == 200 and r["task"]["id"], r)
        id = r["task"]["id"]
        done = soon(t, id)
        t.check("%s: it is done later" % name, "12301" in json.dumps(done["artifacts"]), done)
    for length, want in (("", 1), ("?historyLength=0", 0), ("?history_length=1", 1)):
        r = t.rest("GET", "/tasks/%s%s" % (id, length))[2]
        t.check("HTTP+JSON: GetTask%s" % length, len(r.get("history", [])) == want, r)
        params = {"id": id, **({"historyLength": int(length[-1])} if length else {})}
        t.check("JSON-RPC: the same", t.rpc("GetTask", params)[2]["result"] == r)
    for query in ("?contextId=%s" % done["contextId"], "?context_id=%s&includeArtifacts=true" % done["contextId"]):
        r = t.rest("GET", "/tasks" + query)[2]
        t.check("ListTasks of a context", r["totalSize"] == 1 and r["tasks"][0]["id"] == id and
                ("artifacts" in r["tasks"][0]) == ("true" in query), r)
    first = t.rest("GET", "/tasks?pageSize=1")[2]
    second = t.rpc("ListTasks", {"pageSize": 1, "pageToken": first["nextPageToken"]})[2]["result"]
    t.check("pages go on by either binding", first["nextPageToken"] and first["totalSize"] >= 3 and
            first["tasks"][0]["id"] != second["tasks"][0]["id"], (first, second))
    t.is_error("a page token that is none", t.rest("GET", "/tasks?pageToken=%21"), 400, "INVALID_ARGUMENT", "INVALID_ARGUMENT",
               "jarvis", "pageToken")
    t.is_error("HTTP+JSON: a task that is over", t.rest("POST", "/tasks/%s:cancel" % id), 400, "FAILED_PRECONDITION",
               "TASK_NOT_CANCELABLE")
    t.is_rpc_error("JSON-RPC: a task that is over", t.rpc("CancelTask", {"id": id}), -32002, "TASK_NOT_CANCELABLE")
    t.is_error("HTTP+JSON: nor sent to", t.rest("POST", "/message:send", {"message": dict(text()["message"], taskId=id)}), 400,
               "FAILED_PRECONDITION", "UNSUPPORTED_OPERATION", field="message.taskId")
    t.is_rpc_error("JSON-RPC: nor followed", t.rpc("SubscribeToTask", {"id": id}), -32004, "UNSUPPORTED_OPERATION")
    t.is_error("HTTP+JSON: nor followed", t.rest("GET", "/tasks/%s:subscribe" % id), 400, "FAILED_PRECONDITION",
               "UNSUPPORTED_OPERATION")
    again = dict(later, message=dict(later["message"], parts=[{"text": "show my tickets"}]))
    t.is_error("HTTP+JSON: another message of the same id", t.rest("POST", "/message:send", again), 409, "ALREADY_EXISTS",
               "ALREADY_EXISTS", "jarvis", "message.messageId")
    t.is_rpc_error("JSON-RPC: another message of the same id", t.rpc("SendMessage", again), -32043, "ALREADY_EXISTS", 1, "jarvis",
                   "message.messageId")


def questions(t):
    for rpc in (False, True):
        def op(method, path, params, body=None):
            answer = t.rpc(method, params) if rpc else t.rest("POST", path, body)
            return answer[2].get("result", answer[2])

        ask = text("create a ticket")
        task = op("SendMessage", "/message:send", ask, ask)["task"]
        t.check("a question is a task that waits", task["status"]["state"] == "TASK_STATE_INPUT_REQUIRED" and
                task["status"]["message"]["parts"], task)
        wrong = {"message": dict(text("vpn access")["message"], taskId=task["id"], contextId="another")}
        r = op("SendMessage", "/message:send", wrong, wrong)
        t.check("another context is refused", r.get("error", {}).get("code") == (-32602 if rpc else 400), r)
        reply = {"message": dict(text("vpn access")["message"], taskId=task["id"])}
        r = op("SendMessage", "/message:send", reply, reply)
        t.check("it goes on with the answer", r.get("task", {}).get("status", {}).get("state") == "TASK_STATE_COMPLETED" and
                r["task"]["id"] == task["id"] and "vpn" in json.dumps(r["task"]["artifacts"]), r)
        ask = text("create a ticket")
        id = op("SendMessage", "/message:send", ask, ask)["task"]["id"]
        r = op("CancelTask", "/tasks/%s:cancel" % id, {"id": id})
        t.check("one that waits can be cancelled", r["status"]["state"] == "TASK_STATE_CANCELED" and r["id"] == id, r)


def streams(t):
    for rpc in (False, True):
        def stream(params, **headers):
            if rpc:
                return t.rpc("SendStreamingMessage", params, "s-1", **headers)
            return t.rest("POST", "/message:stream", params, **headers)

        status, h, body = stream(call())
        got = events(body)
        t.check("a stream of a message", status == 200 and h["content-type"] == "text/event-stream" and
                kinds(got) == ["message"] and (not rpc or got[0][1]["id"] == "s-1" and got[0][1]["jsonrpc"] == "2.0"), body)
        status, h, body = stream(dict(call(), configuration={"returnImmediately": True}))
        got = events(body)
        numbers = [e[0] for e in got]
        t.check("a stream of a task", status == 200 and kinds(got)[0] == "task" and kinds(got)[-1] == "statusUpdate" and
                "artifactUpdate" in kinds(got) and numbers == sorted(set(numbers)) and None not in numbers and
                got[-1][1].get("result", got[-1][1])["statusUpdate"]["status"]["state"] == "TASK_STATE_COMPLETED", body)
        id = got[0][1].get("result", got[0][1])["task"]["id"]
        for method in ("POST",) if rpc else ("GET", "POST"):
            after = dict(Last_Event_ID=str(numbers[0]))
            if rpc:
                body = t.rpc("SubscribeToTask", {"id": id}, **after)[2]
            else:
                body = t.rest(method, "/tasks/%s:subscribe" % id, **after)[2]
            rest = [(n, e.get("result", e)) for n, e in events(body)]
            t.check("what was missed, by Last-Event-ID", rest == [(n, e.get("result", e)) for n, e in got[1:]], body)
        status, h, body = stream({})
        t.check("what is wrong is told without a stream", h["content-type"] == JSON and "error" in body, (status, body))
        status, h, body = stream(text("create a ticket"))
        got = events(body)
        t.check("a stream that ends with a question", status == 200 and
                got[-1][1].get("result", got[-1][1])["task"]["status"]["state"] == "TASK_STATE_INPUT_REQUIRED", body)


def others(t):
    """Tasks of others look like tasks that are none, whatever is asked."""
    id = t.rest("POST", "/message:send", text("create a ticket"))[2]["task"]["id"]
    before = t.rest("GET", "/tasks/" + id)[2]
    for who in ("happy", "admin"):
        for method, path, body in (("GET", "", None), ("POST", ":cancel", None), ("GET", ":subscribe", None),
                                   ("POST", ":subscribe", None), ("GET", "/pushNotificationConfigs", None),
                                   ("GET", "/pushNotificationConfigs/x", None), ("DELETE", "/pushNotificationConfigs/x", None),
                                   ("POST", "/pushNotificationConfigs", {"url": "https://example.com/"})):
            theirs, none = (t.rest(method, "/tasks/%s%s" % (n, path), body, who) for n in (id, "0" * 36))
            t.is_error("%s: %s %s" % (who, method, path), theirs, 404, "NOT_FOUND", "TASK_NOT_FOUND")
            t.check("as one that is none", none[0] == 404 and none[2]["error"]["message"].replace("0" * 36, id) ==
                    theirs[2]["error"]["message"], (none, theirs))
        for method, params in (("GetTask", {"id": id}), ("CancelTask", {"id": id}), ("SubscribeToTask", {"id": id}),
                               ("SendMessage", {"message": dict(text()["message"], taskId=id)}),
                               ("SendStreamingMessage", {"message": dict(text()["message"], taskId=id)}),
                               ("CreateTaskPushNotificationConfig", {"taskId": id, "url": "https://example.com/"}),
                               ("GetTaskPushNotificationConfig", {"taskId": id, "id": "x"}),
                               ("ListTaskPushNotificationConfigs", {"task_id": id}),
                               ("DeleteTaskPushNotificationConfig", {"task_id": id, "id": "x"})):
            t.is_rpc_error("%s: %s" % (who, method), t.rpc(method, params, who=who), -32001, "TASK_NOT_FOUND")
        r = t.rest("GET", "/tasks?contextId=" + before["contextId"], who=who)[2]
        t.check("%s: not in the list" % who, r["tasks"] == [] and r["totalSize"] == 0, r)
    t.check("nothing has happened to it", t.rest("GET", "/tasks/" + id)[2] == before)


def push(t):
    id = t.rest("POST", "/message:send", text("create a ticket"))[2]["task"]["id"]
    path = "/tasks/%s/pushNotificationConfigs" % id
    status, _, r = t.rest("GET", path)
    t.check("HTTP+JSON: no push configurations", status == 200 and r.get("configs", []) == [], r)
    t.is_error("HTTP+JSON: one that is none", t.rest("GET", path + "/x"), 404, "NOT_FOUND", "TASK_NOT_FOUND", field="id")
    t.is_rpc_error("JSON-RPC: one that is none", t.rpc("GetTaskPushNotificationConfig", {"taskId": id, "id": "x"}), -32001,
                   "TASK_NOT_FOUND", field="id")
    status, _, r = t.rest("DELETE", path + "/x")
    t.check("HTTP+JSON: removing it is fine", status == 200 and r == {}, (status, r))
    status, _, r = t.rpc("DeleteTaskPushNotificationConfig", {"taskId": id, "id": "x"})
    t.check("JSON-RPC: removing it is fine", r.get("result") == {}, r)
    t.is_error("no url", t.rest("POST", path, {}), 400, "INVALID_ARGUMENT", "INVALID_ARGUMENT", "jarvis", "url")
    t.is_error("another task's", t.rest("POST", path, {"taskId": "other", "url": "https://x"}), 400, "INVALID_ARGUMENT",
               "INVALID_ARGUMENT", "jarvis", "taskId")


def extended(t):
    for answer in (t.rest("GET", "/extendedAgentCard"), t.rpc("GetExtendedAgentCard"), t.rpc("GetExtendedAgentCard", {})):
        card = answer[2].get("result", answer[2])
        tools = [x for x in card["capabilities"]["extensions"] if x["uri"] == TOOLS]
        t.check("the extended card", answer[0] == 200 and tools[0]["params"]["tools"] and
                card["supportedInterfaces"][0]["protocolBinding"] == "JSONRPC" and "bearer" in card["securitySchemes"], answer)


# ---- JSON-RPC's envelope

def envelope(t):
    for id in ("a", "", "\u00fc\"\\", 0, -1, 12345678901234567890, 1.5, None):
        status, _, r = t.rpc("ListTasks", id=id)
        t.check("id %r comes back" % (id,), status == 200 and "result" in r and r["id"] == id and type(r["id"]) is type(id), r)
    status, _, r = t.rpc_raw('{"id":1e2,"params":{},"method":"ListTasks","jsonrpc":"2.0","other":{"a":[1,"}"]}}')
    t.check("any order, others ignored", status == 200 and "result" in r and r["id"] == 100, r)
    for id in (True, [], {}, "x" * 2000):
        t.is_rpc_error("id %s is refused" % str(id)[:8], t.rpc("ListTasks", id=id), -32600, "INVALID_REQUEST", None, "jarvis",
                       "id")
    for name, body in (("nothing", ""), ("half", '{"jsonrpc":"2.0","id":1,"method":"ListTasks"'), ("a word", "hello"),
                       ("a comma", '{"jsonrpc":"2.0","id":1,"method":"ListTasks",}'), ("more", '{"jsonrpc":"2.0"}{}'),
                       ("no quotes", "{jsonrpc:2.0}"), ("bytes", b'{"jsonrpc":"2.0","id":"\xff"}'), ("a value", '{"id":}'),
                       ("another member", '{"jsonrpc":"2.0","id":1,"method":"ListTasks","x":tru}'),
                       ("brackets", '{"jsonrpc":"2.0","id":1,"method":"ListTasks"]'), ("a name", '{"a" "b"}'),
                       ("deep", '{"jsonrpc":"2.0","id":1,"params":%s%s}' % ("[" * 40, "]" * 40)), ("an id", '{"id":tru}'),
                       ("params", '{"jsonrpc":"2.0","method":"ListTasks","params":{"a":}}')):
        got = t.rpc_raw(body)
        t.is_rpc_error("no JSON: %s" % name, got, -32700, "MALFORMED_JSON", got[2].get("id"), "jarvis")
    for name, body, field in (("a batch", [{"jsonrpc": "2.0", "id": 1, "method": "ListTasks"}], None), ("an empty batch", [], None),
                              ("a number", 7, None), ("a string", '"x"', None), ("null", "null", None),
                              ("no jsonrpc", {"id": 1, "method": "ListTasks"}, "jsonrpc"), ("nothing in it", {}, "jsonrpc"),
                              ("jsonrpc 1.0", {"jsonrpc": "1.0", "id": 1, "method": "ListTasks"}, "jsonrpc"),
                              ("a number for jsonrpc", {"jsonrpc": 2.0, "id": 1, "method": "ListTasks"}, "jsonrpc"),
                              ("no method", {"jsonrpc": "2.0", "id": 1}, "method"),
                              ("a number for a method", {"jsonrpc": "2.0", "id": 1, "method": 7}, "method"),
                              ("a member twice", '{"jsonrpc":"2.0","id":1,"id":1,"method":"ListTasks"}', "id")):
        got = t.rpc_raw(body)
        t.is_rpc_error("no request: %s" % name, got, -32600, "INVALID_REQUEST", got[2].get("id"), "jarvis", field)
    t.check("a batch is told so", "batch" in t.rpc_raw([])[2]["error"]["message"])
    for method in ("Nope", "", "sendMessage", "SendMessage ", "message/sendx", "x" * 500):
        t.is_rpc_error("no method %.12r" % method, t.rpc(method, {}), -32601, "METHOD_NOT_FOUND", 1, "jarvis", "method")
    for params in ([], [1], "x", 7, True):
        t.is_rpc_error("params %r" % (params,), t.rpc("ListTasks", params), -32602, "INVALID_ARGUMENT", 1, "jarvis", "params")
    status, _, r = t.rpc_raw('{"jsonrpc":"2.0","id":1,"method":"ListTasks","params": null }')
    t.check("params null", status == 200 and "result" in r, r)


def notifications(t):
    for body in ({"jsonrpc": "2.0", "method": "SendMessage", "params": call()},
                 {"jsonrpc": "2.0", "method": "GetTask", "params": {"id": "nope"}}):
        status, h, r = t.rpc_raw(body)
        t.check("a notification has no answer: %s" % body["method"], status == 204 and r == "", (status, r))
    t.is_rpc_error("but one that is wrong is told", t.rpc_raw({"jsonrpc": "2.0", "method": "Nope"}), -32601,
                   "METHOD_NOT_FOUND", None, "jarvis", "method")
    t.is_rpc_error("and a stream needs an id", t.rpc_raw({"jsonrpc": "2.0", "method": "SendStreamingMessage", "params": text()}),
                   -32600, "INVALID_REQUEST", None, "jarvis", "id")


# ---- what is wrong, with the member's path

def wrong(t):
    message = text()["message"]
    for name, params, field in (
            ("no message", {}, "message"), ("message null", {"message": None}, "message"),
            ("a text for a message", {"message": "hi"}, "message"), ("a list", {"message": []}, "message"),
            ("no parts", {"message": {"messageId": "1", "role": "ROLE_USER"}}, "message.parts"),
            ("parts that are none", {"message": dict(message, parts={})}, "message.parts"),
            ("empty parts", {"message": dict(message, parts=[])}, "message.parts"),
            ("a part that is text", {"message": dict(message, parts=["hi"])}, "message.parts[0]"),
            ("a number for text", {"message": dict(message, parts=[{"text": "a"}, {"text": 7}])}, "message.parts[1].text"),
            ("two contents", {"message": dict(message, parts=[{"text": "a", "url": "b"}])}, "message.parts[0].url"),
            ("bytes that are none", {"message": dict(message, parts=[{"raw": "%%%"}])}, "message.parts[0].raw"),
            ("no messageId", {"message": {"role": "ROLE_USER", "parts": [{"text": "hi"}]}}, "message.messageId"),
            ("no role", {"message": {"messageId": "1", "parts": [{"text": "hi"}]}}, "message.role"),
            ("a role that is none", {"message": dict(message, role="user")}, "message.role"),
            ("a role that is not theirs", {"message": dict(message, role="ROLE_AGENT")}, "message.role"),
            ("a text for a number", dict(text(), configuration={"historyLength": "x"}), "configuration.historyLength"),
            ("a number for a boolean", dict(text(), configuration={"returnImmediately": 1}), "configuration.returnImmediately"),
            ("a text for modes", dict(text(), configuration={"acceptedOutputModes": "text/plain"}),
             "configuration.acceptedOutputModes"),
            ("metadata that is a list", dict(text(), metadata=[]), "metadata"),
            ("no tool of that name", call("no_such_tool"), "message.parts[0].data.tool"),
            ("a wrong argument", call("get_ticket", ticket_id="x"), "message.parts[0].data.arguments.ticket_id")):
        t.is_error("HTTP+JSON: %s" % name, t.rest("POST", "/message:send", params), 400, "INVALID_ARGUMENT",
                   "INVALID_ARGUMENT", "jarvis", field)
        t.is_rpc_error("JSON-RPC: %s" % name, t.rpc("SendMessage", params), -32602, "INVALID_ARGUMENT", 1, "jarvis", field)
    for name, body in (("half an object", b'{"message":'), ("bytes", b"\xff\xfe"), ("deep", b'{"message":' + b"[" * 40)):
        status, _, r = t.rest("POST", "/message:send", body, Content_Type=JSON)
        t.check("HTTP+JSON: no JSON: %s" % name, status == 400 and r["error"]["details"][0]["reason"] == "MALFORMED_JSON", r)
    status, _, r = t.rest("POST", "/message:send", b'{"message":{},"message":{}}', Content_Type=JSON)
    t.check("a member twice", status == 400, r)
    status, _, r = t.rest("POST", "/message:send", dict(call(), unknown={"a": 1}))
    t.check("unknown members are ignored", status == 200, r)
    t.is_error("a file for an agent that takes none",
               t.rest("POST", "/message:send", {"message": dict(message, parts=[{"raw": "aGk=", "filename": "f"}])}), 400,
               "INVALID_ARGUMENT", "CONTENT_TYPE_NOT_SUPPORTED", field="message.parts[0]")
    snake = {"message": {"message_id": uuid.uuid4().hex, "context_id": "c-1", "role": "ROLE_USER", "parts": [
        {"data": {"tool": "get_my_tickets", "arguments": {}}, "media_type": CALL_TYPE}]},
        "configuration": {"accepted_output_modes": ["text/plain"], "history_length": 0}}
    for name, answer in (("HTTP+JSON", t.rest("POST", "/message:send", snake)), ("JSON-RPC", t.rpc("SendMessage", snake))):
        status, _, r = answer
        r = r.get("result", r)
        t.check("%s: snake_case members" % name, status == 200 and r["message"]["contextId"] == "c-1", (status, r))


def access(t):
    status, h, _ = got = t.rest("POST", "/message:send", call(), None)
    t.is_error("HTTP+JSON: not signed in", got, 401, "UNAUTHENTICATED", "UNAUTHENTICATED", "jarvis")
    t.check("WWW-Authenticate", h.get("www-authenticate") == "Bearer", h)
    status, h, _ = got = t.rpc("SendMessage", call(), who=None)
    t.is_rpc_error("JSON-RPC: not signed in", got, -32041, "UNAUTHENTICATED", None, "jarvis", http=401)
    t.check("WWW-Authenticate", h.get("www-authenticate") == "Bearer", h)
    for value in ("Bearer x.y.z", "Bearer", "Basic dTpw", "Bearer a b"):
        got = t.rest("GET", "/tasks", who=None, Authorization=value)
        t.is_error("Authorization: %s" % value, got, 401, "UNAUTHENTICATED", "UNAUTHENTICATED", "jarvis")
        got = t.rpc("ListTasks", who=None, Authorization=value)
        t.is_rpc_error("the same by JSON-RPC", got, -32041, "UNAUTHENTICATED", None, "jarvis", http=401)
    other = call("get_user_tickets", username="vishal")
    t.is_error("HTTP+JSON: somebody else's", t.rest("POST", "/message:send", other, "happy"), 403, "PERMISSION_DENIED",
               "PERMISSION_DENIED", "jarvis")
    t.is_rpc_error("JSON-RPC: somebody else's", t.rpc("SendMessage", other, who="happy"), -32040, "PERMISSION_DENIED", 1,
                   "jarvis")


def paths(t):
    for path in ("/nope", "/message:sen", "/tasks/a/b", "/tasks//pushNotificationConfigs", "/a/b/c/d/e/f"):
        t.is_error("no path %s" % path, t.rest("GET", path), 404, "NOT_FOUND", "NOT_FOUND", "jarvis")
    for method, path, allow in (("GET", "/message:send", "POST"), ("DELETE", "/tasks", "GET"), ("PUT", "/tasks/x:cancel", "POST"),
                                ("PATCH", "/tasks/x/pushNotificationConfigs/y", "GET")):
        status, h, _ = got = t.rest(method, path)
        t.is_error("%s %s" % (method, path), got, 405, "UNIMPLEMENTED", "UNIMPLEMENTED", "jarvis")
        t.check("Allow", allow in h.get("allow", ""), h)
    status, h, r = t.s.http("GET", "/a2a/tickets")
    t.check("GET of the JSON-RPC url", status == 405 and h["allow"] == "POST" and r["error"]["code"] == -32004, (status, r))
    for agent in ("nosuch", "a.b", "x" * 70, "*"):
        t.is_error("no agent %.8s" % agent, t.rest("GET", "/tasks", agent=agent), 404, "NOT_FOUND", "NOT_FOUND", "jarvis")
        t.is_rpc_error("by JSON-RPC", t.rpc("ListTasks", agent=agent), -32042, "NOT_FOUND", 1, "jarvis", http=404)
    t.is_rpc_error("an actor is no agent", t.rpc("ListTasks", agent="auth"), -32042, "NOT_FOUND", 1, "jarvis", http=404)


def switched_off(t):
    """Who is not approved and enabled is not there."""
    def switch(on):
        status, _, r = t.s.http("PATCH", "/registry/agents/OxygenAgent/status", {"enabled": on}, t.s.login("admin"))
        assert status == 200, (status, r)

    def is_there():
        return t.rest("GET", "/tasks", agent="oxygen")[0]

    switch(False)
    wait_for(lambda: is_there() == 404, 15)
    t.check("an agent that was switched off is gone", is_there() == 404)
    t.check("its card too", t.s.http("GET", "/a2a/oxygen/.well-known/agent-card.json")[0] == 404)
    switch(True)
    wait_for(lambda: is_there() == 200, 15)
    t.check("and comes back", is_there() == 200)


# ---- negotiation

def negotiation(t):
    for kind in (JSON, A2A_JSON, "application/json; charset=utf-8", "Application/A2A+JSON"):
        status, _, r = t.rest("POST", "/message:send", json.dumps(call()).encode(), Content_Type=kind)
        t.check("HTTP+JSON takes %s" % kind, status == 200, (status, r))
        status, _, r = t.rpc("ListTasks", Content_Type=kind)
        t.check("JSON-RPC takes %s" % kind, status == 200 and "result" in r, (status, r))
    for kind in ("text/plain", "application/xml", "application/x-www-form-urlencoded", "application/jsonx", "application/problem+json"):
        for body in (json.dumps(call()).encode(), b"{'a': 1}"):
            t.is_error("HTTP+JSON refuses %s" % kind, t.rest("POST", "/message:send", body, Content_Type=kind), 400,
                       "INVALID_ARGUMENT", "CONTENT_TYPE_NOT_SUPPORTED", field="Content-Type")
            t.is_rpc_error("JSON-RPC refuses %s" % kind, t.rpc_raw(body, Content_Type=kind), -32005,
                           "CONTENT_TYPE_NOT_SUPPORTED", None, field="Content-Type")
    for accept, kind in ((None, JSON), ("*/*", JSON), (JSON, JSON), (A2A_JSON, A2A_JSON), ("%s, %s" % (A2A_JSON, JSON), A2A_JSON),
                         ("%s, %s" % (JSON, A2A_JSON), JSON), ("%s;q=0.5, %s" % (JSON, A2A_JSON), A2A_JSON),
                         ("%s;q=0.5, %s" % (A2A_JSON, JSON), JSON), ("%s;q=0" % A2A_JSON, JSON), ("text/html", JSON),
                         ("%s, */*" % A2A_JSON, A2A_JSON)):
        headers = {"Accept": accept} if accept else {}
        for name, path, status in (("an answer", "/tasks", 200), ("an error", "/tasks/nope", 404)):
            got, h, _ = t.rest("GET", path, **headers)
            t.check("Accept: %s gives %s as %s" % (accept, name, kind), got == status and h["content-type"] == kind, h)
        _, h, _ = t.rpc("ListTasks", **headers)
        t.check("JSON-RPC is application/json", h["content-type"] == JSON, h)


def versions(t):
    for version in ("1.0", "1.0.0", "1.0.1", " 1.0 ", "", None):
        headers = {} if version is None else {"A2A_Version": version}
        status, _, r = t.rest("GET", "/tasks", **headers)
        t.check("HTTP+JSON: A2A-Version %r is 1.0" % version, status == 200, (status, r))
        status, _, r = t.rpc("ListTasks", **headers)
        t.check("JSON-RPC: a method of 1.0, A2A-Version %r" % version, status == 200 and "result" in r, (status, r))
    for version in ("99.0", "2.0", "1", "1.1", "0.2", "1.00", "x", "1.0.x", "0.4"):
        t.is_error("HTTP+JSON: A2A-Version %s" % version, t.rest("GET", "/tasks", A2A_Version=version), 400,
                   "FAILED_PRECONDITION", "VERSION_NOT_SUPPORTED", field="A2A-Version")
        t.is_rpc_error("JSON-RPC: A2A-Version %s" % version, t.rpc("ListTasks", A2A_Version=version), -32009,
                       "VERSION_NOT_SUPPORTED", field="A2A-Version")
    t.is_error("as a query parameter", t.rest("GET", "/tasks?A2A-Version=9.9"), 400, "FAILED_PRECONDITION",
               "VERSION_NOT_SUPPORTED", field="A2A-Version")
    t.check("a good one there", t.rest("GET", "/tasks?A2A-Version=1.0")[0] == 200)
    t.check("the header counts", t.rest("GET", "/tasks?A2A-Version=9.9", A2A_Version="1.0")[0] == 200)
    t.is_error("HTTP+JSON of 0.3 is not there", t.rest("GET", "/tasks", A2A_Version="0.3"), 400, "FAILED_PRECONDITION",
               "VERSION_NOT_SUPPORTED", field="A2A-Version")
    t.is_rpc_error("a 1.0 method of 0.3", t.rpc("ListTasks", A2A_Version="0.3"), -32601, "METHOD_NOT_FOUND", 1, "jarvis",
                   "method")
    t.is_rpc_error("a 0.3 method of 1.0", t.rpc("message/send", {}, A2A_Version="1.0"), -32601, "METHOD_NOT_FOUND", 1, "jarvis",
                   "method")


def old_clients(t):
    """0.3: by its methods' names, said or not."""
    def message(words):
        return {"message": {"kind": "message", "messageId": uuid.uuid4().hex, "role": "user",
                            "parts": [{"kind": "text", "text": words}]}}

    for headers in ({}, {"A2A_Version": "0.3"}, {"A2A_Version": "0.3.0"}, {"A2A_Version": ""}):
        status, _, r = t.rpc("message/send", message("show my tickets"), "m", **headers)
        got = r.get("result", {})
        t.check("message/send, %s" % headers, status == 200 and r["id"] == "m" and got.get("kind") in ("message", "task") and
                "12301" in json.dumps(got), (status, r))
    t.is_rpc_error("tasks/get of a task that is none", t.rpc("tasks/get", {"id": "nope"}), -32001, "TASK_NOT_FOUND")
    t.is_rpc_error("message/send without a message", t.rpc("message/send", {}), -32602, "INVALID_ARGUMENT", 1, "jarvis", "message")
    status, _, r = t.rpc("message/send", {"message": dict(message("x")["message"], parts=[{"kind": "text", "text": 7}])})
    t.check("0.3: a member's path", status == 200 and
            r["error"]["data"][1]["fieldViolations"][0]["field"] == "message.parts[0].text", r)


def extensions(t):
    for named, told in ((TOOLS, TOOLS), ("urn:other, %s,urn:x" % TOOLS, TOOLS), ("urn:other", None), ("", None)):
        for status, h, r in (t.rest("POST", "/message:send", call(), A2A_Extensions=named),
                             t.rpc("SendMessage", call(), A2A_Extensions=named)):
            t.check("A2A-Extensions: %.24s" % named, status == 200 and h.get("a2a-extensions") == told, h)


# ---- cards

def cards(t):
    def get(path, method="GET", **headers):
        return t.s.http(method, path, None, None, {k.replace("_", "-"): v for k, v in headers.items()})

    base = "http://%s:%d" % t.s.address
    for path, name, url in (("/.well-known/agent-card.json", "JarvisAgent", base + "/a2a/jarvis"),
                            ("/a2a/tickets/.well-known/agent-card.json", "TicketsAgent", base + "/a2a/tickets")):
        status, h, card = get(path, A2A_Version="1.0", Host="evil.example")
        interfaces = card["supportedInterfaces"]
        t.check("the card of %s" % name, status == 200 and card["name"] == name and h["content-type"] == JSON and
                [(i["protocolBinding"], i["protocolVersion"]) for i in interfaces[:3]] ==
                [("JSONRPC", "1.0"), ("HTTP+JSON", "1.0"), ("JSONRPC", "0.3")] and
                all(i["url"] == url for i in interfaces[:3]) and interfaces[3]["protocolBinding"].startswith("urn:jarvis"), card)
        t.check("says how to sign in", card["securitySchemes"]["bearer"]["httpAuthSecurityScheme"]["bearerFormat"] == "JWT" and
                list(card["securityRequirements"][0]["schemes"]) == ["bearer"], card)
        t.check("has all that is required", all(k in card for k in ("description", "version", "capabilities", "defaultInputModes",
                                                                    "defaultOutputModes", "skills")) and "url" not in card, card)
        t.check("is signed", card["signatures"] and all(set(x) >= {"protected", "signature"} for x in card["signatures"]), card)
        t.check("may be kept for minutes", "max-age=300" in h["cache-control"], h)
        t.check("may be kept", h["etag"] and h["last-modified"].endswith(" GMT") and "public" in h["cache-control"] and
                "max-age=" in h["cache-control"] and h["vary"] == "A2A-Version", h)
        for header, value, want in (("If_None_Match", h["etag"], 304), ("If_None_Match", '"x", %s' % h["etag"], 304),
                                    ("If_None_Match", "*", 304), ("If_None_Match", '"x"', 200),
                                    ("If_Modified_Since", h["last-modified"], 304),
                                    ("If_Modified_Since", "Wed, 01 Jan 2020 00:00:00 GMT", 200), ("If_Modified_Since", "x", 200)):
            got, h2, body = get(path, A2A_Version="1.0", **{header: value})
            t.check("%s %.12s: %d" % (header, value, want), got == want and (want == 200 or body == "") and
                    h2["etag"] == h["etag"], (got, h2))
        got, h2, body = get(path, "HEAD", A2A_Version="1.0")
        t.check("HEAD", got == 200 and body == "" and h2["etag"] == h["etag"], (got, h2, body))
        status, _, old = get(path, A2A_Version="0.3")
        t.check("as 0.3", status == 200 and old["url"] == url and "supportedInterfaces" not in old and
                old["protocolVersion"].startswith("0.3"), old)
        status, h3, both = get(path)
        t.check("who does not say gets what both can read", status == 200 and both["url"] == url and
                both["supportedInterfaces"] == interfaces and both["protocolVersion"].startswith("0.3") and
                both["securitySchemes"]["bearer"]["type"] == "http" and
                "httpAuthSecurityScheme" in both["securitySchemes"]["bearer"] and h3["etag"] != h["etag"], both)
        t.check("by a parameter", get(path + "?A2A-Version=0.3")[2] == old)
    for path in ("/a2a/nosuch/.well-known/agent-card.json", "/a2a/a.b/.well-known/agent-card.json",
                 "/a2a/auth/.well-known/agent-card.json"):
        status, h, r = get(path)
        t.check("no card: %s" % path, status == 404 and h["content-type"] == PROBLEM, (status, r))
    status, h, r = get("/.well-known/agent-card.json", A2A_Version="9.9")
    t.check("a version that is not spoken: what is, says the card", status == 200 and
            {i["protocolVersion"] for i in r["supportedInterfaces"]} >= {"1.0", "0.3"} and "url" in r, (status, r))
    status, h, r = get("/.well-known/agent-card.json", "POST")
    t.check("POST of a card", status == 405 and h["allow"] == "GET, HEAD", (status, h))


def stampede(t):
    """Many who want a card at once cost the registry next to nothing."""
    def count():
        with open(t.s.var + "/log/registry.log") as f:
            return sum(" method=Card " in line for line in f)

    before = count()
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        got = list(pool.map(lambda _: t.s.http("GET", "/a2a/finops/.well-known/agent-card.json")[0], range(300)))
    t.check("300 cards at once", got == [200] * 300, set(got))
    t.check("were few questions", count() - before <= 12, count() - before)


# ---- what is refused before anything is understood

def hostile(t):
    token = "Authorization: Bearer " + t.s.login("vishal")

    def one(name, request, status, has):
        with edge.Client(t.s.address) as c:
            c.send(request)
            got, h, body = c.answer()
            kind = h.get("content-type")
            try:
                body = json.loads(body)
            except ValueError:
                body = {}
            t.check(name, got == status and kind == JSON and has in body and "error" in body, (got, h, body))
            return body

    for path, has in (("/a2a/tickets", "jsonrpc"), ("/a2a/tickets/", "jsonrpc"), ("/a2a/tickets/message:send", "error")):
        big = edge.post(path, b"[" + b"1," * 600000 + b"1]", token)
        r = one("%s: a body that is too big" % path, big, 413, has)
        t.check("and which error", r["error"]["code"] in (413, -32603), r)
        one("%s: two lengths" % path, edge.get(path, "Content-Length: 2", "Transfer-Encoding: chunked", token, method="POST") +
            "0\r\n\r\n", 400, has)
        one("%s: two lengths of a kind" % path, edge.get(path, "Content-Length: 2", "Content-Length: 3", token, method="POST") +
            "{}", 400, has)
        one("%s: headers that are too big" % path, edge.get(path, "X: " + "a" * 20000, token, method="POST"), 431, has)
        one("%s: two tokens" % path, edge.get(path, token, token, method="POST"), 400, has)
        one("%s: no Host" % path, edge.get(path, token, method="POST", host=False), 400, has)
        one("%s: a strange expectation" % path, edge.get(path, "Expect: miracles", token, method="POST"), 417, has)
        one("%s: a bad escape" % path, edge.get(path + "?a=%zz", token, method="POST"), 400, has)
        one("%s: cut short, badly chunked" % path, edge.get(path, "Transfer-Encoding: chunked", "Content-Type: " + JSON, token,
                                                           method="POST") + "zz\r\n{}\r\n0\r\n\r\n", 400, has)
    t.check("elsewhere they are problems", t.s.http("POST", "/auth/login", b"x")[1]["content-type"] == PROBLEM)


def main():
    tests = [send, lists, unknown_tasks, tasks, questions, streams, others, push, extended, envelope, notifications,
             wrong, access, paths, negotiation, versions, old_clients, extensions, cards, stampede, hostile, switched_off]
    with Stack() as s:
        t = A2A(s)
        began = time.monotonic()
        for test in tests:
            if len(sys.argv) < 2 or test.__name__ in sys.argv[1:]:
                test(t)
        if t.failed:
            s.show_logs()
    print("1..%d\n# passed %d, failed %d, %.1f s" % (t.passed + t.failed, t.passed, t.failed, time.monotonic() - began))
    return 1 if t.failed else 0


if __name__ == "__main__":
    sys.exit(main())
