#!/usr/bin/env python3
"""doctor.py -- `jarvis doctor`: beside a whole stack all is well; then each thing is broken in turn, found and
named.

Arguments pick tests by name.
"""
import contextlib
import glob
import http.server
import json
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

from stack import TOP, Stack, free_port, wait_for, run_tests

IS_ROOT = os.geteuid() == 0
PG = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]
NATSREQ = os.environ.get("NATSREQ") or os.path.join(TOP, "build", "dev", "tests", "e2e", "natsreq")
STREAM = "JARVIS_AUDIT"
USERS = ["auth", "registry", "sessions", "notifier", "tickets", "finops", "oxygen", "llm", "orchestrator", "gateway",
         "operator"]
stack = None  # one for all tests; none of them leaves it changed


# ---- doctor -------------------------------------------------------------------------------------------

class Report:
    def __init__(self, r):
        assert r.returncode in (0, 1), (r.returncode, r.stderr)
        self.all = json.loads(r.stdout)
        self.checks = self.all["checks"]
        self.code, self.err = r.returncode, r.stderr
        assert (self.code == 1) == bool(self.all["failures"]) == bool(self.of("FAIL")), r.stdout

    def of(self, result):
        return [(c["check"], c["text"]) for c in self.checks if c["result"] == result]

    def has(self, result, check, *words):
        texts = [t for c, t in self.of(result) if c == check]
        assert [t for t in texts if all(w in t for w in words)], "no %s %s with %s in\n%s" % (result, check, words, self)

    def only(self, result, check, *words):
        """That, and nothing else of its kind that is a failure."""
        self.has(result, check, *words)
        others = [f for f in self.of("FAIL") if f[0] != check]
        assert not others, others

    def __str__(self):
        return "\n".join("%(result)-4s %(check)s: %(text)s" % c for c in self.checks)


def doctor(**settings):
    """Beside the stack, with these settings changed (None: not set)."""
    env = dict(stack.env)
    env.update(stack.run_env(), **{k: v for k, v in settings.items() if v is not None})
    for name in [k for k, v in settings.items() if v is None]:
        env.pop(name, None)
    return Report(subprocess.run([stack.binary, "doctor", "--json"], env=env, text=True, capture_output=True,
                                 timeout=60))


@contextlib.contextmanager
def folder():
    path = tempfile.mkdtemp(prefix="jarvis-doctor.")
    os.chmod(path, 0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def own_address():
    """An address of this machine that is not loopback; None: it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        try:
            s.connect(("192.0.2.1", 9))  # nothing is sent
        except OSError:
            return None
        address = s.getsockname()[0]
    return None if address.startswith(("127.", "0.")) else address


# ---- servers of our own -------------------------------------------------------------------------------

@contextlib.contextmanager
def running(argv, ready, **kw):
    p = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **kw)
    try:
        wait_for(ready, 30)
        yield p
    finally:
        p.terminate()
        p.wait(timeout=30)


def answers(host, port):
    with socket.create_connection((host, port), timeout=2):
        return True


@contextlib.contextmanager
def nats(*options, host="127.0.0.1"):
    """A server that asks nobody who they are."""
    port = free_port()
    with folder() as store, running(["nats-server", "-a", host, "-p", str(port), "-sd", store, *options],
                                    lambda: answers(host, port)):
        yield "nats://%s:%d" % (host, port)


def authority(where):
    """A CA in a folder."""
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
            "-subj", "/CN=test CA", "-keyout", where + "/ca.key", "-out", where + "/ca.crt")
    return where + "/ca.crt"


def certificate(where, name, days, alt):
    """name.crt and name.key, of the CA there."""
    base = "%s/%s" % (where, name)
    with open(base + ".ext", "w") as f:
        f.write("subjectAltName=%s\n" % alt)
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=" + name,
            "-keyout", base + ".key", "-out", base + ".csr")
    openssl("x509", "-req", "-in", base + ".csr", "-CA", where + "/ca.crt", "-CAkey", where + "/ca.key",
            "-CAcreateserial", "-days", str(days), "-extfile", base + ".ext", "-out", base + ".crt")
    return base + ".crt", base + ".key"


def openssl(*args):
    subprocess.run(["openssl", *args], check=True, capture_output=True)


@contextlib.contextmanager
def postgres(host, tls):
    """On TCP with passwords; yields the superuser's address, sslmode aside, and the CA's file."""
    user = pwd.getpwnam("postgres") if IS_ROOT else None
    kw = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
    port = free_port()
    with folder() as where:
        with open(where + "/password", "w") as f:
            f.write("kT9xQ2vLw7Zp4RbN\n")
        ca = authority(where)
        cert, key = certificate(where, "pg", 30, "IP:%s" % host)
        for path in (where, where + "/password", cert, key):
            if user:
                os.chown(path, user.pw_uid, user.pw_gid)
        os.chmod(key, 0o600)
        data = where + "/data"
        subprocess.run([PG + "/initdb", "-D", data, "-U", "jarvis", "-A", "scram-sha-256", "-E", "UTF8", "--locale=C",
                        "-N", "--pwfile", where + "/password"], check=True, capture_output=True, cwd=where, **kw)
        with open(data + "/pg_hba.conf", "a") as f:
            f.write("host all all %s/32 scram-sha-256\n" % host)
        options = ["-c", "listen_addresses=" + host, "-c", "port=%d" % port, "-c", "unix_socket_directories=" + where,
                   "-c", "fsync=off"]
        if tls:
            options += ["-c", "ssl=on", "-c", "ssl_cert_file=" + cert, "-c", "ssl_key_file=" + key]
        url = "postgresql://jarvis:kT9xQ2vLw7Zp4RbN@%s:%d/postgres" % (host, port)
        with running([PG + "/postgres", "-D", data, *options], lambda: sql(url, "select 1", check=False), cwd=where, **kw):
            yield url, ca


def sql(url, text, check=True):
    r = subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", url, "-c", text], text=True, capture_output=True)
    assert not check or r.returncode == 0, r.stderr
    return r.stdout.strip() if r.returncode == 0 else None


def database():
    return stack.run_env()["DATABASE_URL"]


def with_database(url, name):
    return re.sub(r"/[^/?]*(\?|$)", "/%s\\1" % name, url, count=0) if "?" not in url else \
        re.sub(r"/[^/?]*\?", "/%s?" % name, url)


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = self.server.body.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@contextlib.contextmanager
def web(cert=None, body='{"status":"healthy","service":"gateway"}'):
    """A proxy's face: answers /health as the gateway does."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    server.body = body
    if cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*cert)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


# ---- all is well --------------------------------------------------------------------------------------

def test_all_is_well():
    r = doctor()
    assert r.code == 0 and not r.of("FAIL") and not r.of("warn"), r
    assert [c for c, _ in r.of("ok") if c.startswith("bus.user.")] == ["bus.user." + u for u in USERS], r
    for check in ("settings", "settings.demo", "settings.clock", "secrets", "bus.version", "bus.jetstream", "bus.tls",
                  "bus.stream", "bus.replicas", "bus.store", "database.version", "database.encoding", "database.tls",
                  "database.migrations", "database.rights", "database.connections", "database.clock", "disk"):
        r.has("ok", check)
    r.has("ok", "listen", "answered by the gateway")
    r.has("skip", "public", "JARVIS_PUBLIC_URL is not set")


def test_as_people_read_it():
    r = stack.run("doctor")  # by hand, with nothing but JARVIS_VAR: it finds the running `up`
    assert r.returncode == 0, r.stdout
    lines = r.stdout.splitlines()
    assert all(re.match(r"(ok  |skip|warn|FAIL)  [a-z.]+ +\S", x) for x in lines[:-1]), r.stdout
    assert re.match(r"\d+ ok, \d+ skipped, 0 warnings, 0 failures$", lines[-1]), lines[-1]
    assert stack.run("doctor", "--nonsense").returncode == 2


def test_nothing_is_set():
    """What is not configured is said to be skipped."""
    with folder() as where:
        r = subprocess.run([stack.binary, "doctor", "--json"], text=True, capture_output=True, timeout=60, cwd=where,
                           env={"PATH": os.environ["PATH"], "JARVIS_VAR": where, "JARVIS_LISTEN": "127.0.0.1:0"})
        r = Report(r)
    assert {"bus", "database", "public"} <= {c for c, _ in r.of("skip")}, r
    assert not [c for c, _ in r.of("ok") if c.startswith(("bus", "database", "public"))], r


def test_it_leaves_no_trace():
    """What is refused to it is the server's matter: no record is written of it, and no stream is made."""
    before = streams_state()
    doctor()
    assert streams_state() == before


def ask(subject, body=""):
    """As the operator."""
    env = dict(os.environ, **stack.run_env())
    r = subprocess.run([NATSREQ, subject, body], env=env, text=True, capture_output=True, timeout=30)
    assert r.returncode == 0, r
    return json.loads(r.stdout[r.stdout.index("\n{") + 1:])


def streams_state():
    return ask("$JS.API.STREAM.NAMES")["streams"], ask("$JS.API.STREAM.INFO." + STREAM)["state"]["last_seq"]


# ---- settings -----------------------------------------------------------------------------------------

def test_settings():
    for name, value in (("JARVIS_LLM_CACHE", "soon"), ("JARVIS_PLANNER", "psychic"), ("JARVIS_HTTP_CONNECTIONS", "3"),
                        ("JARVIS_AUDIT_BYTES", "1"), ("JARVIS_FETCH_ALLOW", "x")):
        r = doctor(**{name: value})
        r.only("FAIL", "settings", name)
        assert len(r.of("FAIL")) == 1, r
    r = doctor(JARVIS_PREFIX="a.b")
    r.has("FAIL", "settings", "JARVIS_PREFIX")
    r.has("skip", "bus")
    doctor(JARVIS_DOCTOR_CA="/nowhere").only("FAIL", "settings", "JARVIS_DOCTOR_CA", "/nowhere")
    doctor(JARVIS_DEMO="1").only("FAIL", "settings.demo", "JARVIS_DEMO")
    doctor(JARVIS_CLOCK="2025-01-10T00:00:00Z").only("FAIL", "settings.clock", "JARVIS_CLOCK")
    r = doctor(JARVIS_PUBLC_URL="x")
    assert r.code == 0, r
    r.has("warn", "settings.unknown", "JARVIS_PUBLC_URL", "JARVIS_PUBLIC_URL meant?")


# ---- the bus ------------------------------------------------------------------------------------------

def test_bus_away():
    r = doctor(NATS_URL="nats://127.0.0.1:%d" % free_port())
    r.only("FAIL", "bus", "NATS_URL", "refused")
    r = doctor(NATS_URL="nats://nobody.invalid:4222")
    r.only("FAIL", "bus", "NATS_URL", "nobody.invalid")
    r = doctor(NATS_URL=stack.run_env()["NATS_URL"] + ",nats://127.0.0.1:%d" % free_port())
    r.only("FAIL", "bus", "NATS_URL")  # one of two is away: the other is looked at
    r.has("ok", "bus.user.tickets")


def test_silence():
    """Who takes the connection and says nothing holds nobody up for ever."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(50)
        at = "127.0.0.1:%d" % silent.getsockname()[1]
        r = doctor(NATS_URL="nats://" + at, DATABASE_URL="postgresql://a:kT9xQ2vLw7Zp4RbN@%s/x" % at,
                   JARVIS_PUBLIC_URL="https://" + at)
    r.has("FAIL", "bus", "NATS_URL")
    r.has("FAIL", "database", "DATABASE_URL")
    r.has("FAIL", "public.health", "JARVIS_PUBLIC_URL")
    r.has("ok", "settings.demo")


def test_not_a_bus():
    with web() as port:
        doctor(NATS_URL="nats://127.0.0.1:%d" % port).only("FAIL", "bus", "NATS_URL")


def test_jetstream_and_open_bus():
    """A server that asks nobody who they are, without JetStream."""
    with nats() as url:
        r = doctor(NATS_URL=url)
        r.has("FAIL", "bus.jetstream", "off")
        r.has("FAIL", "bus.user.tickets", "tickets may listen to everything")
        r.has("FAIL", "bus.user.operator", "operator may publish jarvis.doctor.refused")
        r = doctor(NATS_URL=url, NATS_CREDS="")
        r.has("warn", "bus.user", "NATS_CREDS is not set")
    address = own_address()
    if not address:
        print("# skipped: this machine has no address but loopback")
        return
    with nats("-js", host=address) as url:
        doctor(NATS_URL=url, NATS_CREDS="").has("warn", "bus.tls", "no TLS")


def test_bus_tls():
    with folder() as where:
        ca = authority(where)
        cert, key = certificate(where, "bus", 30, "DNS:localhost,IP:127.0.0.1")
        with nats("-js", "--tls", "--tlscert", cert, "--tlskey", key) as url:
            url = url.replace("127.0.0.1", "localhost")
            r = doctor(NATS_URL=url, NATS_CREDS="", NATS_CA=ca)
            r.has("ok", "bus.tls", "speaks TLS")
            r.only("FAIL", "bus.stream", "jarvis migrate")  # it was reached, and is new
            doctor(NATS_URL=url, NATS_CREDS="").has("FAIL", "bus.tls", "NATS_CA")
            os.mkdir(where + "/other")
            r = doctor(NATS_URL=url, NATS_CA=authority(where + "/other"))
            r.has("FAIL", "bus.user.auth", "NATS_CA")
            assert "bus.user.tickets" not in str(r), r  # nobody gets there: it is said once
    r = doctor(NATS_CA="/nowhere")
    r.has("FAIL", "settings", "NATS_CA")


@contextlib.contextmanager
def credentials():
    """A copy of the stack's own, to be spoilt."""
    with folder() as where:
        shutil.copytree(stack.var + "/nats/auth", where + "/auth")
        yield where + "/auth"


def nats_conf(where, **env):
    r = subprocess.run([stack.binary, "nats-conf", "--dir", where], env=dict(os.environ, **env), text=True,
                       capture_output=True)
    assert r.returncode == 0, r.stderr


def test_credentials():
    with credentials() as auth:
        creds = auth + "/creds"
        r = doctor(NATS_CREDS=creds)
        assert r.code == 0 and len([c for c, _ in r.of("ok") if c.startswith("bus.user.")]) == len(USERS), r
        os.rename(creds + "/tickets.creds", creds + "/away")
        doctor(NATS_CREDS=creds).only("FAIL", "bus.user.tickets", "NATS_CREDS", "tickets.creds")
        shutil.copy(creds + "/auth.creds", creds + "/tickets.creds")
        doctor(NATS_CREDS=creds).only("FAIL", "bus.user.tickets", "is for auth, not for tickets")
        with open(creds + "/tickets.creds", "w") as f:
            f.write("not what is wanted\n")
        doctor(NATS_CREDS=creds).only("FAIL", "bus.user.tickets", "holds no credentials")
        # of one who may do less than the tables say: signed by the same account, for other subjects
        os.rename(creds + "/away", creds + "/tickets.creds")
        other = os.path.join(os.path.dirname(auth), "other")
        shutil.copytree(auth, other)
        nats_conf(other, JARVIS_PREFIX="somewhere")
        shutil.copy(other + "/creds/finops.creds", creds + "/finops.creds")
        doctor(NATS_CREDS=creds).only("FAIL", "bus.user.finops", "finops may not publish jarvis.", "nats-conf")
        # of another account, as after the keys were made anew
        shutil.rmtree(other)
        nats_conf(other)
        shutil.copy(other + "/creds/finops.creds", creds + "/finops.creds")
        doctor(NATS_CREDS=creds).only("FAIL", "bus.user.finops", "finops cannot sign in", "refused")
        # one file: whose it is, it says itself
        r = doctor(NATS_CREDS=creds + "/tickets.creds")
        r.has("ok", "bus.user.tickets")
        r.has("skip", "bus.user", "one file")
        r.has("skip", "bus.stream", "operator")
        assert r.code == 0, r
    r = doctor(NATS_CREDS="/nowhere")
    r.has("FAIL", "bus.user", "NATS_CREDS", "/nowhere")


def test_stream():
    r = doctor(JARVIS_AUDIT_BYTES="2097152", JARVIS_AUDIT_AGE="10d")
    r.only("FAIL", "bus.stream", "JARVIS_AUDIT_AGE and JARVIS_AUDIT_BYTES", "2097152", "jarvis migrate")
    doctor(JARVIS_STREAM_REPLICAS="3").only("FAIL", "bus.replicas", "JARVIS_STREAM_REPLICAS", "3")
    assert ask("$JS.API.STREAM.DELETE." + STREAM)["success"]
    try:
        doctor().only("FAIL", "bus.stream", STREAM, "jarvis migrate")
    finally:
        subprocess.run([stack.binary, "migrate"], env=dict(stack.env, **stack.run_env()), check=True, capture_output=True)
    assert doctor().code == 0


# ---- the database -------------------------------------------------------------------------------------

def test_database_away():
    doctor(DATABASE_URL="postgresql://a:kT9xQ2vLw7Zp4RbN@127.0.0.1:%d/x" % free_port()).only(
        "FAIL", "database", "DATABASE_URL", "refused")
    r = doctor(DATABASE_URL=re.sub(r"://([^:]*):[^@]*@", r"://\1:kT9xQ2vLw7Zp4RbN@", database()))
    r.only("FAIL", "database", "DATABASE_URL", "password")
    assert "kT9xQ2vLw7Zp4RbN" not in str(r), r
    doctor(DATABASE_URL=with_database(database(), "nothing")).only("FAIL", "database", "DATABASE_URL", "nothing")
    doctor(DATABASE_URL="nonsense").only("FAIL", "database", "DATABASE_URL", "postgresql://")
    doctor(DATABASE_URL="postgresql://a:kT9xQ2vLw7Zp4RbN@db/x?sslmode=sometimes").only("FAIL", "database", "sslmode")


def test_migrations():
    url = database()
    last = sql(url, "select name from jarvis.migrations where actor = 'tickets' order by name desc limit 1")
    for change, back, words in (
            ("insert into jarvis.migrations (actor, name, sha256) values ('tickets', '999_later', 'x')",
             "delete from jarvis.migrations where name = '999_later'", ["newer", "tickets/999_later"]),
            ("update jarvis.migrations set sha256 = 'x' || sha256 where actor = 'tickets' and name = '%s'" % last,
             "update jarvis.migrations set sha256 = substr(sha256, 2) where actor = 'tickets' and name = '%s'" % last,
             ["changed", "tickets/" + last]),
            ("create table kept as select * from jarvis.migrations where actor = 'tickets' and name = '%s';"
             "delete from jarvis.migrations where actor = 'tickets' and name = '%s'" % (last, last),
             "insert into jarvis.migrations select * from kept; drop table kept", ["1 migrations", "jarvis migrate"])):
        sql(url, change)
        try:
            doctor().only("FAIL", "database.migrations", *words)
        finally:
            sql(url, back)
    assert doctor().code == 0


def test_rights_and_room():
    url = database()
    sql(url, "create role small login password 'kT9xQ2vLw7Zp4RbN'")
    small = re.sub(r"://[^@]*@", "://small:kT9xQ2vLw7Zp4RbN@", url)
    try:
        sql(url, "create schema if not exists jarvis; grant usage on schema jarvis to small;"
                 "grant select on jarvis.migrations to small")
        doctor(DATABASE_URL=small).only("FAIL", "database.rights", "small", "create")
        sql(url, "grant create on database postgres to small")
        doctor(DATABASE_URL=small).only("FAIL", "database.rights", "small", "schema")
        sql(url, "alter role jarvis connection limit 60")
        doctor().only("FAIL", "database.connections", "max_connections", "jarvis")
    finally:
        sql(url, "alter role jarvis connection limit -1; drop owned by small; drop role small")
    assert doctor().code == 0


def test_encoding():
    url = database()
    sql(url, "create database old template template0 encoding 'LATIN1' locale 'C'")
    try:
        r = doctor(DATABASE_URL=with_database(url, "old"))
        r.has("FAIL", "database.encoding", "LATIN1", "UTF8")
        r.has("FAIL", "database.migrations", "jarvis migrate")
    finally:
        sql(url, "drop database old")


def test_database_tls():
    address = own_address()
    if not address:
        print("# skipped: this machine has no address but loopback")
        return
    with postgres(address, tls=True) as (url, ca):
        r = doctor(DATABASE_URL=url + "?sslmode=verify-full&sslrootcert=" + ca)
        r.has("ok", "database.tls", "verify-full")
        r.has("warn", "database.rights", "superuser")
        for mode in ("disable", "prefer", "require"):
            doctor(DATABASE_URL=url + "?sslmode=" + mode).has("FAIL", "database.tls", "DATABASE_URL", "sslmode is " + mode)
        with folder() as other:
            r = doctor(DATABASE_URL=url + "?sslmode=verify-full&sslrootcert=" + authority(other))
            r.only("FAIL", "database", "DATABASE_URL", "certificate")
        r = doctor(DATABASE_URL=url + "?sslmode=verify-full&sslrootcert=/nowhere")
        r.only("FAIL", "database", "DATABASE_URL", "/nowhere")


# ---- secrets ------------------------------------------------------------------------------------------

def test_passwords():
    at = "postgresql://a:%%s@127.0.0.1:%d/x" % free_port()
    for password, result in (("password123", "FAIL"), ("Jarvis2024!", "FAIL"), ("adminadmin1", "FAIL"),
                             ("aaaaaaaaaaaaaaaaaaaa", "FAIL"), ("abcdefghijklmnop", "FAIL"), ("kT9xQ2v", "FAIL"),
                             ("kT9xQ2vLwZ4", "warn"), ("kT9xQ2vLw7Zp4RbN", "ok"),
                             ("8f14e45fceea167a5a36dedd4bea2543", "ok")):
        r = doctor(DATABASE_URL=at % password)
        r.has(result, "secrets", "DATABASE_URL")
        assert password not in str(r), r
    doctor(DATABASE_URL="postgresql://a@127.0.0.1:%d/x" % free_port()).has("warn", "secrets", "no password")


def test_files():
    with folder() as where:
        path = where + "/key"
        with open(path, "w") as f:
            f.write("sk-0123456789abcdefghijklmnop\n")
        os.chmod(path, 0o600)
        r = doctor(OPENAI_API_KEY="@" + path)
        assert r.code == 0 and not r.of("warn"), r
        r.has("ok", "secrets", "OPENAI_API_KEY")
        os.chmod(path, 0o644)
        r = doctor(OPENAI_API_KEY="@" + path)
        r.has("warn", "secrets.files", "OPENAI_API_KEY", path)
        os.chmod(where, 0o700)  # nobody else gets there
        assert not doctor(OPENAI_API_KEY="@" + path).of("warn")
        with open(path, "w") as f:
            f.write("<your key here>\n")
        doctor(OPENAI_API_KEY="@" + path).has("FAIL", "secrets", "OPENAI_API_KEY")
    r = doctor(OPENAI_API_KEY="@" + where)
    r.only("FAIL", "settings", "OPENAI_API_KEY", where)
    with credentials() as auth:
        os.chmod(auth, 0o755)
        os.chmod(auth + "/creds", 0o755)
        os.chmod(auth + "/creds/llm.creds", 0o644)
        doctor(NATS_CREDS=auth + "/creds").has("warn", "secrets.files", "NATS_CREDS", "llm.creds")


# ---- where people reach it ----------------------------------------------------------------------------

def test_public():
    with folder() as where:
        ca = authority(where)
        good = certificate(where, "good", 30, "DNS:localhost")
        with web(good) as port:
            url = "https://localhost:%d" % port
            r = doctor(JARVIS_PUBLIC_URL=url, JARVIS_DOCTOR_CA=ca)
            assert r.code == 0, r
            for check in ("public.https", "public.dns", "public.certificate", "public.health"):
                r.has("ok", check)
            doctor(JARVIS_PUBLIC_URL=url).only("FAIL", "public.health", "JARVIS_PUBLIC_URL", "certificate")
            doctor(JARVIS_PUBLIC_URL="https://127.0.0.1:%d" % port, JARVIS_DOCTOR_CA=ca).only(
                "FAIL", "public.health", "JARVIS_PUBLIC_URL")
            doctor(JARVIS_PUBLIC_URL=url + "/", JARVIS_DOCTOR_CA=ca).has("FAIL", "settings", "JARVIS_PUBLIC_URL")
        with web(certificate(where, "soon", 5, "DNS:localhost")) as port:
            r = doctor(JARVIS_PUBLIC_URL="https://localhost:%d" % port, JARVIS_DOCTOR_CA=ca)
            r.only("FAIL", "public.certificate", "JARVIS_PUBLIC_URL", "more days", "renewed")
        with web(certificate(where, "over", -1, "DNS:localhost")) as port:
            r = doctor(JARVIS_PUBLIC_URL="https://localhost:%d" % port, JARVIS_DOCTOR_CA=ca)
            r.only("FAIL", "public.health", "JARVIS_PUBLIC_URL", "expired")
        with web(good, body="<h1>It works!</h1>") as port:
            r = doctor(JARVIS_PUBLIC_URL="https://localhost:%d" % port, JARVIS_DOCTOR_CA=ca)
            r.only("FAIL", "public.health", "JARVIS_PUBLIC_URL", "not as the gateway does")
    with web() as port:
        r = doctor(JARVIS_PUBLIC_URL="http://localhost:%d" % port)
        r.only("FAIL", "public.https", "JARVIS_PUBLIC_URL", "https://")
    doctor(JARVIS_PUBLIC_URL="https://nobody.invalid").only("FAIL", "public.dns", "JARVIS_PUBLIC_URL", "nobody.invalid")


def test_listen():
    with web(body="<h1>It works!</h1>") as port:
        doctor(JARVIS_LISTEN="127.0.0.1:%d" % port).only("FAIL", "listen", "JARVIS_LISTEN", "another program")
    doctor(JARVIS_LISTEN="127.0.0.1:%d" % free_port()).has("ok", "listen", "free")
    r = doctor(JARVIS_LISTEN="192.0.2.77:8080")
    r.has("FAIL", "listen", "JARVIS_LISTEN")
    r.has("FAIL", "settings", "JARVIS_LISTEN")


def test_disk():
    doctor(JARVIS_DOCTOR_DISK="/nowhere").only("FAIL", "disk", "JARVIS_DOCTOR_DISK", "/nowhere")
    r = doctor(JARVIS_DOCTOR_DISK="/:/tmp")
    assert len([c for c in r.checks if c["check"] == "disk"]) == 3, r
    with folder() as where:
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", where], capture_output=True).returncode:
            print("# skipped: cannot mount")
            return
        try:
            doctor(JARVIS_DOCTOR_DISK=where).only("FAIL", "disk", where, "JARVIS_DOCTOR_DISK", "make room")
        finally:
            subprocess.run(["umount", where], check=True)


def main():
    global stack
    with Stack(clock="", env={"JARVIS_DEMO": "0"}) as stack:
        return run_tests(globals(), sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
