"""Three tickets actors, two gateways, three NATS servers with replicas: one of each is stopped under load."""
import json

from engine import docker, run
from load import Load
from system import System


def scaled():
    return System("--gateways", "2", settings={
        "COMPOSE_FILE": "compose.yml:compose.scale.yml:compose.cluster.yml", "JARVIS_STREAM_REPLICAS": "3",
        "NATS_URL": "tls://nats:4222,tls://nats-2:4222,tls://nats-3:4222"})


def test_nothing_is_lost_when_one_of_each_stops():
    with scaled() as system:
        assert len(system.containers("tickets")) == 3
        assert len(system.containers("gateway-a")) == len(system.containers("gateway-b")) == 1
        replicas(system, 3)
        with Load(system) as load:
            load.wait_for(100)
            stop(system, "tickets", load)
            stop(system, "gateway-b", load)
            stop(system, leader(system), load)
        print("      one of each stopped: %s" % load)
        for f in load.failures[:5]:
            print("      " + f)
        assert load.lost() == []
        assert load.error_rate() < 0.01, load.failures[:5]
        replicas(system, 3)
        all_tickets_actors_work(system)


def stop(system, service, load):
    """One is stopped, the load goes on, it comes back."""
    one = system.containers(service)[0]
    docker("stop", "-t", "40", one)
    load.wait_for(100)
    docker("start", one)
    system.wait_healthy(one)
    load.wait_for(50)


def stream(system):
    text = docker("exec", system.containers("nats")[0], "wget", "-q", "-O", "-",
                  "http://127.0.0.1:8222/jsz?accounts=true&streams=true&config=true")
    for account in json.loads(text)["account_details"]:
        for s in account.get("stream_detail", []):
            if s["name"] == "JARVIS_AUDIT":
                return s
    raise AssertionError("no stream JARVIS_AUDIT in %s" % text[:500])


def replicas(system, n):
    s = stream(system)
    assert s["config"]["num_replicas"] == n and len(s["cluster"]["replicas"]) == n - 1, s


def leader(system):
    """The service of the server that leads the stream."""
    return stream(system)["cluster"]["leader"]


def all_tickets_actors_work(system):
    """Each answered something: the load went to all of them."""
    for one in system.containers("tickets"):
        said = run("docker", "logs", one)
        assert '"method":"SendMessage"' in said.stdout + said.stderr, "a tickets actor has done nothing"
