"""a2a_rows.py -- the A2A rows of `./jarvis bench`, each beside an agent made with @a2a-js/sdk in the same run.

    read         a tool call that only looks, answered as a Message
    task         a tool call that changes something: a task with an artifact, kept before it is answered
    stream       SendStreamingMessage to an agent that says 20 chunks
    subscribers  a thousand streams that follow one task of several steps

The peer (peer/agent.mjs) checks a token and does the same, with everything in its memory; its packages
are locked, and npm fetches them into build/. Without node or npm its rows are left out and it is said.
"""
import glob
import json
import os
import re
import select
import shutil
import statistics
import subprocess
import sys
import threading
import urllib.request

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests", "e2e"))
from conformant import Conformant

SOURCE = os.path.join(TOP, "tests", "bench", "peer")
MODULES = os.path.join(TOP, "build", "bench-peer")
CALL = "application/vnd.jarvis.tool-call+json"
CHUNKS = 20
TICK_US = 1000000 // os.sysconf("SC_CLK_TCK")
START_MS = 30000


# ---- processes -------------------------------------------------------------------------------------


def tree(pid):
    pids = [pid]
    for p in pids:
        for path in glob.glob("/proc/%d/task/*/children" % p):
            try:
                with open(path) as f:
                    pids += [int(c) for c in f.read().split()]
            except OSError:
                pass
    return pids


def cpu_us(pids):
    total = 0
    for pid in pids:
        try:
            with open("/proc/%d/stat" % pid) as f:
                fields = f.read().rsplit(")", 1)[1].split()
            total += (int(fields[11]) + int(fields[12])) * TICK_US
        except OSError:
            pass
    return total


def memory_mb(pids):
    total = 0.0
    for pid in pids:
        try:
            with open("/proc/%d/smaps_rollup" % pid) as f:
                total += int(re.search(r"^Pss:\s+(\d+)", f.read(), re.M).group(1)) / 1024
        except OSError:
            pass
    return total


class Side:
    """One of the two that are compared: an address, a path before the methods, headers, processes."""

    def __init__(self, name, port, base, token, roots):
        self.name, self.port, self.base, self.token = name, port, base, token
        self.roots = roots  # name -> pid; its children count with it

    def cpu(self):
        return {name: cpu_us(tree(pid)) for name, pid in self.roots.items()}

    def headers(self):
        h = {"A2A-Version": "1.0", "Content-Type": "application/json"}
        if self.token:
            h["Authorization"] = "Bearer " + self.token
        return h

    def ask(self, path, body):
        r = urllib.request.Request("http://127.0.0.1:%d%s%s" % (self.port, self.base, path), method="POST",
                                   data=json.dumps(body).encode(), headers=self.headers())
        return json.load(urllib.request.urlopen(r, timeout=30))

    def request(self, method, path, body=None, accept="application/json"):
        """The bytes of a request; a run of '@' is a hole for a number."""
        data = json.dumps(body).encode() if body is not None else b""
        lines = ["%s %s%s HTTP/1.1" % (method, self.base, path), "Host: 127.0.0.1", "Accept: " + accept,
                 "Content-Length: %d" % len(data)]
        lines += ["%s: %s" % h for h in self.headers().items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode() + data


def pids_of(run_folder):
    with open(os.path.join(run_folder, "pids")) as f:
        return {name: int(pid) for name, pid in (line.split() for line in f) if name != "supervisor"}


def read_line(stream, ms):
    ready, _, _ = select.select([stream], [], [], ms / 1000)
    return stream.readline() if ready else ""


class Peer:
    """The agent made with the SDK; None from start() when it cannot be had."""

    def __init__(self, process, side):
        self.process, self.side = process, side

    @classmethod
    def start(cls):
        why = install()
        if why:
            print("The peer's rows are left out: %s.\n" % why)
            return None
        # Debian 12 has node 18, in which the flag is needed; later ones take it.
        process = subprocess.Popen(["node", "--no-warnings", "--experimental-global-webcrypto", "agent.mjs"],
                                   cwd=MODULES, env=dict(os.environ, NODE_ENV="production"),
                                   stdout=subprocess.PIPE, text=True)
        line = read_line(process.stdout, START_MS)
        if not line:
            process.kill()
            process.wait()
            raise SystemExit("bench: the peer does not start")
        said = json.loads(line)
        return cls(process, Side("@a2a-js/sdk", said["port"], "", said["token"], {"node": process.pid}))

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


def install():
    """The peer and its packages, as locked, in build/; returns why not."""
    if not shutil.which("node") or not shutil.which("npm"):
        return "node and npm are not there"
    with open(os.path.join(SOURCE, "package-lock.json"), "rb") as f:
        lock = f.read()
    os.makedirs(MODULES, exist_ok=True)
    for name in os.listdir(SOURCE):
        if name != "node_modules":
            shutil.copy(os.path.join(SOURCE, name), MODULES)
    mark = os.path.join(MODULES, "installed")
    if os.path.exists(mark) and open(mark, "rb").read() == lock:
        return None
    r = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"],
                       cwd=MODULES, capture_output=True, text=True, timeout=300)
    if r.returncode:
        return "npm cannot fetch its packages: " + (r.stderr.strip().splitlines() or ["?"])[-1]
    with open(mark, "wb") as f:
        f.write(lock)
    return None


# ---- load ------------------------------------------------------------------------------------------


class Load:
    """tests/bench/load.c, with a request in a file."""

    def __init__(self, binary, folder):
        self.binary, self.path = binary, os.path.join(folder, "request")

    def start(self, side, request, connections, *args):
        with open(self.path, "wb") as f:
            f.write(request)
        return subprocess.Popen([self.binary, "-p", str(side.port), "-c", str(connections), "-r", self.path,
                                 *map(str, args)], stdout=subprocess.PIPE, text=True)

    def calls(self, side, request, connections, seconds, text, times=1):
        before = side.cpu()
        out = self.start(side, request, connections, "-s", seconds, "-x", text, "-k", times).communicate()[0]
        used = side.cpu()
        n = [int(x) for x in re.search(r"RESULT (.*)", out).group(1).split()]
        return {"rps": n[0] / (n[1] / 1e6), "p50": n[2] / 1e3, "p95": n[3] / 1e3, "p99": n[4] / 1e3, "bad": n[5],
                "events": n[6] / (n[1] / 1e6), "first": n[7] / 1e3, "self": n[8] / n[1],
                **{"cpu " + name: (used[name] - before[name]) / max(n[0], 1) for name in used}}


def cpu_of(m):
    return {name[4:]: us for name, us in m.items() if name.startswith("cpu ")}


def print_cpu(found):
    """found: title -> medians; which process the CPU time of a request or stream went to."""
    names = sorted({name for m in found.values() for name, us in cpu_of(m).items() if us >= 1})
    print("\n| CPU us each | %s |\n|---|%s" % (" | ".join(names), "---|" * len(names)))
    for title, m in found.items():
        print("| %s | %s |" % (title, " | ".join("%.0f" % cpu_of(m)[n] if n in cpu_of(m) else "" for n in names)))


def median(rounds):
    return {k: statistics.median(r[k] for r in rounds) for k in rounds[0]}


def tool_call(tool, arguments):
    return {"message": {"messageId": "@" * 16, "role": "ROLE_USER", "parts": [
        {"data": {"tool": tool, "arguments": arguments}, "mediaType": CALL}]}}


def words(message_id):
    return {"message": {"messageId": message_id, "role": "ROLE_USER", "parts": [{"text": "hello"}]}}


READ = tool_call("get_ticket", {"ticket_id": 12301})
CREATE = tool_call("create_my_ticket", {"operation": "vpn access"})


# ---- calls: a Message, and a task ------------------------------------------------------------------


def call_rows(load, sides, o):
    """(what, side, connections) -> medians; what is read or task."""
    kinds = {"read": (READ, '{"message":'), "task": (CREATE, "TASK_STATE_COMPLETED")}
    jobs = [(what, side) for what in kinds for side in sides]
    found = {}
    for c in o.task_connections:
        rounds = {job: [] for job in jobs}
        for turn in range(o.rounds + 1):  # the first one warms
            for what, side in jobs:
                body, text = kinds[what]
                m = load.calls(side, side.request("POST", "/message:send", body), c,
                               o.seconds if turn else 1, text)
                if turn:
                    rounds[what, side].append(m)
        for (what, side), r in rounds.items():
            found[what, side.name, c] = median(r)
    return found


TITLES = {"read": "read call, a Message", "task": "short task, kept"}


def print_calls(found, sides, o):
    print("| what | connections | req/s | p50 ms | p95 ms | p99 ms | errors | CPU us each | of the peer | "
          "p50 over the read |\n|---|---|---|---|---|---|---|---|---|---|")
    for what, title in TITLES.items():
        for c in o.task_connections:
            for side in sides:
                m = found[what, side.name, c]
                peer = found.get((what, "@a2a-js/sdk", c))
                print("| %s: %s | %d | %.0f | %.2f | %.2f | %.2f | %d | %.0f | %s | %s |" % (
                    side.name, title, c, m["rps"], m["p50"], m["p95"], m["p99"], m["bad"], sum(cpu_of(m).values()),
                    "%.1f x" % (m["rps"] / peer["rps"]) if peer else "-",
                    "%+.2f ms" % (m["p50"] - found["read", side.name, c]["p50"]) if what == "task" else ""))
    most = max(o.task_connections)
    print_cpu({"%s: %s, %d connections" % (side.name, TITLES[what], most): found[what, side.name, most]
               for what in TITLES for side in sides})
    busiest = max(m["self"] for m in found.values())
    print("\nThe load generator used at most %.0f %% of one core.\n" % (busiest * 100))
    return sum(m["bad"] for m in found.values())


def calls(jarvis, peer, load, o):
    sides = [jarvis] + ([peer] if peer else [])
    if peer:
        peer_has_ticket(peer)
    return print_calls(call_rows(load, sides, o), sides, o)


def peer_has_ticket(peer):
    body = tool_call("get_ticket", {"ticket_id": 12301})
    assert "message" in peer.ask("/message:send", body)


# ---- streams ---------------------------------------------------------------------------------------


def streams(jarvis, peer, load, o):
    sides = [jarvis] + ([peer] if peer else [])
    bad = 0
    print("| what | streams | streams/s | events/s | first event p50 ms | last p50 ms | p95 ms | p99 ms | errors | "
          "CPU us an event | of the peer |\n|---|---|---|---|---|---|---|---|---|---|---|")
    for c in o.streams:
        rounds = {side: [] for side in sides}
        for turn in range(o.rounds + 1):
            for side in sides:
                request = side.request("POST", "/message:stream", words("chunks-%d-%s" % (CHUNKS, "@" * 16)),
                                       "text/event-stream")
                m = load.calls(side, request, c, o.seconds if turn else 1, '{"artifactUpdate"', CHUNKS)
                if turn:
                    rounds[side].append(m)
        found = {side: median(r) for side, r in rounds.items()}
        for side, m in found.items():
            bad += int(m["bad"] > 0)
            print("| %s: a task of %d chunks | %d | %.0f | %.0f | %.2f | %.2f | %.2f | %.2f | %d | %.0f | %s |" % (
                side.name, CHUNKS, c, m["rps"], m["events"], m["first"], m["p50"], m["p95"], m["p99"], m["bad"],
                sum(cpu_of(m).values()) * m["rps"] / m["events"] if m["events"] else 0,
                "%.2f x" % (m["events"] / found[peer]["events"]) if peer and found[peer]["events"] else "-"))
    print_cpu({"%s: a stream, %d at once" % (side.name, c): m for side, m in found.items()})
    print()
    return bad


# ---- many who follow one task ----------------------------------------------------------------------


def follow(side, load, o):
    """A task of so many steps that some are left when everybody listens."""
    steps = o.steps + 3
    body = words("steps-%d-%d-%x" % (steps, o.pause, int.from_bytes(os.urandom(6), "big")))
    body["configuration"] = {"returnImmediately": True}
    idle = {name: memory_mb(tree(pid)) for name, pid in side.roots.items()}
    task = side.ask("/message:send", body)["task"]["id"]
    request = side.request("GET", "/tasks/%s:subscribe" % task, None, "text/event-stream")
    process = load.start(side, request, o.subscribers, "-s", steps * o.pause // 1000 + 60, "-f", "step ")
    stop = threading.Timer(steps * o.pause / 1000 + 90, process.kill)
    stop.start()
    try:
        ready = re.match(r"READY (\d+)", process.stdout.readline())
        if not ready:
            raise SystemExit("bench: not all of %d could follow a task of %s" % (o.subscribers, side.name))
        cpu = {name: cpu_us(tree(pid)) for name, pid in side.roots.items()}
        memory = {name: memory_mb(tree(pid)) for name, pid in side.roots.items()}
        lines = process.communicate()[0].splitlines()
    finally:
        stop.cancel()
    used = {name: cpu_us(tree(pid)) - cpu[name] for name, pid in side.roots.items()}
    steps_seen = [[int(x) for x in line.split()[1:]] for line in lines if line.startswith("STEP")]
    well, twice, own = (int(x) for x in lines[-1].split()[1:])
    return {"ready": int(ready.group(1)) / 1e3, "steps": steps_seen, "well": well, "twice": twice, "self": own,
            "missed": sum(o.subscribers - s[5] for s in steps_seen) + o.subscribers - well,
            "cpu": used, "memory": memory, "idle": idle}


def print_follow(side, m, o):
    last, first = [s[3] / 1e3 for s in m["steps"]], [s[1] / 1e3 for s in m["steps"]]
    events = (len(m["steps"]) + 1) * o.subscribers
    print("| %s | %d | %.0f | %d | %.1f | %.1f | %.1f | %.1f | %d | %d | %.0f |" % (
        side.name, o.subscribers, m["ready"], len(m["steps"]), statistics.median(first), statistics.median(last),
        max(last), statistics.median(s[4] / 1e3 for s in m["steps"]), m["missed"], m["twice"],
        sum(m["cpu"].values()) / events))


def subscribers(jarvis, peer, load, o):
    sides = [jarvis] + ([peer] if peer else [])
    found = {side: follow(side, load, o) for side in sides}
    print("| what | subscribers | all there after ms | steps counted | first has it p50 ms | last has it p50 ms | "
          "max ms | first to last p50 ms | missed | twice | CPU us an event each |\n"
          "|---|---|---|---|---|---|---|---|---|---|---|")
    for side, m in found.items():
        print_follow(side, m, o)
    print("\n| process | memory before MB | with %d subscribers MB | CPU s from then to the end |\n|---|---|---|---|"
          % o.subscribers)
    for side, m in found.items():
        for name in m["cpu"]:
            if m["cpu"][name] > 0 or name == "node":
                print("| %s: %s | %.1f | %.1f | %.2f |" % (side.name, name, m["idle"][name], m["memory"][name],
                                                           m["cpu"][name] / 1e6))
    print()
    return sum(m["missed"] + m["twice"] + int(not m["steps"]) for m in found.values())


# ---- all of it -------------------------------------------------------------------------------------


def conformant(o):
    """Its gateway may have so many connections that half of them, streams, are enough."""
    return Conformant("durable", binary=o.binary, env={"JARVIS_LOG": "warn", "JARVIS_HTTP_CONNECTIONS":
                                                       str(max(1024, 2 * o.subscribers + 64))})


def run(o, stack, folder):
    """stack: of bench.py, up; returns how much was wrong."""
    load = Load(o.load, folder)
    bad = 0
    peer = Peer.start() if not o.no_peer else None
    try:
        other = peer.side if peer else None
        if "calls" in o.what:
            jarvis = Side("jarvis", int(stack.url.rsplit(":", 1)[1]), "/a2a/tickets", stack.token(),
                          dict(pid for pid in stack.pids() if pid[0] != "supervisor"))
            bad += calls(jarvis, other, load, o)
        if not {"streams", "subscribers"} & set(o.what):
            return bad
        with conformant(o) as agent:
            place = glob.glob(os.path.join(agent.folder, "jarvis-conformance.*", "run"))[0]
            jarvis = Side("jarvis", agent.address[1], "", None, pids_of(place))
            if "streams" in o.what:
                bad += streams(jarvis, other, load, o)
            if "subscribers" in o.what:
                bad += subscribers(jarvis, other, load, o)
    finally:
        if peer:
            peer.stop()
    return bad
