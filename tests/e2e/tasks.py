"""tasks.py -- a thousand tasks of several steps while every process is killed in turn.

Two gateways, two instances of the agent; clients send, look and follow, go to the other gateway when one
fails, and say the same message again when they do not know whether it was taken. At the end:

    lost     tasks that were acknowledged and are not there, or not done
    double   steps that were done twice, messages that became two tasks, events that came twice
    stuck    tasks that are not over when everything has been quiet for a while
    resumed  runs that somebody else went on with, and streams that went on at another gateway

Prints lost=0 double=0 stuck=0 resumed=N, and the last line "N passed, N failed".
"""
import glob
import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from conformant import Conformant
from stack import free_port, wait_for

TASKS = int(os.environ.get("TASKS", "1000"))
STEPS, PAUSE_MS, SENDERS, FOLLOWERS = 4, 150, 24, 40
DEADLINE = 240.0


class Town:
    """The stack, a second gateway and a second instance, and who is killed when."""

    def __init__(self, agent):
        self.agent = agent
        self.var = glob.glob(os.path.join(agent.folder, "jarvis-conformance.*"))[0]
        if os.path.isdir(os.path.join(self.var, "var")):
            self.var = os.path.join(self.var, "var")
        out = subprocess.run(["sh", "-c", ". '%s/run/env'; env" % self.var], env={}, text=True,
                             capture_output=True, check=True).stdout
        self.run_env = dict(line.split("=", 1) for line in out.splitlines() if "=" in line)
        self.mine = {}
        self.gateways = [agent.address, ("127.0.0.1", free_port())]
        self.start("gateway-b", "gateway", JARVIS_LISTEN="%s:%d" % self.gateways[1])
        self.start("conformance-b", "conformance")
        wait_for(self.second_gateway_serves, 60)

    def creds(self, name):
        return os.path.join(os.path.dirname(self.run_env["NATS_CREDS"]), name + ".creds")

    def start(self, name, role, **more):
        env = {k: v for k, v in os.environ.items() if not k.startswith("JARVIS_")}
        env.update(NATS_URL=self.run_env["NATS_URL"], NATS_CREDS=self.creds(role),
                   DATABASE_URL=self.run_env["DATABASE_URL"], JARVIS_CONFORMANCE="1",
                   JARVIS_PROFILE="durable", **more)
        log = open(os.path.join(self.var, "log", name + ".log"), "a")
        self.mine[name] = (subprocess.Popen([self.agent.binary, "run", role], env=env, stdout=log,
                                            stderr=log), role, more)

    def second_gateway_serves(self):
        return ask(self.gateways[1], "GET", "/health")[0] == 200

    def pids(self):
        with open(os.path.join(self.var, "run", "pids")) as f:
            return {name: int(pid) for name, pid in (line.split() for line in f if line.strip())}

    def kill(self, name):
        """kill -9; back when somebody stands in its place again."""
        if name in self.mine:
            process, role, more = self.mine[name]
            process.kill()
            process.wait()
            self.start(name, role, **more)
            return
        before = self.pids()[name]
        os.kill(before, signal.SIGKILL)
        wait_for(lambda: self.pids().get(name, before) != before, 60)

    def end(self):
        for process, _, _ in self.mine.values():
            process.terminate()
        for process, _, _ in self.mine.values():
            process.wait(30)

    def sql(self, text):
        psql = sorted(glob.glob("/usr/lib/postgresql/*/bin/psql"))[-1]
        return subprocess.run([psql, "-XAtq", "-d", self.run_env["DATABASE_URL"], "-c", text], text=True,
                              capture_output=True, check=True).stdout.strip()


def ask(address, method, path, body=None, timeout=20):
    c = http.client.HTTPConnection(*address, timeout=timeout)
    try:
        headers = {"A2A-Version": "1.0"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        c.request(method, path, json.dumps(body) if body is not None else None, headers)
        r = c.getresponse()
        data = r.read()
        return r.status, json.loads(data) if data[:1] == b"{" else data
    finally:
        c.close()


class Client:
    """One person's errands, whatever falls over."""

    def __init__(self, town, number):
        self.town, self.number = town, number
        self.random = random.Random(number)
        self.gateway = number % 2

    def until(self, what, end):
        """what(address) until it gives something; the other gateway after each failure."""
        while time.monotonic() < end:
            try:
                value = what(self.town.gateways[self.gateway])
                if value is not None:
                    return value
            except (OSError, http.client.HTTPException, ValueError):
                pass
            self.gateway ^= 1
            time.sleep(0.05 + 0.2 * self.random.random()) # between two tries, as a client does
        return None

    def message(self, i):
        return {"message": {"messageId": "steps-%d-%d-%d" % (STEPS, PAUSE_MS, i), "role": "ROLE_USER",
                            "parts": [{"text": "go"}]}, "configuration": {"returnImmediately": True}}

    def send(self, i, end):
        def once(address):
            status, body = ask(address, "POST", "/a2a/conformance/message:send", self.message(i))
            return body["task"]["id"] if status == 200 else None
        return self.until(once, end)

    def get(self, task, end):
        """The task when it is over; "unknown" when nobody knows it."""
        def once(address):
            status, body = ask(address, "GET", "/a2a/conformance/tasks/" + task)
            if status == 404:
                return "unknown"
            state = body["status"]["state"] if status == 200 else ""
            return state if state in OVER else None
        return self.until(once, end)


OVER = ("TASK_STATE_COMPLETED", "TASK_STATE_FAILED", "TASK_STATE_CANCELED", "TASK_STATE_REJECTED")


class Follower(threading.Thread):
    """Follows one task; when the stream breaks it goes on at the other gateway with Last-Event-ID."""

    def __init__(self, town, task, number, end):
        super().__init__(daemon=True)
        self.town, self.task, self.end, self.gateway = town, task, end, number % 2
        self.ids, self.events, self.moves, self.over = [], [], 0, False

    def read(self, r):
        number, data = None, []
        for line in iter(r.readline, b""):
            line = line.decode().rstrip("\r\n")
            if line.startswith("id:"):
                number = int(line[3:])
            elif line.startswith("data:"):
                data.append(line[5:])
            elif not line and data:
                self.take(number, json.loads("".join(data)))
                number, data = None, []

    def take(self, number, event):
        self.ids.append(number)
        self.events.append(event)
        status = event.get("statusUpdate", event.get("task", {})).get("status", {})
        self.over = self.over or status.get("state") in OVER

    def once(self):
        c = http.client.HTTPConnection(*self.town.gateways[self.gateway], timeout=30)
        headers = {"A2A-Version": "1.0", "Accept": "text/event-stream"}
        if self.ids:
            headers["Last-Event-ID"] = str(self.ids[-1])
        try:
            c.request("GET", "/a2a/conformance/tasks/%s:subscribe" % self.task, None, headers)
            r = c.getresponse()
            if r.status == 200:
                self.read(r)
            elif r.status == 400 and not self.ids:
                self.over = True # it was over before it could be followed
        finally:
            c.close()

    def run(self):
        while not self.over and time.monotonic() < self.end:
            try:
                self.once()
            except (OSError, http.client.HTTPException, ValueError):
                pass
            if not self.over:
                self.gateway ^= 1
                self.moves += 1
                time.sleep(0.1)

    def faults(self):
        """Events out of order or twice, steps that did not come or came twice."""
        said = [e["statusUpdate"]["status"].get("message", {}).get("parts", [{}])[0].get("text")
                for e in self.events if "statusUpdate" in e]
        first = self.events[0].get("task", {}).get("status", {}) if self.events else {}
        seen = first.get("message", {}).get("parts", [{}])[0].get("text")
        done = int(seen.split()[1]) if seen and seen.startswith("step ") else 0
        if first.get("state") in OVER:
            done = STEPS
        steps = [s for s in said if s and s.startswith("step ")]
        expected = ["step %d of %d" % (k, STEPS) for k in range(done + 1, STEPS + 1)]
        return (["ids %s" % self.ids] if self.ids != sorted(set(self.ids)) else []) + \
               (["steps %s, not %s" % (steps, expected)] if self.events and steps != expected else [])


def killer(town, stop, log):
    names = ["conformance", "gateway", "conformance-b", "gateway-b", "nats", "postgres", "notifier",
             "registry", "auth"]
    while not stop.is_set():
        for name in names:
            if stop.wait(1.0):
                return
            town.kill(name)
            log.append(name)


def errands(town, mine, acknowledged, followers, end):
    for i in mine:
        client = Client(town, i)
        task = client.send(i, end)
        acknowledged[i] = task
        if task and i % (TASKS // FOLLOWERS or 1) == 0:
            f = Follower(town, task, i, end)
            f.start()
            followers.append(f)


def check(town, agent):
    acknowledged, followers, killed, states = {}, [], [], {}
    stop, end = threading.Event(), time.monotonic() + DEADLINE
    reaper = threading.Thread(target=killer, args=(town, stop, killed), daemon=True)
    senders = [threading.Thread(target=errands, daemon=True, args=(
        town, range(k, TASKS, SENDERS), acknowledged, followers, end)) for k in range(SENDERS)]
    reaper.start()
    for t in senders:
        t.start()
    for t in senders:
        t.join()
    while len(set(killed)) < 9 and time.monotonic() < end:
        time.sleep(0.2)
    stop.set()
    reaper.join(90)
    for f in followers:
        f.join(max(1.0, end - time.monotonic()))
    looker = Client(town, 0)
    for i, task in acknowledged.items():
        states[i] = looker.get(task, end) if task else "never acknowledged"
    return acknowledged, followers, killed, states


def check_patience():
    """A blocking call that takes longer than it may tells how far the task is; the task goes on."""
    with Conformant("durable", env={"JARVIS_CHAT_TIMEOUT": "2s"}) as agent:
        body = {"message": {"messageId": "slow-5000-x", "role": "ROLE_USER", "parts": [{"text": "go"}]}}
        status, reply = ask(agent.address, "POST", "/a2a/conformance/message:send", body)
        if status != 200 or reply["task"]["status"]["state"] != "TASK_STATE_WORKING":
            print("# %s %s" % (status, reply))
            return False
        path = "/a2a/conformance/tasks/" + reply["task"]["id"]
        wait_for(lambda: ask(agent.address, "GET", path)[1]["status"]["state"] == "TASK_STATE_COMPLETED")
        return True


def main():
    passed, failed = 0, 0
    patience = check_patience()
    with Conformant("durable") as agent:
        town = Town(agent)
        try:
            acknowledged, followers, killed, states = check(town, agent)
            n = lambda sql: int(town.sql(sql) or 0)
            lost = sum(s != "TASK_STATE_COMPLETED" for s in states.values())
            stuck = n("select count(*) from conformance.tasks where state in (1, 2)")
            double = n("select count(*) from (select from conformance.effects group by task_id, step "
                       "having count(*) > 1) as d")
            double += n("select count(*) from conformance.tasks") - len(set(acknowledged.values()))
            wrong = [(f.task, x) for f in followers for x in f.faults()] + \
                    [(f.task, "never ended") for f in followers if not f.over]
            missing = TASKS * STEPS - n("select count(*) from conformance.effects")
            taken = n("select count(*) from conformance.tasks where lease > 1")
            moved = sum(f.moves for f in followers)
            print("# %d tasks, %d followed; killed: %s" % (len(acknowledged), len(followers), " ".join(killed)))
            print("# taken over: %d, streams that went on elsewhere: %d" % (taken, moved))
            for i, state in states.items():
                if state != "TASK_STATE_COMPLETED":
                    print("# %s of message %d: %s" % (acknowledged[i], i, state))
            for task, what in wrong[:10]:
                print("# %s: %s" % (task, what))
            for f in [f for f in followers if f.faults() or not f.over][:3]:
                print("# %s saw %s %s" % (f.task, f.ids, json.dumps(f.events)[:1500]))
            print("lost=%d double=%d stuck=%d resumed=%d" % (lost, double, stuck, taken + moved))
            for what, good in [("nothing is lost", lost == 0 and missing <= 0), ("nothing is done twice", double == 0 and missing >= 0),
                               ("nothing is stuck", stuck == 0), ("runs are taken over", taken > 0),
                               ("streams go on at another gateway", moved > 0),
                               ("followers miss nothing and see nothing twice", not wrong),
                               ("all tasks were acknowledged", len(acknowledged) == TASKS and all(acknowledged.values())),
                               ("every process was killed", len(set(killed)) == 9),
                               ("whoever waits too long hears how far it is", patience)]:
                print("%s %d - %s" % ("ok" if good else "not ok", passed + failed + 1, what))
                passed, failed = passed + good, failed + (not good)
        finally:
            town.end()
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
