"""data_docker.py -- containers, a network, certificates and a PostgreSQL for the tests of what is kept.

Everything is made under names of its own and removed by them. Images: POSTGRES_IMAGE, MONITORING_IMAGE, or
stand-ins built from Debian's packages on JARVIS_TEST_BASE (jarvis-base:12). Standard library only.
"""
import os
import secrets as random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BASE = os.environ.get("JARVIS_TEST_BASE", "jarvis-base:12")
ENV = dict(os.environ, DOCKER_BUILDKIT="0")


def find_binary():
    builds = [os.environ.get("JARVIS_BINARY", "")]
    builds += [os.path.join(TOP, "build", kind, "jarvis") for kind in ("release", "dev")]
    return next((b for b in builds if b and os.access(b, os.X_OK)), None)


def run(*args, stdin=None, timeout=300, check=False, env=None):
    r = subprocess.run(args, input=stdin, text=True, capture_output=True, timeout=timeout, env=env or ENV)
    if check and r.returncode:
        raise AssertionError("%s: %d\n%s%s" % (" ".join(args[:6]), r.returncode, r.stdout[-2000:], r.stderr[-2000:]))
    return r


def docker(*args, **kw):
    return run("docker", *args, **kw)


def image(kind):
    """The image of that kind: what the environment names, or a stand-in that is built once."""
    given = os.environ.get(kind.upper() + "_IMAGE")
    if given:
        return given
    with open(os.path.join(HERE, "data_images.Dockerfile")) as f:
        text = f.read()
    docker("build", "-q", "--network", "host", "--build-arg", "BASE=" + BASE, "--target", kind,
           "-t", "data-" + kind, "-", stdin=text, timeout=600, check=True)
    return "data-" + kind


def wait_for(what, seconds=120.0, saying=""):
    end = time.monotonic() + seconds
    while True:
        value = what()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError("waited %.0f s for %s" % (seconds, saying() if callable(saying) else saying or what))
        time.sleep(0.05)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def expect(what, found, *wanted):
    """found is one of wanted, or a text that contains it."""
    if not any(found == w or (isinstance(w, str) and isinstance(found, str) and w and w in found) for w in wanted):
        raise AssertionError("%s: expected %r, found %r" % (what, wanted, found))


class Place:
    """A folder, a network and containers; all gone afterwards."""

    def __init__(self):
        self.name = "data-%d-%s" % (os.getpid(), random.token_hex(3))
        self.folder = tempfile.mkdtemp(prefix=self.name + ".")
        os.chmod(self.folder, 0o755)
        self.containers, self.volumes, self.processes = [], [], []
        self.net = None

    def __enter__(self):
        self.net = docker("network", "create", "--internal", self.name, check=True).stdout.strip()
        return self

    def __exit__(self, *exc):
        for p in self.processes:
            p.terminate()
            p.wait(20)
        for c in self.containers:
            docker("rm", "-f", "-v", c)
        for v in self.volumes:
            docker("volume", "rm", "-f", v)
        docker("network", "rm", self.net)
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, text, mode=0o644):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write(text)
        os.chmod(path, mode)
        return path

    def volume(self, owner=None):
        name = "%s-v%d" % (self.name, len(self.volumes))
        docker("volume", "create", name, check=True)
        self.volumes.append(name)
        if owner:
            docker("run", "--rm", "-v", name + ":/v", image("postgres"), "chown", owner, "/v", check=True)
        return name

    def start(self, kind, *args, options=(), name=None):
        """A container in the background, as tight as in compose.yml; returns its name."""
        name = "%s-%s" % (self.name, name or "c%d" % len(self.containers))
        self.containers.append(name)
        docker("run", "-d", "--name", name, "--read-only", "--cap-drop", "ALL",
               "--security-opt", "no-new-privileges", "--tmpfs", "/tmp:mode=1777", *options, image(kind), *args,
               check=True)
        return name

    def forget(self, name):
        docker("rm", "-f", "-v", name)
        self.containers.remove(name)

    def address(self, name):
        return docker("inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", name,
                      check=True).stdout.strip()

    def logs(self, name):
        r = docker("logs", name)
        return r.stdout + r.stderr

    def exited(self, name, seconds=180):
        """Waits for its end; returns the exit code."""
        return int(docker("wait", name, timeout=seconds, check=True).stdout)

    def nats(self):
        """A nats-server with JetStream on the host; returns its address."""
        port = free_port()
        self.processes.append(subprocess.Popen(
            ["nats-server", "-js", "-sd", self.path("nats"), "-a", "127.0.0.1", "-p", str(port)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        wait_for(lambda: can_connect("127.0.0.1", port), saying="nats-server")
        return "nats://127.0.0.1:%d" % port


def can_connect(host, port):
    try:
        socket.create_connection((host, port), 1).close()
        return True
    except OSError:
        return False


def make_certificate(place, name):
    """tls/ca.crt and a key and certificate for that host name."""
    tls = place.path("tls")
    os.makedirs(tls, exist_ok=True)
    if not os.path.exists(tls + "/ca.crt"):
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-days", "30", "-subj", "/CN=test ca", "-keyout", tls + "/ca.key", "-out", tls + "/ca.crt", check=True)
    run("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
        "/CN=" + name, "-keyout", "%s/%s.key" % (tls, name), "-out", "%s/%s.csr" % (tls, name), check=True)
    extensions = place.write("tls/%s.ext" % name, "subjectAltName=DNS:%s\n" % name)
    run("openssl", "x509", "-req", "-in", "%s/%s.csr" % (tls, name), "-CA", tls + "/ca.crt", "-CAkey",
        tls + "/ca.key", "-CAcreateserial", "-days", "30", "-extfile", extensions, "-out",
        "%s/%s.crt" % (tls, name), check=True)
    os.chmod("%s/%s.key" % (tls, name), 0o444)


class Database:
    """compose/postgres/start in a container, on a volume; name: by which others know it, on the network and in TLS."""

    def __init__(self, place, volume=None, name="postgres"):
        self.place, self.name = place, name
        self.volume = volume or place.volume("postgres:postgres")
        self.container = None
        make_certificate(place, name)
        self.passwords = {}
        for who, secret in (("postgres", "postgres_password"), ("jarvis_a", "database_password_a"),
                            ("jarvis_b", "database_password_b")):
            self.set_secret(who, secret, "p'%s\\%s" % (who, random.token_hex(12)))

    def set_secret(self, who, secret, value):
        self.passwords[who] = value
        self.place.write("secrets/" + secret, value, 0o444)

    def options(self, *more):
        p = self.place
        o = ["--user", "postgres", "--network", p.net, "--network-alias", self.name, "--memory", "512m",
             "-v", self.volume + ":/var/lib/postgresql/data",
             "-v", os.path.join(TOP, "compose", "postgres") + ":/etc/jarvis/postgres:ro",
             "--entrypoint", "/etc/jarvis/postgres/start", "-e", "POSTGRES_MEMORY=256m"]
        for s in ("postgres_password", "database_password_a", "database_password_b"):
            if os.path.exists(p.path("secrets", s)):
                o += ["-v", p.path("secrets", s) + ":/run/secrets/%s:ro" % s]
        for s in ("crt", "key"):
            o += ["-v", p.path("tls", "%s.%s" % (self.name, s)) + ":/run/secrets/postgres.%s:ro" % s]
        return o + list(more)

    def start(self, *more, wait=True):
        self.container = self.place.start("postgres", options=self.options(*more), name="pg%s" % random.token_hex(2))
        if wait:
            self.wait()
        return self

    def wait(self):
        def healthy():
            state = docker("inspect", "-f", "{{.State.Running}}", self.container).stdout.strip()
            if state != "true":
                raise AssertionError("postgres ended:\n" + self.place.logs(self.container))
            return docker("exec", self.container, "/etc/jarvis/postgres/start", "health").returncode == 0
        wait_for(healthy, 180, saying="postgres")

    def stop(self, how="stop"):
        docker(how, self.container, check=True)
        docker("wait", self.container, check=True)

    def url(self, who="jarvis_a", database="jarvis", host="postgres", more=""):
        quoted = "".join(c if c.isalnum() or c == "_" else "%%%02X" % ord(c) for c in self.passwords[who])
        return "postgresql://%s:%s@%s/%s?sslmode=verify-full&sslrootcert=%s%s" % (
            who, quoted, host, database, "/run/secrets/ca.crt", more)

    def host_url(self, who="jarvis_a", **kw):
        return self.url(who, more="&hostaddr=" + self.place.address(self.container), **kw).replace(
            "/run/secrets/ca.crt", self.place.path("tls", "ca.crt"))

    def psql(self, sql, who="jarvis_a", database="jarvis", check=True):
        """Over the network from the host, verified; rows as text."""
        r = run("psql", "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", self.host_url(who, database=database), "-c", sql)
        if check and r.returncode:
            raise AssertionError("%s: %s" % (sql, r.stderr))
        return r.stdout.strip() if check else r

    def sql(self, sql, database="jarvis"):
        """As the superuser, on the socket."""
        return docker("exec", "-i", self.container, "/etc/jarvis/postgres/start", "psql", "-A", "-t", "-v",
                      "ON_ERROR_STOP=1", "-d", database, "-f", "-", stdin=sql, check=True).stdout.strip()

    def migrate(self, who="jarvis_a", *args):
        nats = self.place.nats()
        return run(find_binary(), "migrate", *args, check=True,
                   env=dict(ENV, DATABASE_URL=self.host_url(who), NATS_URL=nats))


def main(module):
    """Runs the tests of a module, one line each; the exit code."""
    wanted = sys.argv[1:]
    failed = 0
    for name, test in sorted(vars(module).items(), key=lambda x: getattr(x[1], "__code__", None) and
                             x[1].__code__.co_firstlineno or 0):
        if not name.startswith("test_") or not callable(test) or (wanted and name not in wanted):
            continue
        began = time.monotonic()
        try:
            test()
            print("ok    %s (%.1f s)" % (name, time.monotonic() - began), flush=True)
        except Exception as e:
            failed += 1
            print("FAIL  %s: %s" % (name, e), flush=True)
            traceback.print_exc()
    return 1 if failed else 0
