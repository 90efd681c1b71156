"""test_admin.py -- jarvis-admin: a host prepared for real, settings and secrets, deploys and the way back, keys changed.

    python3 tests/compose/test_admin.py [NAME...]      DOCKER_HOST names the engine; jarvis-base:12 is on it

The whole stack under load is looked at elsewhere (test_deploy.py); here it is small, so that every turn can be taken.
"""
import os
import re
import signal
import stat
import subprocess
import sys
import time
import traceback

import admin_host
from admin_place import (DOMAIN, REPOSITORY, SCRIPT, Place, Terminal, build_images, docker, expect, remove_images, run, tree,
                         wait_for)

IMAGES_ARE_THERE = []
EVERYWHERE = {"auth": "1", "tickets": "11", "orchestrator": "1", "gateway-a": "1"}


def images():
    if not IMAGES_ARE_THERE:
        build_images()
        IMAGES_ARE_THERE.append(True)


def of(version):
    return {s: v.replace("1", version) for s, v in EVERYWHERE.items()}


def place(*options, **kw):
    images()
    return Place(*options, **kw)


def up(p):
    p.admin("up")
    expect("versions", p.versions(), of("1"))


# ---- words -------------------------------------------------------------------------------------------

def test_help_and_wrong_words():
    for args, ends, words in ((["help"], 0, "rollback"), (["--help"], 0, "rollback"), (["prepare", "--help"], 0, "--deploy-key"),
                              ([], 2, "jarvis-admin COMMAND"), (["destroy"], 2, "there is no command destroy"),
                              (["deploy"], 2, "deploy: which?"), (["rotate"], 2, "rotate: which?"),
                              (["rotate", "all"], 2, "none of jwt, nats"), (["up", "--fast"], 2, "up: --fast is no option"),
                              (["configure", "--domain"], 2, "--domain needs a value"),
                              (["status"], 1, ".env is not there")):
        r = run(SCRIPT, *args, check=False, env=dict(os.environ, JARVIS_HOME="/nonexistent/jarvis"))
        expect(args, r.returncode, ends)
        expect(args, r.stdout + r.stderr, words)


def test_the_deploy_user_may_only_deploy():
    env = dict(os.environ, SUDO_USER="deploy", JARVIS_HOME="/nonexistent/jarvis")
    for args in (["up"], ["configure"], ["rotate", "jwt"], ["restore", "x"], ["rollback", "--all"], ["verify", "--wait", "9"],
                 ["logs"], ["deploy", "1", "--no-backup", "--dry-run", "2"]):
        r = run(SCRIPT, *args, check=False, env=env)
        expect(args, (r.returncode, "deploy user" in r.stderr), (2, True))
    r = run(SCRIPT, "status", check=False, env=env)
    expect("status may", r.stderr, ".env is not there")


# ---- settings and secrets ----------------------------------------------------------------------------

def test_configure_makes_everything_once():
    with place() as p:
        p.admin(*p.arguments()) # the test's own lines of .env have their place now
        before = tree(p.home)
        for name, mode in (("secrets", 0o700), ("secrets/nats/keys", 0o700), ("secrets/tls/ca.key", 0o600), (".env", 0o600),
                           ("secrets/database_url", 0o444), ("secrets/nats/creds/auth.creds", 0o444),
                           ("secrets/nats/server/server.conf", 0o444)):
            expect(name, stat.S_IMODE(os.stat(p.path(name)).st_mode), mode)
        passwords = [p.read("secrets", n).strip() for n in ("postgres_password", "database_password_a", "database_password_b",
                                                            "admin_password", "probe_password")]
        expect("all different", len(set(passwords)), 5)
        expect("all long", [len(x) for x in passwords], [32] * 5)
        expect("the first role", p.read("secrets", "database_url").strip(),
               "postgresql://jarvis_a:%s@postgres/jarvis?sslmode=verify-full&sslrootcert=/run/secrets/ca.crt" % passwords[1])
        expect("site.conf", p.read("nginx", "site.conf"), "server_name %s;\n" % DOMAIN)
        expect("a public key", p.read("secrets", "backup_recipient"), "age1")
        for server in ("nats", "postgres"):
            run("openssl", "verify", "-CAfile", p.path("secrets/tls/ca.crt"), "-verify_hostname", server,
                p.path("secrets/tls/%s.crt" % server))
        expect("backups are root's alone", os.stat(p.path("backups")).st_mode & 0o777, 0o700)
        p.admin(*p.arguments())
        after = tree(p.home)
        expect("what changed by doing it again", [n for n in after if before.get(n) != after[n]], [])
        everything = b"".join(c for n, (_, c) in after.items() if not n.startswith("secrets") if c)
        for x in passwords:
            expect("a secret outside of secrets/", x.encode() in everything, False)
        os.unlink(p.path("secrets", "backup_identity")) # it is kept elsewhere
        p.admin(*p.arguments())
        expect("no second identity", os.path.exists(p.path("secrets", "backup_identity")), False)


def test_configure_never_forgets_a_key_of_backups():
    """Cut short between the two files, or one of them lost: the identity that is there is the one."""
    with place() as p:
        identity, recipient = p.read("secrets", "backup_identity"), p.read("secrets", "backup_recipient")
        os.unlink(p.path("secrets", "backup_recipient"))
        p.admin(*p.arguments())
        expect("identity", p.read("secrets", "backup_identity"), identity)
        expect("recipient", p.read("secrets", "backup_recipient"), recipient)


def test_configure_keeps_what_the_owner_added():
    with place() as p:
        p.set("JARVIS_SETTLE", "7")
        p.write("jarvis.env", p.read("jarvis.env") + "JARVIS_LOG=debug\n")
        p.admin(*p.arguments("--domain", "other.test", "--memory", "small"))
        expect("own line of .env", p.setting("JARVIS_SETTLE"), "7")
        expect("own line of jarvis.env", p.read("jarvis.env").count("JARVIS_LOG=debug"), 1)
        expect("the new domain", p.setting("JARVIS_DOMAIN"), "other.test")
        expect("its address", p.read("jarvis.env"), "JARVIS_PUBLIC_URL=https://other.test:")
        expect("memory", p.setting("POSTGRES_MEMORY"), "384m")
        p.admin("configure", "--yes")
        expect("what was answered stays", p.setting("JARVIS_DOMAIN"), "other.test")


def test_configure_takes_no_bad_answer():
    with place(configured=False) as p:
        bad = {
            "--domain": ["localhost", "http://a.example", "a..b", "-a.b", "a.b\nc.d", "10.0.0.1", "a" * 64 + ".b", "$(id).b", ""],
            "--email": ["nobody", "a@b", "-x@b.c", "a b@c.d"], "--database": ["sqlite"], "--memory": ["9"],
            "--image": ["Bad Image", "a;b", "-x"], "--gateways": ["3"], "--subnet": ["10.83", "300.1.1", "10.83.0.0"],
            "--listen-https": ["0", "65536", "x:443"], "--project": ["A B"], "--model": ["gpt"],
            "--acme-server": ["http://x"]}
        before = tree(p.home)
        for option, values in bad.items():
            for value in values:
                words = p.admin(*p.arguments(option, value), ends=2)
                expect("%s %r" % (option, value), words, option)
        for options, sentence in ((["--model", "gemini"], "--model-key-file"), (["--database", "managed"], "--database-url-file"),
                                  (["--model-key-file", "/dev/null"], "of which model"),
                                  (["--certificate", "/etc/hostname"], "give both"),
                                  (["--model", "openai", "--model-key-file", "/nonexistent"], "cannot be read"),
                                  (["--colour", "red"], "--colour is no option")):
            expect(options, p.admin(*p.arguments(*options), ends=2), sentence)
        changed = [n for n, v in tree(p.home).items() if before.get(n) != v]
        expect("nothing was written", changed, [])


def test_configure_by_a_managed_database():
    with place(configured=False) as p:
        url = p.write("url", "postgresql://jarvis:hidden-word@db.example.org:25060/jarvis?sslmode=require\n")
        words = p.admin(*p.arguments("--database-url-file", url), ends=2)
        expect("the sentence", words, "no sslmode=verify-full")
        expect("no password in it", "hidden-word" in words, False)
        p.write("url", "postgresql://jarvis:hidden-word@db.example.org:25060/jarvis?sslmode=verify-full\n")
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "9", "-subj",
            "/CN=provider", "-keyout", p.path("k"), "-out", p.path("provider.pem"))
        key = p.write("key", "AIzaSyExampleOfAKey\n")
        options = p.arguments("--database-url-file", url, "--database-ca", p.path("provider.pem"), "--model", "gemini",
                              "--model-key-file", key)
        p.admin(*options, "--dry-run")
        p.admin(*options)
        expect("the URL", p.read("secrets", "database_url"), "verify-full&sslrootcert=/run/secrets/ca.crt\n")
        expect("both authorities", p.read("secrets", "tls", "ca.crt").count("BEGIN"), 2)
        expect("no bundled one", p.setting("COMPOSE_PROFILES"), "")
        expect("it can be reached", p.setting("JARVIS_DATA_INTERNAL"), "false")
        expect("it is looked at", p.setting("JARVIS_POSTGRES_TARGET"), "db.example.org:25060")
        expect("the key's place", p.read("jarvis.env"), "GEMINI_API_KEY=@/run/secrets/llm/gemini")
        expect("the key", p.read("secrets", "llm", "gemini"), "AIzaSyExampleOfAKey\n")


def test_configure_asks_at_a_terminal():
    url = "postgresql://jarvis:hidden-word@db.example.org/jarvis?sslmode=verify-full"
    with place(configured=False) as p:
        given = ["configure", *p.arguments()[p.arguments().index("--image"):]]
        before = tree(p.home)
        with Terminal(p, *given) as t:
            t.answer("Domain", DOMAIN + "\n")
            t.answer("E-mail", "none\n")
            t.answer("bundled or managed [bundled]", "managed\n")
            t.answer("Its URL", "")
            wait_for(lambda: not t.echoes())
            t.answer("", "\x03") # Ctrl-C
            expect("interrupted", t.end() in (130, -signal.SIGINT), True)
            expect("the terminal shows again what is typed", t.echoes(), True)
        expect("nothing was written", [n for n, v in tree(p.home).items() if before.get(n) != v and n != "state/lock"], [])
        with Terminal(p, *given) as t:
            t.answer("Domain", "localhost\n")
            t.answer("localhost: is no name such as", "")
            t.answer("Domain", DOMAIN + "\n")
            t.answer("E-mail", "ops@example.org\n")
            t.answer("bundled or managed [bundled]", "managed\n")
            t.answer("Its URL", url + "\n")
            t.answer("Language model", "gemini\n")
            t.answer("Key of gemini", "AIzaSyExampleOfAKey\n")
            t.answer("Slack", "\n")
            t.answer("Memory", "small\n")
            expect("its end", (t.end(), t.shown), (0, t.shown))
            expect("what is secret is not shown", "hidden-word" in t.shown or "AIza" in t.shown, False)
        expect("the domain", p.setting("JARVIS_DOMAIN"), DOMAIN)
        expect("the address", p.setting("JARVIS_ACME_EMAIL"), "ops@example.org")
        expect("the URL", p.read("secrets", "database_url"), url)
        expect("the key", p.read("secrets", "llm", "gemini"), "AIzaSyExampleOfAKey\n")
        expect("memory", p.setting("JARVIS_MEMORY"), "small")


def test_dry_runs_change_nothing():
    with place() as p:
        up(p)
        with open(p.path("backups", "jarvis-1.tar"), "w") as f:
            f.write("x")
        before, containers = tree(p.home), p.all_containers()
        for args in (["up"], ["down"], ["deploy", "2"], ["backup"], ["restore", "jarvis-1.tar"], ["rotate", "jwt"],
                     ["rotate", "nats"], ["rotate", "database"], ["rotate", "tls"], ["status"], ["verify"], ["doctor", "--host"],
                     p.arguments("--domain", "new.test", "--memory", "large")):
            p.admin(*args, "--dry-run", ends=None if args[0] in ("status", "doctor") else 0)
            changed = [n for n, v in tree(p.home).items() if before.get(n) != v]
            expect(args, changed, [])
        p.admin("install", "--home", p.path("elsewhere"), "--dry-run", script=SCRIPT)
        expect("no folder", os.path.exists(p.path("elsewhere")), False)
        expect("containers", p.all_containers(), containers)


# ---- releases ----------------------------------------------------------------------------------------

def test_install_again_keeps_what_was_changed_by_hand():
    with place(configured=False) as p:
        expect("again", p.admin("install", "--home", p.home, script=SCRIPT), "unchanged")
        theirs = p.read("compose.yml") if os.path.exists(p.path("compose.yml")) else ""
        p.write("admin/lib.sh", "# changed by hand\n")
        words = p.admin("install", "--home", p.home, script=SCRIPT)
        expect("it says so", words, "admin/lib.sh was changed here")
        expect("the owner's", p.read("admin", "lib.sh.before"), "# changed by hand\n")
        expect("the release's", "# changed" in p.read("admin", "lib.sh"), False)
        expect("others", p.read("compose.yml") if theirs else "", theirs)


# ---- deploys -----------------------------------------------------------------------------------------

NOTHING_MISSING = {"auth": 0, "tickets": 0, "orchestrator": 0, "gateways": 0}


def test_deploy_and_rollback_with_nothing_missing():
    """For each that goes another one has come before."""
    with place() as p:
        up(p)
        with p.watch() as events:
            words = p.admin("deploy", "2")
            expect("versions", p.versions(), of("2"))
            expect("it says how long", bool(re.search(r"deployed %s:2 in \d+ s" % REPOSITORY, words)), True)
            expect("on record", [x.split()[1] for x in p.read("state", "deployed").splitlines()],
                   [REPOSITORY + ":1", REPOSITORY + ":2"])
            p.admin("deploy", REPOSITORY + ":3")
            p.admin("rollback")
            expect("versions", p.versions(), of("2"))
            p.admin("rollback")
            expect("versions", p.versions(), of("1"))
        expect("fewest of each", events.least(), NOTHING_MISSING)
        expect(".env", p.setting("JARVIS_IMAGE"), REPOSITORY + ":1")
        expect("nothing before that", p.admin("rollback", ends=1), "no version before")
        expect("no stand-in is left", p.containers("gateway-b", "-a"), [])


def test_a_version_that_is_unknown_touches_nothing():
    with place() as p:
        up(p)
        ids = p.all_containers()
        for reference in ("9.9.9", "other/image:1", "a b", "--", "sha256:12", "1;id", "1\n2"):
            words = p.admin("deploy", reference, ends=2 if reference.startswith("-") else 1)
            expect(reference, words, "deploy")
        for version, word in (("no-doctor", "nobody answers"), ("no-migrate", "history was altered")):
            expect(version, p.admin("deploy", version, ends=1), word)
        expect("containers", p.all_containers(), ids)
        expect("on record", len(p.read("state", "deployed").splitlines()), 1)


def test_a_version_that_does_not_work_goes_back():
    with place() as p:
        up(p)
        for version, word in (("broken", "JARVIS_THING: is wrong"), ("late", "JARVIS_THING: is wrong"), ("mute", "not_understood")):
            words = p.admin("deploy", version, ends=4)
            expect(version, words, word)
            expect(version, words, "%s:1 is back" % REPOSITORY)
            expect(version, p.versions(), of("1"))
            expect(version, os.path.exists(p.path("state", "rolling")), False)
            expect(version, p.containers("gateway-b", "-a"), [])
        expect(".env", p.setting("JARVIS_IMAGE"), REPOSITORY + ":1")


def cut_short(p, *args, when):
    """Start it and kill it, and all that it started, as soon as `when` is so."""
    child = subprocess.Popen(**p.command(*args), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        wait_for(lambda: when() or child.poll() is not None, 600)
        expect("it was still at work", child.poll(), None)
    finally:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    wait_for(lambda: run("flock", "-n", p.path("state", "lock"), "true", check=False).returncode == 0) # the last of it is dead


def test_a_deploy_that_is_killed_can_be_repeated_or_undone():
    with place() as p:
        up(p)
        runs = {"auth": lambda: "2" in p.versions().get("auth", ""),
                "tickets": lambda: "2" in p.versions().get("tickets", ""),
                "gateway-b": lambda: p.containers("gateway-b"),
                "between": lambda: not p.containers("gateway-a")}
        for name in ("auth", "between"):
            cut_short(p, "deploy", "2", "--no-backup", when=runs[name])
            expect("up sees it", p.admin("up", ends=1), "cut short")
            expect("going on", p.admin("deploy", "2"), "going on")
            expect(name, p.versions(), of("2"))
            p.admin("rollback")
        for name in ("tickets", "gateway-b"):
            cut_short(p, "deploy", "2", "--no-backup", when=runs[name])
            p.admin("rollback")
            expect(name, p.versions(), of("1"))
            expect(name, p.containers("gateway-b", "-a"), [])


def test_two_runs_do_not_meet():
    with place() as p:
        up(p)
        child = subprocess.Popen(**p.command("deploy", "2"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for(lambda: os.path.exists(p.path("state", "rolling")) or child.poll() is not None, 600)
            expect("the second", p.admin("rollback", ends=3), "another jarvis-admin is at work")
            p.admin("status", ends=None)
        finally:
            expect("the first", child.wait(), 0)


def test_two_gateways_take_turns():
    with place("--gateways", "2") as p:
        p.admin("up")
        with p.watch() as events:
            p.admin("deploy", "2")
        expect("versions", p.versions(), {**of("2"), "gateway-b": "2"})
        expect("one is always there", events.least()["gateways"], -1)


# ---- verify, status, logs, doctor --------------------------------------------------------------------

def test_verify_asks_as_a_person():
    with place() as p:
        up(p)
        p.edge.asked.clear()
        expect("words", p.admin("verify"), "verified")
        expect("what was asked", [a[0] for a in p.edge.asked], ["/auth/login", "/api/chat"])
        p.set("JARVIS_VERIFY_CA", "/etc/ssl/certs/ca-certificates.crt")
        expect("an unknown authority", p.admin("verify", ends=1).lower(), "certificate")
        p.set("JARVIS_VERIFY_CA", p.edge.ca)
        os.chmod(p.path("secrets", "probe_password"), 0o644)
        p.write("secrets/probe_password", "quote\" back\\slash $x", 0o444)
        expect("any password gets there", p.admin("verify"), "verified")
        p.edge.stop()
        p.edge.server = None
        expect("nobody", p.admin("verify", ends=1), "signing in as probe")


def test_status_and_logs():
    with place() as p:
        up(p)
        words = p.admin("status")
        for word in (REPOSITORY + ":1", "auth", "healthy", "29 days left", "free of"):
            expect("status", words, word)
        docker("stop", "-t", "5", p.containers("auth")[0])
        expect("one is down", p.admin("status", ends=1), "exited")
        expect("logs", p.admin("logs", "no-such", ends=2), "no service no-such")
        p.admin("logs", "auth")
        p.admin("logs", "--since", "1h")
        expect("since", p.admin("logs", "--since", "yesterday", ends=2), "--since yesterday")


def test_doctor_names_what_is_wrong():
    with place() as p:
        up(p)
        p.set("JARVIS_ACME_SERVER", "https://acme.test/dir") # so that the domain need not be known to the world
        p.set("HTTPS_LISTEN", "127.0.0.1:%d" % p.edge.other) # where nobody listens
        words = p.admin("doctor")
        for word in ("ok    docker", "ok    secrets are there and strong", "ok    settings are complete"):
            expect("doctor", words, word)
        os.chmod(p.path("secrets"), 0o755)
        p.write("secrets/admin_password", "admin123", 0o444)
        os.unlink(p.path("nginx", "site.conf"))
        p.write("secrets/database_url", "postgresql://a:hidden-word@b/c?sslmode=disable", 0o444)
        words = p.admin("doctor", ends=1)
        for word in ("secrets: is 755", "admin_password", "nginx/site.conf", "no sslmode=verify-full", "4 to mend"):
            expect("doctor", words, word)
        expect("no secret", "admin123" in words or "hidden-word" in words, False)


# ---- keys --------------------------------------------------------------------------------------------

def test_rotate_jwt_asks_auth():
    with place() as p:
        up(p)
        expect("words", p.admin("rotate", "jwt"), "key-2")
        expect("as the administrator", p.edge.asked[-1], ("/auth/keys", {}, "Bearer token-of-admin"))


def test_rotate_nats_rolls_everything_between_new_and_revoked():
    with place() as p:
        up(p)
        old = set(p.containers("auth") + p.containers("tickets") + p.containers("gateway-a"))
        creds, served = p.read("secrets", "nats", "creds", "auth.creds"), p.read("secrets", "nats", "server", "server.conf")
        with p.watch() as events:
            p.admin("rotate", "nats")
        expect("new credentials", p.read("secrets", "nats", "creds", "auth.creds") != creds, True)
        expect("new rules", p.read("secrets", "nats", "server", "server.conf") != served, True)
        expect("what was called", [x.split()[-1] for x in p.read("secrets", "nats", "calls").splitlines()],
               ["/data", "--rotate", "--revoke"])
        expect("every process is new", old & set(p.containers("auth") + p.containers("tickets") + p.containers("gateway-a")), set())
        expect("versions", p.versions(), of("1"))
        expect("fewest of each", events.least(), NOTHING_MISSING)


def test_rotate_tls_keeps_the_files():
    with place() as p:
        p.set("COMPOSE_PROFILES", "") # no server of the database here
        up(p)
        at = {n: os.stat(p.path("secrets/tls", n)).st_ino for n in ("nats.crt", "nats.key", "postgres.key")}
        old = p.read("secrets", "tls", "nats.crt")
        p.admin("rotate", "tls")
        expect("another certificate", p.read("secrets", "tls", "nats.crt") != old, True)
        expect("in the same files", {n: os.stat(p.path("secrets/tls", n)).st_ino for n in at}, at)
        run("openssl", "verify", "-CAfile", p.path("secrets/tls/ca.crt"), "-verify_hostname", "nats", p.path("secrets/tls/nats.crt"))


# ---- a server ----------------------------------------------------------------------------------------

KEY = "ssh-keygen -q -t ed25519 -N '' -C %s -f /keys/%s && cat /keys/%s.pub"


def test_prepare_makes_a_server():
    """Everything of it in one, as the packages take their time."""
    admin_host.build_host()
    with admin_host.Host(SSH_CONNECTION="192.0.2.1 50000 192.0.2.2 2222") as h:
        h.sh("mkdir /keys")
        deploy, person = (h.says(KEY % (n, n, n)) for n in ("ci", "person"))
        h.sh("install -d -m 700 ~/.ssh && cp /keys/person.pub ~/.ssh/authorized_keys")
        refused_before_anything(h)
        before = h.files()
        expect("it would", h.prepare("--dry-run --admin ops --deploy-key /keys/ci.pub"), "would     packages")
        expect("what a dry run changed", changes(before, h.files()), [])

        words = h.prepare("--deploy-key -", stdin=deploy)
        expect("nobody else gets in yet", words, "skipped   sshd: root and passwords stay")
        expect("root's door", h.says("sshd -T"), "permitrootlogin without-password")
        h.prepare("--admin ops")
        once = h.files()
        words = h.prepare("--admin ops --deploy-key /keys/ci.pub")
        expect("the second time", "done " in words, False)
        expect("what the second time changed", changes(once, h.files()), [])

        people_may_what_they_should(h, deploy, person)
        firewall_is_shut(h)
        owners_files_stay(h)


def refused_before_anything(h):
    for options, word in (("--deploy-key /keys/ci", "private key"), ("--deploy-key /nonexistent", "nonexistent"),
                          ("--deploy-key /etc/passwd", "one public key"), ("--admin 'a b'", "--admin a b"),
                          ("--admin root", "not root"), ("--swap 1g", "--swap 1g"), ("--admin-key /keys/ci.pub", "whose")):
        expect(options, h.prepare(options, ends=2), word)
    h.sh("echo 'ssh-ed25519 nonsense' >/keys/bad.pub")
    expect("not a key", h.prepare("--deploy-key /keys/bad.pub", ends=2), "no public key")
    expect("another system", h.sh("sed -i.orig 's/=\"12\"/=\"11\"/' /etc/os-release; /release/jarvis-admin prepare",
                                  check=False).stderr, "Debian 12, Ubuntu 22.04 or Ubuntu 24.04 is needed")
    h.sh("mv /etc/os-release.orig /etc/os-release")


def changes(before, after):
    return sorted(set(after.splitlines()) ^ set(before.splitlines()))


def people_may_what_they_should(h, deploy, person):
    for check in ("visudo -c", "sshd -t"):
        h.sh(check)
    sshd = h.says("sshd -T")
    for line in ("permitrootlogin no", "passwordauthentication no", "kbdinteractiveauthentication no"):
        expect("sshd", sshd, line)
    expect("deploy's key", h.says("cat ~deploy/.ssh/authorized_keys"), "restrict " + deploy)
    expect("the person's key", h.says("cat ~ops/.ssh/authorized_keys"), person)
    expect("deploy's groups", h.says("id -nG deploy").split(), ["deploy"])
    h.sh("mkdir -p /usr/local/sbin && printf '#!/bin/sh\necho \"$(id -u) $*\"\n' >/usr/local/sbin/jarvis-admin && "
         "chmod 755 /usr/local/sbin/jarvis-admin")
    as_deploy = "su deploy -s /bin/sh -c 'sudo -n %s'"
    for command in ("jarvis-admin deploy 1.2.3", "jarvis-admin rollback", "jarvis-admin status", "jarvis-admin verify"):
        expect(command, h.says(as_deploy % command), "0 " + command.split(" ", 1)[1])
    for command in ("jarvis-admin rotate jwt", "jarvis-admin rollback now", "jarvis-admin", "sh", "cat /etc/shadow"):
        expect(command, h.sh(as_deploy % command, check=False).returncode, 1)
    expect("ops may all", h.says("su ops -s /bin/sh -c 'sudo -n id -u'"), "0")


def firewall_is_shut(h):
    status = h.says("ufw status verbose")
    expect("on", status, "Status: active")
    expect("policy", status, "deny (incoming), allow (outgoing)")
    open_ports = sorted(set(re.findall(r"^(\d+)/tcp +ALLOW IN", status, re.M)), key=int)
    expect("what is open, with the port that ssh is really on", open_ports, ["22", "80", "443", "2222"])
    for tables in ("iptables", "ip6tables"):
        rules = h.says(tables + " -S DOCKER-USER").splitlines()
        expect(tables, [r for r in rules if "DROP" in r], ["-A DOCKER-USER -o docker0 -j DROP", "-A DOCKER-USER -o br-+ -j DROP"])
        h.sh("ufw reload")
        expect("loaded again", h.says(tables + " -S DOCKER-USER").splitlines(), rules)
    published_ports_obey(h)


def published_ports_obey(h):
    """Three ports published the way Docker does it, to a container behind a bridge: who gets there from outside?"""
    with admin_host.Wires(h) as wires:
        expect("80", wires.reaches(80), True)
        expect("443", wires.reaches(443), True)
        expect("what was published by mistake", wires.reaches(5432), False)
        h.sh("iptables -F DOCKER-USER")
        expect("without the rules", wires.reaches(5432), True)
    h.sh("ufw reload")


def owners_files_stay(h):
    h.sh("echo '{ \"live-restore\": false }' >/etc/docker/daemon.json; sed -i '1i # by hand' /etc/ufw/after.rules")
    words = h.prepare("--admin ops")
    expect("daemon.json", h.says("cat /etc/docker/daemon.json"), '{ "live-restore": false }')
    expect("it says what is missing", words, "does not set max-size")
    expect("rules by hand", h.says("head -n 1 /etc/ufw/after.rules"), "# by hand")
    h.sh("rm /etc/ssh/sshd_config.d/10-jarvis.conf && sed -i '/^Include/d' /etc/ssh/sshd_config")
    expect("sshd that reads no drop-ins", h.prepare("--admin ops", ends=1), "does /etc/ssh/sshd_config include")
    expect("nothing is left of it", h.sh("test -e /etc/ssh/sshd_config.d/10-jarvis.conf", check=False).returncode, 1)


# ---- running -----------------------------------------------------------------------------------------

def main(wanted):
    failed = passed = 0
    tests = [(n, f) for n, f in globals().items() if n.startswith("test_") and (not wanted or any(w in n for w in wanted))]
    for name, test in tests:
        began = time.monotonic()
        try:
            test()
            passed += 1
            print("ok     %s (%.1f s)" % (name[5:], time.monotonic() - began), flush=True)
        except Exception:
            failed += 1
            print("FAILED %s (%.1f s)" % (name[5:], time.monotonic() - began), flush=True)
            traceback.print_exc()
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    try:
        code = main(sys.argv[1:])
    finally:
        if IMAGES_ARE_THERE:
            remove_images()
    sys.exit(code)
