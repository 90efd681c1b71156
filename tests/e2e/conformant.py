"""conformant.py -- the conformance agent for a test: `jarvis run conformance` on a free port.

    with Conformant("minimal") as agent:
        status, headers, body = agent.rpc("GetTask", {"id": "x"})
        status, headers, body = agent.rest("GET", "/tasks/x")

Ends it when done, and sees to it that nothing is left. Standard library only.
"""
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile

from stack import BINARY

VERSION = {"A2A-Version": "1.0"}


class Reply:
    """An HTTP answer: status, headers (lower case), body (JSON where it is some, else text)."""

    def __init__(self, response):
        data = response.read().decode()
        self.status = response.status
        self.headers = {k.lower(): v for k, v in response.getheaders()}
        kind = self.headers.get("content-type", "")
        self.text = data
        self.body = json.loads(data) if data and "json" in kind else data

    def __repr__(self):
        return "%d %s %s" % (self.status, self.headers.get("content-type"), self.text[:600])


class Stream:
    """Server-sent events as they come: each event is its JSON, with its id."""

    def __init__(self, connection, response):
        self.connection = connection
        self.response = response
        self.ids = []

    def __iter__(self):
        data = []
        while True:
            line = self.response.readline().decode()
            if not line:
                return
            line = line.rstrip("\r\n")
            if line.startswith("data:"):
                data.append(line[5:].strip())
            elif line.startswith("id:"):
                self.ids.append(line[3:].strip())
            elif not line and data:
                yield json.loads("\n".join(data))
                data = []

    def close(self):
        self.connection.close()


class Conformant:
    def __init__(self, profile="full", env=None, binary=BINARY):
        self.profile = profile
        self.folder = tempfile.mkdtemp(prefix="jarvis-e2e.")
        os.chmod(self.folder, 0o755)
        self.env = dict(os.environ, TMPDIR=self.folder)
        self.env.update(env or {})
        self.binary = binary

    def __enter__(self):
        self.process = subprocess.Popen(
            [self.binary, "run", "conformance", "--profile", self.profile, "--listen", "127.0.0.1:0",
             "--open-push"], env=self.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        line = self.process.stdout.readline()
        m = re.search(r"^conformance agent \((\S+)\) at http://([\d.]+):(\d+)$", line)
        if not m:
            rest = self.process.communicate(timeout=60)[0]
            shutil.rmtree(self.folder, ignore_errors=True)
            raise AssertionError("run conformance said: %s%s" % (line, rest))
        assert m.group(1) == self.profile, line
        self.address = (m.group(2), int(m.group(3)))
        self.url = "http://%s:%d" % self.address
        return self

    def __exit__(self, *exc):
        if exc[0]:
            self.show_logs()
        self.process.send_signal(signal.SIGTERM)
        said, _ = self.process.communicate(timeout=60)
        left = os.listdir(self.folder)
        shutil.rmtree(self.folder, ignore_errors=True)
        if not exc[0]:
            assert self.process.returncode == 0, "it ended with %d: %s" % (self.process.returncode, said)
            assert not left, "it left %s behind" % left

    def show_logs(self, lines=15):
        for folder, _, names in os.walk(self.folder):
            for name in sorted(names) if folder.endswith("/log") else []:
                with open(os.path.join(folder, name), errors="replace") as f:
                    print("--- %s\n%s" % (name, "".join(f.readlines()[-lines:])))

    def open(self, method, path, body=None, headers=None, timeout=30):
        """A request whose answer is not read yet: (connection, response)."""
        c = http.client.HTTPConnection(*self.address, timeout=timeout)
        h = dict(VERSION)
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
            h["Content-Type"] = "application/json"
        for name, value in (headers or {}).items():
            h.pop(name, None)
            if value is not None:
                h[name] = value
        c.request(method, path, body, h)
        return c, c.getresponse()

    def http(self, method, path, body=None, headers=None, timeout=30):
        c, response = self.open(method, path, body, headers, timeout)
        try:
            return Reply(response)
        finally:
            c.close()

    def stream(self, method, path, body=None, headers=None, timeout=30):
        """A Stream, or the Reply when it is none."""
        h = {"Accept": "text/event-stream"}
        h.update(headers or {})
        c, response = self.open(method, path, body, h, timeout)
        if "text/event-stream" in (response.getheader("Content-Type") or ""):
            return Stream(c, response)
        reply = Reply(response)
        c.close()
        return reply
