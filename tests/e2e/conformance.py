"""conformance.py -- the A2A protocol 1.0 as the public conformance kit asks for it: its requirements by
their ids, over JSON-RPC and HTTP+JSON, against the conformance agent in each of its profiles.

A2A_TCK_DIR may name a checkout of the kit itself: then it is run as well (docs/conformance.md).
Arguments choose checks by their function's name.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from a2a_client import Client, JsonRpc, Refusal, Rest, Wrong, must, shaped, state, text_of
from conformant import Conformant, Stream
from stack import BINARY, TOP, wait_for

REQUIRED_EXTENSION = "urn:a2a:tck:required-extension"


class Receiver:
    """A webhook: what was posted to it."""

    def __init__(self):
        self.requests = requests = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                requests.append(({k.lower(): v for k, v in self.headers.items()}, json.loads(body)))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = "http://localhost:%d/webhook" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


# ---- what an agent does: each takes a Client --------------------------------------------------------


def core_send_001_a_task(c):
    task = c.task("complete-task")
    must(state(task) == "COMPLETED" and task["contextId"], task)
    must(text_of(task["status"]["message"]["parts"]) == "Hello from TCK", task)
    must(task["status"]["message"]["role"] == "ROLE_AGENT", task)


def core_send_any_id(c):
    must(state(c.task("whatever")) == "COMPLETED", "another id")


def core_send_002_terminal_tasks_take_nothing(c):
    task = c.task("complete-task")
    c.refused("UNSUPPORTED_OPERATION", "SendMessage", message=c.message("again", taskId=task["id"]))


def core_send_003_any_media_type(c):
    part = {"raw": "AAEC", "mediaType": "application/x-unheard-of"}
    must(state(c.task("complete-task", parts=[part])) == "COMPLETED", "a part of a strange type")


def dm_msg_001_a_message(c):
    m = c.send("message-response")["message"]
    must(text_of(m["parts"]) == "Direct message response" and m["role"] == "ROLE_AGENT", m)
    must(m["contextId"] and "taskId" not in m, m)


def dm_art_001_artifacts(c):
    def part(what):
        task = c.task(what)
        must(state(task) == "COMPLETED" and len(task["artifacts"]) == 1, task)
        return task["artifacts"][0]["parts"][0]

    named = {"filename": "output.txt", "mediaType": "text/plain"}
    must(part("artifact-text")["text"] == "Generated text content", "text")
    must(part("artifact-file") == dict(named, raw="dGNr"), "file")
    must(part("artifact-file-url") == dict(named, url="https://example.com/output.txt"), "url")
    must(part("artifact-data")["data"] == {"key": "value", "count": 42}, "data")


def core_multi_contexts(c):
    mine = "context-%s" % uuid.uuid4()
    must(c.task("complete-task", contextId=mine)["contextId"] == mine, "CORE-MULTI-002 the client's own")
    task = c.task("input-required")
    again = c.task("complete-task", taskId=task["id"])
    must(again["contextId"] == task["contextId"] and again["id"] == task["id"], "CORE-MULTI-005")
    c.refused(None, "SendMessage", message=c.message("x", taskId=c.task("input-required")["id"], contextId=mine))
    c.refused(None, "SendMessage", message=c.message("x", taskId=again["id"], contextId=mine))
    c.refused("TASK_NOT_FOUND", "SendMessage", message=c.message("x", taskId="unheard-of"))


def core_exec_blocking_and_not(c):
    task = c.task("complete-task", configuration={"returnImmediately": False})
    must(state(task) == "COMPLETED", task)
    slow = c.ok("SendMessage", message=dict(c.message("x"), messageId="slow-1200-%s" % uuid.uuid4()),
                configuration={"returnImmediately": True})["task"]
    must(state(slow) in ("SUBMITTED", "WORKING"), slow)
    wait_for(lambda: state(c.ok("GetTask", id=slow["id"])) == "COMPLETED", 20)
    blocked = c.ok("SendMessage", message=dict(c.message("x"), messageId="slow-600-%s" % uuid.uuid4()))["task"]
    must(state(blocked) == "COMPLETED", blocked)


def core_get_001_and_002(c):
    task = c.task("artifact-text")
    found = c.ok("GetTask", id=task["id"])
    must(found["id"] == task["id"] and state(found) == "COMPLETED" and found["artifacts"] == task["artifacts"], found)
    c.refused("TASK_NOT_FOUND", "GetTask", id="unheard-of")


def core_cancel_001_and_002(c):
    task = c.task("input-required")
    must(state(c.ok("CancelTask", id=task["id"])) == "CANCELED", "CORE-CANCEL-001")
    must(state(c.ok("GetTask", id=task["id"])) == "CANCELED", "it stays so")
    c.refused("TASK_NOT_CANCELABLE", "CancelTask", id=task["id"])
    c.refused("TASK_NOT_CANCELABLE", "CancelTask", id=c.task("complete-task")["id"])
    c.refused("TASK_NOT_FOUND", "CancelTask", id="unheard-of")


def core_hist_lengths(c):
    task = c.task("complete-task", configuration={"historyLength": 0})
    must(not task.get("history"), "CORE-HIST-003")
    must(not c.ok("GetTask", id=task["id"], historyLength=0).get("history"), "CORE-HIST-001")
    must(len(c.ok("GetTask", id=task["id"], historyLength=1).get("history", [])) <= 1, "CORE-HIST-002")
    c.refused(None, "GetTask", id=task["id"], historyLength=-1)


def core_hist_005_and_006_order(c):
    task = c.task("input-required", "one")
    for text in ("two", "three"):
        must(state(c.task("input-required", text, taskId=task["id"])) == "INPUT_REQUIRED", text)
    must(state(c.task("complete-task", "four", taskId=task["id"])) == "COMPLETED", "four")
    history = c.ok("GetTask", id=task["id"])["history"]
    said = [text_of(m["parts"]) for m in history if m["role"] == "ROLE_USER"]
    must(said == ["one", "two", "three", "four"], said)
    must(all(m["taskId"] == task["id"] for m in history if m["role"] == "ROLE_AGENT"), history)


def core_list(c):
    context = "context-%s" % uuid.uuid4()
    made = [c.task("artifact-text", contextId=context)["id"] for _ in range(3)]
    waits = c.task("input-required", contextId=context)["id"]
    r = c.ok("ListTasks", contextId=context)
    must([t["id"] for t in r["tasks"]] == [waits] + made[::-1], "newest first: %r" % r)
    must(r["totalSize"] == 4 and r["nextPageToken"] == "" and r["pageSize"] == 50, r)
    must(all("artifacts" not in t for t in r["tasks"]), "no artifacts unless asked for")
    r = c.ok("ListTasks", contextId=context, includeArtifacts=True, status="TASK_STATE_COMPLETED")
    must([t["id"] for t in r["tasks"]] == made[::-1] and all(t["artifacts"] for t in r["tasks"]), r)
    first = c.ok("ListTasks", contextId=context, pageSize=3)
    rest = c.ok("ListTasks", contextId=context, pageSize=3, pageToken=first["nextPageToken"])
    must(len(first["tasks"]) == 3 and [t["id"] for t in rest["tasks"]] == made[:1], rest)
    must(first["totalSize"] == 4 and rest["nextPageToken"] == "", rest)
    must(c.ok("ListTasks", contextId="unheard-of")["tasks"] == [], "none")
    after = c.ok("GetTask", id=made[2])["status"]["timestamp"]
    r = c.ok("ListTasks", contextId=context, statusTimestampAfter=after)
    must({t["id"] for t in r["tasks"]} == {made[2], waits}, r)
    for wrong in ({"pageSize": 0}, {"pageSize": 101}, {"historyLength": -1}, {"pageToken": "nonsense"}):
        c.refused(None, "ListTasks", contextId=context, **wrong)


def stream_send(c):
    for what, text in (("stream-001", "Stream hello from TCK"), ("stream-003", "Stream task lifecycle"),
                       ("stream-ordering-001", "Ordered output")):
        events = c.stream("SendStreamingMessage", message=c.message(what))
        must("task" in events.first(), "CORE-STREAM-003: %r" % events.first())
        must("artifacts" not in events.first()["task"], "it begins with what comes: %r" % events.first())
        got = "".join(text_of(e["artifactUpdate"]["artifact"]["parts"]) for e in events.all() if "artifactUpdate" in e)
        must(got == text, got)
        order = ["SUBMITTED", "WORKING", "COMPLETED"]
        ranks = [order.index(s) for s in events.states()]
        must(ranks == sorted(ranks) and ranks[-1] == 2 and 1 in ranks, events.states())
    must(c.stream("SendStreamingMessage", message=c.message("stream-002")).states()[-1] == "COMPLETED", "002")


def core_stream_002_message_only(c):
    events = c.stream("SendStreamingMessage", message=c.message("message-response")).all()
    must(len(events) == 1 and "message" in events[0], events)


def stream_sub_follow(c):
    task = c.task("input-required")
    a = c.stream("SubscribeToTask", id=task["id"])
    b = c.stream("SubscribeToTask", id=task["id"])
    gone = c.stream("SubscribeToTask", id=task["id"])
    for events in (a, b, gone):
        must(events.first()["task"]["id"] == task["id"], "STREAM-SUB-001")
        must(state(events.first()["task"]) == "INPUT_REQUIRED", events.first())
    gone.stream.close()
    must(state(c.task("complete-task", taskId=task["id"])) == "COMPLETED", "STREAM-ORDER-004")
    must(a.all() == b.all(), "STREAM-ORDER-003: %r %r" % (a.list, b.list))
    must(a.states()[-1] == "COMPLETED", "STREAM-SUB-002")


def stream_sub_refusals(c):
    c.refused("UNSUPPORTED_OPERATION", "SubscribeToTask", id=c.task("complete-task")["id"])
    c.refused("TASK_NOT_FOUND", "SubscribeToTask", id="unheard-of")
    done = c.task("complete-task")["id"]
    c.refused("UNSUPPORTED_OPERATION", "SendStreamingMessage", message=c.message("x", taskId=done))


def stream_goes_on_where_it_was(c):
    """Ours: an event has a number, and Last-Event-ID gives those after it."""
    events = c.stream("SendStreamingMessage", message=dict(c.message("x"), messageId="chunks-4-%s" % uuid.uuid4()))
    task_id = events.first()["task"]["id"]
    events.all()
    numbers = [int(n) for n in events.stream.ids]
    must(len(numbers) == len(events.list) and numbers == sorted(set(numbers)), numbers)
    rest = c.stream("SubscribeToTask", headers={"Last-Event-ID": str(numbers[2])}, id=task_id)
    must(rest.all() == events.list[3:], "%r after %d" % (rest.list, numbers[2]))


def push_configurations(c):
    task = c.task("complete-task")["id"]
    wanted = {"id": "mine", "url": "https://example.com/hook",
              "authentication": {"scheme": "Bearer", "credentials": "secret"}}
    made = c.ok("CreateTaskPushNotificationConfig", taskId=task, **wanted)
    must(made["id"] == "mine" and made["url"] == wanted["url"] and made["taskId"] == task, made)
    must(c.ok("GetTaskPushNotificationConfig", taskId=task, id="mine")["url"] == wanted["url"], "PUSH-CREATE-002")
    other = c.ok("CreateTaskPushNotificationConfig", taskId=task, url="https://example.com/other")
    must(other["id"] and other["id"] != "mine", "it is given an id")
    listed = c.ok("ListTaskPushNotificationConfigs", taskId=task)["configs"]
    must({x["id"] for x in listed} == {"mine", other["id"]}, "PUSH-LIST-001")
    for _ in range(2):
        c.ok("DeleteTaskPushNotificationConfig", taskId=task, id="mine")
    c.refused("TASK_NOT_FOUND", "GetTaskPushNotificationConfig", taskId=task, id="mine")
    c.refused("TASK_NOT_FOUND", "GetTaskPushNotificationConfig", taskId="unheard-of", id="mine")
    c.refused("TASK_NOT_FOUND", "CreateTaskPushNotificationConfig", taskId="unheard-of", **wanted)
    c.refused("TASK_NOT_FOUND", "ListTaskPushNotificationConfigs", taskId="unheard-of")
    c.refused("TASK_NOT_FOUND", "DeleteTaskPushNotificationConfig", taskId="unheard-of", id="mine")
    for url in ("", "ftp://example.com/", "http://10.0.0.1/", "http://[::1"):
        c.refused(None, "CreateTaskPushNotificationConfig", taskId=task, url=url)


def push_deliveries(c):
    hook = Receiver()
    config = {"url": hook.url, "token": "token-1", "authentication": {"scheme": "Bearer", "credentials": "secret"}}
    try:
        task = c.task("input-required", configuration={"taskPushNotificationConfig": config})["id"]
        c.task("complete-task", taskId=task)

        def done():
            statuses = [e.get("statusUpdate") or e.get("task") for _, e in hook.requests]
            return any(s and state(s) == "COMPLETED" for s in statuses)

        wait_for(done, 15)
    finally:
        hook.close()
    for headers, event in hook.requests:
        must(headers["authorization"] == "Bearer secret", headers)
        must(headers["x-a2a-notification-token"] == "token-1", headers)
        must("application/a2a+json" in headers["content-type"], headers)
        shaped("StreamResponse", event)


def core_err_002_input(c):
    c.refused(None, "SendMessage")
    for broken in ({"parts": []}, {"messageId": ""}, {"role": "ROLE_AGENT"}, {"role": "NOBODY"}, {"parts": [{}]},
                   {"parts": [{"text": "a", "url": "b"}]}, {"parts": "text"}, {"messageId": 7}):
        c.refused(None, "SendMessage", message=c.message("x", **broken))
    r = c.refused(None, "SendMessage", message=c.message("x", parts=[{"text": "fine"}, {"raw": "?"}]))
    paths = [v["field"] for d in r.details for v in d.get("fieldViolations", [])]
    must("message.parts[1].raw" in paths, r.details)


def dm_serial_005_unknown_members(c):
    message = c.message("complete-task", unheardOf={"of": 1})
    must(state(c.ok("SendMessage", message=message, alsoUnheardOf=1)["task"]) == "COMPLETED", "ignored")


def ver_server_versions(c):
    message = c.message("complete-task")
    c.refused("VERSION_NOT_SUPPORTED", "SendMessage", {"A2A-Version": "99.0"}, message=message)
    c.refused("VERSION_NOT_SUPPORTED", "SendMessage", {"A2A-Version": "nonsense"}, message=message)
    for fine in ("1.0", "1.0.1", None):
        must(state(c.ok("SendMessage", {"A2A-Version": fine}, message=message)["task"]) == "COMPLETED", fine)


def extensions_unknown_ones(c):
    c.send("complete-task", headers={"A2A-Extensions": "https://example.com/a/v1,https://example.com/b/v2"})


def tenants(c):
    must(state(c.task("complete-task")) == "COMPLETED", "none")
    must("task" in c.ok("SendMessage", message=c.message("complete-task"), tenant="one"), "named in the request")


def same_message_id_again(c):
    message = c.message("complete-task")
    first, second = (c.ok("SendMessage", message=message)["task"]["id"] for _ in range(2))
    must(first != second, "the kit uses one id for many messages")


def same_message_id_same_task(c):
    message = c.message("artifact-text")
    first, second = (c.ok("SendMessage", message=message)["task"] for _ in range(2))
    must(first["id"] == second["id"] and first["artifacts"] == second["artifacts"], second)
    events = c.stream("SendStreamingMessage", message=message).all()
    must(len(events) == 1 and events[0]["task"]["id"] == first["id"], events)
    other = c.call("SendMessage", message=dict(message, parts=[{"text": "something else"}]))
    must(isinstance(other, Refusal) and other.reason == "ALREADY_EXISTS", other)


# ---- one binding alone -------------------------------------------------------------------------------


def json_rpc_envelopes(c):
    def post(body, headers=None, path=c.binding.path):
        return c.agent.http("POST", path, body, headers)

    def code(reply):
        must(reply.status == 200 and reply.body["jsonrpc"] == "2.0", reply)
        return reply.body["error"]["code"]

    good = c.binding.payload("GetTask", {"id": "unheard-of"}, 1)
    for request_id in (1, "one", 2147483648, None):
        reply = post(dict(good, id=request_id))
        must(reply.body["id"] == request_id and type(reply.body["id"]) is type(request_id), reply)
    kind = {"Content-Type": "application/json"}
    must(code(post(b"{nope", kind)) == -32700, "no JSON")
    must(code(post(b"[]", kind)) == -32600, "a batch")
    must(code(post(dict(good, jsonrpc="1.0"))) == -32600, "another version")
    must(code(post(dict(good, method="Unheard"))) == -32601, "an unknown method")
    must(code(post(dict(good, params=[1]))) == -32602, "params that are no object")
    must(code(post(b"hello", {"Content-Type": "text/plain"})) == -32005, "a wrong type")
    snake = c.ok("ListTasks", context_id="unheard-of", page_size=7, include_artifacts=True)
    must(snake["pageSize"] == 7, "JSONRPC: names as in the .proto")
    other = c.binding.path[:-1] if c.binding.path.endswith("/") else c.binding.path + "/"
    must(code(post(good, path=other or "/")) == -32001, "with and without a slash at the end")


def http_json_requests(c):
    def http(method, path, body=None, **headers):
        return c.agent.http(method, c.binding.path + path, body, {k.replace("_", "-"): v for k, v in headers.items()})

    body = {"message": c.message("complete-task")}
    must(http("POST", "/message:send", json.dumps(body), Content_Type="application/a2a+json").status == 200, "a2a+json")
    r = http("POST", "/message:send", body, Accept="application/a2a+json")
    must(r.headers["content-type"].startswith("application/a2a+json"), r)
    r = http("POST", "/message:send", body, Accept="application/a2a+json, application/json")
    must(r.status == 200 and re.match(r"application/(a2a\+)?json", r.headers["content-type"]), r)
    r = http("POST", "/message:send", json.dumps(body), Content_Type="text/plain")
    must(r.status in (200, 400, 415), r)
    if r.status != 200:
        must(r.body["error"]["details"][0]["reason"] == "CONTENT_TYPE_NOT_SUPPORTED", r)
    must(http("POST", "/message:send", b"{nope", Content_Type="application/json").status == 400, "no JSON")
    must(http("GET", "/unheard-of").status == 404, "an unknown path")
    must(http("PUT", "/tasks").status == 405, "an unknown verb")
    must(http("GET", "/tasks?pageSize=x").status == 400, "a number that is none")
    must(http("GET", "/tasks?page_size=3&unheardOf=1").body["pageSize"] == 3, "names as in the .proto")
    task = c.task("input-required")["id"]
    must(http("POST", "/tasks/%s:cancel" % task).status == 200, "cancel without a body")
    task = c.task("input-required")["id"]
    s = c.agent.stream("GET", c.binding.path + "/tasks/%s:subscribe" % task)
    must(isinstance(s, Stream) and "task" in next(iter(s)), "subscribe by GET")
    s.close()
    must(http("POST", "/one/message:send", body).status == 200, "a tenant in the path")


# ---- cards ---------------------------------------------------------------------------------------------


def the_card(c):
    r = c.agent.http("GET", "/.well-known/agent-card.json", headers={"A2A-Version": None})
    shaped("AgentCard", r.body)
    must("max-age" in r.headers["cache-control"], "CARD-CACHE-001")
    must(r.headers["etag"] and r.headers["last-modified"], "CARD-CACHE-002, 003")
    must("application/json" in r.headers["content-type"], r)
    again = c.agent.http("GET", "/.well-known/agent-card.json", headers={"If-None-Match": r.headers["etag"]})
    must(again.status == 304 and not again.text, again)
    own = c.agent.http("GET", "/a2a/conformance/.well-known/agent-card.json").body
    must(own["name"] == r.body["name"] == "ConformanceAgent", own)
    firsts = {}
    for i in r.body["supportedInterfaces"]:
        firsts.setdefault(i["protocolBinding"], i["protocolVersion"])
    must(firsts["JSONRPC"] == firsts["HTTP+JSON"] == "1.0", "1.0 comes first: %r" % firsts)


def the_extended_card(c):
    card = c.ok("GetExtendedAgentCard")
    must(card["name"] == "ConformanceAgent" and card["supportedInterfaces"], card)


# ---- the other profiles ----------------------------------------------------------------------------------


def core_cap_001_no_push(c):
    must(not c.card["capabilities"].get("pushNotifications"), c.card)
    task = c.task("complete-task")["id"]
    config = {"taskId": task, "url": "https://example.com/"}
    for method, more in (("CreateTaskPushNotificationConfig", config), ("ListTaskPushNotificationConfigs", {"taskId": task}),
                         ("GetTaskPushNotificationConfig", {"taskId": task, "id": "x"}),
                         ("DeleteTaskPushNotificationConfig", {"taskId": task, "id": "x"})):
        c.refused("PUSH_NOTIFICATION_NOT_SUPPORTED", method, **more)
    c.refused("PUSH_NOTIFICATION_NOT_SUPPORTED", "SendMessage", message=c.message("complete-task"),
              configuration={"taskPushNotificationConfig": {"url": "https://example.com/"}})


def core_cap_002_no_streams(c):
    must(not c.card["capabilities"].get("streaming"), c.card)
    c.refused("UNSUPPORTED_OPERATION", "SendStreamingMessage", message=c.message("stream-001"))
    c.refused("UNSUPPORTED_OPERATION", "SubscribeToTask", id=c.task("input-required")["id"])


def core_cap_003_no_extended_card(c):
    must(not c.card["capabilities"].get("extendedAgentCard"), c.card)
    c.refused("UNSUPPORTED_OPERATION", "GetExtendedAgentCard")


def core_cap_004_required_extension(c):
    declared = [e for e in c.card["capabilities"]["extensions"] if e["uri"] == REQUIRED_EXTENSION]
    must(declared and declared[0]["required"], c.card)
    message = c.message("complete-task")
    for headers in (None, {"A2A-Extensions": "https://example.com/another"}):
        c.refused("EXTENSION_SUPPORT_REQUIRED", "SendMessage", headers, message=message)
        c.refused("EXTENSION_SUPPORT_REQUIRED", "SendStreamingMessage", headers, message=message)
    named = {"A2A-Extensions": "https://example.com/another, " + REQUIRED_EXTENSION}
    must(state(c.ok("SendMessage", named, message=message)["task"]) == "COMPLETED", "named")
    must(c.stream("SendStreamingMessage", named, message=message).states()[-1] == "COMPLETED", "named, as a stream")
    method, path, body = Rest(c.agent, c.agent.url).request("SendMessage", {"message": message})
    reply = c.agent.http(method, path, body, named)
    must(reply.headers.get("a2a-extensions") == REQUIRED_EXTENSION, "the one that is used is named: %r" % reply)


BOTH = [
    core_send_001_a_task, core_send_any_id, core_send_002_terminal_tasks_take_nothing, core_send_003_any_media_type,
    dm_msg_001_a_message, dm_art_001_artifacts, core_multi_contexts, core_exec_blocking_and_not,
    core_get_001_and_002, core_cancel_001_and_002, core_hist_lengths, core_hist_005_and_006_order, core_list,
    stream_send, core_stream_002_message_only, stream_sub_follow, stream_sub_refusals, stream_goes_on_where_it_was,
    push_configurations, push_deliveries, core_err_002_input, dm_serial_005_unknown_members, ver_server_versions,
    extensions_unknown_ones, tenants, same_message_id_again, the_extended_card,
]
PROFILES = {
    "full": (BOTH, [json_rpc_envelopes], [http_json_requests, the_card]),
    "durable": ([core_send_001_a_task, same_message_id_same_task], [], []),
    "minimal": ([core_send_001_a_task, core_cap_001_no_push, core_cap_002_no_streams, core_cap_003_no_extended_card,
                 core_cancel_001_and_002], [], [the_card]),
    "required-extension": ([core_cap_004_required_extension], [], [the_card]),
}


class Tests:
    def __init__(self, chosen):
        self.chosen, self.passed, self.failed = chosen, 0, 0

    def run(self, title, fn, *args):
        if self.chosen and fn.__name__ not in self.chosen:
            return
        try:
            fn(*args)
        except (Wrong, AssertionError, KeyError, ValueError, IndexError, TypeError, OSError) as e:
            self.failed += 1
            print("not ok - %s: %s" % (title, fn.__name__))
            print("# %s: %s" % (type(e).__name__, str(e)[:1500].replace("\n", "\n# ")))
        else:
            self.passed += 1
            print("ok - %s: %s" % (title, fn.__name__))
        sys.stdout.flush()

    def profile(self, agent, both, rpc, rest):
        card = agent.http("GET", "/.well-known/agent-card.json").body
        for binding, cls, alone in (("JSONRPC", JsonRpc, rpc), ("HTTP+JSON", Rest, rest)):
            c = Client(agent, card, binding, cls)
            for fn in both + alone:
                self.run("%s, %s" % (agent.profile, cls.name), fn, c)


# ---- the command -------------------------------------------------------------------------------------------


def jarvis(*args, **env):
    return subprocess.run([BINARY, *args], env=dict(os.environ, **env), text=True, capture_output=True, timeout=60)


def refuses_wrong_arguments():
    for args, said in ((["--profile", "none"], " ".join(PROFILES)), (["--what"], "usage"),
                       (["--listen"], "usage"), (["--listen", "0.0.0.0:0"], "0.0.0.0:0"), (["--listen", "9999"], "9999")):
        r = jarvis("run", "conformance", *args)
        must(r.returncode == 2 and said in r.stderr and not r.stdout, (args, r))
    r = jarvis("up", JARVIS_CONFORMANCE="1")
    must(r.returncode == 78 and "JARVIS_CONFORMANCE" in r.stderr, r)
    r = jarvis("run", "conformance", JARVIS_CONFORMANCE="1", JARVIS_PROFILE="none")
    must(r.returncode == 78 and " ".join(PROFILES) in r.stderr, r)


def is_no_actor_of_the_system():
    for args in (["list"], ["nats-conf"]):
        must("conformance" not in jarvis(*args).stdout, args)
    must(jarvis("describe", "conformance").returncode != 0, "nor is it described")
    must("conformance" in jarvis("list", JARVIS_CONFORMANCE="1").stdout, "but of its own")


def leaves_nothing_when_it_is_ended_early():
    folder = tempfile.mkdtemp(prefix="jarvis-e2e.")
    os.chmod(folder, 0o755)
    p = subprocess.Popen([BINARY, "run", "conformance", "--listen", "127.0.0.1:0"],
                         env=dict(os.environ, TMPDIR=folder), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    wait_for(lambda: any("postgres" in names for _, names, _ in os.walk(folder)))
    p.terminate()
    said = p.communicate(timeout=60)[0]
    left = os.listdir(folder)
    shutil.rmtree(folder, ignore_errors=True)
    must(p.returncode != 0 and not left, (p.returncode, said, left))


def check_asks_for_a_path(agent):
    for args, code in ((["/.well-known/agent-card.json"], 0), ([], 0), (["--wait", "/health"], 0), (["/unheard-of"], 1),
                       (["unheard-of"], 2), (["/a", "/b"], 2)):
        must(jarvis("check", *args, JARVIS_URL=agent.url).returncode == code, args)


# ---- the kit itself ----------------------------------------------------------------------------------------


# What of it is run. It trips over an agent that refuses a stream over HTTP+JSON (it reads an answer that it
# has closed), and never names an extension that an agent requires, but to be refused.
KIT = {
    "full": [],
    "minimal": ["--deselect", "tests/compatibility/core_operations/test_transport_behavior.py"
                "::TestRestStreaming::test_streaming_content_type"],
    "required-extension": ["-k", "TestCapabilityExtensionRequired"],
}


def run_kit(agent, folder):
    """Its own tests, unmodified, on the bindings that there are. Their summary is printed."""
    command = os.environ.get("A2A_TCK_PYTEST", sys.executable + " -m pytest").split()
    r = subprocess.run(command + ["tests/compatibility", "-q", "--tb=short", "--sut-host=" + agent.url,
                                  "--transport=jsonrpc,http_json"] + KIT[agent.profile],
                       cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=900)
    print(re.sub("^", "# ", r.stdout, flags=re.M))
    must(r.returncode == 0, "the kit has failures")


def main():
    tests = Tests(sys.argv[1:])
    for fn in (refuses_wrong_arguments, is_no_actor_of_the_system, leaves_nothing_when_it_is_ended_early):
        tests.run("the command", fn)
    kit = os.environ.get("A2A_TCK_DIR")
    for profile, checks in PROFILES.items():
        with Conformant(profile) as agent:
            tests.profile(agent, *checks)
            if profile == "full":
                tests.run("the command", check_asks_for_a_path, agent)
            if kit and profile in KIT:
                tests.run(profile, run_kit, agent, os.path.join(TOP, kit))
    if not kit:
        print("ok - the kit # SKIP A2A_TCK_DIR does not say where it is")
    print("1..%d" % (tests.passed + tests.failed + (not kit)))
    print("# %d passed, %d failed" % (tests.passed, tests.failed))
    return 1 if tests.failed or not tests.passed else 0


if __name__ == "__main__":
    sys.exit(main())
