#!/usr/bin/env python3
"""a2a_hops.py -- one stream to the client over many hops of the bus: the agent goes silent, its
deadline comes, nobody serves for a while, the bus is gone, the gateway stops. A gateway in conformance
mode and a nats-server of our own; the test plays the agent, word by word.
"""
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

from stack import BINARY, free_port, wait_for
from wirenats import Nats, pb, read_pb

SUBMITTED, WORKING, COMPLETED, INPUT = 1, 2, 3, 6


def task(state, id="t-1"):
    return pb((1, pb((1, id), (2, "c-1"), (3, pb((1, state))))))


def status(state, n, id="t-1", more=""):
    message = pb((1, "m-%d" % n), (4, 2), (5, pb((1, "step %d%s" % (n, more)))))
    return pb((3, pb((1, id), (2, "c-1"), (3, pb((1, state), (2, message))))))


class Agent:
    """The agent `conformance`: what it answers is a list of scripts, one per call, each a function
    of (agent, method, headers, request, reply)."""

    def __init__(self, port):
        self.port, self.calls, self.scripts = port, [], []
        self.connect()

    def connect(self):
        self.nats = Nats(self.port)
        self.sid = self.nats.subscribe("jarvis.a2a.conformance.*", self.called)

    def called(self, subject, headers, data, reply):
        self.calls.append((subject.rsplit(".", 1)[1], headers, data))
        if self.scripts:
            threading.Thread(target=self.scripts.pop(0), args=(self, headers, data, reply), daemon=True).start()

    def event(self, reply, number, data):
        self.nats.publish(reply, data, Event_ID=number)

    def end(self, reply):
        self.nats.publish(reply)

    def error(self, reply, http, code, text, reason=""):
        details = [(3, pb((1, "type.googleapis.com/google.rpc.ErrorInfo"), (2, pb((1, reason), (2, "a2a-protocol.org")))))]
        self.nats.publish(reply, pb((1, code), (2, text), *(details if reason else [])),
                          Nats_Service_Error=text, Nats_Service_Error_Code=http)
        self.end(reply)


class Gateway:
    def __init__(self, folder, nats_port, **env):
        self.port = free_port()
        self.env = dict(os.environ, NATS_URL="nats://127.0.0.1:%d" % nats_port, JARVIS_VAR=folder,
                        JARVIS_LISTEN="127.0.0.1:%d" % self.port, JARVIS_CONFORMANCE="1", NATS_CREDS="")
        self.env.update(env)
        self.log = open(os.path.join(folder, "gateway-%d.log" % self.port), "w+")
        self.process = subprocess.Popen([BINARY, "run", "gateway"], env=self.env, stdout=self.log, stderr=self.log)
        wait_for(self.is_up, 30)

    def is_up(self):
        assert self.process.poll() is None, self.stop()
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        c.request("GET", "/health")
        return c.getresponse().status == 200

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(30)
        self.log.seek(0)
        return code, self.log.read()


class Stream:
    """An event stream, read event by event: (id, data), "comment", or None at its end."""

    def __init__(self, gateway, method, path, body=None, timeout=30, **headers):
        self.c = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=timeout)
        h = {"A2A-Version": "1.0", "Content-Type": "application/json"}
        h.update({k.replace("_", "-"): v for k, v in headers.items()})
        self.c.request(method, path, json.dumps(body) if body is not None else None, h)
        self.r = self.c.getresponse()

    def next(self):
        number, data = None, None
        assert self.r.status == 200, (self.r.status, self.r.read())
        while True:
            line = self.r.readline()
            if not line:
                return None
            line = line.decode().rstrip("\n")
            if line.startswith("id: "):
                number = int(line[4:])
            elif line.startswith("data: "):
                data = json.loads(line[6:])
            elif line.startswith(":"):
                return "comment"
            elif not line and data is not None:
                return number, data

    def rest(self):
        out = []
        while True:
            e = self.next()
            if e is None:
                return out
            out.append(e)

    def close(self):
        self.c.close()


class Hops:
    def __init__(self, folder):
        self.folder, self.passed, self.failed = folder, 0, 0
        self.nats_port, self.nats = free_port(), None
        self.start_nats()
        self.gateway = Gateway(folder, self.nats_port)
        self.agent = Agent(self.nats_port)

    def start_nats(self):
        self.nats = subprocess.Popen(["nats-server", "-a", "127.0.0.1", "-p", str(self.nats_port)],
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: Nats(self.nats_port).close() or True, 15)

    def stop_nats(self):
        self.nats.kill()
        self.nats.wait()

    def check(self, name, good, detail=""):
        print("%s - %s" % ("ok" if good else "not ok", name), flush=True)
        if not good:
            print("# " + str(detail)[:1500].replace("\n", "\n# "))
        self.passed += bool(good)
        self.failed += not good

    def script(self, *steps):
        self.agent.calls, self.agent.scripts = [], list(steps)

    def send(self, rpc=False, gateway=None):
        params = {"message": {"messageId": "1", "role": "ROLE_USER", "parts": [{"text": "go"}]}}
        if rpc:
            return Stream(gateway or self.gateway, "POST", "/", {"jsonrpc": "2.0", "id": 5, "params": params,
                                                                 "method": "SendStreamingMessage"})
        return Stream(gateway or self.gateway, "POST", "/message:stream", params)

    def numbers(self, events):
        return [e[0] for e in events if e != "comment"]

    def state(self, event):
        data = event[1].get("result", event[1])
        return (data.get("statusUpdate") or data.get("task"))["status"]["state"]


# ---- what an agent may do on one hop

def through(*numbers, first=True, last=True):
    """The task, its steps, its end."""
    def run(agent, headers, data, reply):
        if first:
            agent.event(reply, 1, task(SUBMITTED))
        for n in numbers:
            agent.event(reply, n, status(WORKING, n))
        if last:
            agent.event(reply, numbers[-1] + 1, status(COMPLETED, numbers[-1] + 1))
            agent.end(reply)
    return run


def cut(http, code, *numbers, first=True):
    def run(agent, headers, data, reply):
        through(*numbers, first=first, last=False)(agent, headers, data, reply)
        agent.error(reply, http, code, "enough")
    return run


def silent(*numbers, first=True):
    return through(*numbers, first=first, last=False)


def nothing_ends(*numbers, first=True):
    def run(agent, headers, data, reply):
        through(*numbers, first=first, last=False)(agent, headers, data, reply)
        agent.end(reply)
    return run


# ---- tests

def plain(h):
    for rpc in (False, True):
        h.script(through(2, 3))
        s = h.send(rpc)
        events = s.rest()
        h.check("a stream%s" % (" by JSON-RPC" if rpc else ""),
                s.r.status == 200 and s.r.getheader("content-type") == "text/event-stream" and
                h.numbers(events) == [1, 2, 3, 4] and h.state(events[-1]) == "TASK_STATE_COMPLETED" and
                all(("result" in e[1]) == rpc and (not rpc or e[1]["id"] == 5) for e in events), events)
        h.check("one hop", [c[0] for c in h.agent.calls] == ["SendStreamingMessage"], h.agent.calls)
    method, headers, data = h.agent.calls[0]
    left = int(headers["Jarvis-Deadline"]) - time.time() * 1000
    h.check("with version and deadline", headers["A2A-Version"] == "1.0" and 25000 < left < 70000, headers)


def message_only(h):
    h.script(lambda a, headers, data, reply: (a.nats.publish(reply, pb((2, pb((1, "m"), (4, 2), (5, pb((1, "hi"))))))),
                                              a.end(reply)))
    events = h.send().rest()
    h.check("a message is all", len(events) == 1 and events[0][1]["message"]["parts"] == [{"text": "hi"}], events)


def error_first(h):
    h.script(lambda a, headers, data, reply: a.error(reply, 400, 9, "no streams here", "UNSUPPORTED_OPERATION"))
    s = h.send()
    body = json.loads(s.r.read())
    h.check("an error before the first event is plain HTTP", s.r.status == 400 and
            body["error"]["details"][0]["reason"] == "UNSUPPORTED_OPERATION", (s.r.status, body))
    h.script(lambda a, headers, data, reply: a.error(reply, 400, 9, "no streams here", "UNSUPPORTED_OPERATION"))
    s = h.send(True)
    body = json.loads(s.r.read())
    h.check("and a plain JSON-RPC response", s.r.status == 200 and body["error"]["code"] == -32004 and body["id"] == 5, body)


def error_later(h):
    def fails(a, headers, data, reply):
        a.event(reply, 1, task(WORKING))
        a.error(reply, 500, 13, "internal error (trace x)")
    h.script(fails)
    events = h.send().rest()
    h.check("a later error is an event", len(events) == 2 and events[1][1]["error"]["status"] == "INTERNAL" and
            events[1][0] is None, events)
    h.script(fails)
    events = h.send(True).rest()
    h.check("by JSON-RPC too", len(events) == 2 and events[1][1]["error"]["code"] == -32603 and events[1][1]["id"] == 5, events)


def breaks(h):
    cases = [("the callee's deadline", cut(504, 4, 2)), ("the callee stops", cut(503, 14, 2)),
             ("an end that is none", nothing_ends(2))]
    for name, first in cases:
        h.script(first, cut(504, 4, 3, first=False), through(4, first=False))
        events = h.send().rest()
        h.check("%s: each event once, in order, no error" % name, h.numbers(events) == [1, 2, 3, 4, 5] and
                not any("error" in e[1] for e in events), events)
        again = [(c[0], c[1].get("Last-Event-ID"), read_pb(c[2]).get(2)) for c in h.agent.calls[1:]]
        h.check("%s: gone on with by number" % name, again == [("SubscribeToTask", "2", b"t-1"),
                                                               ("SubscribeToTask", "3", b"t-1")], again)


def repeated(h):
    h.script(cut(503, 14, 2, 3), through(2, 3, 4, first=True))
    events = h.send().rest()
    h.check("what came already is not told again", h.numbers(events) == [1, 2, 3, 4, 5], events)


def goes_silent(h):
    h.script(silent(2), through(3, first=False))
    events = h.send().rest()
    again = [(c[0], c[1].get("Last-Event-ID")) for c in h.agent.calls[1:]]
    h.check("an agent that fell silent is left for another", h.numbers(events) == [1, 2, 3, 4] and
            again == [("SubscribeToTask", "2")], (again, events))


def slow_reader(h):
    """More than the gateway keeps for a client that does not read: the rest is asked for again."""
    last, told = 4000, threading.Event()

    def speaks(a, headers, data, reply):
        seen = int(headers.get("Last-Event-ID", 0))
        if not seen:
            a.event(reply, 1, task(WORKING))
        for n in range(max(seen, 1) + 1, last):
            a.event(reply, n, status(WORKING, n, more="x" * 4096))
        a.event(reply, last, status(COMPLETED, last))
        a.end(reply)
        a.scripts.append(speaks)
        told.set()

    h.script(speaks)
    s = h.send()
    events = [s.next()]
    told.wait(30)
    events += s.rest()
    h.check("a slow reader gets all of %d events, each once" % last, h.numbers(events) == list(range(1, last + 1)) and
            len(h.agent.calls) > 1, (len(events), events[-1:], len(h.agent.calls)))


def nobody_there(h):
    def leave(a, headers, data, reply):
        through(2, last=False)(a, headers, data, reply)
        a.nats.unsubscribe(a.sid)
        a.error(reply, 503, 14, "stopping")
        threading.Timer(1.5, back, [a]).start()

    def back(a):
        a.sid = a.nats.subscribe("jarvis.a2a.conformance.*", a.called)

    h.script(leave, through(3, first=False))
    events = h.send().rest()
    h.check("nobody serves for a while", h.numbers(events) == [1, 2, 3, 4], events)


def bus_gone(h):
    told = threading.Event()
    h.script(lambda *a: (silent(2)(*a), told.set()))
    s = h.send()
    first = [s.next(), s.next()]
    told.wait(5)
    h.stop_nats()
    h.agent.nats.close()
    h.start_nats()
    h.agent.connect()
    h.script(through(3, first=False))
    events = first + s.rest()
    h.check("the bus went away and came back", h.numbers(events) == [1, 2, 3, 4], events)


def asked(h):
    """Who sent a message has its answer when it is asked in turn; who subscribed stays."""
    def asks(a, headers, data, reply):
        a.event(reply, 1, task(WORKING))
        a.error(reply, 503, 14, "stopping")

    def waits(a, headers, data, reply):
        a.event(reply, 2, status(INPUT, 2))
        a.nats.publish(reply, b"", Jarvis_Alive="1")

    h.script(asks, waits)
    events = h.send().rest()
    h.check("a stream of a message ends at a question, on any hop", h.numbers(events) == [1, 2], events)

    def stays(a, headers, data, reply):
        a.event(reply, 1, task(INPUT))
        a.error(reply, 504, 4, "enough")

    h.script(stays, through(2, first=False))
    events = Stream(h.gateway, "POST", "/tasks/t-1:subscribe").rest()
    h.check("a subscription does not", h.numbers(events) == [1, 2, 3], events)


def resumed(h):
    for method in ("GET", "POST"):
        h.script(through(8, first=False))
        events = Stream(h.gateway, method, "/tasks/t-1:subscribe", Last_Event_ID="7").rest()
        h.check("%s :subscribe after Last-Event-ID" % method, h.numbers(events) == [8, 9] and
                h.agent.calls[0][1].get("Last-Event-ID") == "7", (events, h.agent.calls))
    h.script(through(8, first=False))
    s = Stream(h.gateway, "POST", "/", {"jsonrpc": "2.0", "id": "x", "method": "SubscribeToTask", "params": {"id": "t-1"}},
               Last_Event_ID="7")
    events = s.rest()
    h.check("by JSON-RPC too", h.numbers(events) == [8, 9] and events[0][1]["id"] == "x", events)
    for bad in ("x", "-1", "1.5", "9" * 30):
        s = Stream(h.gateway, "GET", "/tasks/t-1:subscribe", Last_Event_ID=bad)
        body = json.loads(s.r.read())
        h.check("Last-Event-ID %.8s is refused" % bad, s.r.status == 400 and
                body["error"]["details"][1]["fieldViolations"][0]["field"] == "Last-Event-ID", body)

    begun = threading.Event()

    def late(a, headers, data, reply): # nothing new before the client has its headers
        for _ in range(20):
            a.nats.publish(reply, b"", Jarvis_Alive="1")
            if begun.wait(0.5):
                through(8, first=False)(a, headers, data, reply)
                return
        a.error(reply, 500, 13, "the headers did not come")

    h.script(late)
    s = Stream(h.gateway, "GET", "/tasks/t-1:subscribe", Last_Event_ID="7")
    begun.set()
    events = s.rest()
    h.check("headers do not wait for news", s.r.status == 200 and h.numbers(events) == [8, 9], events)


def resumed_at_the_end(h):
    """Nothing is left of a task whose last event was seen: a stream without events, at once."""
    ends = nothing_ends(first=False)
    for path, body in (("/tasks/t-1:subscribe", None),
                       ("/", {"jsonrpc": "2.0", "id": 1, "method": "SubscribeToTask", "params": {"id": "t-1"}})):
        h.script(ends, ends, ends)
        s = Stream(h.gateway, "POST", path, body, timeout=5, Last_Event_ID="9")
        events, more = s.rest(), s.r.getheader("Content-Type")
        h.check("%s after the last event" % path, events == [] and more == "text/event-stream" and len(h.agent.calls) == 1,
                (events, more, h.agent.calls))
    h.script(cut(503, 14, 2), ends, ends)
    events = h.send().rest()
    h.check("nor is anything left to wait for on the way", h.numbers(events) == [1, 2] and len(h.agent.calls) == 2,
            (events, h.agent.calls))


def heads(h):
    h.script()
    s = Stream(h.gateway, "HEAD", "/tasks/t-1:subscribe")
    h.check("HEAD of a stream has no body", s.r.status == 200 and s.r.read() == b"" and h.agent.calls == [], h.agent.calls)


def unknown(h):
    h.script(cut(503, 14, 2), lambda a, headers, data, reply: a.error(reply, 404, 5, "there is no task t-1", "TASK_NOT_FOUND"))
    events = h.send().rest()
    h.check("a task that is gone: told at once", h.numbers(events) == [1, 2, None] and
            events[-1][1]["error"]["details"][0]["reason"] == "TASK_NOT_FOUND", events)


def peer_goes(h):
    done = threading.Event()

    def lives(a, headers, data, reply):
        a.event(reply, 1, task(WORKING))
        while not done.is_set():
            a.nats.publish(reply, b"", Jarvis_Alive="1")
            done.wait(0.5)

    def open_streams():
        c = http.client.HTTPConnection("127.0.0.1", h.gateway.port, timeout=5)
        c.request("GET", "/metrics")
        return int(re.search(r"^jarvis_http_streams (\d+)", c.getresponse().read().decode(), re.M).group(1))

    h.script(lives)
    s = h.send()
    s.next()
    h.check("an open stream is counted", open_streams() == 1)
    s.close()
    s.r.close()
    wait_for(lambda: open_streams() == 0, 10)
    done.set()
    h.check("one whose peer has gone is let go", open_streams() == 0)


def stops(h):
    """Two gateways: the first stops in mid-stream; the client goes on at the other and misses nothing."""
    other = Gateway(h.folder, h.nats_port)
    h.script(silent(2))
    s = h.send(gateway=other)
    events = [s.next(), s.next()]
    assert None not in events, (events, h.agent.calls, other.stop())
    other.process.send_signal(signal.SIGTERM)
    rest = s.rest()
    h.check("a gateway that stops ends its streams without an error", rest == [], rest)
    code, log = other.stop()
    h.check("and exits well", code == 0 and "cut off" not in log, (code, log[-800:]))
    h.script(through(3, first=False))
    events += Stream(h.gateway, "GET", "/tasks/t-1:subscribe", Last_Event_ID=str(events[-1][0])).rest()
    h.check("nothing is missed at the other", h.numbers(events) == [1, 2, 3, 4], events)


def in_time(h):
    """A stream's own end, by JARVIS_STREAM_TIMEOUT."""
    done = threading.Event()

    def lives(a, headers, data, reply):
        a.event(reply, 1, task(WORKING))
        while not done.is_set():
            a.nats.publish(reply, b"", Jarvis_Alive="1")
            done.wait(0.5)

    other = Gateway(h.folder, h.nats_port, JARVIS_STREAM_TIMEOUT="2s")
    h.script(lives)
    events = h.send(gateway=other).rest()
    done.set() # its agent went on until here: the end was the gateway's
    h.check("a stream ends when its time is over", h.numbers(events) == [1] and len(h.agent.calls) == 1, events)
    h.check("that gateway stops", other.stop()[0] == 0)


def planned(h):
    """The gateway leaves a hop before the callee's deadline does; a first hop lasts as long as a chat."""
    def lives(a, headers, data, reply):
        a.event(reply, 1, task(WORKING))
        for _ in range(8):
            a.nats.publish(reply, b"", Jarvis_Alive="1")
            gone.wait(0.25)

    gone = threading.Event()
    other = Gateway(h.folder, h.nats_port, JARVIS_CHAT_TIMEOUT="1s")
    h.script(lives, lambda *a: (gone.set(), through(2, first=False)(*a)))
    events = h.send(gateway=other).rest()
    h.check("a hop that is over is followed by the next", h.numbers(events) == [1, 2, 3] and
            [c[0] for c in h.agent.calls] == ["SendStreamingMessage", "SubscribeToTask"], (events, h.agent.calls))
    h.check("that gateway stops", other.stop()[0] == 0)


def open_door(h):
    """Conformance mode: that one agent is open, at its path and at the root; nothing else is."""
    def ask(method, path, body=None, **headers):
        c = http.client.HTTPConnection("127.0.0.1", h.gateway.port, timeout=10)
        c.request(method, path, json.dumps(body) if body is not None else None,
                  {"Content-Type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}})
        r = c.getresponse()
        text = r.read().decode()
        return r.status, json.loads(text) if text.startswith("{") else text

    def answers(a, headers, data, reply):
        a.nats.publish(reply, pb((1, "t-1"), (2, "c"), (3, pb((1, COMPLETED)))))

    for path in ("/tasks/t-1", "/a2a/conformance/tasks/t-1"):
        h.script(answers)
        got = ask("GET", path)
        h.check("GET %s" % path, got[0] == 200 and got[1]["id"] == "t-1" and "Authorization" not in h.agent.calls[0][1], got)
    for path in ("/", "/a2a/conformance", "/a2a/conformance/"):
        h.script(answers)
        got = ask("POST", path, {"jsonrpc": "2.0", "id": 1, "method": "GetTask", "params": {"id": "t-1"}})
        h.check("POST %s is JSON-RPC" % path, got[0] == 200 and got[1]["result"]["id"] == "t-1", got)
    h.script(answers)
    got = ask("GET", "/a2a/conformance/some-tenant/tasks/t-1")
    h.check("a tenant in the path", got[0] == 200 and read_pb(h.agent.calls[0][2]).get(1) == b"some-tenant", (got, h.agent.calls))
    h.script()
    for path in ("/a2a/tickets/tasks/t-1", "/a2a/jarvis/tasks", "/api/sessions", "/a2a/conformance2/tasks"):
        h.check("GET %s is closed" % path, ask("GET", path)[0] == 401)
    h.check("POST /a2a/tickets is closed", ask("POST", "/a2a/tickets", {"jsonrpc": "2.0", "id": 1, "method": "GetTask"})[0] == 401)
    h.check("nothing of that reached the bus", h.agent.calls == [], h.agent.calls)
    h.check("GET / is the page", ask("GET", "/")[1].lstrip().startswith("<"))
    got = ask("POST", "/message:send", "text", Content_Type="text/plain")
    h.check("JSON of any type is read in this mode", got[0] == 400 and "INVALID" in str(got), got)


def cards(h):
    """With registry and auth played here, too: signed when auth is there, kept when they are away."""
    card = pb((1, "ConformanceAgent"), (2, "For tests."), (5, "1.0.0"), (7, pb((1, 1))), (10, "text/plain"),
              (11, "text/plain"), (12, pb((1, "s"), (2, "s"), (3, "s"), (4, "s"))))
    nats, asked, state = h.agent.nats, threading.Semaphore(0), {"up": True}

    def registry(subject, headers, data, reply):
        if state["up"]:
            nats.publish(reply, pb((1, card)))
        else:
            h.agent.error(reply, 503, 14, "away")
        asked.release()

    def sign(subject, headers, data, reply):
        nats.publish(reply, data + pb((13, pb((1, "p"), (2, "s")))))

    def get(**headers):
        c = http.client.HTTPConnection("127.0.0.1", h.gateway.port, timeout=10)
        c.request("GET", "/.well-known/agent-card.json", None, headers)
        r = c.getresponse()
        return r.status, r.headers, json.loads(r.read() or "{}")

    sid = nats.subscribe("jarvis.svc.registry.Card", registry)
    wait_for(lambda: get()[0] == 200, 10)
    status, headers, got = get()
    url = "http://127.0.0.1:%d/a2a/conformance" % h.gateway.port
    h.check("the card at the root is the conformance agent's", status == 200 and got["name"] == "ConformanceAgent" and
            got["supportedInterfaces"][0]["url"] == url and "securitySchemes" not in got, got)
    h.check("whoever does not say gets what 1.0 knows alone", "url" not in got and "protocolVersion" not in got, got)
    h.check("0.3 is there for who asks", get(**{"A2A-Version": "0.3"})[2].get("url") == url)
    h.check("without auth it is unsigned, and not for long", "signatures" not in got and "max-age=5" in headers["cache-control"],
            headers)
    unsigned = headers["etag"]
    nats.subscribe("jarvis.svc.auth.SignCard", sign)
    wait_for(lambda: "signatures" in get()[2], 10)
    status, headers, got = get()
    h.check("it is signed when auth is back", got["signatures"] == [{"protected": "p", "signature": "s"}] and
            "max-age=300" in headers["cache-control"], (headers, got))
    h.check("whoever has it unsigned gets it", get(**{"If-None-Match": unsigned})[0] == 200, (unsigned, headers["etag"]))
    h.check("whoever has it signed does not", get(**{"If-None-Match": headers["etag"]})[0] == 304)
    state["up"] = False
    while asked.acquire(blocking=False):
        pass
    wait_for(lambda: get()[0] != 200 or asked.acquire(blocking=False), 15)
    h.check("it is kept while the registry is away", get()[2] == got)
    nats.unsubscribe(sid)


def refused(h):
    """JARVIS_CONFORMANCE is for loopback."""
    for listen in ("0.0.0.0:%d" % free_port(), "%d" % free_port(), ":%d" % free_port(), "10.0.0.1:%d" % free_port()):
        r = subprocess.run([BINARY, "run", "gateway"], env=dict(h.gateway.env, JARVIS_LISTEN=listen), capture_output=True,
                           text=True, timeout=60)
        h.check("JARVIS_CONFORMANCE on %s" % listen.rsplit(":", 1)[0], r.returncode == 78 and "JARVIS_CONFORMANCE" in r.stderr,
                (r.returncode, r.stderr))
    for url in ("jarvis.example", "https://jarvis.example/", "https://", "ftp://x", "https://a b", "https://x?y"):
        r = subprocess.run([BINARY, "run", "gateway"], env=dict(h.gateway.env, JARVIS_PUBLIC_URL=url), capture_output=True,
                           text=True, timeout=60)
        h.check("JARVIS_PUBLIC_URL %s is refused" % url, r.returncode == 78 and "JARVIS_PUBLIC_URL" in r.stderr,
                (r.returncode, r.stderr))


def main():
    tests = [plain, message_only, error_first, error_later, breaks, repeated, goes_silent, slow_reader, nobody_there, bus_gone, asked,
             resumed, resumed_at_the_end, heads, unknown, peer_goes, stops, in_time, planned, open_door, cards, refused]
    folder = tempfile.mkdtemp(prefix="jarvis-hops.")
    h = Hops(folder)
    try:
        for t in tests:
            if len(sys.argv) < 2 or t.__name__ in sys.argv[1:]:
                t(h)
        code, log = h.gateway.stop()
        h.check("the gateway stops well", code == 0 and "ERROR: " not in log and "runtime error" not in log,
                (code, log[-3000:]))
    finally:
        if h.gateway.process.poll() is None:
            h.gateway.process.kill()
            h.gateway.process.wait()
        h.stop_nats()
        shutil.rmtree(folder, ignore_errors=True)
    print("1..%d\n# passed %d, failed %d" % (h.passed + h.failed, h.passed, h.failed))
    return 1 if h.failed else 0


if __name__ == "__main__":
    sys.exit(main())
