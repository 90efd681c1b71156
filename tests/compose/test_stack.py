"""The stack as `jarvis-admin up` leaves it: it answers, and each container is as tight as compose.yml says."""
import re

import figures
from engine import BASE, OLD, compose, docker, inspect, run
from system import ACTORS

ONCE = ("volumes", "migrate")


def services(system):
    found = {}
    for c in system.all_containers():
        found.setdefault(c["Config"]["Labels"]["com.docker.compose.service"], []).append(c)
    return found


def test_everything_is_healthy(system):
    for name, listed in services(system).items():
        if name not in ONCE:
            system.wait_healthy(listed[0]["Id"])
    found = services(system)
    for name in ["nats", "postgres", "nginx", "acme", "backup", "gateway-a", *ACTORS]:
        state = found[name][0]["State"]
        assert state["Running"] and state["Health"]["Status"] == "healthy", (name, state)
    for name in ONCE:
        assert found[name][0]["State"]["ExitCode"] == 0, name
    system.figures["memory_idle"] = figures.of_jarvis(figures.memory(system))


def test_a_signed_in_person_is_answered(system):
    reply = system.chat(system.login_probe(), "show my tickets")
    assert reply["outcome"] == "answered" and [a["name"] for a in reply["agents"]] == ["TicketsAgent"], reply
    system.admin("verify")


def test_demo_people_cannot_sign_in(system):
    for who, password in (("vishal", "password123"), ("admin", "admin123")):
        status, _, reply = system.request("POST", "/auth/login", {"username": who, "password": password})
        assert status == 401, (who, status, reply)


def test_each_container_is_tight(system):
    for name, found in services(system).items():
        c, host = found[0], found[0]["HostConfig"]
        assert host["ReadonlyRootfs"], name
        assert host["CapDrop"] == ["ALL"] and host["CapAdd"] in (None, ["CHOWN"] if name == "volumes" else None), name
        assert "no-new-privileges:true" in host["SecurityOpt"], name
        assert not host["Privileged"] and host["NetworkMode"] != "host" and host["PidMode"] == "", name
        assert host["Memory"] and host["PidsLimit"], (name, host["Memory"], host["PidsLimit"])
        assert host["NanoCpus"] or name in ONCE, name
        assert host["LogConfig"]["Config"].get("max-size"), name
        assert not any("docker.sock" in m["Source"] for m in c["Mounts"]), name
        if name not in ("volumes", "backup"): # those own what they work on, and have no capability else
            assert c["Config"]["User"] not in ("", "0", "root", "0:0"), name


def test_only_nginx_is_published(system):
    for name, found in services(system).items():
        ports = [p for p, to in (found[0]["NetworkSettings"]["Ports"] or {}).items() if to]
        assert ports == [] or name == "nginx" and sorted(ports) == ["8080/tcp", "8443/tcp"], (name, ports)


def test_a_process_is_given_its_own_secrets_alone(system):
    for name, found in services(system).items():
        targets = sorted(m["Destination"] for m in found[0]["Mounts"] if m["Destination"].startswith("/run/secrets"))
        for m in found[0]["Mounts"]:
            if m["Destination"] == "/run/secrets/nats.creds":
                want = {"migrate": "operator", "gateway-a": "gateway", "gateway-b": "gateway"}.get(name, name)
                assert m["Source"].endswith("/%s.creds" % want), (name, m["Source"])
        if name in ACTORS:
            extra = ["/run/secrets/admin_password", "/run/secrets/probe_password"] if name == "auth" else []
            extra += ["/run/secrets/llm"] if name == "llm" else []
            assert targets == sorted(["/run/secrets/ca.crt", "/run/secrets/database_url", "/run/secrets/nats.creds"] +
                                     extra), (name, targets)
        environment = " ".join(found[0]["Config"]["Env"])
        for secret in ("admin_password", "probe_password", "postgres_password", "database_url"):
            assert system.secret(secret) not in environment, (name, secret)


def test_internal_networks_lead_nowhere(system):
    ids = docker("network", "ls", "-q", "--filter", "label=com.docker.compose.project=" + system.project).split()
    nets = {n["Labels"]["com.docker.compose.network"]: n for n in map(inspect, ids)}
    assert all(nets[n]["Internal"] for n in ("bus", "data", "monitor")), nets.keys()
    found = services(system)
    for name in ("tickets", "auth", "sessions"):
        joined = {n.split("_")[-1] for n in found[name][0]["NetworkSettings"]["Networks"]}
        assert joined == {"bus", "data"}, (name, joined)


def test_the_image_is_small_and_has_no_shell(system):
    size = inspect(OLD)["Size"] / 2**20
    system.figures["image"] = "%.0f MiB in all (the base is %.0f MiB)" % (size, inspect(BASE)["Size"] / 2**20)
    assert size <= 60, size
    names = run("sh", "-c", "docker save %s | tar xO --wildcards '*/layer.tar' 2>/dev/null | tar tf - --ignore-zeros" % OLD).stdout.split()
    programs = [n for n in names if re.search(r"(^|/)s?bin/[^/]+$", n)]
    assert set(programs) == {"usr/bin/jarvis"}, programs
    packages = [n for n in names if "/dpkg/status.d/" in n and not n.endswith("/")]
    assert any(n.endswith("/libssl3") for n in packages), "nothing for a scanner to find: %s" % packages
    assert inspect(OLD)["Config"]["Healthcheck"]["Test"] == ["CMD", "/usr/bin/jarvis", "check"]


def test_the_bus_wants_tls_and_credentials(system):
    gateway = system.containers("gateway-a")[0]
    for env, said in ((["NATS_CA="], "NATS_CA"), (["NATS_CREDS="], "NATS_CREDS")):
        r = run("docker", "exec", "-e", env[0], gateway, "/usr/bin/jarvis", "call", "registry.List", "{}", check=False,
                timeout=60)
        assert r.returncode and said.split("_")[0] in r.stderr, (env, r.stdout, r.stderr)


def test_wrong_settings_stop_at_start(system):
    for setting, value, names in (("JARVIS_LOG", "loud", "JARVIS_LOG"), ("NATS_CREDS", "/nowhere", "NATS_CREDS"),
                                  ("DATABASE_URL", "@/nowhere", "DATABASE_URL"), ("NATS_CA", "/nowhere", "NATS_CA")):
        r = compose("run", "--rm", "--no-deps", "-T", "-e", "%s=%s" % (setting, value), "tickets", cwd=system.home,
                check=False, timeout=60)
        said = [line for line in r.stderr.splitlines() if names in line]
        assert r.returncode and len(said) == 1, (setting, r.returncode, r.stdout, r.stderr)


def test_a_killed_container_comes_back(system):
    """kill -9 of each process that holds something, and what was acknowledged is there."""
    token = system.add_person("survivor")
    with system.client() as c:
        made = [int(c.tool(token, "tickets", "create_my_ticket", {"operation": "vpn_access"})["ticket"]["id"])]
        for service in ("tickets", "postgres", "nats"):
            system.kill(system.containers(service)[0])
            system.wait_answered(token, 90)
            with system.client() as again:
                found = again.tool(token, "tickets", "get_my_tickets", {})
                assert {int(t["id"]) for t in found["tickets"]} == set(made), (service, found)
                made.append(int(again.tool(token, "tickets", "create_my_ticket", {"operation": "vpn_access"})["ticket"]["id"]))


def test_health_proves_something(system):
    system.wait_ready(30)
    docker("pause", system.containers("auth")[0])
    try:
        system.wait_status("/health", 503)
    finally:
        docker("unpause", system.containers("auth")[0])
    system.wait_ready(30)


def test_doctor_finds_nothing(system):
    r = system.admin("doctor", check=False)
    bad = [line for line in r.stdout.splitlines() if line.startswith("FAIL")]
    assert len(bad) == 2 and "DNS" in bad[0] and "placeholder" in bad[1], bad # what a test cannot have
