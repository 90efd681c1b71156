"""cicd_stage.py -- what the scripts of compose/ci/ meet: an sshd, a system behind TLS, a place for Slack's messages, a
registry. The sshd is the distribution's own, on a free port and with its own keys; where it is not installed it is
unpacked from its package, as to install it would open the machine's port 22. On the server, `jarvis-admin` is a
stand-in that notes what it is asked and does what the test has told it. Standard library only.
"""
import http.server
import os
import pwd
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading

from stack import TOP, free_port, wait_for

CI = os.path.join(TOP, "compose", "ci")
DIGEST = "sha256:" + "ab" * 32
REFERENCE = "ghcr.io/some/one/jarvis@" + DIGEST

ADMIN = """#!/bin/sh
# Stand-in: notes its arguments, one a line, then does as "plan" says: lines "command status version".
{ printf '%s' "$1"; shift; printf ' [%s]' "$@"; echo; } >>"$STAGE/asked.new"
cat "$STAGE/asked.new" >>"$STAGE/asked" && command=$(sed 's/ .*//' "$STAGE/asked.new") && rm "$STAGE/asked.new"
set -- $(sed -n "s/^$command //p" "$STAGE/plan")
[ "${1:-}" != hang ] || { read -r _ <"$STAGE/hold"; exit 0; }
[ -z "${2:-}" ] || echo "$2" >"$STAGE/running"
exit "${1:-0}"
"""
SUDO = """#!/bin/sh
[ "$1" = -n ] || exit 99
shift
exec "$@"
"""


def skip(why):
    print("1..0 # SKIP %s" % why)
    sys.exit(77)


class Cases:
    """TAP, a line for each case; done() ends the test."""

    def __init__(self):
        self.n = self.failed = 0

    def case(self, title, wrong):
        self.n += 1
        for line in wrong:
            print("#", str(line).replace("\n", "\n# "))
        self.failed += bool(wrong)
        print("not ok" if wrong else "ok", self.n, "-", title, flush=True)

    def done(self):
        print("1..%d" % self.n)
        sys.exit(1 if self.failed or not self.n else 0)


class Done:
    def __init__(self, r):
        self.status, self.text = r.returncode, r.stdout + r.stderr
        self.out = dict(line.split("=", 1) for line in r.stdout.splitlines() if re.match(r"[a-z]+=", line))

    def differs(self, status, *said, **out):
        """What is not as wanted: the status, what was said, the outputs."""
        wrong = [] if self.status == status else ["ended with %d, not %d" % (self.status, status)]
        wrong += ["does not say %r" % s for s in said if s not in self.text]
        wrong += ["%s is %r, not %r" % (k, self.out.get(k), v) for k, v in out.items() if self.out.get(k) != v]
        return wrong + [self.text] if wrong else []


def run(script, *args, env=None, timeout=120):
    """A script of compose/ci/, with nothing in its environment but what is given."""
    clean = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "TMPDIR": tempfile.gettempdir()}
    clean.update(env or {})
    return Done(subprocess.run([os.path.join(CI, script), *args], env=clean, capture_output=True, text=True,
                               stdin=subprocess.DEVNULL, timeout=timeout))


def unpack(package, program, folder):
    """A program of a Debian package, and the folder of its libraries, without installing it; None: not to be had."""
    if not shutil.which("apt-get"):
        return None
    there = tempfile.mkdtemp(dir=folder)
    subprocess.run(["chmod", "755", there], check=True)
    r = subprocess.run(["apt-get", "-q", "download", *package], cwd=there, capture_output=True, text=True,
                       stdin=subprocess.DEVNULL, timeout=120)
    if r.returncode:
        print("#", r.stderr.strip().replace("\n", "\n# "))
        return None
    for name in os.listdir(there):
        subprocess.run(["dpkg", "-x", name, "."], cwd=there, check=True)
    return os.path.join(there, program)


def libraries(program):
    """The environment in which an unpacked program finds what was unpacked with it."""
    top = program.split("/usr/")[0]
    found = [d for d, _, files in os.walk(top) if any(".so" in f for f in files)]
    return dict(os.environ, LD_LIBRARY_PATH=":".join(found))


def stop(process):
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def key(path, passphrase=""):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", "test", "-f", path], check=True)
    with open(path) as f, open(path + ".pub") as p:
        return f.read(), p.read().strip()


class Server:
    """The server: sshd and the stand-in. Runs as an ordinary user, and lets in only that one."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="jarvis-cicd.")
        os.chmod(self.folder, 0o755)
        self.port = free_port()
        root = os.getuid() == 0
        self.user = "postgres" if root else pwd.getpwuid(os.getuid()).pw_name
        try:
            self.who = pwd.getpwnam(self.user)
        except KeyError:
            skip("there is no user %s" % self.user)
        self.private, public = key(self.path("client"))
        _, host = key(self.path("host"))
        self.known = "[127.0.0.1]:%d %s\n" % (self.port, host)
        self.write("keys", "restrict " + public + "\n")
        self.write("bin/jarvis-admin", ADMIN, 0o755)
        self.write("bin/sudo", SUDO, 0o755)
        self.write("asked", "")
        self.write("running", "1.0.0")
        self.write("sshd.conf", "\n".join((
            "ListenAddress 127.0.0.1:%d" % self.port, "HostKey " + self.path("host"), "PidFile none", "UsePAM no",
            "AuthorizedKeysFile " + self.path("keys"), "StrictModes no", "PasswordAuthentication no",
            "KbdInteractiveAuthentication no", "AllowUsers " + self.user,
            "SetEnv PATH=%s:/usr/bin:/bin STAGE=%s" % (self.path("bin"), self.folder), "")))
        os.mkfifo(self.path("hold"))
        for top, names, files in os.walk(self.folder):
            for name in [top] + [os.path.join(top, n) for n in names + files]:
                os.chown(name, self.who.pw_uid, self.who.pw_gid)
        os.umask(0o022)
        self.process = self.start()

    def start(self):
        program = shutil.which("sshd", path=os.environ["PATH"] + ":/usr/sbin")
        program = program or unpack(["openssh-server", "libwrap0"], "usr/sbin/sshd", self.folder)
        if not program:
            self.clean()
            skip("no sshd, and its package cannot be had")
        env = libraries(program) if program.startswith(self.folder) else None
        who = {} if os.getuid() else {"user": self.who.pw_uid, "group": self.who.pw_gid, "extra_groups": []}
        # Its own log is not ours, but for when it does not start.
        log = open(self.path("sshd.log"), "w")
        process = subprocess.Popen([program, "-D", "-e", "-f", self.path("sshd.conf")], env=env, stdin=subprocess.DEVNULL,
                                   stdout=log, stderr=log, **who)
        log.close()
        try:
            wait_for(lambda: process.poll() is not None or self.banner())
            assert process.poll() is None
        except AssertionError:
            stop(process)
            print(self.read("sshd.log"))
            self.clean()
            sys.exit("not ok - sshd does not start")
        return process

    def banner(self):
        with socket.create_connection(("127.0.0.1", self.port), 5) as s:
            return s.recv(4) == b"SSH-"

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, content, mode=0o644):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w") as f:
            f.write(content)
        os.chmod(self.path(name), mode)

    def read(self, name):
        with open(self.path(name)) as f:
            return f.read()

    def plan(self, *lines, running="1.0.0"):
        """What the stand-in will do, "command status [version]"; and what runs before that."""
        self.write("plan", "".join(line + "\n" for line in lines))
        self.write("running", running)
        self.write("asked", "")
        os.chown(self.path("asked"), self.who.pw_uid, self.who.pw_gid)
        os.chown(self.path("running"), self.who.pw_uid, self.who.pw_gid)

    def asked(self):
        return self.read("asked").splitlines()

    def let_go(self):
        """Whoever hangs goes on."""
        try:
            os.close(os.open(self.path("hold"), os.O_WRONLY | os.O_NONBLOCK))
        except OSError:
            pass

    def clean(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.let_go()
        stop(self.process)
        self.clean()


class Web:
    """An HTTP server whose answers are those of answer(handler) -> (status, headers, body)."""

    def __init__(self, answer, context=None):
        outer = self
        self.seen = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                outer.seen.append((self.path, dict(self.headers), body))
                status, headers, content = answer(self)
                self.send_response(status)
                for k, v in headers.items():
                    self.send_header(k, v)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_POST = do_GET

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda *_: None # clients that do not trust us hang up
        if context:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def certificate(folder, name="localhost"):
    """A TLS context for that name, and the file with who vouches for it."""
    crt, private = os.path.join(folder, name + ".crt"), os.path.join(folder, name + ".key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                    "2", "-subj", "/CN=" + name, "-addext", "subjectAltName=DNS:" + name, "-keyout", private, "-out",
                    crt], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(crt, private)
    return context, crt
