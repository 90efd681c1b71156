"""cicd.py -- a deploy as the workflow does it: compose/ci/deploy.sh and what it calls, through a real sshd to a stand-in
of jarvis-admin (cicd_stage.py), and from outside over TLS. Also slack.sh.
"""
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile

from cicd_stage import CI, DIGEST, REFERENCE, Cases, Server, Web, certificate, key, run, skip
from stack import wait_for

for tool in ("ssh", "ssh-keygen", "curl", "openssl", "timeout"):
    if not shutil.which(tool):
        skip("there is no " + tool)

cases = Cases()
NEW = "1.2.3"
DEPLOYED = "deploy [%s]" % REFERENCE


def system(server):
    """The system as everybody sees it: its version is in the file "running", and "sick" is one, too."""

    def answer(handler):
        version = server.read("running").strip()
        if version == "sick":
            return 503, {}, b'{"status":"unavailable"}'
        if handler.path == "/health":
            return 200, {}, b'{"status":"healthy"}'
        if handler.path == "/openapi.json":
            info = {"openapi": "3.1.0", "info": {"title": "Jarvis", "version": version},
                    "paths": {"/a": {"info": {"version": "9.9.9"}}}}
            return 200, {}, json.dumps(info, separators=(",", ":")).encode()
        return 404, {}, b""

    return answer


def settings(server, web, ca, **more):
    return dict({"SSH_HOST": "127.0.0.1", "SSH_PORT": str(server.port), "SSH_USER": server.user,
                 "SSH_PRIVATE_KEY": server.private.strip(), "SSH_KNOWN_HOSTS": server.known, "SSH_TIMEOUT": "60",
                 "JARVIS_DOMAIN": "localhost:%d" % web.port, "JARVIS_VERIFY_CA": ca, "JARVIS_VERIFY_WAIT": "0"}, **more)


# title, what the server does, arguments, ends with, says, result, version, what it was asked
OUTCOMES = [
    ("deployed", ["deploy 0 1.2.3"], ["deploy", REFERENCE, NEW],
     0, "is deployed", "success", NEW, [DEPLOYED]),
    ("the server refuses, and has gone back", ["deploy 4"], ["deploy", REFERENCE, NEW],
     1, "the version before is back", "rolled-back", "1.0.0", [DEPLOYED]),
    ("the server has gone back, but is sick", ["deploy 4 sick"], ["deploy", REFERENCE, NEW],
     1, "look at the server now", "failed", "unknown", [DEPLOYED]),
    ("the server could not go back", ["deploy 5 sick"], ["deploy", REFERENCE, NEW],
     1, "so did going back", "failed", "unknown", [DEPLOYED]),
    ("the server is busy", ["deploy 3"], ["deploy", REFERENCE, NEW],
     1, "under way", "failed", "1.0.0", [DEPLOYED]),
    ("the server fails", ["deploy 1"], ["deploy", REFERENCE, NEW],
     1, "ended with 1", "failed", "1.0.0", [DEPLOYED]),
    ("sick from outside: sent back", ["deploy 0 sick", "rollback 0 1.0.0"], ["deploy", REFERENCE, NEW],
     1, "the version before is back", "rolled-back", "1.0.0", [DEPLOYED, "rollback []"]),
    ("another version from outside: sent back", ["deploy 0 1.2.2", "rollback 0 1.0.0"], ["deploy", REFERENCE, NEW],
     1, "it is version 1.2.2, not 1.2.3", "rolled-back", "1.0.0", [DEPLOYED, "rollback []"]),
    ("sent back, and does not go", ["deploy 0 sick", "rollback 5"], ["deploy", REFERENCE, NEW],
     1, "rolling back failed", "failed", "unknown", [DEPLOYED, "rollback []"]),
    ("sent back, and still sick", ["deploy 0 sick", "rollback 0"], ["deploy", REFERENCE, NEW],
     1, "look at the server now", "failed", "unknown", [DEPLOYED, "rollback []"]),
    ("rolled back by hand", ["rollback 0 0.9.0"], ["rollback"],
     0, "rolled back", "success", "0.9.0", ["rollback []"]),
    ("rolled back by hand, as the workflow says it", ["rollback 0 0.9.0"], ["rollback", "", ""],
     0, "rolled back", "success", "0.9.0", ["rollback []"]),
    ("rolled back to a version", ["deploy 0 1.2.3"], ["rollback", REFERENCE, NEW],
     0, "is deployed", "success", NEW, [DEPLOYED]),
    ("rolling back fails", ["rollback 1"], ["rollback"],
     1, "rolling back failed", "failed", "1.0.0", ["rollback []"]),
    ("a dry run", [], ["--dry-run", "deploy", REFERENCE, NEW],
     0, "would run on 127.0.0.1", None, None, []),
    ("a dry run of going back", [], ["--dry-run", "rollback"],
     0, "sudo -n jarvis-admin rollback", None, None, []),
]


def outcomes(server, web, ca):
    for title, plan, args, status, said, result, version, asked in OUTCOMES:
        server.plan(*plan)
        done = run("deploy.sh", *args, env=settings(server, web, ca))
        wrong = done.differs(status, said)
        wrong += ["%s is %r, not %r" % (k, done.out.get(k), v) for k, v in (("result", result), ("version", version))
                  if done.out.get(k) != v]
        if server.asked() != asked:
            wrong.append("asked %r, not %r" % (server.asked(), asked))
        if "PRIVATE KEY" in done.text:
            wrong.append("the key is in what it says")
        cases.case(title, wrong)
    server.plan("deploy 0 1.2.3", running="sick")
    done = run("deploy.sh", "deploy", REFERENCE, NEW, env=settings(server, web, ca))
    cases.case("deployed to a system that did not answer", done.differs(0, "nothing answers", result="success"))


HOSTILE = ["", "latest", "jarvis", "ghcr.io/a/jarvis:1.2.3", "ghcr.io/a/jarvis@sha256:" + "AB" * 32,
           "ghcr.io/a/jarvis@sha256:" + "ab" * 31, REFERENCE + ";id", REFERENCE + " x", REFERENCE + "\nid",
           "\n" + REFERENCE, "$(id)@" + DIGEST, "`id`@" + DIGEST, "ghcr.io/a/b|id@" + DIGEST, "ghcr.io/a/../b@" + DIGEST,
           "-oProxyCommand=id@" + DIGEST, "--help", "'@" + DIGEST, "ghcr.io/a&&id/b@" + DIGEST, "ghcr.io/*@" + DIGEST,
           "ghcr.io/" + "a" * 5000 + "@" + DIGEST, "ghcr.io/a@b@" + DIGEST, "~/x@" + DIGEST]


def hostile(server, web, ca):
    wrong = []
    server.plan("deploy 0 1.2.3")
    for reference in HOSTILE:
        for script, more in (("ssh.sh", []), ("deploy.sh", [NEW])):
            done = run(script, "deploy", reference, *more, env=settings(server, web, ca))
            if done.status != 2 or "uid=" in done.text:
                wrong.append("%s on %r ended with %d: %s" % (script, reference, done.status, done.text))
    for args in (["deploy"], ["reboot"], ["status;id"], ["rollback", "x"], ["deploy", REFERENCE, "x"], []):
        if run("ssh.sh", *args, env=settings(server, web, ca)).status != 2:
            wrong.append("took %r" % args)
    for version in ("", "1.2", "v1.2.3", "1.2.3;id", "1.2.3\nid", "sha-12", "latest"):
        if run("deploy.sh", "deploy", REFERENCE, version, env=settings(server, web, ca)).status != 2:
            wrong.append("took the version %r" % version)
    cases.case("what is no image, command or version is refused", wrong + ["asked: " + a for a in server.asked()])


def refused_settings(server, web, ca):
    locked, _ = key(server.path("locked"), passphrase="secret")
    wrong = []
    for name, value in (("SSH_HOST", "-oProxyCommand=id"), ("SSH_HOST", "a;id"), ("SSH_HOST", ""), ("SSH_PORT", "0"),
                        ("SSH_PORT", "22x"), ("SSH_USER", "a b"), ("SSH_TIMEOUT", "-1"), ("SSH_TIMEOUT", "999999999999"),
                        ("SSH_PRIVATE_KEY", ""), ("SSH_PRIVATE_KEY", "rubbish"), ("SSH_PRIVATE_KEY", locked),
                        ("SSH_KNOWN_HOSTS", ""), ("SSH_KNOWN_HOSTS", "example.org ssh-ed25519 AAAA"),
                        ("JARVIS_DOMAIN", ""), ("JARVIS_DOMAIN", "a/b"), ("JARVIS_VERIFY_WAIT", "x")):
        env = settings(server, web, ca, **{name: value})
        if name == "SSH_HOST" and not value:
            env["JARVIS_DOMAIN"] = ""
        if name == "JARVIS_VERIFY_WAIT":
            done = run("verify.sh", env=env)
        else:
            done = run("deploy.sh", "deploy", REFERENCE, NEW, env=env)
        if done.status != 2 or name not in done.text:
            wrong.append("%s=%r ended with %d: %s" % (name, value[:40], done.status, done.text))
        if "rubbish" in done.text or locked[100:140] in done.text:
            wrong.append("%s is in what it says" % name)
    cases.case("wrong settings are refused by name, before anything", wrong + server.asked())


def strangers(server, web, ca):
    server.plan("deploy 0 1.2.3")
    _, other = key(server.path("other_host"))
    env = settings(server, web, ca, SSH_KNOWN_HOSTS="[127.0.0.1]:%d %s" % (server.port, other))
    done = run("deploy.sh", "deploy", REFERENCE, NEW, env=env)
    cases.case("another server than the known one is not spoken to",
               done.differs(1, "Host key verification failed", result="failed", version="1.0.0") + server.asked())
    cases.case("and that is 255", run("ssh.sh", "status", env=env).differs(255) + server.asked())
    mine, _ = key(server.path("other_client"))
    done = run("ssh.sh", "status", env=settings(server, web, ca, SSH_PRIVATE_KEY=mine))
    cases.case("the server does not know the key", done.differs(255, "Permission denied") + server.asked())
    done = run("ssh.sh", "status", env=settings(server, web, ca, SSH_PRIVATE_KEY=server.private.replace("\n", "\r\n")))
    cases.case("a key with the line ends of another system", done.differs(0))


def secret_seen(secret, but):
    """Processes that have the secret among their arguments or in their environment, but for those named."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/cmdline" % pid, "rb") as c, open("/proc/%s/environ" % pid, "rb") as e:
                line, environment = c.read(), e.read()
        except OSError:
            continue
        if secret in line or (secret in environment and not any(b in line for b in but)):
            found.append(line)
    return found


def hanging(server, web, ca):
    server.plan("deploy hang")
    env = settings(server, web, ca, SSH_TIMEOUT="10")
    env.update(PATH=os.environ["PATH"], HOME="/nonexistent")
    process = subprocess.Popen([os.path.join(CI, "deploy.sh"), "deploy", REFERENCE, NEW], env=env, text=True,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        wait_for(server.asked)
        # The scripts were given it so; nothing that they start was.
        seen = secret_seen(server.private.split("\n")[2].encode(), (b"deploy.sh", b"ssh.sh"))
        said, _ = process.communicate(timeout=60)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        server.let_go()
    wrong = [] if process.returncode == 1 and "longer than SSH_TIMEOUT" in said and "result=failed" in said else [said]
    cases.case("a server that hangs is left, and not asked to go back", wrong + server.asked()[1:])
    cases.case("nobody sees the key in the list of processes", seen)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        env = settings(server, web, ca, SSH_TIMEOUT="1", SSH_PORT=str(port),
                       SSH_KNOWN_HOSTS=server.known.replace(str(server.port), str(port)))
        cases.case("a server that says nothing", run("ssh.sh", "status", env=env).differs(124, "not known"))


def outside(server, web, ca):
    server.plan()
    env = settings(server, web, ca)
    cases.case("the version from outside", run("verify.sh", env=env).differs(0, "1.0.0"))
    cases.case("another one is wanted", run("verify.sh", "1.0.1", env=env).differs(1, "is version 1.0.0, not 1.0.1"))
    strange = dict(env)
    del strange["JARVIS_VERIFY_CA"]
    cases.case("a certificate that nobody vouches for", run("verify.sh", env=strange).differs(1, "certificate"))
    context, other = certificate(server.folder, "elsewhere.test")
    with Web(system(server), context) as elsewhere:
        env = settings(server, elsewhere, other)
        cases.case("a certificate of another name", run("verify.sh", env=env).differs(1, "subject name"))
    with Web(system(server)) as plain:
        cases.case("no TLS at all", run("verify.sh", env=settings(server, plain, ca)).differs(1, "after 0 s"))
    server.plan(running="$(id);rm")
    cases.case("a version that is none", run("verify.sh", env=settings(server, web, ca)).differs(1, "says no version"))
    server.plan(running="sick")
    process = subprocess.Popen([os.path.join(CI, "verify.sh"), "1.0.0"], text=True, stdout=subprocess.PIPE,
                               env=settings(server, web, ca, PATH=os.environ["PATH"], JARVIS_VERIFY_WAIT="60"))
    before = len(web.seen)
    wait_for(lambda: len(web.seen) > before)
    server.plan(running="1.0.0")
    said, _ = process.communicate(timeout=90)
    cases.case("it waits until the system is well", [] if process.returncode == 0 and said == "1.0.0\n" else [said])


def slack():
    answers = iter([200, 200, 500])

    def answer(_):
        return next(answers), {}, b"ok"

    with Web(answer) as hook:
        env = {"SLACK_WEBHOOK": "http://127.0.0.1:%d/services/T0/B0/verysecret" % hook.port}
        done = run("slack.sh", "rolled-back", "deploy", "production", NEW, "https://github.com/a/b/actions/runs/1", env=env)
        text = json.loads(hook.seen[0][2])["text"]
        cases.case("Slack is told", done.differs(0) + ([] if "rolled back" in text and "production" in text and NEW in text
                                                       and "/runs/1" in text else [text]))
        odd = 'a"b\\c\nd<!channel>$(id)`x`' + "é" * 300
        done = run("slack.sh", odd, odd, odd, odd, odd, env=env)
        text = json.loads(hook.seen[1][2])["text"]
        bad = [c for c in '"\\\n<>!$`' if c in text] + ([] if len(text) < 1000 else ["long"])
        cases.case("whatever it is told, it is one plain message", done.differs(0) + bad)
        done = run("slack.sh", "success", "deploy", "staging", NEW, "https://x", env=env)
        cases.case("Slack fails, the deploy does not", done.differs(0, "nobody is told"))
    done = run("slack.sh", "success", "deploy", "staging", NEW, "https://x", env=env)
    cases.case("Slack is away", done.differs(0, "nobody is told") + (["says it"] if "verysecret" in done.text else []))
    wrong = []
    for env in ({}, {"SLACK_WEBHOOK": "ftp://x/verysecret"}, {"SLACK_WEBHOOK": "https://x/verysecret\nurl = \"file:///\""}):
        done = run("slack.sh", "success", "deploy", "staging", NEW, "https://x", env=env)
        wrong += done.differs(0, "nobody is told") + (["says it"] if "verysecret" in done.text else [])
    wrong += run("slack.sh", env={"SLACK_WEBHOOK": "https://x/y"}).differs(0, "usage")
    cases.case("no webhook, or none that is one", wrong)


def main():
    certificates = tempfile.mkdtemp(prefix="jarvis-cicd.")
    try:
        context, ca = certificate(certificates)
        with Server() as server, Web(system(server), context) as web:
            for part in (outcomes, hostile, refused_settings, strangers, hanging, outside):
                part(server, web, ca)
        slack()
    finally:
        shutil.rmtree(certificates)
    cases.done()


if __name__ == "__main__":
    sys.exit(main())
