"""A deploy and a rollback that nobody notices, one that goes back by itself, and keys changed under load."""
import json

from engine import BROKEN, NEW, OLD, docker, inspect
from load import Load
from system import ACTORS


def images_of(system, services):
    return {s: sorted({inspect(c)["Config"]["Image"] for c in system.containers(s)}) for s in services}


def all_run(system, image):
    found = images_of(system, [*ACTORS, "gateway-a"])
    assert all(v == [image] for v in found.values()), found


def nobody_noticed(system, load, what):
    print("      %s: %s" % (what, load), flush=True)
    for failure in load.failures[:5]:
        print("      " + failure)
    # None is what is meant and what is seen; one in a thousand is what a machine out of breath may cost.
    assert load.error_rate() < 0.001, "%d failed, nginx says %s" % (len(load.failures), system.nginx_errors())
    assert load.lost() == []
    system.figures.setdefault("load", []).append((what, load))


def test_a_deploy_and_a_rollback_under_load(system):
    all_run(system, OLD)
    with Load(system) as load:
        load.wait_for(50)
        system.figures["deploy"] = system.timed("deploy", NEW)
        load.wait_for(50)
    all_run(system, NEW)
    nobody_noticed(system, load, "deploy")
    with Load(system) as load:
        load.wait_for(50)
        system.figures["rollback"] = system.timed("rollback")
        load.wait_for(50)
    all_run(system, OLD)
    nobody_noticed(system, load, "rollback")


def test_a_version_that_does_not_work_goes_back_by_itself(system):
    system.set("JARVIS_ROLL_WAIT", "20")
    with Load(system, people=4) as load:
        load.wait_for(20)
        r = system.admin("deploy", BROKEN, check=False)
        load.wait_for(20)
    system.set("JARVIS_ROLL_WAIT", "120")
    assert r.returncode == 4, (r.returncode, r.stdout, r.stderr)
    all_run(system, OLD)
    nobody_noticed(system, load, "failed deploy")


def test_an_unknown_version_touches_nothing(system):
    before = sorted(c["Id"] for c in system.all_containers() if c["State"]["Running"])
    r = system.admin("deploy", "no-such-image:9.9.9", check=False)
    assert r.returncode == 1 and "no-such-image:9.9.9" in r.stderr, (r.returncode, r.stderr)
    assert before == sorted(c["Id"] for c in system.all_containers() if c["State"]["Running"])


def test_keys_change_under_load(system):
    for what in ("jwt", "nats", "database"):
        old = system.secret("database_url"), system.secret("nats/creds/tickets.creds")
        with Load(system, people=4) as load:
            load.wait_for(20)
            system.admin("rotate", what)
            load.wait_for(20)
        nobody_noticed(system, load, "rotate " + what)
        new = system.secret("database_url"), system.secret("nats/creds/tickets.creds")
        assert (old[0] != new[0], old[1] != new[1]) == (what == "database", what == "nats"), what


def test_old_keys_are_refused(system):
    """After test_keys_change_under_load: the database's old role cannot sign in, nor the bus's old user."""
    current = "jarvis_b" if "//jarvis_b:" in system.secret("database_url") else "jarvis_a"
    other = {"jarvis_a": "jarvis_b", "jarvis_b": "jarvis_a"}[current]
    rows = docker("exec", system.containers("postgres")[0], "/bin/sh", "/etc/jarvis/postgres/start", "psql", "-At", "-d", "jarvis", "-c",
                  "select rolname, rolcanlogin from pg_roles where rolname in ('jarvis_a', 'jarvis_b')").split()
    # Nothing that a rotation did counts as "stopped by hand", after which Docker would not start it with the machine.
    root = docker("info", "-f", "{{.DockerRootDir}}")
    for c in system.all_containers():
        with open("%s/containers/%s/config.v2.json" % (root, c["Id"])) as f:
            assert not json.load(f)["HasBeenManuallyStopped"] or not c["State"]["Running"], c["Name"]
    assert "%s|f" % other in rows and "%s|t" % current in rows, rows
