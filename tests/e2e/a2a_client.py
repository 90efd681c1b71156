"""a2a_client.py -- the conformance agent over either HTTP binding of A2A: replies in their shapes, errors
and streams, told apart and checked on the way.
"""
import re
import threading
import urllib.parse
import uuid

from conformant import Reply, Stream
from shapes import wrong_with

# The errors of 1.0.1: reason -> (JSON-RPC code, HTTP status, gRPC status).
ERRORS = {
    "TASK_NOT_FOUND": (-32001, 404, "NOT_FOUND"),
    "TASK_NOT_CANCELABLE": (-32002, 400, "FAILED_PRECONDITION"),
    "PUSH_NOTIFICATION_NOT_SUPPORTED": (-32003, 400, "FAILED_PRECONDITION"),
    "UNSUPPORTED_OPERATION": (-32004, 400, "FAILED_PRECONDITION"),
    "EXTENSION_SUPPORT_REQUIRED": (-32008, 400, "FAILED_PRECONDITION"),
    "VERSION_NOT_SUPPORTED": (-32009, 400, "FAILED_PRECONDITION"),
}

PUSH = "/tasks/{taskId}/pushNotificationConfigs"
# method -> (HTTP method, path, the reply's message, has a body)
REST = {
    "SendMessage": ("POST", "/message:send", "SendMessageResponse", True),
    "SendStreamingMessage": ("POST", "/message:stream", "StreamResponse", True),
    "GetTask": ("GET", "/tasks/{id}", "Task", False),
    "ListTasks": ("GET", "/tasks", "ListTasksResponse", False),
    "CancelTask": ("POST", "/tasks/{id}:cancel", "Task", True),
    "SubscribeToTask": ("POST", "/tasks/{id}:subscribe", "StreamResponse", False),
    "CreateTaskPushNotificationConfig": ("POST", PUSH, "TaskPushNotificationConfig", True),
    "GetTaskPushNotificationConfig": ("GET", PUSH + "/{id}", "TaskPushNotificationConfig", False),
    "ListTaskPushNotificationConfigs": ("GET", PUSH, "ListTaskPushNotificationConfigsResponse", False),
    "DeleteTaskPushNotificationConfig": ("DELETE", PUSH + "/{id}", None, False),
    "GetExtendedAgentCard": ("GET", "/extendedAgentCard", "AgentCard", False),
}


class Wrong(Exception):
    """What was to be so is not."""


def must(good, what):
    if not good:
        raise Wrong(what)


def shaped(kind, value):
    wrong = wrong_with(kind, value) if kind else ([] if value in ({}, "") else ["%r is not empty" % value])
    must(not wrong, "; ".join(wrong[:5]))
    return value


class Refusal:
    """An error of either binding."""

    def __init__(self, code, message, details, status):
        self.code, self.message, self.details, self.status = code, message, details, status
        info = [d for d in details if d.get("@type", "").endswith("google.rpc.ErrorInfo")]
        self.reason = info[0].get("reason") if info else None
        self.domain = info[0].get("domain") if info else None

    def __repr__(self):
        return "%s %s %s %s" % (self.code, self.reason, self.status, self.message)


class JsonRpc:
    name = "JSON-RPC"

    def __init__(self, agent, url):
        self.agent, self.path = agent, url[len(agent.url):] or "/"

    def payload(self, method, params, request_id):
        return {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}

    def read(self, reply, request_id):
        """The result, or a Refusal."""
        body = reply.body
        must(reply.status == 200 and isinstance(body, dict), reply)
        must("application/json" in reply.headers["content-type"], reply)
        must(body.get("jsonrpc") == "2.0" and body.get("id") == request_id, reply)
        must(set(body) in ({"jsonrpc", "id", "result"}, {"jsonrpc", "id", "error"}), reply)
        if "result" in body:
            return body["result"]
        e = body["error"]
        must({"code", "message"} <= set(e) <= {"code", "message", "data"}, reply)
        must(isinstance(e["code"], int) and isinstance(e["message"], str) and e["message"], reply)
        must(isinstance(e.get("data", []), list) and all("@type" in d for d in e.get("data", [])), reply)
        return Refusal(e["code"], e["message"], e.get("data", []), None)

    def call(self, method, params, headers=None):
        request_id = str(uuid.uuid4())
        reply = self.agent.http("POST", self.path, self.payload(method, params, request_id), headers)
        result = self.read(reply, request_id)
        return result if isinstance(result, Refusal) else shaped(REST[method][2], result)

    def stream(self, method, params, headers=None):
        """A list that fills, or a Refusal."""
        s = self.agent.stream("POST", self.path, self.payload(method, params, 7), headers)
        if isinstance(s, Reply):
            result = self.read(s, 7)
            must(isinstance(result, Refusal), s)
            return result
        return Events(s, lambda e: self.event(e))

    def event(self, e):
        must(set(e) == {"jsonrpc", "id", "result"} and e["jsonrpc"] == "2.0" and e["id"] == 7, e)
        return shaped("StreamResponse", e["result"])

    def code(self, reason):
        return ERRORS[reason][0]

    def is_refused_with(self, refusal, reason):
        return refusal.code == ERRORS[reason][0]

    def is_invalid(self, refusal):
        return refusal.code == -32602


class Rest:
    name = "HTTP+JSON"

    def __init__(self, agent, url):
        self.agent, self.path = agent, url[len(agent.url):].rstrip("/")

    def request(self, method, params):
        verb, path, _, has_body = REST[method]
        rest = dict(params)
        for name in re.findall(r"{(\w+)}", path):
            path = path.replace("{%s}" % name, str(rest.pop(name)))
        if not has_body and rest:
            path += "?" + urllib.parse.urlencode(
                {k: str(v).lower() if isinstance(v, bool) else v for k, v in rest.items()})
        return verb, self.path + path, rest if has_body else None

    def read(self, reply):
        must("application/json" in reply.headers.get("content-type", "") or reply.status == 204, reply)
        if reply.status < 400:
            must(reply.status in (200, 201, 204), reply)
            return reply.body
        e = reply.body["error"]
        must(e["code"] == reply.status and isinstance(e["message"], str) and e["status"], reply)
        return Refusal(e["code"], e["message"], e.get("details", []), e["status"])

    def call(self, method, params, headers=None):
        result = self.read(self.agent.http(*self.request(method, params), headers))
        return result if isinstance(result, Refusal) else shaped(REST[method][2], result)

    def stream(self, method, params, headers=None):
        s = self.agent.stream(*self.request(method, params), headers)
        if isinstance(s, Reply):
            result = self.read(s)
            must(isinstance(result, Refusal), s)
            return result
        return Events(s, lambda e: shaped("StreamResponse", e))

    def is_refused_with(self, refusal, reason):
        return (refusal.code, refusal.status) == ERRORS[reason][1:]

    def is_invalid(self, refusal):
        return (refusal.code, refusal.status) == (400, "INVALID_ARGUMENT")


class Events:
    """A stream that is read by a thread, so that a test can look at it while it goes on."""

    def __init__(self, stream: Stream, read):
        self.list, self.wrong, self.stream = [], None, stream
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self.run, args=(read,), daemon=True)
        self.thread.start()

    def run(self, read):
        try:
            for e in self.stream:
                self.list.append(read(e))
                self.ready.set()
        except (OSError, ValueError, KeyError, AttributeError, Wrong) as e:  # closed, or wrong
            self.wrong = e
        self.ready.set()

    def first(self):
        must(self.ready.wait(20) and self.list, "no event: %r" % self.wrong)
        return self.list[0]

    def all(self, seconds=20):
        self.thread.join(seconds)
        must(not self.thread.is_alive(), "the stream did not end after %r" % self.list)
        must(not self.wrong, self.wrong)
        return self.list

    def states(self):
        found = [e.get("task") or e.get("statusUpdate") for e in self.all()]
        return [state(t) for t in found if t]


def state(task):
    return task["status"]["state"].replace("TASK_STATE_", "")


def text_of(parts):
    return "".join(p.get("text", "") for p in parts)


class Client:
    """One agent over one binding."""

    def __init__(self, agent, card, binding, cls):
        self.agent, self.card = agent, card
        urls = [i["url"] for i in card["supportedInterfaces"] if i["protocolBinding"] == binding]
        must(urls, "the card has no interface %s" % binding)
        self.binding = cls(agent, urls[0])

    def message(self, what, text="hello", **members):
        return dict({"messageId": "tck-%s-%s" % (what, uuid.uuid4().hex[:8]), "role": "ROLE_USER",
                     "parts": [{"text": text}]}, **members)

    def call(self, method, headers=None, **params):
        return self.binding.call(method, params, headers)

    def ok(self, method, headers=None, **params):
        result = self.call(method, headers, **params)
        must(not isinstance(result, Refusal), result)
        return result

    def send(self, what, text="hello", configuration=None, headers=None, **members):
        params = {"message": self.message(what, text, **members)}
        if configuration:
            params["configuration"] = configuration
        return self.ok("SendMessage", headers, **params)

    def task(self, what, *args, **kw):
        result = self.send(what, *args, **kw)
        must("task" in result, result)
        return result["task"]

    def stream(self, method, headers=None, **params):
        events = self.binding.stream(method, params, headers)
        must(isinstance(events, Events), events)
        return events

    def refused(self, reason, method, headers=None, **params):
        streams = REST[method][2] == "StreamResponse"
        r = self.binding.stream(method, params, headers) if streams else self.call(method, headers, **params)
        must(isinstance(r, Refusal), r)
        if reason is None:
            must(self.binding.is_invalid(r), r)
        else:
            must(self.binding.is_refused_with(r, reason), r)
            must(r.reason == reason and r.domain == "a2a-protocol.org", r)
        return r
