"""bus.py -- what an operator does with a plain NATS client (natsreq.c), as functions; and a tally of checks."""
import json
import os
import secrets
import subprocess
import threading
from collections import namedtuple

from stack import BINARY

NATSREQ = os.environ.get("NATSREQ") or os.path.join(os.path.dirname(BINARY), "tests", "e2e", "natsreq")
ANSWERED, NO_ANSWER, CANNOT_ASK, NO_RESPONDERS, REFUSED, LOST = range(6)


class Msg(namedtuple("Msg", "headers body")):
    """One message that came back."""

    subject = ""  # where it was heard, by a listener

    @property
    def code(self):
        """The service error's number; 0 when it is none."""
        return int(self.headers.get("Nats-Service-Error-Code", 0))

    @property
    def error(self):
        return self.headers.get("Nats-Service-Error", "")

    @property
    def json(self):
        return json.loads(self.body)


def parse(out):
    """natsreq's output as a list of Msg."""
    found = []
    while out:
        size, out = out.split(b"\n", 1)
        assert size.startswith(b"MSG "), size
        headers = {}
        while not out.startswith(b"\n"):
            line, out = out.split(b"\n", 1)
            name, value = line.decode().split(": ", 1)
            headers[name] = value
        n = int(size[4:])
        found.append(Msg(headers, out[1:1 + n]))
        out = out[n + 2:]
    return found


class Operator:
    """Somebody with credentials of the bus; the operator's unless told otherwise. Others hear only the inbox
    that is their own."""

    def __init__(self, stack, creds=None, own_inbox=False):
        env = stack.run_env()
        self.inbox = ["-i", "_INBOX.%s.%s" % (creds, secrets.token_hex(8))] if own_inbox else []
        self.env = dict(os.environ, NATS_URL=env["NATS_URL"], NATS_CREDS=env["NATS_CREDS"])
        if creds:
            self.env["NATS_CREDS"] = os.path.join(os.path.dirname(env["NATS_CREDS"]), creds + ".creds")

    def ask(self, subject, body=b"{}", token=None, headers=None, wait_ms=10000, most=1, pending=0):
        """(exit code, [Msg, ...], what was said on standard error)"""
        if not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        args = ["-t", str(wait_ms), "-m", str(most), *self.inbox, *(["-p", str(pending)] if pending else [])]
        for name, value in (headers or {}).items():
            args += ["-H", "%s: %s" % (name, value)]
        if token is not None:
            args += ["-H", "Authorization: Bearer " + token]
        r = subprocess.run([NATSREQ, *args, subject, "-"], env=self.env, capture_output=True, timeout=60,
                           input=body if isinstance(body, bytes) else body.encode())
        return r.returncode, parse(r.stdout), r.stderr.decode(errors="replace")

    def one(self, subject, body=b"{}", token=None, **kw):
        """The one answer."""
        code, found, err = self.ask(subject, body, token, **kw)
        assert code == ANSWERED and len(found) == 1, (subject, code, found, err)
        return found[0]


class Listener:
    """Messages as they come: of a stream that is asked for, or on a subject."""

    def __init__(self, operator, subject, body=None, headers=(), listens=False, wait_ms=60000):
        args = [NATSREQ, "-t", str(wait_ms), "-m", "0", *[a for h in headers for a in ("-H", h)]]
        args += ["-l", subject] if listens else [subject, body]
        self.process = subprocess.Popen(args, env=operator.env, stdout=subprocess.PIPE)
        self.found, self.over, self.changed = [], False, threading.Condition()
        if listens:
            assert self.process.stdout.readline() == b"READY\n", subject
        self.thread = threading.Thread(target=self.read)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.process.kill()
        self.thread.join()
        self.process.stdout.close()
        self.process.wait()

    def read(self):
        out = self.process.stdout
        while line := out.readline():
            size, _, subject = line.decode().removeprefix("MSG ").rstrip("\n").partition(" ")
            headers = {}
            while (header := out.readline()) not in (b"\n", b""):
                name, value = header.decode().rstrip("\n").split(": ", 1)
                headers[name] = value
            m = Msg(headers, out.read(int(size) + 1)[:-1])
            m.subject = subject
            with self.changed:
                self.found.append(m)
                self.changed.notify_all()
        with self.changed:
            self.over = True
            self.changed.notify_all()

    def until(self, true, seconds):
        with self.changed:
            assert self.changed.wait_for(true, seconds), self.found

    def told(self, raw=False, only=None):
        return [m for m in self.found if (raw or "Jarvis-Alive" not in m.headers) and (not only or only(m))]

    def wait(self, n, only=None, raw=False, seconds=20):
        """At least n messages; signs of life count when raw."""
        self.until(lambda: len(self.told(raw, only)) >= n, seconds)
        return self.told(raw, only)

    def ended(self, raw=False, seconds=40):
        """All up to the end of the stream, which is left out."""
        self.until(lambda: self.over, seconds)
        assert self.found and self.found[-1] == ({}, b""), self.found
        return self.told(raw)[:-1]


class Tally:
    def __init__(self):
        self.passed, self.failed = 0, 0

    def check(self, name, good, detail=""):
        print("%s - %s" % ("ok" if good else "not ok", name), flush=True)
        if not good:
            print("# " + str(detail)[:2000].replace("\n", "\n# "))
        self.passed += bool(good)
        self.failed += not good
        return good

    def each(self, *parts):
        """Each part is a function; one that breaks is one failure."""
        for part in parts:
            try:
                part()
            except Exception as e:  # pylint: disable=broad-except -- the other parts still run
                self.check("%s runs to its end" % part.__name__, False, "%s: %s" % (type(e).__name__, e))

    def run(self, *parts):
        self.each(*parts)
        print("1..%d" % (self.passed + self.failed))
        return 1 if self.failed else 0
