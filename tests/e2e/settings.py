#!/usr/bin/env python3
"""settings.py -- a wrong setting stops its process at the start, with one sentence that names it.

Every setting of every process (`jarvis describe --settings`) is given wrong values of its kind, and
texts those of the table below: a text setting without a row there fails the test. No server is needed:
whatever is wrong is found before anything is connected. Arguments pick tests by name.
"""
import concurrent.futures
import os
import re
import socket
import subprocess
import sys
import tempfile

from stack import BINARY, free_port, run_tests

CONFIG = 78
FOREIGN = "192.0.2.77:8080"  # an address of documentation: no machine has it
NOTHING = "/nowhere/at/all"
SECONDS = 20  # on a busy machine; a process that connects first would take longer

# Wrong values of texts. "%EMPTY%" is an empty file, "%JUNK%" one with other things in it, "%FOLDER%"
# an empty folder. None: any text will do.
TEXTS = {
    "NATS_URL": ["nonsense:port", "http://127.0.0.1:4222", "nats://", "nats://127.0.0.1:99999", "nats://a:4222,,"],
    "NATS_CREDS": [NOTHING, "%EMPTY%", "%JUNK%", "%FOLDER%"],
    "NATS_CA": [NOTHING, "%JUNK%"],
    "DATABASE_URL": ["postgresql://[nonsense", "host=/tmp sslmode=sometimes", "@" + NOTHING, "@%EMPTY%",
                     "postgresql://a:b@db/x?sslmode=verify-full&sslrootcert=" + NOTHING,
                     "postgresql://a:b@db/x?sslmode=verify-full&sslrootcert=%JUNK%", "nonsense"],
    "JARVIS_PREFIX": ["a.b", "a b", "x" * 65],
    "JARVIS_LOG": ["loud"],
    "JARVIS_CLOCK": ["noon"],
    "JARVIS_FETCH_ALLOW": ["cards.example", "https://cards.example:443", "cards.example:0"],
    "JARVIS_PUSH_ALLOW": ["hooks.example", "hooks.example:99999"],
    "JARVIS_PUSH_CA": [NOTHING, "%JUNK%"],
    "JARVIS_LLM_CA": [NOTHING, "%JUNK%"],
    "JARVIS_LLM_MODELS": ["gemini", "nobody/x", "@" + NOTHING, "@%EMPTY%", "@%JUNK%", '{"models":[{}]}'],
    "JARVIS_LLM_BUDGET": ["lots", "-1"],
    "JARVIS_GEMINI_URL": ["ftp://models.example/", "nonsense://"],
    "JARVIS_OPENAI_URL": ["ftp://models.example/"],
    "JARVIS_ANTHROPIC_URL": ["ftp://models.example/"],
    "JARVIS_PLANNER": ["psychic"],
    "JARVIS_LISTEN": ["somewhere", "127.0.0.1:99999", FOREIGN, "8080s", "1.2.3.4.5:80"],
    "JARVIS_METRICS_LISTEN": ["somewhere", FOREIGN],
    "JARVIS_PUBLIC_URL": ["jarvis.example", "https://jarvis.example/", "ftp://jarvis.example"],
    "JARVIS_TRUSTED_PROXIES": ["nonsense", "10.0.0.0/99"],
    "JARVIS_DOCTOR_CA": [NOTHING, "%JUNK%"],
    "JARVIS_DOCTOR_DISK": None,
    "JARVIS_HEALTH": None,
    "JARVIS_ADMIN": ["two words"],
    "JARVIS_PROBE": ["two words"],
}
# Wrong for `up`, though right in their tables: it makes or names these itself.
NOT_FOR_UP = {"NATS_CREDS"}
COMMANDS = {"gateway": [["run", "gateway"]], "migrate": [["migrate"]], "doctor": []}
EVERYBODY = [["run", "tickets"], ["run", "gateway"], ["migrate"]]
UP = ["up", "--detach"]


def settings():
    """(process, name, kind, least, most) of each."""
    out = subprocess.run([BINARY, "describe", "--settings"], text=True, capture_output=True, check=True).stdout
    for line in out.splitlines():
        process, name, kind = line.split()[:3]
        m = re.match(r"([a-z-]+)(?:\((-?\d+)\.\.(-?\d+)(?:ms)?\))?$", kind)
        yield process, name, m.group(1), m.group(2), m.group(3)


def wrong_values(name, kind, least, most):
    if kind in ("text", "secret"):
        values = list(TEXTS.get(name) or [])
        if kind == "text":
            assert name in TEXTS, "%s: give it wrong values in TEXTS" % name
        return values + ([] if name in TEXTS else ["@" + NOTHING, "@%EMPTY%"])
    values = {"number": ["nonsense", "1x"], "time": ["soon", "5 parsecs"], "yes-or-no": ["maybe"]}[kind]
    if most is not None:
        values += [str(int(most) + 1)] + ([str(int(least) - 1)] if int(least) > 0 else [])
    return values


def commands_of(process, name):
    if process == "all":
        readers = [c for c in EVERYBODY if (c, name) != (["run", "gateway"], "DATABASE_URL")]
        return readers + ([] if name in NOT_FOR_UP else [UP])
    return COMMANDS.get(process, [["run", process]]) + ([UP] if process != "doctor" else [])


class Place:
    """A folder with files that hold the wrong things, and an environment that is right."""

    def __init__(self):
        self.temp = tempfile.TemporaryDirectory(prefix="jarvis-settings.")
        self.folder = self.temp.name
        os.chmod(self.folder, 0o755)
        self.files = {"%EMPTY%": self.write("empty", ""), "%JUNK%": self.write("junk", "not what is wanted\n"),
                      "%FOLDER%": os.path.join(self.folder, "none")}
        os.mkdir(self.files["%FOLDER%"])
        self.right = {k: v for k, v in os.environ.items()
                      if not k.startswith(("JARVIS_", "NATS_", "DATABASE_")) and not k.endswith("_API_KEY")}
        self.right.update(NATS_URL="nats://127.0.0.1:%d" % free_port(), JARVIS_LISTEN="127.0.0.1:%d" % free_port(),
                          DATABASE_URL="postgresql://a:b@/x?host=%s" % self.folder,
                          JARVIS_VAR=os.path.join(self.folder, "var"))

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w") as f:
            f.write(text)
        os.chmod(path, 0o644)
        return path

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.temp.cleanup()

    def run(self, command, **settings):
        env = dict(self.right)
        for name, value in settings.items():
            for word, path in self.files.items():
                value = value.replace(word, path)
            env[name] = value
        if command == UP:  # each of those that run beside one another has its own
            env["JARVIS_VAR"] = tempfile.mkdtemp(dir=self.folder)
            os.chmod(env["JARVIS_VAR"], 0o755)
        return subprocess.run([BINARY, *command], env=env, capture_output=True, text=True, timeout=SECONDS,
                              stdin=subprocess.DEVNULL)

    def refuses(self, command, name, value):
        """What is wrong with how it is refused; None: nothing."""
        what = "%s=%r, jarvis %s" % (name, value, " ".join(command))
        try:
            r = self.run(command, **{name: value})
        except subprocess.TimeoutExpired:
            return "%s: has not ended" % what
        lines = r.stderr.splitlines()
        if r.returncode != CONFIG:
            return "%s: exit code %d: %s" % (what, r.returncode, r.stderr + r.stdout)
        if len(lines) != 1 or name not in lines[0]:
            return "%s: says %r" % (what, r.stderr)
        return None


def test_every_setting():
    """Each wrong value, in each process that reads it."""
    cases = [(command, name, value) for process, name, kind, least, most in settings()
             for value in wrong_values(name, kind, least, most) for command in commands_of(process, name)]
    assert len(cases) > 150, len(cases)
    with Place() as p, concurrent.futures.ThreadPoolExecutor(2) as pool:
        wrong = [w for w in pool.map(lambda c: p.refuses(*c), cases) if w]
    print("# %d wrong values" % len(cases))
    assert not wrong, "%d of %d:\n%s" % (len(wrong), len(cases), "\n".join(wrong))


def test_not_utf8():
    with Place() as p:
        env = {os.fsencode(k): os.fsencode(v) for k, v in p.right.items()}
        env[b"JARVIS_PUBLIC_URL"] = b"https://\xff\xfe"
        r = subprocess.run([BINARY, "run", "gateway"], env=env, capture_output=True, text=True, timeout=SECONDS)
        assert r.returncode == CONFIG and "JARVIS_PUBLIC_URL" in r.stderr, r


def test_missing():
    """Who needs a database says so at once."""
    with Place() as p:
        p.right.pop("DATABASE_URL")
        for command in (["run", "tickets"], ["run", "auth"], ["migrate"]):
            r = p.run(command)
            assert r.returncode == CONFIG and "DATABASE_URL" in r.stderr, (command, r)


def test_health():
    """Only actors listen there."""
    with Place() as p:
        for value in (NOTHING + "/health", "/" + "x" * 200):
            wrong = p.refuses(["run", "tickets"], "JARVIS_HEALTH", value)
            assert not wrong, wrong


def test_secrets_are_not_repeated():
    with Place() as p:
        for name, value in (("DATABASE_URL", "postgresql://a:hush-hush@[nonsense"),
                            ("DATABASE_URL", "host=/tmp password=hush-hush sslmode=hush-hush2"),
                            ("NATS_URL", "nats://me:hush-hush@nonsense:port")):
            for command in commands_of("all", name):
                r = p.run(command, **{name: value})
                assert r.returncode == CONFIG and "hush" not in r.stderr + r.stdout, r


def test_nats_conf():
    with Place() as p:
        folder = os.path.join(p.folder, "auth")
        r = p.run(["nats-conf", "--dir", folder], JARVIS_PREFIX="a.b")
        assert r.returncode == CONFIG and "JARVIS_PREFIX" in r.stderr and not os.path.exists(folder), r
        for words in (["--listen", "nonsense"], ["--listen", "a:99999"], ["--dir"], ["--nonsense", "x"]):
            r = p.run(["nats-conf", *words])
            assert r.returncode == 2 and "usage" in r.stderr, r
        r = p.run(["nats-conf", "--dir", os.path.join(p.files["%EMPTY%"], "x")])
        assert r.returncode == 1 and p.files["%EMPTY%"] in r.stderr and len(r.stderr.splitlines()) == 1, r


def test_credentials_of_a_folder():
    """NATS_CREDS may be a folder for every process: each takes its own file."""
    with Place() as p:
        folder = os.path.join(p.folder, "auth")
        assert p.run(["nats-conf", "--dir", folder]).returncode == 0
        os.remove(folder + "/creds/tickets.creds")
        r = p.run(["run", "tickets"], NATS_CREDS=folder + "/creds")
        assert r.returncode == CONFIG and "NATS_CREDS" in r.stderr and "tickets.creds" in r.stderr, r
        r = p.run(["migrate"], NATS_CREDS=folder + "/creds")
        assert r.returncode == 1 and "NATS_CREDS" not in r.stderr, r  # its own is there: the database is not


def test_a_slip_of_the_finger():
    """An unknown JARVIS_* is a warning that names the nearest one; the process goes on."""
    with Place() as p:  # migrate ends by itself: there is no database
        r = p.run(["migrate"], JARVIS_LISTN="x", JARVIS_SOMETHING_ELSE_ALTOGETHER="x", JARVIS_DOMAIN="jarvis.example",
                  JARVIS_DEMO="0")
        assert r.returncode == 1 and r.stderr.count("no setting") == 2, r
        assert "JARVIS_LISTN is no setting: is JARVIS_LISTEN meant?" in r.stderr, r.stderr
        assert re.search(r'JARVIS_SOMETHING_ELSE_ALTOGETHER is no setting"?$', r.stderr, re.M), r.stderr
        r = p.run(["migrate"], JARVIS_AUDIT_GAE="1d", JARVIS_LOG_JSON="true")
        assert '"level":"warn"' in r.stderr and "is JARVIS_AUDIT_AGE meant?" in r.stderr, r.stderr


def test_a_busy_port():
    """Not a wrong setting: it may be free in a moment. It is named all the same."""
    with Place() as p, socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        where = "127.0.0.1:%d" % busy.getsockname()[1]
        r = p.run(UP, JARVIS_LISTEN=where)
        assert r.returncode == 1 and "JARVIS_LISTEN" in r.stderr and where in r.stderr, r


def main():
    return run_tests(globals(), sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
