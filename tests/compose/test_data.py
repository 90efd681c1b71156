"""Back from a backup, and a new release of everything around Jarvis, on the stack that was just tested."""
import os
import shutil
import tempfile

from engine import STANDINS, TOOLS, TOP, docker, inspect, remove_project, run
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
    backup = system.newest_backup()
    later = make_ticket(system, token)

    sums = system.admin("restore", backup + ".sha256", check=False)
    assert sums.returncode == 1 and "no backup" in sums.stderr, (sums.returncode, sums.stderr)
    identity = os.path.join(system.home, "secrets", "backup_identity")
    os.rename(identity, identity + ".elsewhere")
    keyless = system.admin("restore", backup, "--replace", check=False)
    os.rename(identity + ".elsewhere", identity)
    assert keyless.returncode == 1 and "backup_identity is not there" in keyless.stderr, (keyless.returncode, keyless.stderr)
    assert tickets_of(system, token) == [kept, later] # it was not even stopped
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


def test_up_takes_away_what_is_not_in_use(system):
    profiles = system.setting("COMPOSE_PROFILES")
    system.set("COMPOSE_PROFILES", "postgres")
    system.admin("up")
    assert not system.containers("prometheus") and not system.containers("node")
    assert system.containers("postgres")
    system.set("COMPOSE_PROFILES", profiles)
    system.admin("up")
    assert system.containers("prometheus")


def test_a_running_database_is_not_moved_by_configure(system):
    with tempfile.NamedTemporaryFile("w") as f:
        f.write("postgresql://a:b@db.example.org/jarvis?sslmode=verify-full\n")
        f.flush()
        before = system.secret("database_url")
        moved = system.admin("configure", "--yes", "--database-url-file", f.name, check=False)
    assert moved.returncode == 1 and "bundled, and runs" in moved.stderr, (moved.returncode, moved.stderr)
    assert system.secret("database_url") == before


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


def test_the_server_is_gone(system):
    """As docs/backup.md says: a new server has a backup and the identity, and nothing else."""
    token = system.add_person("refugee")
    kept = make_ticket(system, token)
    system.admin("backup")
    backups = os.path.join(system.home, "backups")
    backup = system.newest_backup()
    elsewhere, old = os.path.join(system.folder, "elsewhere"), os.path.join(system.folder, "old")
    os.mkdir(elsewhere)
    shutil.copy(os.path.join(backups, backup), elsewhere)
    shutil.copy(os.path.join(system.home, "secrets", "backup_identity"), elsewhere)
    system.admin("down")
    remove_project(system.project)
    shutil.rmtree(system.home)

    system.command("install", "--no-link", "--home", system.home, script=os.path.join(TOP, "compose", "jarvis-admin"))
    docker("run", "--rm", "--network", "none", "--user", "0:0", "-v", system.home + "/backup:/backup:ro", "-v", elsewhere + ":/in:ro",
           "-v", old + ":/out", TOOLS, "/bin/sh", "/backup/restore", "--config", "/out/config", "--identity", "/in/backup_identity",
           "/in/" + backup)
    run("cp", "-a", old + "/config/.", system.home)
    run("install", "-m", "0400", os.path.join(elsewhere, "backup_identity"), os.path.join(system.home, "secrets"))
    run("install", "-D", "-m", "0600", os.path.join(elsewhere, backup), "-t", backups)
    system.admin("up")
    system.admin("restore", backup, "--replace")
    system.wait_answered(token, 60)
    assert tickets_of(system, token) == [kept]


def test_the_administrator_forgot_the_password(system):
    """As docs/production.md says; last, as the one of the other tests cannot sign in afterwards."""
    system.compose("exec", "-T", "postgres", "/bin/sh", "/etc/jarvis/postgres/start", "psql", "-d", "jarvis", "-c",
                   "update auth.people set disabled = true where role = 'admin'")
    system.set("JARVIS_ADMIN", "second")
    system.admin("up")
    password = {"username": "second", "password": system.secret("admin_password")}
    status, _, reply = system.request("POST", "/auth/login", password)
    assert status == 200, (status, reply)
    assert system.request("POST", "/auth/login", {**password, "username": "admin"})[0] == 401
    assert system.request("GET", "/auth/users", token=reply["access_token"])[0] == 200
