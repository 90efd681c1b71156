"""Back from a backup, and a new release of everything around Jarvis, on the stack that was just tested."""
import os
import shutil
import tempfile

from engine import STANDINS, TOP, docker, inspect
from load import Load

NEWER = STANDINS.replace(":12", ":13") # the same programs under another name, as a release brings them


def make_ticket(system, token):
    with system.client() as c:
        return int(c.tool(token, "tickets", "create_my_ticket", {"operation": "vpn_access"})["ticket"]["id"])


def tickets_of(system, token):
    with system.client() as c:
        return sorted(int(t["id"]) for t in c.tool(token, "tickets", "get_my_tickets", {})["tickets"])


def test_back_from_a_backup(system):
    token = system.add_person("keeper")
    kept = make_ticket(system, token)
    system.admin("backup")
    backup = max(f for f in os.listdir(os.path.join(system.home, "backups")) if f.endswith(".tar"))
    later = make_ticket(system, token)

    sums = system.admin("restore", backup + ".sha256", check=False)
    assert sums.returncode == 1 and "no backup" in sums.stderr, (sums.returncode, sums.stderr)
    refused = system.admin("restore", backup, check=False)
    assert refused.returncode == 1 and "not empty" in refused.stderr, (refused.returncode, refused.stdout, refused.stderr)
    system.wait_answered(token, 60)
    assert tickets_of(system, token) == [kept, later]

    system.figures["restore"] = system.timed("restore", backup, "--replace")
    system.wait_answered(token, 60) # nobody is signed out
    assert tickets_of(system, token) == [kept]
    assert make_ticket(system, token) not in (0, kept)


def test_up_takes_changed_files(system):
    """What reads something that has changed is made anew, and nothing else."""
    before = {s: system.containers(s) for s in ("nginx", "llm", "nats", "postgres", "acme", "backup", "tickets")}
    with open(os.path.join(system.home, "nginx", "own", "limits.conf"), "a") as f:
        f.write("# another limit\n")
    key = os.path.join(system.home, "secrets", "llm", "gemini")
    with open(key, "w") as f:
        f.write("AIzaSyExampleOfAKey\n")
    os.chmod(key, 0o444)
    system.admin("up")
    assert {s for s, was in before.items() if system.containers(s) != was} == {"nginx", "llm"}
    system.wait_ready(30)


def release_with(nats_image, header):
    """A folder as of a release: another image of NATS, another header of nginx."""
    folder = tempfile.mkdtemp(prefix="jarvis-release.")
    release = os.path.join(folder, "compose")
    shutil.copytree(os.path.join(TOP, "compose"), release)
    for name, change in (("versions.env", lambda t: t.replace("NATS_IMAGE=nats:2.11-alpine", "NATS_IMAGE=" + nats_image)),
                         ("nginx/snippets/headers.conf", lambda t: t + "add_header %s always;\n" % header)):
        path = os.path.join(release, name)
        with open(path) as f:
            old = f.read()
        assert change(old) != old, name
        with open(path, "w") as f:
            f.write(change(old))
    return folder, os.path.join(release, "jarvis-admin")


def test_an_upgrade(system):
    docker("tag", STANDINS, NEWER)
    with open(os.path.join(system.home, "state", "versions.env"), "w") as f: # as if the release before had brought it
        f.write("NATS_IMAGE=%s\n" % STANDINS)
    untouched = {s: system.containers(s) for s in ("postgres", "acme", "backup")}
    folder, admin = release_with(NEWER, 'X-Release "new"')
    try:
        with Load(system, people=4) as load:
            load.wait_for(20)
            upgraded = system.command("upgrade", "--home", system.home, script=admin)
            failed = len(load.failures)
            load.wait_for(20)
    finally:
        shutil.rmtree(folder)
    print("      upgrade: %s" % load, flush=True)
    for failure in load.failures[:5]:
        print("      " + failure)
    assert "NGINX_IMAGE stays %s (yours)" % STANDINS in upgraded.stdout, upgraded.stdout
    assert inspect(system.containers("nats")[0])["Config"]["Image"] == NEWER
    assert system.request("GET", "/health")[1].get("x-release") == "new"
    assert {s: system.containers(s) for s in untouched} == untouched # nothing of theirs has changed
    # One nginx and one NATS were away for a moment; then all is well, and what was acknowledged is there.
    assert len(load.failures) == failed, load.failures[failed:][:5]
    assert load.lost() == []
