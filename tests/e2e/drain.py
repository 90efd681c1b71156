#!/usr/bin/env python3
"""drain.py -- two gateways of one system behind nginx, each stopped and started again under load: no request
fails, and no client asks twice. What one gateway does on its way out, seen from near.

The load keeps connections and does not, is quick and pauses so long that nginx's idle ones have every age.
"""
import http.client
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

from bus import Tally
from stack import BINARY, Stack, free_port, wait_for

DRAIN_S, KEPT_S, ROUNDS = 6, 5, 2
CALL = json.dumps({"message": {"messageId": "drain", "role": "ROLE_USER", "parts": [{
    "data": {"tool": "get_ticket", "arguments": {"ticket_id": 12301}},
    "mediaType": "application/vnd.jarvis.tool-call+json"}]}})
CONF = """worker_processes 2; daemon off; pid %(d)s/pid; error_log %(d)s/error.log info;
events { worker_connections 1024; }
http {
  access_log off; client_body_temp_path %(d)s/b; proxy_temp_path %(d)s/p; fastcgi_temp_path %(d)s/f;
  uwsgi_temp_path %(d)s/u; scgi_temp_path %(d)s/s; keepalive_requests 1000000; keepalive_timeout 600s;
  upstream kept { server 127.0.0.1:%(a)d max_fails=1 fail_timeout=2s; server 127.0.0.1:%(b)d max_fails=1 fail_timeout=2s;
    keepalive 64; keepalive_timeout 5s; }
  upstream fresh { server 127.0.0.1:%(a)d max_fails=1 fail_timeout=2s; server 127.0.0.1:%(b)d max_fails=1 fail_timeout=2s; }
  proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;
  proxy_set_header X-Forwarded-For $remote_addr; proxy_buffering off; proxy_connect_timeout 2s;
  proxy_next_upstream error timeout http_502; # 502 is a gateway's that is stopping, and says nothing else
  server { listen 127.0.0.1:%(kept)d; location / { proxy_pass http://kept; } }
  server { listen 127.0.0.1:%(fresh)d; location / { proxy_pass http://fresh; } }
}
"""


class Gateway:
    """A slot: a gateway on a port of its own, stopped and started."""

    def __init__(self, stack, name):
        env = stack.run_env()
        self.name, self.port, self.path = name, free_port(), os.path.join(stack.folder, name + ".log")
        self.env = dict(stack.env, NATS_URL=env["NATS_URL"], JARVIS_LISTEN="127.0.0.1:%d" % self.port,
                        NATS_CREDS=os.path.join(os.path.dirname(env["NATS_CREDS"]), "gateway.creds"),
                        JARVIS_TRUSTED_PROXIES="127.0.0.1")
        self.process, self.seen = None, 0

    def start(self, drain_s=DRAIN_S):
        self.kill() # of a part of the test that broke off
        self.seen = os.path.getsize(self.path) if os.path.exists(self.path) else 0
        with open(self.path, "a") as log:
            self.process = subprocess.Popen([BINARY, "run", "gateway"],
                                            env=dict(self.env, JARVIS_DRAIN="%ds" % drain_s), stdout=log, stderr=log)
        wait_for(lambda: self.get("/health") == 200)
        return self

    def get(self, path):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            c.request("GET", path)
            return c.getresponse().status
        finally:
            c.close()

    def log(self):
        """Since it was started."""
        with open(self.path, errors="replace") as f:
            f.seek(self.seen)
            return f.read()

    def serves(self):
        return "method=POST" in self.log()

    def tell_to_stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self

    def ended(self, seconds=60):
        code = self.process.wait(seconds)
        self.process = None
        return code

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()


class Nginx:
    def __init__(self, folder, a, b):
        self.folder = os.path.join(folder, "nginx")
        os.mkdir(self.folder)
        self.ports = {"kept": free_port(), "fresh": free_port()}
        with open(os.path.join(self.folder, "conf"), "w") as f:
            f.write(CONF % dict(self.ports, d=self.folder, a=a.port, b=b.port))
        self.process = subprocess.Popen([PROGRAM, "-p", self.folder, "-e", self.folder + "/error.log",
                                         "-c", self.folder + "/conf"])
        for port in self.ports.values():
            wait_for(lambda p=port: self.connect(p).connect() or True)

    @staticmethod
    def connect(port):
        return http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def complaints(self):
        with open(self.folder + "/error.log", errors="replace") as f:
            return [line for line in f if "[error]" in line or "[crit]" in line]

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


class Load:
    """People who ask for as long as it takes. One failure of one of them is a failure."""

    def __init__(self, nginx, token):
        self.nginx, self.headers = nginx, {"Authorization": "Bearer " + token, "Content-Type": "application/json"}
        self.over, self.lock = threading.Event(), threading.Lock()
        self.began, self.answered, self.failed, self.slowest = time.monotonic(), 0, [], 0.0
        people = [("kept", 0.005)] * 6 + [("kept", None)] * 12 + [("fresh", 0.005)] * 4
        self.threads = [threading.Thread(target=self.ask_on, args=p, daemon=True) for p in people]

    def ask(self, c, method):
        began = time.monotonic()
        try:
            c.request(*(("GET", "/auth/me", None) if method == "GET" else ("POST", "/a2a/tickets/message:send", CALL)),
                      self.headers)
            r = c.getresponse()
            body = r.read()
            bad = None if r.status == 200 else (method, r.status, body[:200])
        except (OSError, http.client.HTTPException) as e:
            bad = (method, repr(e))
            c.close()
        with self.lock:
            self.answered += bad is None
            self.slowest = max(self.slowest, time.monotonic() - began)
            if bad:
                bad = ("%.2f" % (time.monotonic() - self.began), "%.2f" % (time.monotonic() - began)) + bad
                self.failed.append(bad)

    def ask_on(self, kind, pause):
        c, turn = self.nginx.connect(self.nginx.ports[kind]), 0
        while not self.over.wait(random.uniform(0, KEPT_S + 1) if pause is None else pause):
            self.ask(c, "GET" if turn % 2 else "POST")
            turn += 1
        c.close()

    def __enter__(self):
        for t in self.threads:
            t.start()
        return self

    def __exit__(self, *exc):
        self.over.set()
        for t in self.threads:
            t.join()


class Drain(Tally):
    def __init__(self, stack):
        super().__init__()
        self.s, self.token = stack, stack.login("vishal")
        self.a, self.b = Gateway(stack, "a").start(), Gateway(stack, "b").start()
        self.nginx = Nginx(stack.folder, self.a, self.b)

    def close(self):
        self.nginx.stop()
        for g in (self.a, self.b):
            g.kill()

    def auth(self, **more):
        return dict({"Authorization": "Bearer " + self.token, "Content-Type": "application/json"}, **more)

    # ---- under load -----------------------------------------------------------------------------

    def nobody_notices(self):
        with Load(self.nginx, self.token) as load:
            for i in range(ROUNDS):
                for g in (self.a, self.b):
                    wait_for(g.serves)
                    before = load.answered
                    code = g.tell_to_stop().ended()
                    done = load.answered - before
                    self.check("round %d: gateway %s is gone, and others were answered" % (i + 1, g.name),
                               code == 0 and done > 50, (code, done))
                    g.start()
            wait_for(self.b.serves)
        self.check("no request failed", not load.failed and load.answered > 500, (len(load.failed), load.failed[:5],
                   self.nginx.complaints()[-5:]))
        print("# %d requests, the slowest %.2f s" % (load.answered, load.slowest))
        refused = [line for line in self.nginx.complaints() if "Connection refused" not in line]
        self.check("nginx saw no connection break", not refused, refused[:5])

    # ---- from near ------------------------------------------------------------------------------

    def the_way_out(self):
        """One gateway without nginx: what is open stays, each answer is the last, then nobody is there."""
        g = self.a.start()
        idle, busy = self.nginx.connect(g.port), self.nginx.connect(g.port)
        busy.request("GET", "/auth/me", None, self.auth())
        r = busy.getresponse()
        r.read()
        self.check("a connection is kept", r.getheader("Connection") == "keep-alive", r.getheaders())
        g.tell_to_stop()
        began = time.monotonic()
        wait_for(lambda: g.get("/ready") == 502)
        busy.request("POST", "/a2a/tickets/message:send", CALL, self.auth())
        r = busy.getresponse()
        self.check("one that was open is answered, for the last time",
                   r.status == 200 and r.read() and r.getheader("Connection") == "close", (r.status, r.getheaders()))
        self.check("at first a new one is answered, too", g.get("/health") == 200)
        wait_for(lambda: g.get("/health") == 502)
        idle.connect()
        c = self.nginx.connect(g.port)
        c.request("GET", "/auth/me", None, self.auth())
        r = c.getresponse()
        body = json.loads(r.read())
        self.check("then others are to be asked", r.status == 502 and r.getheader("Connection") == "close" and
                   r.getheader("Retry-After") and "stopping" in body["detail"], (r.status, r.getheaders(), body))
        c = self.nginx.connect(g.port)
        c.request("POST", "/a2a/tickets/message:send", CALL, self.auth())
        r = c.getresponse()
        self.check("what is asked once is answered", r.status == 200 and r.read() and
                   r.getheader("Connection") == "close", r.getheaders())
        wait_for(lambda: self.is_refused(g.port))
        self.check("it was there for that long", time.monotonic() - began >= DRAIN_S, time.monotonic() - began)
        idle.request("POST", "/a2a/tickets/message:send", CALL, self.auth())
        r = idle.getresponse()
        self.check("one that idled is answered even then", r.status == 200 and r.read() and
                   r.getheader("Connection") == "close", (r.status, r.getheaders()))
        self.check("it ends by itself", g.ended() == 0)

    @staticmethod
    def is_refused(port):
        try:
            http.client.HTTPConnection("127.0.0.1", port, timeout=5).connect()
            return False
        except ConnectionRefusedError:
            return True

    def a_second_signal(self):
        self.a.start(drain_s=60).tell_to_stop()
        wait_for(lambda: self.a.get("/ready") == 502)
        self.check("a second signal makes short work of it", self.a.tell_to_stop().ended(30) == 0)

    # ---- streams --------------------------------------------------------------------------------

    def stream(self, c, method, path, body=None, **headers):
        c.request(method, path, body, self.auth(Accept="text/event-stream", **headers))
        r = c.getresponse()
        assert r.status == 200, (r.status, r.read())
        return r

    def events(self, r):
        """[(id, name, data)] to the end of the stream."""
        found = []
        for block in r.read().decode().split("\n\n"):
            lines = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)
            if "data" in lines:
                found.append((lines.get("id"), lines.get("event"), json.loads(lines["data"])))
        return found

    def streams_go_on(self):
        """An answer that waits for an agent: its stream ends with the gateway and is taken up at the other one."""
        session, tickets = self.s.new_session("vishal"), self.s.pids()["tickets"]
        self.a.start(drain_s=1) # sooner than the agent is given up
        c = self.nginx.connect(self.a.port) # this one, so that it is known who is stopped
        n = self.nginx.connect(self.a.port)
        notices = self.stream(n, "GET", "/api/notifications/stream")
        os.kill(tickets, signal.SIGSTOP)
        try:
            r = self.stream(c, "POST", "/api/chat", json.dumps({"message": "show my tickets", "session_id": session}))
            self.a.tell_to_stop()
            notices.read()
            self.check("a stream that is followed ends at once, and whole",
                       self.a.process.poll() is None and not self.is_refused(self.a.port))
            events = self.events(r)
        finally:
            os.kill(tickets, signal.SIGCONT)
        plan = next(e for e in events if e[1] == "plan")
        self.check("an answer's stream ends so that it can be resumed", events[-1][1] == "error" and
                   events[-1][2]["status"] == 503 and "resume" in events[-1][2]["detail"], events)
        last = [e[0] for e in events if e[0]][-1]
        again = self.stream(self.nginx.connect(self.nginx.ports["kept"]), "GET",
                            "/api/chat/%s/events" % plan[2]["message_id"], **{"Last-Event-ID": last})
        rest = self.events(again)
        self.check("and goes on through nginx", rest[-1][1] == "done" and "12301" in rest[-1][2]["response"] and
                   all(int(e[0]) > int(last) for e in rest if e[0]), rest)
        self.check("the gateway ends well", self.a.ended() == 0)

    def short_answers_end(self):
        """A stream that an answer ends soon is not cut, though its gateway is stopping."""
        c, session = self.nginx.connect(self.a.start().port), self.s.new_session("vishal")
        self.a.tell_to_stop()
        wait_for(lambda: self.a.get("/ready") == 502)
        r = self.stream(c, "POST", "/api/chat", json.dumps({"message": "show my tickets", "session_id": session}))
        closes = r.getheader("Connection") == "close"
        events = self.events(r)
        self.check("an answer that is asked for meanwhile is told to its end", closes and events[-1][1] == "done", events)
        r = self.nginx.connect(self.a.port)
        r.request("GET", "/api/notifications/stream", None, self.auth(Accept="text/event-stream"))
        status = r.getresponse().status
        self.check("but nobody begins to follow here", status == 502, status)
        self.check("and the gateway ends well", self.a.ended() == 0)

    # ---- whose request it is ----------------------------------------------------------------------

    def real_addresses(self):
        c = self.nginx.connect(self.a.start().port)
        c.request("POST", "/auth/login", '{"username":"nobody","password":"wrong"}',
                  self.auth(**{"X-Forwarded-For": "evil\", 10.9.9.9, 203.0.113.7"}))
        c.getresponse().read()
        found = wait_for(lambda: re.search(r"route=/auth/login status=401.*", self.a.log()))
        self.check("a failed sign-in is logged with the address that the proxy tells",
                   " client=203.0.113.7 " in found[0] and "evil" not in self.a.log(), found[0])


def main():
    with Stack() as s:
        d = Drain(s)
        try:
            return d.run(d.nobody_notices, d.the_way_out, d.a_second_signal, d.streams_go_on, d.short_answers_end,
                         d.real_addresses)
        finally:
            d.close()


if __name__ == "__main__":
    PROGRAM = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if not PROGRAM:
        print("1..0 # SKIP nginx is not installed")
        sys.exit(77)
    sys.exit(main())
