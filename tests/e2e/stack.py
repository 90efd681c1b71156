"""stack.py -- the whole system for a test: `jarvis up --detach` in a temporary folder on free ports.

    with Stack() as s:
        vishal = s.login("vishal")
        status, headers, body = s.http("POST", "/api/chat", {"message": "show my tickets"}, vishal)

Runs as an ordinary user with its own var/, clock at 2025-01-10T00:00:00Z, and leaves nothing behind.
Standard library only.
"""
import http.client
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.environ.get("JARVIS_BINARY") or os.path.join(TOP, "build", "dev", "jarvis")
PASSWORDS = {"admin": "admin123"}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(what, seconds=30.0):
    """Polls what() until it is true; returns its value or raises."""
    end = time.monotonic() + seconds
    while True:
        try:
            value = what()
            if value:
                return value
        except (OSError, http.client.HTTPException):
            pass
        if time.monotonic() > end:
            raise AssertionError("waited %.0f s for %s" % (seconds, getattr(what, "__name__", what)))
        time.sleep(0.05)


class Stack:
    def __init__(self, clock="2025-01-10T00:00:00Z", env=None, binary=BINARY):
        self.folder = tempfile.mkdtemp(prefix="jarvis-e2e.")
        os.chmod(self.folder, 0o755)
        self.var = os.path.join(self.folder, "var")
        self.address = ("127.0.0.1", free_port())
        self.env = {k: v for k, v in os.environ.items()
                    if k not in ("NATS_URL", "NATS_CREDS", "DATABASE_URL", "JARVIS_URL")}
        self.env.update(JARVIS_VAR=self.var, JARVIS_LISTEN="%s:%d" % self.address, JARVIS_CLOCK=clock)
        self.env.update(env or {})
        self.binary = binary
        self.tokens = {}

    def __enter__(self):
        self.up()
        return self

    def __exit__(self, *exc):
        if exc[0]:
            self.show_logs()
        self.down()
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, *args, **kw):
        return subprocess.run([self.binary, *args], env=self.env, text=True, capture_output=True,
                              timeout=kw.pop("timeout", 120), **kw)

    def up(self):
        r = self.run("up", "--detach")
        assert r.returncode == 0, "up failed:\n%s%s" % (r.stdout, r.stderr)

    def down(self):
        return self.run("down")

    def show_logs(self, lines=15):
        logs = os.path.join(self.var, "log")
        for name in sorted(os.listdir(logs)) if os.path.isdir(logs) else []:
            with open(os.path.join(logs, name), errors="replace") as f:
                print("--- %s\n%s" % (name, "".join(f.readlines()[-lines:])))

    def pids(self):
        with open(os.path.join(self.var, "run", "pids")) as f:
            return {name: int(pid) for name, pid in (line.split() for line in f if line.strip())}

    def run_env(self):
        """var/run/env as a dictionary."""
        out = subprocess.run(["sh", "-c", ". '%s/run/env'; env" % self.var], env={}, text=True,
                             capture_output=True, check=True).stdout
        return dict(line.split("=", 1) for line in out.splitlines() if "=" in line)

    def connect(self, timeout=30):
        return http.client.HTTPConnection(*self.address, timeout=timeout)

    def http(self, method, path, body=None, token=None, headers=None, timeout=30):
        """(status, headers, JSON or text); body: bytes as they are, anything else as JSON."""
        c = self.connect(timeout)
        h = dict(headers or {})
        if token:
            h["Authorization"] = "Bearer " + token
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
            h.setdefault("Content-Type", "application/json")
        try:
            c.request(method, path, body, h)
            r = c.getresponse()
            data = r.read().decode()
            reply = {k.lower(): v for k, v in r.getheaders()}
        finally:
            c.close()
        if "json" in reply.get("content-type", "") and data:
            data = json.loads(data)
        return r.status, reply, data

    def login(self, username, password=None):
        """An access token, remembered for a while (they live 15 minutes)."""
        kept = self.tokens.get(username)
        if kept and kept[1] > time.monotonic():
            return kept[0]
        status, _, reply = self.http("POST", "/auth/login", {
            "username": username, "password": password or PASSWORDS.get(username, "password123")})
        assert status == 200, (status, reply)
        self.tokens[username] = (reply["access_token"], time.monotonic() + 600)
        return reply["access_token"]

    def chat(self, username, message, session_id=None, **kw):
        body = {"message": message}
        if session_id:
            body["session_id"] = session_id
        status, _, reply = self.http("POST", "/api/chat", body, self.login(username), **kw)
        assert status == 200, (status, reply)
        return reply

    def new_session(self, username):
        status, _, reply = self.http("POST", "/api/sessions", {}, self.login(username))
        assert status in (200, 201), (status, reply)
        return reply["session_id"]


def run_tests(namespace, argv):
    """A script's functions test_*, or those that argv names: a line for each; the exit code."""
    failed = n = 0
    for name, fn in list(namespace.items()):
        if not name.startswith("test_") or (argv and name[5:] not in argv):
            continue
        n += 1
        began = time.monotonic()
        try:
            fn()
            print("ok %d - %s (%.1f s)" % (n, name[5:], time.monotonic() - began), flush=True)
        except Exception as e:  # the others still run
            failed += 1
            print("not ok %d - %s\n# %s: %s" % (n, name[5:], type(e).__name__, str(e).replace("\n", "\n# ")),
                  flush=True)
    print("1..%d" % n)
    return 1 if failed or not n else 0
