"""figures.py -- what the seed of this project calls success, measured on the stack that was just tested."""
import os
import re
import tempfile

from engine import docker, run
from system import ACTORS

THINKS = 30 # seconds between two questions of a person who reads the answers

GOALS = ( # what, the goal, where it comes from in System.figures
    ("services healthy", "all", "healthy"),
    ("p95 of a request (chat, list, A2A; 8 people)", "< 500 ms", "p95"),
    ("errors in normal operation and deploys", "< 1 %", "errors"),
    ("users held, each a chat every %d s (wrk)" % THINKS, "1 000 to 5 000", "users"),
    ("p95 at that", "< 500 ms", "users_p95"),
    ("cold start, volumes to https", "-", "up"),
    ("deploy", "< 10 min", "deploy"),
    ("roll-back", "-", "rollback"),
    ("restore of a backup", "-", "restore"),
    ("memory of Jarvis and NATS, before anybody asks", "<= 96 MB", "memory_idle"),
    ("the same, as the load ends", "-", "memory_load"),
    ("the same, 20 s after it", "-", "memory"),
    ("memory of the whole stack", "a server of 8 GB, 48 USD", "memory_all"),
    ("image", "<= 60 MB over the base", "image"),
)


def load_line(loads):
    asked = sum(len(l.times) + len(l.failures) for _, l in loads)
    failed = sum(len(l.failures) for _, l in loads)
    return "%.2f %% (%d of %d)" % (100.0 * failed / max(1, asked), failed, asked)


def memory(system):
    """MB by service: what its processes hold, shared pages by their share (PSS), as nothing but they would be missed."""
    found = {}
    for c in system.all_containers():
        if not c["State"]["Running"]:
            continue
        name = c["Config"]["Labels"]["com.docker.compose.service"]
        pids = docker("top", c["Id"], "-o", "pid").split()[1:]
        found[name] = found.get(name, 0) + sum(pss(pid) for pid in pids)
    return found


def of_jarvis(used):
    return "%.0f MB" % sum(used[n] for n in (*ACTORS, "nats", "gateway-a"))


def pss(pid):
    try:
        with open("/proc/%s/smaps_rollup" % pid) as f:
            return sum(int(line.split()[1]) for line in f if line.startswith("Pss:")) * 1024 / 1e6
    except (FileNotFoundError, ProcessLookupError): # it has ended meanwhile: a check
        return 0


def wrk(system, tokens, connections, seconds):
    """(requests per second, p95 in ms, bad answers) of chats through nginx, TLS and all; people take turns."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as f:
        f.write('local body = \'{"message":"show my tickets"}\'\n'
                "local requests, n = {}, math.random(1000)\n"
                "function init()\n  for i, token in ipairs({%s}) do\n"
                '    requests[i] = wrk.format("POST", nil, {["Content-Type"] = "application/json", ["Host"] = "%s",\n'
                '      ["Authorization"] = "Bearer " .. token}, body)\n  end\nend\n'
                "function request()\n  n = n + 1\n  return requests[n %% #requests + 1]\nend\n"
                "function done(s, l)\n  io.write(string.format('RESULT %%d %%d %%d %%d\\n', s.requests, s.duration,\n"
                "    l:percentile(95), s.errors.connect + s.errors.read + s.errors.write + s.errors.status + "
                "s.errors.timeout))\nend\n" % (", ".join('"%s"' % t for t in tokens), system.domain))
        f.flush()
        hosts = f.name + ".hosts" # nginx answers to its name alone; nobody else's /etc/hosts is touched
        with open(hosts, "w") as h:
            h.write("127.0.0.1 localhost %s\n" % system.domain)
        out = run("unshare", "--mount", "sh", "-ec", 'mount --bind "$1" /etc/hosts; shift; exec "$@"', "sh", hosts,
                  "wrk", "-t2", "-c%d" % connections, "-d%ds" % seconds, "--timeout", "10s", "-s", f.name,
                  "https://%s:%d/api/chat" % (system.domain, system.port), timeout=120).stdout
        os.unlink(hosts)
    n, us, p95, bad = (int(x) for x in re.search(r"RESULT (\d+) (\d+) (\d+) (\d+)", out).groups())
    return n * 1e6 / us, p95 / 1000, bad


def print_table(system):
    f = system.figures
    print("\n%-52s %-30s %s" % ("what the seed asks for", "goal", "measured here"))
    for what, goal, key in GOALS:
        value = f.get(key)
        if key == "errors" and f.get("load"):
            value = load_line(f["load"])
        if key == "up":
            value = "%.0f s" % system.took_up
        if isinstance(value, float):
            value = "%.0f s" % value
        print("%-52s %-30s %s" % (what, goal, value if value is not None else "not measured"))
    print(flush=True)
