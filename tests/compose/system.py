"""system.py -- a whole Jarvis on Compose in a folder of its own, made and driven by jarvis-admin as on a server.

    with System() as s:
        s.admin("deploy", NEW)
        status, headers, reply = s.ask("vishal", "show my tickets")

nginx is published on free ports of 127.0.0.1 only. Standard library only.
"""
import http.client
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from engine import OLD, STANDINS, TOOLS, TOP, compose, docker, inspect, remove_project, run
from https import Client

DOMAIN = "jarvis.test"
ACTORS = "auth registry sessions notifier tickets finops oxygen llm orchestrator".split()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def free_net():
    """Three octets that no route of this machine has."""
    routes = run("ip", "route", check=False).stdout
    for n in range(100, 250):
        if "10.%d." % n not in routes:
            return "10.%d.%d" % (n, secrets.randbelow(250))
    raise AssertionError("no free 10.N network")


def wait_for(what, seconds, saying):
    end = time.monotonic() + seconds
    while True:
        value = what()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError("waited %d s for %s" % (seconds, saying))
        time.sleep(0.1)


class System:
    def __init__(self, *options, settings=None):
        self.options, self.settings = options, settings or {}
        self.project = "jarvis-test-%d-%s" % (os.getpid(), secrets.token_hex(2))
        self.folder = tempfile.mkdtemp(prefix="jarvis-compose.")
        self.home = os.path.join(self.folder, "home")
        self.http_port, self.port = free_port(), free_port()
        self.domain = DOMAIN
        self.tokens, self.figures = {}, {}

    def __enter__(self):
        try:
            self.configure()
            self.took_up = self.timed("up")
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(self, kind, error, trace):
        if kind:
            self.show()
        self.admin("down", check=False)
        remove_project(self.project)
        shutil.rmtree(self.folder, ignore_errors=True)

    def configure(self):
        self.command("install", "--no-link", "--home", self.home, script=os.path.join(TOP, "compose", "jarvis-admin"))
        self.admin("configure", "--yes", "--domain", DOMAIN, "--email", "none", "--database", "bundled",
                   "--image", OLD, "--tools-image", TOOLS, "--project", self.project,
                   "--listen-http", "127.0.0.1:%d" % self.http_port, "--listen-https", "127.0.0.1:%d" % self.port,
                   "--subnet", free_net(), "--memory", "standard", *self.options)
        self.set("NATS_IMAGE", STANDINS)
        self.set("POSTGRES_IMAGE", STANDINS)
        self.set("NGINX_IMAGE", STANDINS)
        self.set("CERTBOT_IMAGE", STANDINS)
        for name in ("PROMETHEUS", "ALERTMANAGER", "NODE_EXPORTER", "BLACKBOX"):
            self.set(name + "_IMAGE", STANDINS)
        for name, value in self.settings.items():
            self.set(name, value)
        own = os.path.join(self.home, "nginx", "own")
        os.makedirs(own, exist_ok=True)
        with open(os.path.join(self.home, "nginx", "limits.conf")) as f:
            limits = f.read()
        with open(os.path.join(own, "limits.conf"), "w") as f:
            f.write(limits.replace("10r/s", "20000r/s").replace("50r/s", "20000r/s").replace("burst=20", "burst=20000")
                    .replace("burst=100", "burst=20000").replace("connections 256", "connections 4096"))

    # ---- the server's files and commands -----------------------------------------------------------

    def set(self, name, value):
        path = os.path.join(self.home, ".env")
        with open(path) as f:
            lines = [line for line in f if not line.startswith(name + "=")]
        with open(path, "w") as f:
            f.write("".join(lines) + "%s=%s\n" % (name, value))

    def setting(self, name):
        with open(os.path.join(self.home, ".env")) as f:
            found = [line.split("=", 1)[1].strip() for line in f if line.startswith(name + "=")]
        return found[-1] if found else ""

    def secret(self, name):
        with open(os.path.join(self.home, "secrets", name)) as f:
            return f.read().strip()

    def newest_backup(self):
        return max(f for f in os.listdir(os.path.join(self.home, "backups")) if f.endswith(".tar"))

    def command(self, *args, script=None, check=True, timeout=600, env=None):
        script = script or os.path.join(self.home, "jarvis-admin")
        env = dict(os.environ, JARVIS_HOME=self.home, **(env or {}))
        r = subprocess.run([script, *args], text=True, capture_output=True, timeout=timeout, env=env,
                           stdin=subprocess.DEVNULL)
        if check and r.returncode:
            raise AssertionError("jarvis-admin %s: %d\n%s%s" % (" ".join(args), r.returncode, r.stdout, r.stderr))
        assert "I/O error" not in r.stderr, "jarvis-admin %s writes into a closed pipe: %s" % (" ".join(args), r.stderr[:500])
        return r

    def admin(self, *args, **kw):
        return self.command(*args, **kw)

    def timed(self, *args, **kw):
        began = time.monotonic()
        self.admin(*args, **kw)
        return time.monotonic() - began

    def compose(self, *args, **kw):
        return compose(*args, cwd=self.home, **kw).stdout.strip()

    def containers(self, service):
        return docker("ps", "-q", "--filter", "label=com.docker.compose.project=" + self.project,
                      "--filter", "label=com.docker.compose.service=" + service).split()

    def all_containers(self):
        return [inspect(c) for c in docker("ps", "-aq", "--filter",
                                           "label=com.docker.compose.project=" + self.project).split()]

    def wait_status(self, path, status, seconds=30):
        def answers():
            try:
                return self.request("GET", path)[0] == status
            except (OSError, http.client.HTTPException):
                return False
        wait_for(answers, seconds, "%s to answer %d" % (path, status))

    def wait_ready(self, seconds):
        self.wait_status("/health", 200, seconds)

    def kill(self, container):
        """Its first process, behind the engine's back: it is to start it again."""
        os.kill(inspect(container)["State"]["Pid"], signal.SIGKILL)

    def wait_answered(self, token, seconds):
        """By the tickets agent, from the database."""
        def is_answered():
            try:
                with self.client() as c:
                    return c.tool(token, "tickets", "get_my_tickets", {})
            except (OSError, http.client.HTTPException, AssertionError):
                return False
        wait_for(is_answered, seconds, "the tickets agent")

    def wait_healthy(self, container, seconds=90):
        wait_for(lambda: inspect(container)["State"]["Health"]["Status"] == "healthy", seconds, container + " to be healthy")

    def nginx_errors(self):
        """What it says of upstreams, but that one is not there."""
        log = run("docker", "logs", self.containers("nginx")[0], check=False)
        return [line for line in (log.stdout + log.stderr).splitlines() if "[error]" in line and "connecting" not in line][-5:]

    def show(self):
        for c in self.all_containers():
            state = c["State"]
            log = run("docker", "logs", "--tail", "12", c["Id"], check=False)
            print("--- %s %s %s\n%s%s" % (c["Name"], state["Status"], (state.get("Health") or {}).get("Status", ""),
                                          log.stdout, log.stderr))

    # ---- people ------------------------------------------------------------------------------------

    def client(self, timeout=30):
        return Client(DOMAIN, self.port, timeout)

    def request(self, method, path, body=None, token=None, headers=None):
        with self.client() as c:
            return c.request(method, path, body, token, headers)

    def login(self, username, password):
        kept = self.tokens.get(username)
        if kept and kept[1] > time.monotonic():
            return kept[0]
        status, _, reply = self.request("POST", "/auth/login", {"username": username, "password": password})
        assert status == 200, (status, reply)
        self.tokens[username] = (reply["access_token"], time.monotonic() + 500)
        return reply["access_token"]

    def login_admin(self):
        return self.login("admin", self.secret("admin_password"))

    def login_probe(self):
        return self.login("probe", self.secret("probe_password"))

    def add_person(self, username, role="developer"):
        password = secrets.token_urlsafe(18)
        status, _, reply = self.request("POST", "/auth/users", {
            "username": username, "password": password, "role": role, "email": username + "@example.org"},
            self.login_admin())
        assert status in (200, 201), (status, reply)
        return self.login(username, password)

    def chat(self, token, message):
        status, _, reply = self.request("POST", "/api/chat", {"message": message}, token)
        assert status == 200, (status, reply)
        return reply

