"""edge_place.py -- a place for the edge's tests: a network of its own, in which nginx has ports 80 and 443,
names lead where they should, and clients come from many addresses.

    sys.exit(main(__file__, cases))       at the end of a test: runs cases() there, a line for each case

The place is a network, a mount and a process namespace (needs root), so nothing that was started is left. nginx
and certbot run with the scripts and the configuration of compose/, as user 10001; only paths and the two
listening ports are others.
"""
import http.client
import http.server
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(TOP, "tests", "e2e"))
from stack import wait_for  # noqa: E402

DOMAIN = "jarvis.example.org"
SLOT_A, SLOT_B = "127.83.0.11", "127.83.0.12"
OUTSIDE = "203.0.113.9" # an address of this place that is not a private one
USER = 10001
INSIDE = "JARVIS_EDGE_PLACE"


# ---- the place ------------------------------------------------------------------------------------

def run_inside(path, *names):
    """Runs a test file, or those cases of it, in a place of its own; its exit code."""
    env = dict(os.environ, **{INSIDE: "1"})
    return subprocess.call(["unshare", "--net", "--mount", "--propagation", "private", "--pid", "--fork",
                            "--kill-child", "--mount-proc", sys.executable, path,
                            *names], env=env)


def furnish(folder):
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["ip", "address", "add", OUTSIDE + "/32", "dev", "lo"], check=True)
    with open("/proc/sys/net/ipv4/ip_unprivileged_port_start", "w") as f:
        f.write("0")
    hosts = os.path.join(folder, "hosts")
    with open(hosts, "w") as f:
        f.write("127.0.0.1 localhost %s\n%s gateway-a\n%s gateway-b\n" % (DOMAIN, SLOT_A, SLOT_B))
    os.chmod(hosts, 0o644)
    subprocess.run(["mount", "--bind", hosts, "/etc/hosts"], check=True)


def main(path, cases):
    if os.environ.get(INSIDE) != "1":
        return run_inside(path, *sys.argv[1:])
    folder = tempfile.mkdtemp(prefix="jarvis-edge.")
    os.chmod(folder, 0o755)
    report = Report()
    try:
        furnish(folder)
        cases(report, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print("1..%d" % (report.passed + report.failed), flush=True)
    return 1 if report.failed or not report.passed else 0


class Report:
    """Runs cases, named as their functions, all or those of the command line."""

    def __init__(self):
        self.passed = self.failed = 0

    def run(self, case, *args):
        if len(sys.argv) > 1 and case.__name__ not in sys.argv[1:]:
            return
        try:
            case(*args)
            self.passed += 1
            print("ok - " + case.__name__.replace("_", " "), flush=True)
        except Exception: # pylint: disable=broad-except
            self.failed += 1
            print("not ok - %s\n%s" % (case.__name__.replace("_", " "), traceback.format_exc()), flush=True)


# ---- nginx ----------------------------------------------------------------------------------------

def copy(what, folder, **words):
    """compose/<what> in a folder of the test, with other paths and ports."""
    words = {"/etc/jarvis/tls": folder + "/tls", "/var/www/acme": folder + "/www", "/tmp/": folder + "/tmp/",
             "/etc/letsencrypt": folder + "/letsencrypt", **words}
    pattern = re.compile("|".join(re.escape(w) for w in sorted(words, key=len, reverse=True)))
    target = os.path.join(folder, what)
    shutil.copytree(os.path.join(TOP, "compose", what), target)
    for base, _, names in os.walk(target):
        for path in (os.path.join(base, name) for name in names):
            with open(path) as f:
                text = f.read()
            with open(path, "w") as f:
                f.write(pattern.sub(lambda m: words[m[0]], text))
    return target


def owned(path):
    os.makedirs(path, exist_ok=True)
    os.chown(path, USER, USER)


def make_pair(folder, name=DOMAIN, days=30):
    """A self-signed certificate and its key in a folder, put there at once."""
    os.makedirs(folder, exist_ok=True)
    new = tempfile.mkdtemp(dir=os.path.dirname(folder))
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", str(days), "-subj", "/CN=" + name, "-addext", "subjectAltName=DNS:" + name,
                    "-keyout", new + "/key.pem", "-out", new + "/cert.pem"], check=True, capture_output=True)
    for file in ("key.pem", "cert.pem"):
        os.chmod(os.path.join(new, file), 0o644)
        os.replace(os.path.join(new, file), os.path.join(folder, file))
    os.rmdir(new)


class Script:
    """One of compose/'s scripts as user 10001; what it says on stderr and stdout is kept in files."""

    def __init__(self, folder, path, *args, **env):
        self.said_path, self.out_path = path + ".said", path + ".out"
        for file in (self.said_path, self.out_path):
            with open(file, "w"):
                pass
            os.chown(file, USER, USER)
        clean = {k: v for k, v in os.environ.items() if not k.startswith("JARVIS_")}
        with open(self.said_path, "a") as said, open(self.out_path, "a") as out:
            self.process = subprocess.Popen(
                ["setpriv", "--reuid", str(USER), "--regid", str(USER), "--clear-groups", "--no-new-privs",
                 *os.environ.get("EDGE_SHELL", "sh").split(), path, *args],
                env=dict(clean, HOME=folder, **env), stdout=out, stderr=said, stdin=subprocess.DEVNULL)

    def said(self):
        with open(self.said_path, errors="replace") as f:
            return f.read()

    def lines(self):
        with open(self.out_path, errors="replace") as f:
            return [json.loads(line) for line in f if line.endswith("\n")]

    def wait_said(self, text, times=1, seconds=30):
        def has_said():
            assert self.process.poll() is None or self.said().count(text) >= times, "ended: " + self.said()
            return self.said().count(text) >= times
        try:
            wait_for(has_said, seconds)
        except AssertionError as why:
            raise AssertionError("waited for %r; it said: %s" % (text, self.said()[-2000:])) from why

    def send(self, number):
        self.process.send_signal(number)

    def stop(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(40)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


class Edge(Script):
    """nginx by compose/nginx/start on 80 and 443, or other ports."""

    def __init__(self, folder, pair=True, http_port=80, https_port=443, own=None, **env):
        self.folder, self.http_port, self.https_port = folder, http_port, https_port
        for path in (folder, folder + "/tmp", folder + "/www"):
            owned(path)
        os.makedirs(folder + "/tls", exist_ok=True)
        self.conf = copy("nginx", folder, **{"listen 8080": "listen %d" % http_port,
                                             "listen 8443": "listen %d" % https_port})
        with open(self.conf + "/site.conf", "w") as f:
            f.write("server_name %s;\n" % DOMAIN)
        os.makedirs(self.conf + "/own", exist_ok=True)
        for name, text in (own or {}).items():
            with open(os.path.join(self.conf, "own", name), "w") as f:
                f.write(text)
        if pair:
            make_pair(folder + "/tls")
        super().__init__(folder, self.conf + "/start", JARVIS_TLS_POLL="1", **env)
        if pair:
            wait_for(self.listens)

    def listens(self):
        assert self.process.poll() is None, self.said()
        self.connect(timeout=5).close() # `nginx -t` listens for a moment as well, but shakes no hands
        return True

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if exc[0]:
            print("--- nginx said:\n" + self.said()[-3000:])
        if self.process.poll() is None:
            self.stop()

    # -- clients --

    def connect(self, source="127.0.0.1", name=DOMAIN, to="127.0.0.1", timeout=30, context=None):
        """A TLS connection."""
        if context is None:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        plain = socket.create_connection((to, self.https_port), timeout, (source, 0))
        return context.wrap_socket(plain, server_hostname=name)

    def client(self, source="127.0.0.1", **kw):
        """An HTTP/1.1 connection over TLS."""
        c = http.client.HTTPConnection(DOMAIN, timeout=kw.get("timeout", 30))
        c.sock = self.connect(source, **kw)
        return c

    def ask(self, method, path, body=None, token=None, source="127.0.0.1", headers=None, client=None):
        """(status, list of header pairs in lower case, body) over a connection of its own, or that one."""
        c = client or self.client(source)
        h = dict(headers or {})
        if token:
            h["Authorization"] = "Bearer " + token
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
            h.setdefault("Content-Type", "application/json")
        c.request(method, path, body, h)
        r = c.getresponse()
        data = r.read()
        if not client:
            c.close()
        return r.status, [(k.lower(), v) for k, v in r.getheaders()], data

    def curl(self, path, *args, source="127.0.0.1", scheme="https"):
        port = self.https_port if scheme == "https" else self.http_port
        return subprocess.run(["curl", "-sk", "--max-time", "30", "--interface", source, "--resolve",
                               "%s:%d:127.0.0.1" % (DOMAIN, port), *args, "%s://%s:%d%s" % (scheme, DOMAIN, port, path)],
                              capture_output=True, text=True, timeout=60)

    def plain(self, request, source="127.0.0.1", to="127.0.0.1", timeout=30):
        """What comes back over port 80 for these bytes, until the connection ends."""
        with socket.create_connection((to, self.http_port), timeout, (source, 0)) as s:
            s.sendall(request)
            return read_all(s)


def read_all(s):
    data = b""
    try:
        while more := s.recv(65536):
            data += more
    except (ConnectionResetError, ssl.SSLEOFError):
        pass
    return data


def serial_of(edge):
    """The serial number of the certificate that new connections are shown."""
    with edge.connect() as s:
        der = s.getpeercert(binary_form=True)
    out = subprocess.run(["openssl", "x509", "-inform", "DER", "-noout", "-serial"], input=der, capture_output=True, check=True)
    return out.stdout.decode().strip().split("=")[1]


# ---- an upstream that tells what it was asked -----------------------------------------------------

class Echo(http.server.ThreadingHTTPServer):
    """In a gateway's slot: answers with its name and what it got. What it does is set by path:

    /api/away      503 with a body of its own
    /api/cut       reads the request, counts it, closes without an answer
    /api/slow      streams: a line, then waits for .go, then the end
    """
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, address, name):
        self.name, self.draining, self.asked, self.go = name, False, [], threading.Event()
        self.accepted = []
        super().__init__((address, 8080), EchoAnswer)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def get_request(self):
        pair = super().get_request()
        self.accepted.append(pair[0])
        return pair

    def handle_error(self, request, client_address):
        pass # a peer that goes away

    def end(self):
        self.shutdown()
        self.server_close()
        for s in self.accepted: # those that nginx keeps, too
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class EchoAnswer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args): # pylint: disable=arguments-differ
        pass

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append((self.command, self.path, self.headers.items(), body))
        path = self.path.split("?")[0]
        if path == "/api/cut":
            self.close_connection = True
        elif path == "/api/slow":
            self.stream()
        elif self.server.draining and self.command == "GET": # as a gateway that leaves: ADR 33
            self.send(502, {"detail": "leaving " + self.server.name})
        elif path == "/api/away":
            self.send(503, {"detail": "away at " + self.server.name})
        else:
            self.send(200, {"name": self.server.name, "headers": [[k.lower(), v] for k, v in self.headers.items()]})

    def send(self, status, what):
        data = json.dumps(what).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def stream(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("X-Accel-Buffering", "no")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"6\r\nfirst\n\r\n")
        self.server.go.wait(60)
        self.wfile.write(b"5\r\nlast\n\r\n0\r\n\r\n")

    do_GET = do_POST = do_PATCH = do_DELETE = do_HEAD = answer
