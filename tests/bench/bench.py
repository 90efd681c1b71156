#!/usr/bin/env python3
"""bench.py -- the read call beside nginx `return 200`, and A2A beside its JavaScript SDK (a2a_rows.py), in one
run on one machine.

The read call is POST /a2a/tickets/message:send with a tool call: HTTP, JSON to protobuf, token checked
at the gateway and in the agent, NATS, one PostgreSQL read, and all the way back. nginx answers the same
request with a fixed body of the same size: the ceiling of HTTP on this machine. Figures count as
ratios, not as such.

    ./jarvis bench [read] [calls] [streams] [subscribers] [plan] [--seconds N] [--rounds N] ...
"""
import argparse
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

import a2a_rows
import plan_rows

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BODY = json.dumps({
    "message": {
        "messageId": "bench-1",
        "role": "ROLE_USER",
        "parts": [{
            "data": {"tool": "get_ticket", "arguments": {"ticket_id": 12301}},
            "mediaType": "application/vnd.jarvis.tool-call+json",
        }],
    }
})


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Stack:
    """`jarvis up --detach` in a folder of its own."""

    def __init__(self, binary, folder):
        self.env = dict(os.environ, JARVIS_VAR=os.path.join(folder, "var"),
                        JARVIS_LISTEN="127.0.0.1:%d" % free_port(), JARVIS_LOG="warn",
                        JARVIS_HTTP_CONNECTIONS="1024")
        for name in ("NATS_URL", "DATABASE_URL", "NATS_CREDS"):
            self.env.pop(name, None)
        self.binary = binary
        subprocess.run([binary, "up", "--detach"], env=self.env, check=True, stdout=subprocess.DEVNULL)
        self.url = "http://" + self.env["JARVIS_LISTEN"]

    def pids(self):
        with open(os.path.join(self.env["JARVIS_VAR"], "run", "pids")) as f:
            return [(name, int(pid)) for name, pid in (line.split() for line in f)]

    def token(self):
        r = urllib.request.Request(self.url + "/auth/login", method="POST",
                                   data=b'{"username":"vishal","password":"password123"}',
                                   headers={"Content-Type": "application/json"})
        return json.load(urllib.request.urlopen(r))["access_token"]

    def ask(self, token):
        r = urllib.request.Request(self.url + "/a2a/tickets/message:send", method="POST",
                                   data=BODY.encode(), headers={"Content-Type": "application/json",
                                                                "Authorization": "Bearer " + token})
        return urllib.request.urlopen(r).read()

    def stop(self):
        subprocess.run([self.binary, "down"], env=self.env, stdout=subprocess.DEVNULL)


class Nginx:
    """The ceiling: the same request answered with a fixed body."""

    def __init__(self, folder, answer):
        self.port = free_port()
        folder = os.path.join(folder, "nginx")
        os.mkdir(folder)
        text = answer.decode().replace("\\", "\\\\").replace("'", "\\'").replace("$", "${dollar}")
        with open(os.path.join(folder, "nginx.conf"), "w") as f:
            f.write("""worker_processes 2; daemon off; pid %(d)s/pid; error_log %(d)s/error.log;
events { worker_connections 4096; }
http {
  access_log off; client_body_temp_path %(d)s/b; proxy_temp_path %(d)s/p; fastcgi_temp_path %(d)s/f;
  uwsgi_temp_path %(d)s/u; scgi_temp_path %(d)s/s; keepalive_requests 100000000;
  geo $dollar { default "$"; }
  server { listen 127.0.0.1:%(p)d reuseport; default_type application/json; location / { return 200 '%(t)s'; } }
}
""" % {"d": folder, "p": self.port, "t": text})
        self.process = subprocess.Popen(["nginx", "-p", folder, "-c", folder + "/nginx.conf"])
        self.url = "http://127.0.0.1:%d" % self.port
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise SystemExit("nginx does not listen")

    def stop(self):
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(10)


def memory_mb(pid):
    """Proportional set size: shared pages count once in the sum."""
    try:
        with open("/proc/%d/smaps_rollup" % pid) as f:
            return int(re.search(r"^Pss:\s+(\d+)", f.read(), re.M).group(1)) / 1024
    except OSError:
        return 0.0


def tree(pid):
    pids = [pid]
    for p in pids:
        try:
            with open("/proc/%d/task/%d/children" % (p, p)) as f:
                pids += [int(c) for c in f.read().split()]
        except OSError:
            pass
    return pids


SCRIPT = """
wrk.method = "POST"
wrk.body = %s
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer %s"
done = function(summary, latency, requests)
  io.write(string.format("RESULT %%d %%d %%d %%d %%d %%d %%d\\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(95), latency:percentile(99),
    summary.errors.status, summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
"""


def load(url, script, connections, seconds):
    out = subprocess.run(["wrk", "-t2", "-c%d" % connections, "-d%ds" % seconds, "-s", script, url],
                         check=True, capture_output=True, text=True).stdout
    n = [int(x) for x in re.search(r"RESULT (.*)", out).group(1).split()]
    return {"rps": n[0] / (n[1] / 1e6), "p50": n[2] / 1000, "p95": n[3] / 1000, "p99": n[4] / 1000,
            "bad": n[5] + n[6]}


def median(rounds):
    return {k: statistics.median(r[k] for r in rounds) for k in rounds[0]}


def numbers(text):
    return [int(x) for x in text.split(",")]


def arguments():
    rows = ("read", "calls", "streams", "subscribers", "plan")
    release = os.path.join(TOP, "build", "release")
    p = argparse.ArgumentParser(prog="jarvis bench")
    p.add_argument("what", nargs="*", help="of %s; all when none is named" % ", ".join(rows))
    p.add_argument("--binary", default=os.path.join(release, "jarvis"))
    p.add_argument("--load", default=os.path.join(release, "tests", "bench_load"))
    p.add_argument("--plan", default=os.path.join(release, "tests", "bench_plan"))
    p.add_argument("--plan-score", default=os.path.join(release, "tests", "plan_score"))
    p.add_argument("--seconds", type=int, default=6)
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--connections", type=numbers, default=[64, 512], help="of the read call beside nginx")
    p.add_argument("--task-connections", type=numbers, default=[1, 16, 64])
    p.add_argument("--streams", type=numbers, default=[1, 16])
    p.add_argument("--subscribers", type=int, default=1000)
    p.add_argument("--steps", type=int, default=10, help="that the subscribers hear")
    p.add_argument("--pause", type=int, default=1500, help="ms between two steps")
    p.add_argument("--no-peer", action="store_true")
    o = p.parse_args()
    if set(o.what) - set(rows):
        p.error("there is only %s" % ", ".join(rows))
    o.what = o.what or rows
    return o


def beside_nginx(stack, idle, folder, o):
    for tool in ("wrk", "nginx"):
        if not shutil.which(tool):
            raise SystemExit("bench: %s is not installed" % tool)
    token = stack.token()
    answer = stack.ask(token)
    nginx = Nginx(folder, answer)
    try:
        script = os.path.join(folder, "post.lua")
        with open(script, "w") as f:
            f.write(SCRIPT % (json.dumps(BODY), token))
        return report(stack, nginx, script, idle, o, len(answer))
    finally:
        nginx.stop()


def main():
    o = arguments()
    if "plan" in o.what and plan_rows.run(o, TOP):
        raise SystemExit("bench: plan_score did not say how well it did")
    if set(o.what) == {"plan"}:
        return
    folder = tempfile.mkdtemp(prefix="jarvis-bench.")
    os.chmod(folder, 0o755)
    stack = None
    bad = 0
    try:
        stack = Stack(o.binary, folder)
        time.sleep(1)  # idle memory is measured once everything has settled
        idle = {name: memory_mb(pid) if name == "postgres" else sum(map(memory_mb, tree(pid)))
                for name, pid in stack.pids()}
        if "read" in o.what:
            bad += beside_nginx(stack, idle, folder, o)
        if set(o.what) - {"read", "plan"}:
            bad += a2a_rows.run(o, stack, folder)
    finally:
        if stack:
            stack.stop()
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(1 if bad else 0)


def report(stack, nginx, script, idle, o, size):
    targets = {"nginx return 200": nginx.url + "/a2a/tickets/message:send",
               "jarvis read call": stack.url + "/a2a/tickets/message:send"}
    bad = 0
    print("%d cores, %d rounds of %d s each, medians; answers of %d bytes\n"
          % (os.cpu_count(), o.rounds, o.seconds, size))
    print("| what | connections | req/s | p50 ms | p95 ms | p99 ms | errors | of nginx |")
    print("|---|---|---|---|---|---|---|---|")
    for c in o.connections:
        rounds = {name: [] for name in targets}
        load(targets["jarvis read call"], script, c, 2)  # warm
        for _ in range(o.rounds):
            for name, url in targets.items():
                rounds[name].append(load(url, script, c, o.seconds))
        base = median(rounds["nginx return 200"])["rps"]
        for name in targets:
            m = median(rounds[name])
            bad += int(m["bad"] > 0)
            print("| %s | %d | %.0f | %.2f | %.2f | %.2f | %d | 1/%.1f |"
                  % (name, c, m["rps"], m["p50"], m["p95"], m["p99"], m["bad"], base / m["rps"]))
    print("\n| process | memory idle MB | after load MB |\n|---|---|---|")
    totals = [0.0, 0.0]
    for name, pid in stack.pids():
        after = memory_mb(pid) if name == "postgres" else sum(map(memory_mb, tree(pid)))
        if name not in ("postgres", "supervisor"):
            totals[0] += idle.get(name, 0)
            totals[1] += after
        print("| %s | %.1f | %.1f |" % (name, idle.get(name, 0), after))
    print("| **all but PostgreSQL** | **%.1f** | **%.1f** |" % tuple(totals))
    return 1 if bad else 0


if __name__ == "__main__":
    main()
