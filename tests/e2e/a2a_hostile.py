#!/usr/bin/env python3
"""a2a_hostile.py -- clients of A2A that mean no good, or know no better, against the whole system: every
member of every request with every wrong type, things said twice, streams at their end and beyond their
number, webhooks that are replaced, removed, unreachable or not for us.
"""
import copy
import http.server
import json
import re
import socket
import sys
import threading
import time

import shapes
from a2a import A2A, TOOLS, call, events, text
from conformant import Conformant
from stack import Stack, wait_for

INT32 = ["x", "1.5", 1.5, True, [], {}, 2 ** 31, -2 ** 31 - 1, 1e10, "0x10", "", " 1"]
WRONG = {
    "string": [7, True, [], {}, ["a"]],
    "bool": [1, 0, "yes", "", [], {}, "true"],
    "int32": INT32,
    "bytes": [7, True, [], {}, "%%%", "a", "ab=c", "YQ==="],
    "google.protobuf.Struct": [7, "x", True, []],
    "google.protobuf.Timestamp": [7, "x", {}, [], "", "2025-13-01T00:00:00Z", "2025-01-01T00:00:00", "2025-02-30T00:00:00Z",
                                  "0000-01-01T00:00:00Z", "2025-01-01T00:00:00.1234567890Z"],
}
PUSH = {"taskId": "x", "url": "https://example.com/"}
# Each method with its request's type and a good one; where HTTP+JSON takes a body for it.
METHODS = {
    "SendMessage": ("SendMessageRequest", text, "/message:send"),
    "SendStreamingMessage": ("SendMessageRequest", text, "/message:stream"),
    "GetTask": ("GetTaskRequest", lambda: {"id": "x"}, None),
    "ListTasks": ("ListTasksRequest", dict, None),
    "CancelTask": ("CancelTaskRequest", lambda: {"id": "x"}, "/tasks/x:cancel"),
    "SubscribeToTask": ("SubscribeToTaskRequest", lambda: {"id": "x"}, "/tasks/x:subscribe"),
    "CreateTaskPushNotificationConfig": ("TaskPushNotificationConfig", lambda: dict(PUSH), "/tasks/x/pushNotificationConfigs"),
    "GetTaskPushNotificationConfig": ("GetTaskPushNotificationConfigRequest", lambda: {"taskId": "x", "id": "y"}, None),
    "ListTaskPushNotificationConfigs": ("ListTaskPushNotificationConfigsRequest", lambda: {"taskId": "x"}, None),
    "DeleteTaskPushNotificationConfig": ("DeleteTaskPushNotificationConfigRequest", lambda: {"taskId": "x", "id": "y"}, None),
    "GetExtendedAgentCard": ("GetExtendedAgentCardRequest", dict, None),
}
INSIDE = {"Message": lambda: text()["message"], "SendMessageConfiguration": dict, "Part": dict,
          "TaskPushNotificationConfig": lambda: {"url": "https://example.com/"}, "AuthenticationInfo": lambda: {"scheme": "Bearer"}}


def wrong_values(f):
    if f.repeated:
        return [7, "x", True, {}]
    if f.type in WRONG:
        return WRONG[f.type]
    if f.type in shapes.ENUMS:
        return ["FOO", True, [], {}, 1.5, 99, -1, "", 2 ** 31]
    return [] if f.type == "google.protobuf.Value" else [7, "x", True, []]


def snake(name):
    return re.sub(r"([A-Z])", lambda m: "_" + m.group(1).lower(), name)


def mistakes(kind, good):
    """(path, request) for each member of a message, by either spelling, with each value that it cannot have."""
    for f in shapes.MESSAGES[kind]:
        for name in sorted({f.name, snake(f.name)}):
            for value in wrong_values(f):
                bad = copy.deepcopy(good)
                bad.pop(f.name, None)
                bad[name] = value
                yield name, bad
        if f.type in INSIDE:
            start = {} if f.repeated else good.get(f.name) or INSIDE[f.type]()
            for path, inner in mistakes(f.type, start):
                yield "%s%s.%s" % (f.name, "[0]" if f.repeated else "", path), dict(good, **{f.name: [inner] if f.repeated else inner})


def violation(error):
    details = error.get("data") or error.get("details") or []
    return details[1]["fieldViolations"][0]["field"] if len(details) > 1 else None


def total(t):
    return t.rest("GET", "/tasks?pageSize=1")[2]["totalSize"]


def every_member(t):
    before, n = total(t), 0
    for method, (kind, good, path) in METHODS.items():
        odd = []
        for member, request in mistakes(kind, good()):
            answers = [("JSON-RPC", -32602, t.rpc(method, request))]
            if path:
                answers.append(("HTTP+JSON", 400, t.rest("POST", path, request)))
            for binding, code, (status, _, body) in answers:
                e = body.get("error", {}) if isinstance(body, dict) else {}
                n += 1
                if e.get("code") != code or violation(e) != member:
                    odd.append((binding, member, request, status, body))
        t.check("%s: a member of a wrong type is named" % method, not odd, odd[:3])
    t.check("of %d such requests none has left anything behind" % n, n > 1000 and total(t) == before, (n, before, total(t)))


def said_twice(t):
    id = t.rest("POST", "/message:send", text("create a ticket"))[2]["task"]["id"]
    t.is_error("two spellings in a query", t.rest("GET", "/tasks/%s?historyLength=0&history_length=5" % id), 400,
               "INVALID_ARGUMENT", "INVALID_ARGUMENT", "jarvis", "history_length")
    t.check("one of them empty", t.rest("GET", "/tasks/%s?historyLength=&history_length=0" % id)[0] == 200)
    t.is_rpc_error("two spellings in JSON", t.rpc("GetTask", {"id": id, "historyLength": 0, "history_length": 5}), -32602,
                   "INVALID_ARGUMENT", 1, "jarvis", "history_length")
    for versions, code in ((("1.0", "99.0"), 400), (("99.0", "1.0"), 400), (("1.0", "1.0"), 200)):
        with socket.create_connection(t.s.address, 10) as c:
            c.sendall(("GET /a2a/tickets/tasks HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer %s\r\n%s\r\n" % (
                t.s.login("vishal"), "".join("A2A-Version: %s\r\n" % v for v in versions))).encode())
            answer = c.makefile("rb").read()
        t.check("A2A-Version %s" % (versions,), answer.startswith(b"HTTP/1.1 %d" % code) and
                (code == 200 or b"VERSION_NOT_SUPPORTED" in answer), answer[:2000])
    e = t.rest("GET", "/acme/tasks?tenant=other")[2]["error"]
    t.check("the text names the member", e["message"].startswith("tenant: ") and
            not e["details"][1]["fieldViolations"][0]["description"].startswith("tenant"), e)
    h = t.rpc("ListTasks", A2A_Extensions=",".join([TOOLS] * 200))[1]
    t.check("an extension named often is told once", h.get("a2a-extensions") == TOOLS, h)
    for weight, kind in (("1e300", "application/a2a+json"), ("nan", "application/json"), ("-1e300", "application/json")):
        h = t.rest("GET", "/tasks", Accept="application/a2a+json;q=%s" % weight)[1]
        t.check("Accept with a weight of %s" % weight, h["content-type"] == kind, h)
    t.rest("POST", "/tasks/%s:cancel" % id)


def after_the_end(t):
    """A client that comes back by Last-Event-ID when it has seen all is not kept waiting."""
    body = t.rest("POST", "/message:stream", dict(call(), configuration={"returnImmediately": True}))[2]
    got = events(body)
    id, last = got[0][1]["task"]["id"], got[-1][0]
    for answer in (lambda n: t.rest("GET", "/tasks/%s:subscribe" % id, Last_Event_ID=str(n)),
                   lambda n: t.rpc("SubscribeToTask", {"id": id}, Last_Event_ID=str(n))):
        began = time.monotonic()
        status, h, body = answer(last)
        t.check("after the last event", status == 200 and h["content-type"] == "text/event-stream" and
                events(body) == [] and time.monotonic() - began < 10, (status, body))
    for number in (last + 1, 2 ** 31, 10 ** 15):
        t.is_error("after event %d of %d" % (number, last), t.rest("GET", "/tasks/%s:subscribe" % id, Last_Event_ID=str(number)),
                   400, "INVALID_ARGUMENT", "INVALID_ARGUMENT", "jarvis", "Last-Event-ID")
        t.is_rpc_error("by JSON-RPC too", t.rpc("SubscribeToTask", {"id": id}, Last_Event_ID=str(number)), -32602,
                       "INVALID_ARGUMENT", 1, "jarvis", "Last-Event-ID")


# ---- webhooks

class Receiver:
    """Notes what is posted: (path, headers, body); answers by path."""

    def __init__(self, **answers):
        receiver = self
        self.got, self.answers = [], answers

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                receiver.got.append((self.path, self.headers, body))
                self.send_response(receiver.answers.get(self.path[1:], 200))
                self.send_header("Location", "http://127.0.0.1:%d/elsewhere" % receiver.server.server_address[1])
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, path):
        return "http://127.0.0.1:%d/%s" % (self.server.server_address[1], path)

    def at(self, path):
        return [g for g in self.got if g[0] == "/" + path]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def pushed_task(t, url, **more):
    return t.rest("POST", "/message:send", dict(call(), configuration={
        "returnImmediately": True, "taskPushNotificationConfig": dict(more, url=url)}))[2]["task"]["id"]


def replaced_webhooks(t):
    r = Receiver(old=500, moved=302)
    new = {"id": "q", "url": r.url("new"), "authentication": {"scheme": "Bearer", "credentials": "new"}}
    for name in ("old", "moved"):
        id = pushed_task(t, r.url(name), id="q", authentication={"scheme": "Bearer", "credentials": "old"})
        wait_for(lambda: len(r.at(name)) >= 2)
        status, _, got = t.rest("POST", "/tasks/%s/pushNotificationConfigs" % id, new)
        t.check("a configuration is made again", status == 200 and got == dict(new, taskId=id), got)
        wait_for(lambda: any("statusUpdate" in g[2] for g in r.at("new")))
        numbers = [int(g[1]["A2A-Event-ID"].rsplit("/", 1)[1]) for g in r.at("new")]
        t.check("what waited goes to the new address, in order, with the new credentials", numbers == sorted(numbers) and
                all(g[1]["Authorization"] == "Bearer new" and g[1]["A2A-Event-ID"].split("/")[1] == id for g in r.at("new")) and
                "artifactUpdate" in r.at("new")[0][2], [(g[0], g[1]["Authorization"]) for g in r.got])
        r.got.clear()
    t.check("a redirect is not followed", r.at("elsewhere") == [])
    r.close()


def removed_webhooks(t):
    r = Receiver(old=500)
    id = pushed_task(t, r.url("old"), id="q")
    wait_for(lambda: len(r.at("old")) >= 2)
    status = t.rest("DELETE", "/tasks/%s/pushNotificationConfigs/q" % id)[0]
    other = pushed_task(t, r.url("other"))
    wait_for(lambda: any("statusUpdate" in g[2] for g in r.at("other")))
    n = len(r.at("old"))
    for _ in range(3):  # events of others come and go, at least one retry's time each
        pushed_task(t, r.url("next"))
        wait_for(lambda: any("statusUpdate" in g[2] for g in r.at("next")))
        r.got = [g for g in r.got if g[0] != "/next"]
    t.check("nothing more comes of one that was removed", status == 200 and len(r.at("old")) <= n + 1 and other, (n, r.got))
    r.close()


def wrong_webhooks(t):
    id = t.rest("POST", "/message:send", text("create a ticket"))[2]["task"]["id"]
    path, before = "/tasks/%s/pushNotificationConfigs" % id, total(t)
    for url in ("http://localhost/", "http://a.localhost./", "http://10.0.0.1/", "http://012.0.0.1/", "http://0xa000001/",
                "http://167772161/", "http://169.254.169.254/", "http://[::1]/", "http://[::ffff:10.0.0.1]/",
                "http://[fe80::1%25eth0]/", "http://[64:ff9b::a00:1]/", "http://[2002:a00:1::]/", "http://224.0.0.1/",
                "http://255.255.255.255/", "http://0/", "http://%31%30.0.0.1/", "http://example.com@10.0.0.1/",
                "http://u:p@example.com/", "ftp://example.com/", "file:///etc/passwd", "//example.com/", "http://example.com/\n",
                "http://10.0.0.1\\@example.com/", "x" * 3000):
        t.is_error("a webhook at %.40r" % url, t.rest("POST", path, {"url": url}), 400, "INVALID_ARGUMENT", "INVALID_ARGUMENT",
                   "jarvis", "url")
        t.is_rpc_error("with a message", t.rpc("SendMessage", dict(text("create a ticket"), configuration={
            "taskPushNotificationConfig": {"url": url}})), -32602, "INVALID_ARGUMENT", 1, "jarvis",
            "configuration.taskPushNotificationConfig.url")
    good = "https://example.com/"
    for name in ("a/b", "a\\b", ".", "..", "a\nb", "\x7f", "x" * 129):
        t.is_error("an id that stands in no path: %.10r" % name, t.rest("POST", path, {"id": name, "url": good}), 400,
                   "INVALID_ARGUMENT", "INVALID_ARGUMENT", "jarvis", "id")
    t.is_rpc_error("a configuration of no task", t.rpc("CreateTaskPushNotificationConfig", {"url": good}), -32602,
                   "INVALID_ARGUMENT", 1, "jarvis", "taskId")
    r = t.rest("GET", path)[2]
    t.check("nothing of that was kept", r.get("configs", []) == [] and total(t) == before, r)
    for i in range(20):
        t.rest("POST", path, {"id": "c%02d" % i, "url": good})
    t.is_error("the 21st", t.rest("POST", path, {"url": good}), 429, "RESOURCE_EXHAUSTED", "RESOURCE_EXHAUSTED", "jarvis")
    seen, token = [], ""
    while True:
        page = t.rest("GET", path + "?pageSize=7&pageToken=" + token)[2]
        seen += [c["id"] for c in page["configs"]]
        token = page.get("nextPageToken", "")
        if not token:
            break
    t.check("by pages", seen == ["c%02d" % i for i in range(20)], seen)
    t.rest("POST", "/tasks/%s:cancel" % id)


# ---- many streams

def too_many_streams(t):
    id = t.rest("POST", "/message:send", text("create a ticket"))[2]["task"]["id"]
    token = t.s.login("vishal")
    body = json.dumps({"jsonrpc": "2.0", "id": 9, "method": "SubscribeToTask", "params": {"id": id}})
    head = "Host: x\r\nAuthorization: Bearer %s\r\n" % token
    requests = ["GET /a2a/tickets/tasks/%s:subscribe HTTP/1.1\r\n%s\r\n" % (id, head),
                "POST /a2a/tickets HTTP/1.1\r\n%sContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
                    head, len(body), body)]
    open_ones, refusals = [], {}
    for i in range(200):
        c = socket.create_connection(t.s.address, 20)
        c.sendall(requests[i % 2].encode())
        f = c.makefile("rb")
        status, length = f.readline().split()[1], 0
        for line in iter(f.readline, b"\r\n"):
            length = int(line.split()[1]) if line.lower().startswith(b"content-length:") else length
        if status == b"200":
            open_ones.append((c, f))
        else:
            refusals[i % 2] = (status, json.loads(f.read(length)))
            c.close()
    t.check("half of the connections may be streams", len(open_ones) == 64, len(open_ones))
    t.check("HTTP+JSON: the others are told so", refusals[0][0] == b"503" and
            refusals[0][1]["error"]["status"] == "UNAVAILABLE", refusals)
    t.check("JSON-RPC: the others are told so", refusals[1][0] == b"503" and refusals[1][1]["id"] == 9 and
            refusals[1][1]["error"]["code"] == -32603, refusals)
    t.check("who wants no stream is served", t.rest("POST", "/tasks/%s:cancel" % id)[0] == 200)
    told = [b"TASK_STATE_CANCELED" in b"".join(iter(f.readline, b"0\r\n")) for _, f in open_ones]
    t.check("all that are open hear of the end", all(told), told)
    for c, f in open_ones:
        c.close()


def slot_of(name):
    """Where the gateway keeps an agent's card, at first."""
    h = 0xcbf29ce484222325
    for byte in name.encode():
        h = (h ^ byte) * 0x100000001b3 % 2 ** 64
    return h % 256


def names_of_no_agent(t):
    """Whoever asks for agents that are none, unknown, makes nobody forget those that are."""
    def signed():
        with open(t.s.var + "/log/auth.log") as f:
            return sum(" method=SignCard " in line for line in f)

    def card(name):
        return t.s.http("GET", "/a2a/%s/.well-known/agent-card.json" % name)[0]

    near = [n for n in ("none%d" % i for i in range(200000)) if slot_of(n) == slot_of("tickets")][:100]
    t.check("the card", card("tickets") == 200)
    before = signed()
    t.check("no cards", {card(n) for n in near} == {404})
    t.check("the card is still known", card("tickets") == 200 and signed() == before, (before, signed()))


def older_clients(t):
    with Conformant("required-extension") as agent:
        params = {"message": {"messageId": "m", "role": "user", "parts": [{"kind": "text", "text": "x"}]}}
        r = agent.http("POST", "/", {"jsonrpc": "2.0", "id": 1, "method": "message/send", "params": params},
                       {"A2A-Version": None}).body
        t.check("0.3 has a code of its own for a required extension", r["error"]["code"] == -32004 and
                r["error"]["data"][0]["reason"] == "EXTENSION_SUPPORT_REQUIRED", r)


def main():
    tests = [every_member, said_twice, after_the_end, replaced_webhooks, removed_webhooks, wrong_webhooks, too_many_streams,
             names_of_no_agent, older_clients]
    with Stack(env={"JARVIS_PUSH_ALLOW": "127.0.0.1:*", "JARVIS_PUSH_RETRY": "200ms", "JARVIS_HTTP_CONNECTIONS": "128"}) as s:
        t = A2A(s)
        for test in tests:
            if len(sys.argv) < 2 or test.__name__ in sys.argv[1:]:
                test(t)
    print("1..%d\n# passed %d, failed %d" % (t.passed + t.failed, t.passed, t.failed))
    return 1 if t.failed else 0


if __name__ == "__main__":
    sys.exit(main())
