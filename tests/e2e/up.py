#!/usr/bin/env python3
"""up.py -- `jarvis up` and `down`: first and second start, what is left behind, what can be in the way.

Arguments pick tests by name.
"""
import os
import pwd
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time

from stack import TOP, Stack, free_port, wait_for, run_tests

NAMES = ["nats", "postgres", "auth", "registry", "sessions", "notifier", "tickets", "finops", "oxygen", "llm",
         "orchestrator", "gateway"]
IS_ROOT = os.geteuid() == 0


def alive(pid):
    """Running, and no zombie that its parent has not looked at."""
    try:
        with open("/proc/%d/stat" % pid) as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def gone(pids):
    return wait_for(lambda: not [p for p in pids if alive(p)], 20)


def supervisor(s):
    """Its process id, as `ps` knows it."""
    return int(re.search(r"^up +(\d+)", s.run("ps").stdout, re.M).group(1))


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def refused(r, *words):
    """It failed, quickly and with one sentence that has all the words."""
    assert r.returncode != 0, r.stdout + r.stderr
    sentence = r.stderr.splitlines()
    assert len(sentence) == 1 and sentence[0].startswith("jarvis: "), r.stderr
    for w in words:
        assert w in sentence[0], "%r lacks %r" % (sentence[0], w)


class Folder(Stack):
    """A stack that is not started when the block is entered, and is taken down when it is left."""

    def __enter__(self):
        return self

    def foreground(self, **kw):
        return subprocess.Popen([self.binary, "up"], env=self.env, stdout=subprocess.PIPE, text=True,
                                stderr=subprocess.STDOUT, **kw)


def wait_line(process, text):
    said = ""
    for line in process.stdout:
        said += line
        if text in line:
            return said
    raise AssertionError("ended without %r:\n%s" % (text, said))


# ---- starting and stopping -------------------------------------------------------------------------

def test_detached():
    with Folder() as s:
        r = s.run("up", "--detach")
        assert r.returncode == 0, r.stderr
        url = "http://%s:%d" % s.address
        assert url in r.stdout and "vishal" in r.stdout and "password123" in r.stdout, r.stdout
        assert s.http("GET", "/ready")[0] == 200
        assert s.chat("vishal", "show my tickets")["outcome"] == "answered"
        env = s.run_env()
        assert env["JARVIS_URL"] == url and env["NATS_URL"].startswith("nats://127.0.0.1:"), env
        assert "NATS USER JWT" in open(env["NATS_CREDS"]).read()
        assert env["DATABASE_URL"].startswith("postgresql://"), env
        assert mode(s.var + "/run/env") == 0o600 and mode(s.var + "/postgres") == 0o700
        pids = s.pids()
        assert sorted(pids) == sorted(NAMES) and all(alive(p) for p in pids.values()), pids
        refused(s.run("up", "--detach"), "running already", url)
        refused(s.run("up"), "running already", url)
        assert s.run("check").returncode == 0
        assert s.run("call", "tickets.ListMine", "{}", "--as", "vishal:password123").returncode == 0
        r = s.run("call", "tickets.ListMine", "{}")
        assert r.returncode == 1 and "UNAUTHENTICATED" in r.stderr, r.stderr
        r = s.down()
        assert r.returncode == 0 and "stopped" in r.stdout, r
        gone(pids.values())
        assert not os.path.exists(s.var + "/run/env") and not os.path.exists(s.var + "/run/pids")
        r = s.down()
        assert r.returncode == 0 and "nothing is running" in r.stdout, r
        began = time.monotonic()
        s.up()
        print("# warm start: %.2f s" % (time.monotonic() - began))
        assert s.chat("vishal", "show my tickets")["outcome"] == "answered"


def test_foreground_ends_with_ctrl_c():
    with Folder() as s:
        for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            p = s.foreground()
            wait_line(p, "Jarvis is ready")
            pids = list(s.pids().values())
            p.send_signal(sig)
            wait_line(p, "stopping")
            p.send_signal(sig)  # impatience changes nothing
            rest = p.communicate(timeout=30)[0]
            assert p.returncode == 0 and "stopped" in rest, (p.returncode, rest)
            assert not [x for x in pids if alive(x)]


def test_stopped_while_starting():
    with Folder() as s:
        for pause in (0.0, 0.1, 0.4, 0.9, 1.4):
            p = s.foreground()
            wait_line(p, "starting in")
            time.sleep(pause)  # somewhere on the way
            p.send_signal(signal.SIGTERM)
            p.communicate(timeout=30)
            r = subprocess.run(["pgrep", "-f", s.var], capture_output=True, text=True)
            assert r.stdout == "", r.stdout
            assert "nothing is running" in s.down().stdout


def test_two_at_once():
    with Folder() as s:
        both = [s.foreground() for _ in range(2)]
        wait_for(lambda: [p for p in both if p.poll() is not None], 20)
        lost = [p for p in both if p.poll() is not None]
        assert len(lost) == 1 and lost[0].returncode == 1, lost
        assert "running already" in lost[0].stdout.read()
        winner = [p for p in both if p not in lost][0]
        wait_line(winner, "Jarvis is ready")
        winner.send_signal(signal.SIGINT)
        winner.communicate(timeout=30)
        assert winner.returncode == 0


# ---- supervision -------------------------------------------------------------------------------------

def test_a_dead_child_comes_back():
    with Stack() as s:
        for name in ("tickets", "gateway", "nats", "postgres"):
            old = s.pids()[name]
            os.kill(old, signal.SIGKILL)
            wait_for(lambda: s.pids().get(name, old) != old, 20)
        wait_for(lambda: s.http("GET", "/ready")[0] == 200, 30)
        wait_for(lambda: s.chat("vishal", "show my tickets")["outcome"] == "answered", 30)
        log = open(s.var + "/log/up.log").read()
        for name in ("tickets", "gateway", "nats", "postgres"):
            assert "%s has ended (killed by signal 9); starting it again" % name in log, log


def test_killed_supervisor_takes_all_with_it():
    with Stack() as s:
        pids = s.pids().values()
        os.kill(supervisor(s), signal.SIGKILL)
        gone(pids)
        assert "nothing is running" in s.down().stdout
        s.up()
        assert s.chat("vishal", "show my tickets")["outcome"] == "answered"


def test_killed_supervisor_and_up_at_once():
    with Stack() as s:
        os.kill(supervisor(s), signal.SIGKILL)
        s.up()
        assert s.chat("vishal", "show my tickets")["outcome"] == "answered"


def test_stale_pid_files():
    """All killed at once; the numbers in their files belong to somebody else now."""
    with Stack() as s:
        pids = list(s.pids().values())
        boss = supervisor(s)
        for p in [boss] + pids:
            os.kill(p, signal.SIGKILL)
        gone(pids)
        owner = os.stat(s.var + "/postgres").st_uid
        other = subprocess.Popen(["sleep", "600"], user=owner) if IS_ROOT else subprocess.Popen(["sleep", "600"])
        try:
            path = s.var + "/postgres/postmaster.pid"
            with open(path) as f:
                rest = f.read().split("\n", 1)[1]
            with open(path, "w") as f:
                f.write("%d\n%s" % (other.pid, rest))
            with open(s.var + "/run/pids", "w") as f:
                f.write("tickets %d\n" % other.pid)
            assert "nothing is running" in s.down().stdout
            s.up()
            assert s.chat("vishal", "show my tickets")["outcome"] == "answered"
            s.down()
            assert other.poll() is None, "somebody else's process was killed"
        finally:
            other.kill()
            other.wait()


# ---- what can be in the way --------------------------------------------------------------------------

def test_busy_port():
    with Folder() as s, socket.socket() as busy:
        busy.bind(s.address)
        busy.listen()
        refused(s.run("up", "--detach"), "%s:%d" % s.address, "JARVIS_LISTEN")


def test_wrong_settings():
    for name, value in (("JARVIS_LISTEN", "somewhere"), ("JARVIS_LISTEN", "127.0.0.1:99999"),
                        ("JARVIS_CLOCK", "noon"), ("JARVIS_LOG", "loud"), ("JARVIS_PREFIX", "a.b")):
        with Folder(env={name: value}) as s:
            refused(s.run("up", "--detach"), name)
    with Folder(env={"JARVIS_ACCESS_TTL": "soon"}) as s:
        refused(s.run("up", "--detach"), "auth", "JARVIS_ACCESS_TTL")
        assert subprocess.run(["pgrep", "-f", s.var], capture_output=True).returncode == 1


def test_var_is_a_file():
    with Folder() as s:
        open(s.var, "w").close()
        refused(s.run("up", "--detach"), s.var, "file")
    with Folder() as s:
        os.mkdir(s.var)
        open(s.var + "/log", "w").close()
        refused(s.run("up", "--detach"), s.var + "/log", "file")
    with Folder(env={"JARVIS_VAR": "/proc/nowhere/var"}) as s:
        refused(s.run("up", "--detach"), "/proc/nowhere/var")


def test_broken_clusters():
    with Folder() as s:
        os.makedirs(s.var + "/postgres")
        refused(s.run("up", "--detach"), s.var + "/postgres", "PG_VERSION")
    with Stack() as s:
        s.down()
        version = s.var + "/postgres/PG_VERSION"
        with open(version) as f:
            good = f.read()
        with open(version, "w") as f:
            f.write("9\n")
        refused(s.run("up", "--detach"), "PostgreSQL 9", "not installed")
        with open(version, "w") as f:
            f.write(good)
        with open(s.var + "/postgres/postgresql.conf", "a") as f:
            f.write("nonsense = 1\n")
        refused(s.run("up", "--detach"), "postgres", "did not start")
        with open(s.var + "/postgres/postgresql.auto.conf", "a") as f:
            f.write("")
        os.remove(s.var + "/postgres/jarvis.password")
        refused(s.run("up", "--detach"), "jarvis.password", "missing")


def test_half_made_cluster():
    with Folder() as s:
        os.makedirs(s.var + "/postgres.new/base")
        s.up()
        assert not os.path.exists(s.var + "/postgres.new")


def test_no_space():
    with Folder() as s:
        os.mkdir(s.var)
        if not shutil.which("mount") or subprocess.run(
                ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", s.var], capture_output=True).returncode:
            print("# skipped: cannot mount")
            return
        try:
            refused(s.run("up", "--detach"), "free", s.var)
        finally:
            subprocess.run(["umount", s.var], check=True)


def test_deep_path():
    with Folder() as s:
        s.env["JARVIS_VAR"] = s.var = os.path.join(s.folder, "a" * 200, "b" * 200, "var")
        os.makedirs(os.path.dirname(s.var))
        s.up()
        assert s.chat("vishal", "show my tickets")["outcome"] == "answered"
        socket_folder = re.search(r"host=(\S+)", s.run_env()["DATABASE_URL"]).group(1)
        assert len(socket_folder) < 80 and mode(socket_folder) == 0o700, socket_folder
        s.down()
        assert not os.path.exists(socket_folder)


def test_closed_folder():
    """As root below a folder that nobody else may enter, such as /root."""
    if not IS_ROOT:
        print("# skipped: not root")
        return
    with Folder() as s:
        os.chmod(s.folder, 0o700)
        s.up()
        try:
            assert s.chat("vishal", "show my tickets")["outcome"] == "answered"
            assert os.path.islink(s.var)
        finally:
            s.down()
            shutil.rmtree(os.path.realpath(s.var))


def test_as_an_ordinary_user():
    if not IS_ROOT:
        print("# skipped: every test here is one")
        return
    nobody = pwd.getpwnam("nobody")
    with Folder() as s:
        os.chown(s.folder, nobody.pw_uid, nobody.pw_gid)
        s.binary = shutil.copy(s.binary, s.folder)  # the checkout may be closed to others

        def become():
            os.setgroups([])
            os.setgid(nobody.pw_gid)
            os.setuid(nobody.pw_uid)
            os.chdir("/")

        r = subprocess.run([s.binary, "up", "--detach"], env=s.env, preexec_fn=become, text=True,
                           capture_output=True, timeout=120)
        assert r.returncode == 0, r.stderr
        assert s.chat("vishal", "show my tickets")["outcome"] == "answered"
        owners = {os.stat("/proc/%d" % p).st_uid for p in s.pids().values()}
        assert owners == {nobody.pw_uid}, owners
        subprocess.run([s.binary, "down"], env=s.env, preexec_fn=become, check=True, capture_output=True)
        s.up()  # as root: the cluster is still nobody's
        assert s.chat("vishal", "show my tickets")["outcome"] == "answered"


def test_of_another_user():
    if not IS_ROOT:
        print("# skipped: not root")
        return
    with Stack() as s:
        os.chmod(s.folder, 0o755)
        binary = shutil.copy(s.binary, s.folder)  # the checkout may be closed to others
        for command in ("ps", "down"):
            refused(subprocess.run([binary, command], env=s.env, user="nobody", cwd="/", text=True,
                                   capture_output=True, timeout=60), s.var, "another user")
        assert s.http("GET", "/ready")[0] == 200


def test_own_servers_elsewhere():
    with Folder() as s:
        script = """
            export NATS_URL=$TEST_NATS_URL DATABASE_URL=$TEST_DATABASE_URL
            "$0" up --detach && cat "$JARVIS_VAR/run/pids" && "$0" call tickets 'show my tickets' \\
                --as vishal:password123 && "$0" down"""
        r = subprocess.run([TOP + "/tests/with-servers", "nats", "pg", "--", "sh", "-c", script, s.binary],
                           env=s.env, text=True, capture_output=True, timeout=120)
        assert r.returncode == 0, r.stdout + r.stderr
        assert "12301" in r.stdout and "postgres " not in r.stdout and "nats " not in r.stdout, r.stdout
        assert not os.path.exists(s.var + "/postgres")
    with Folder(env={"NATS_URL": "nats://127.0.0.1:%d" % free_port()}) as s:
        refused(s.run("up", "--detach"), "NATS")


def test_again_in_a_shell_that_read_env():
    with Stack() as s:
        s.env.update(s.run_env())
        s.down()
        s.up()
        assert {"nats", "postgres"} <= set(s.pids())
        assert s.chat("vishal", "show my tickets")["outcome"] == "answered"


def test_old_logs_are_kept_once():
    with Folder() as s:
        os.makedirs(s.var + "/log")
        with open(s.var + "/log/tickets.log", "w") as f:
            f.truncate(11 << 20)
        s.up()
        assert os.path.getsize(s.var + "/log/tickets.log.1") == 11 << 20
        assert os.path.getsize(s.var + "/log/tickets.log") < 1 << 20


def main():
    return run_tests(globals(), sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
