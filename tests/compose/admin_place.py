"""admin_place.py -- a server's folder for jarvis-admin, with a small project in it: real containers on the real engine, that
do nothing but be healthy, drain, and be of a version. What it rolls, not how Jarvis answers, is looked at here; and an
edge over real TLS that answers what verify asks, as the version that runs would.
"""
import http.server
import json
import os
import pty
import secrets
import select
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import termios
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
SCRIPT = os.path.join(TOP, "compose", "jarvis-admin")
BASE = "jarvis-base:12"
REPOSITORY = "jarvis-admin-test"
TOOLS = REPOSITORY + "-tools:1"
DOMAIN = "jarvis.test"

PROGRAM = r"""#!/bin/sh
# what jarvis-admin sees of Jarvis: run, check, migrate, doctor, nats-conf
case $1 in
check) exec test -e /tmp/ready ;;
run)
  [ "$2" != "$BROKEN" ] || { echo "JARVIS_THING: is wrong" >&2; exit 78; }
  trap 'rm -f /tmp/ready; exit 0' TERM
  : >/tmp/ready
  while :; do sleep 60 & wait $!; done
  ;;
migrate) [ -z "$NO_MIGRATE" ] || { echo "migrate: history was altered" >&2; exit 1; } ;;
doctor) [ -z "$NO_DOCTOR" ] || { echo "FAIL  DATABASE_URL: nobody answers"; exit 1; } ;;
nats-conf)
  printf '%s\n' "$*" >>/nats/calls
  mkdir -p /nats/creds /nats/keys
  for file in server.conf creds/operator.creds creds/gateway.creds creds/auth.creds creds/tickets.creds; do
    head -c 12 /dev/urandom | od -An -tx1 >/nats/new && chmod 600 /nats/new && mv -f /nats/new /nats/$file || exit 1
  done
  ;;
*) exit 2 ;;
esac
"""

DOCKERFILE = """ARG BASE
FROM ${BASE}
ARG BROKEN=
ARG NO_MIGRATE=
ARG NO_DOCTOR=
ARG VERSION
LABEL version=${VERSION}
ENV BROKEN=${BROKEN} NO_MIGRATE=${NO_MIGRATE} NO_DOCTOR=${NO_DOCTOR}
COPY jarvis /usr/bin/jarvis
USER 10001:10001
HEALTHCHECK --interval=1s --timeout=5s --start-period=30s --retries=3 CMD ["/usr/bin/jarvis", "check"]
ENTRYPOINT ["/usr/bin/jarvis"]
"""

TOOLS_DOCKERFILE = """ARG BASE
FROM ${BASE}
RUN apt-get update && apt-get install -y --no-install-recommends age && useradd -r postgres
"""

VERSIONS = {"1": (), "2": (), "3": (), "broken": ("BROKEN=tickets",), "mute": (), "late": ("BROKEN=gateway",),
            "no-migrate": ("NO_MIGRATE=1",), "no-doctor": ("NO_DOCTOR=1",)}

COMPOSE = """version: "3.8"
x-process: &process
  image: ${JARVIS_IMAGE:?}
  network_mode: none
  env_file: jarvis.env
  restart: unless-stopped
services:
  nats: { <<: *process, command: [run, nats] }
  migrate: { <<: *process, command: [migrate], restart: "no" }
  auth: { <<: *process, command: [run, auth], volumes: ["./secrets/nats/creds/auth.creds:/run/creds:ro"] }
  tickets: { <<: *process, command: [run, tickets], scale: 2 }
  orchestrator: { <<: *process, command: [run, orchestrator] }
  gateway-a: { <<: *process, command: [run, gateway] }
  gateway-b: { <<: *process, command: [run, gateway], profiles: [two] }
"""


def run(*args, check=True, timeout=300, stdin=None, env=None):
    r = subprocess.run(args, text=True, capture_output=True, timeout=timeout, input=stdin, env=env)
    if check and r.returncode:
        raise AssertionError("%s: %d\n%s%s" % (" ".join(args), r.returncode, r.stdout[-3000:], r.stderr[-3000:]))
    return r


def docker(*args, **kw):
    return run("docker", *args, **kw).stdout.strip()


def expect(what, is_, should):
    """Equal; or for a string, has it."""
    ok = should in is_ if isinstance(should, str) and isinstance(is_, str) else is_ == should
    assert ok, "%s: %r, expected %r" % (what, is_, should)


def wait_for(what, seconds=60):
    end = time.monotonic() + seconds
    while not (value := what()):
        assert time.monotonic() < end, "waited %d s" % seconds
        time.sleep(0.05)
    return value


def build_images():
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (("jarvis", PROGRAM), ("Dockerfile", DOCKERFILE), ("Tools", TOOLS_DOCKERFILE)):
            with open(os.path.join(folder, name), "w") as f:
                f.write(text)
        os.chmod(os.path.join(folder, "jarvis"), 0o755)
        env = dict(os.environ, DOCKER_BUILDKIT="0")
        for version, args in VERSIONS.items():
            more = [x for a in (*args, "VERSION=" + version) for x in ("--build-arg", a)]
            run("docker", "build", "-q", "-t", "%s:%s" % (REPOSITORY, version), "--build-arg", "BASE=" + BASE, *more, folder,
                env=env)
        run("docker", "build", "-q", "--network", "host", "-t", TOOLS, "--build-arg", "BASE=" + BASE, "-f",
            os.path.join(folder, "Tools"), folder, env=env)


def remove_images():
    for image in [TOOLS] + ["%s:%s" % (REPOSITORY, v) for v in VERSIONS]:
        run("docker", "image", "rm", image, check=False)


def tree(folder):
    """Everything there is in it: {path: (mode, content)}."""
    found = {}
    for at, names, files in os.walk(folder):
        for name in names + files:
            path = os.path.join(at, name)
            content = ""
            if name in files and not os.path.islink(path):
                with open(path, "rb") as f:
                    content = f.read()
            found[os.path.relpath(path, folder)] = (os.lstat(path).st_mode, content)
    return found


class Place:
    """A home of jarvis-admin, configured when `options` is not None."""

    def __init__(self, *options, configured=True):
        self.project = "admin-test-%d-%s" % (os.getpid(), secrets.token_hex(2))
        self.folder = tempfile.mkdtemp(prefix="jarvis-admin.")
        self.home = os.path.join(self.folder, "home")
        self.edge = Edge(self)
        self.options = list(options)
        self.configured = configured

    def __enter__(self):
        try:
            self.admin("install", "--home", self.home, script=SCRIPT)
            if self.configured:
                self.configure()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc):
        self.edge.stop()
        for c in docker("ps", "-aq", "--filter", "label=com.docker.compose.project=" + self.project).split():
            run("docker", "rm", "-f", "-v", c, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, *names):
        return os.path.join(self.home, *names)

    def read(self, *names):
        with open(self.path(*names)) as f:
            return f.read()

    def write(self, name, text, mode=0o644):
        with open(self.path(name), "w") as f:
            f.write(text)
        os.chmod(self.path(name), mode)
        return self.path(name)

    def arguments(self, *more):
        return ["configure", "--yes", "--domain", DOMAIN, "--email", "none", "--image", REPOSITORY + ":1", "--tools-image", TOOLS,
                "--project", self.project, "--listen-https", "127.0.0.1:%d" % self.edge.port,
                "--listen-http", "127.0.0.1:%d" % self.edge.other, "--monitoring", "no", *more]

    def configure(self):
        self.admin(*self.arguments(*self.options))
        self.write("compose.yml", COMPOSE)
        self.edge.start()
        self.set("JARVIS_VERIFY_CA", self.edge.ca)
        self.set("JARVIS_SETTLE", "0")
        self.set("JARVIS_VERIFY_WAIT", "0")
        self.set("JARVIS_ROLL_WAIT", "120")

    def set(self, name, value):
        lines = [x for x in self.read(".env").splitlines() if not x.startswith(name + "=")]
        self.write(".env", "\n".join(lines + ["%s=%s" % (name, value)]) + "\n", 0o600)

    def setting(self, name):
        return [x.split("=", 1)[1] for x in self.read(".env").splitlines() if x.startswith(name + "=")][-1]

    def command(self, *args, script=None, env=None):
        return dict(args=[script or self.path("jarvis-admin"), *args], text=True, stdin=subprocess.DEVNULL,
                    env=dict(os.environ, JARVIS_HOME=self.home, JARVIS_LINK="no", **(env or {})))

    def admin(self, *args, ends=0, **kw):
        """Run it; it ends with `ends`. Its words, standard output before standard error."""
        r = subprocess.run(**self.command(*args, **kw), capture_output=True, timeout=600)
        log = self.read("state", "admin.log")[-1500:] if os.path.exists(self.path("state", "admin.log")) else ""
        assert ends is None or r.returncode == ends, "%s: %d, expected %d\n%s%s\n%s" % (
            " ".join(args), r.returncode, ends, r.stdout, r.stderr, log)
        return r.stdout + r.stderr

    def containers(self, service, *filters):
        return docker("ps", "-q", "--no-trunc", *filters, "--filter", "label=com.docker.compose.project=" + self.project,
                      "--filter", "label=com.docker.compose.service=" + service).split()

    def all_containers(self):
        return sorted(docker("ps", "-aq", "--no-trunc", "--filter", "label=com.docker.compose.project=" + self.project).split())

    def versions(self):
        """{service: versions that run}"""
        found = {}
        lines = docker("ps", "--format", "{{.Label \"com.docker.compose.service\"}} {{.Label \"version\"}}", "--filter",
                       "label=com.docker.compose.project=" + self.project).splitlines()
        for service, version in (x.split() for x in lines):
            found.setdefault(service, []).append(version)
        return {s: "".join(sorted(v)) for s, v in found.items() if s != "nats"}

    def watch(self):
        return Watch(self.project)


class Terminal:
    """jarvis-admin at a terminal, and who types there."""

    def __init__(self, place, *args):
        command = place.command(*args)
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                for keys in (signal.SIGINT, signal.SIGQUIT): # ignored where the tests run in the background
                    signal.signal(keys, signal.SIG_DFL)
                os.execve(command["args"][0], command["args"], command["env"])
            finally:
                os._exit(127)
        self.shown, self.seen = "", 0

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)

    def read(self):
        """False when nobody is left to write."""
        assert select.select([self.fd], [], [], 60)[0], "nothing comes after %r" % self.shown[-500:]
        try:
            some = os.read(self.fd, 4096).decode()
        except OSError: # EIO: its other end is closed
            some = ""
        self.shown += some
        return bool(some)

    def answer(self, question, typed):
        """Once it is asked, with something after what was answered before."""
        while question not in self.shown[self.seen:]:
            assert self.read(), "%r is not asked: %r" % (question, self.shown)
        self.seen = self.shown.index(question, self.seen) + len(question)
        os.write(self.fd, typed.encode())

    def echoes(self):
        return bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)

    def end(self):
        """The exit code, or minus the signal."""
        while self.read():
            pass
        pid, self.pid = self.pid, None
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


class Watch:
    """Which containers of a project start and end meanwhile. The engine remembers few events, so they are read as they come."""

    def __init__(self, project):
        self.project = project

    def __enter__(self):
        self.out = tempfile.TemporaryFile("w+")
        self.child = subprocess.Popen(
            ["docker", "events", "--since", "%.9f" % time.time(), "--filter", "label=com.docker.compose.project=" + self.project,
             "--filter", "type=container", "--filter", "event=start", "--filter", "event=die", "--format", "{{json .}}"],
            stdout=self.out)
        return self

    def __exit__(self, *exc):
        self.child.kill()
        self.child.wait()

    def least(self):
        """{service: by how many it was fewer at any moment than at the beginning}, the two gateways as one."""
        group = {"gateway-a": "gateways", "gateway-b": "gateways"}
        self.out.seek(0)
        change, least = {}, {}
        for event in map(json.loads, self.out.read().splitlines()):
            a = event["Actor"]["Attributes"]
            if a.get("com.docker.compose.oneoff") == "True":
                continue
            service = group.get(a["com.docker.compose.service"], a["com.docker.compose.service"])
            change[service] = change.get(service, 0) + (1 if event["status"] == "start" else -1)
            least[service] = min(least.get(service, 0), change[service])
        return least


class Edge:
    """What stands where nginx does: TLS of a CA of its own, sign-in, a question, new keys."""

    def __init__(self, place):
        self.place = place
        sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
        self.port, self.other = (s.getsockname()[1] for s in sockets)
        for s in sockets:
            s.close()
        self.server = None
        self.asked = []
        self.extra = {}

    def start(self):
        self.ca = os.path.join(self.place.folder, "edge.crt")
        key = os.path.join(self.place.folder, "edge.key")
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj",
            "/CN=edge", "-addext", "subjectAltName=DNS:" + DOMAIN, "-keyout", key, "-out", self.ca)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), self.handler())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.ca, key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        if self.server:
            self.server.shutdown()
            self.server.server_close()

    def answer(self, path, body, token):
        self.asked.append((path, body, token))
        if path == "/auth/login":
            who = body["username"]
            good = who in ("probe", "admin") and body["password"] == self.place.read("secrets", who + "_password").strip()
            return (200, {"access_token": "token-of-" + who}) if good else (401, {"detail": "wrong"})
        if path == "/api/chat" and token == "Bearer token-of-probe":
            mute = "mute" in self.place.versions().get("gateway-a", "")
            return 200, {"response": "You have \"no\" tickets.", "outcome": "not_understood" if mute else "answered"}
        if path == "/auth/keys" and token == "Bearer token-of-admin":
            return 201, {"kid": "key-2", "kty": "EC"}
        return 404, {"detail": "no"}

    def handler(self):
        edge = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status, reply = edge.answer(self.path, body, self.headers.get("Authorization"))
                data = json.dumps(reply).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *args):
                pass
        return Handler
