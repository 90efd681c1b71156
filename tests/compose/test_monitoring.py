"""test_monitoring.py -- what is watched: rules one by one, configuration, and the real processes around a gateway that
is there, goes away, and whose alert arrives."""
import http.client
import http.server
import json
import os
import re
import secrets
import sys
import threading

import data_docker as d
from data_rules import CASES

SOURCE = os.path.join(d.TOP, "compose", "monitoring")


def rules(usd=5):
    with open(os.path.join(SOURCE, "rules.yml")) as f:
        return f.read().replace("@LLM_USD@", str(usd))


def in_image(place, *command):
    return d.docker("run", "--rm", "-v", place.folder + ":/w", "-w", "/w", "--entrypoint", command[0],
                    d.image("monitoring"), *command[1:], timeout=300)


def rule(name):
    return re.search(r"- alert: %s\n(.*?)(?=\n\n|\n  - name|\Z)" % name, rules(), re.S).group(1)


def severity_of(name):
    return {"severity": re.search(r"severity: (\w+)", rule(name)).group(1)}


def test_rules_one_by_one():
    named = re.findall(r"- alert: (\w+)", rules())
    for name in named:
        d.expect("%s has a case for and one against" % name,
                 {c[3] is not None for c in CASES if c[0] == name} == {True, False}, True)
    d.expect("cases of alerts that are not there", [c[0] for c in CASES if c[0] not in named], [])
    with d.Place() as p:
        for name in named:
            write_test(p, name)
        r = in_image(p, "promtool", "test", "rules", *["%s.test.yml" % n for n in named])
        d.expect("promtool test rules", (r.returncode, r.stdout + r.stderr), (0, r.stdout + r.stderr))
        d.expect("all of them", r.stdout.count("SUCCESS"), len(named))


def write_test(place, name):
    """One rule alone. What an alert says has its value in it; that is left out here: whether, and for whom."""
    place.write(name + ".yml", "groups:\n  - name: one\n    rules:\n      - alert: %s\n%s\n" % (
        name, re.sub(r"\n +annotations: .*", "", rule(name))))
    tests = []
    for _, when, series, labels in (c for c in CASES if c[0] == name):
        fires = [] if labels is None else [{"exp_labels": dict(severity_of(name), **labels)}]
        tests.append({"interval": "1m", "input_series": [{"series": s, "values": v} for s, v in series.items()],
                      "alert_rule_test": [{"eval_time": when, "alertname": name, "exp_alerts": fires}]})
    place.write(name + ".test.yml", json.dumps({"rule_files": [name + ".yml"], "evaluation_interval": "1m",
                                                "tests": tests}))


def test_configuration_is_valid():
    with d.Place() as p:
        p.write("rules.yml", rules())
        for edge, postgres in (("['https://example.org/health']", "['postgres:5432']"), ("[]", "[]")):
            with open(os.path.join(SOURCE, "prometheus.yml")) as f:
                p.write("prometheus.yml", f.read().replace('"@EDGE@"', edge).replace('"@POSTGRES@"', postgres)
                        .replace('"@NATS@"', postgres))
            r = in_image(p, "promtool", "check", "config", "prometheus.yml")
            d.expect("promtool check config", (r.returncode, r.stdout + r.stderr), (0, r.stdout + r.stderr))
        p.write("slack", "https://hooks.example.org/services/x\n")
        for name in ("quiet", "slack"):
            with open(os.path.join(SOURCE, "alertmanager.%s.yml" % name)) as f:
                p.write("alertmanager.yml", f.read().replace("@SLACK@", "/w/slack"))
            r = in_image(p, "amtool", "check-config", "alertmanager.yml")
            d.expect("amtool check-config", (r.returncode, r.stdout + r.stderr), (0, r.stdout + r.stderr))
        d.docker("run", "--rm", "-v", SOURCE + ":/w:ro", "--entrypoint", "prometheus-blackbox-exporter",
                 d.image("monitoring"), "--config.file=/w/blackbox.yml", "--config.check", check=True)


def test_bad_settings():
    with d.Place() as p:
        p.write("slack", "ftp://hidden-word\n")
        for process, env, sentence in (
                ("prometheus", "JARVIS_DOMAIN=a b|c", "JARVIS_DOMAIN: \"a b|c\" is no name"),
                ("prometheus", "JARVIS_POSTGRES_TARGET=here", "JARVIS_POSTGRES_TARGET"),
                ("prometheus", "JARVIS_NATS_TARGET=n:1|x", "JARVIS_NATS_TARGET"),
                ("prometheus", "JARVIS_ALERT_LLM_USD=much", "JARVIS_ALERT_LLM_USD"),
                ("alertmanager", "A=1", "the secret alertmanager_slack is no https:// address"),
                ("grafana", "A=1", "usage: start prometheus")):
            c = p.start("monitoring", process, options=["-e", env, "-v", SOURCE + ":/etc/jarvis/monitoring:ro", "-v",
                        p.path("slack") + ":/run/secrets/alertmanager_slack:ro", "--entrypoint",
                        "/etc/jarvis/monitoring/start"])
            d.expect(env, (p.exited(c), p.logs(c).count("\n")), (78, 1))
            d.expect(env, p.logs(c), sentence)
            d.expect(env, "hidden-word" in p.logs(c), False)


class Watched(http.server.BaseHTTPRequestHandler):
    """Stands for the gateway's operator port and Slack: neither is what is tested here."""
    messages, ready = [], True

    def do_GET(self):
        body = {"/metrics": "jarvis_ready 1\njarvis_component_up{component=\"nats\"} 1\n",
                "/ready": '{"status":"ready","components":{}}' if self.ready else "{}"}.get(self.path, "")
        self.answer(200 if body else 404, body)

    def do_POST(self):
        self.messages.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.answer(200, "ok")

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *args):
        pass


def get(host, port, path):
    c = http.client.HTTPConnection(host, port, timeout=10)
    try:
        c.request("GET", path)
        return json.loads(c.getresponse().read())
    finally:
        c.close()


def is_ready(host, port):
    c = http.client.HTTPConnection(host, port, timeout=10)
    try:
        c.request("GET", "/-/ready")
        return c.getresponse().status == 200
    except OSError:
        return False
    finally:
        c.close()


def of_prometheus(address, query):
    r = get(address, 9090, "/api/v1/query?query=" + "".join("%%%02X" % ord(c) for c in query))
    return {tuple(sorted(x["metric"].items())): x["value"][1] for x in r["data"]["result"]}


def test_the_processes_together():
    with d.Place() as p:
        gateway = d.docker("network", "inspect", "-f", "{{(index .IPAM.Config 0).Gateway}}", p.name).stdout.strip()
        server = http.server.ThreadingHTTPServer((gateway, 0), Watched)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            together(p, gateway, server)
        finally:
            server.shutdown()
            server.server_close()


def together(p, gateway, server):
    here = "%s:%d" % server.server_address
    os.makedirs(p.path("monitoring"))
    for name in os.listdir(SOURCE):  # sooner than in earnest: a test does not wait for two minutes
        with open(os.path.join(SOURCE, name)) as f:
            text = f.read()
        text = text.replace("gateway-a:9100", here).replace("interval: 15s", "interval: 1s")
        text = text.replace("timeout: 10s", "timeout: 1s").replace("for: 2m", "for: 0s")
        os.chmod(p.write("monitoring/" + name, text), 0o755)
    p.write("metrics/backup.prom", "jarvis_backup_success_timestamp_seconds 1\n")

    def process(name, *options, data=None):
        o = ["--user", "10001:10001", "--network", p.net, "--network-alias", name, "-v", p.path("monitoring") +
             ":/etc/jarvis/monitoring:ro", "--entrypoint", "/etc/jarvis/monitoring/start"]
        if data:
            o += ["--tmpfs", data + ":mode=1777"]
        return p.start("monitoring", name, options=o + list(options), name=name)

    process("node", "-v", "/:/host:ro", "-v", p.path("metrics") + ":/metrics:ro")
    process("blackbox")
    alerts = process("alertmanager", data="/alertmanager")
    prometheus = process("prometheus", "-e", "JARVIS_POSTGRES_TARGET=none", data="/prometheus")
    at = p.address(prometheus)
    d.wait_for(lambda: is_ready(at, 9090), saying=lambda: p.logs(prometheus))
    d.wait_for(lambda: is_ready(p.address(alerts), 9093), saying=lambda: p.logs(alerts))

    def up():
        found = {dict(k)["job"]: v for k, v in of_prometheus(at, "up").items()}
        return found if found.get("node") == found.get("gateway") == found.get("alertmanager") == \
            found.get("ready") == "1" else None

    d.wait_for(up, saying=lambda: str(of_prometheus(at, "up")))
    d.expect("the machine", len(of_prometheus(at, 'node_filesystem_avail_bytes{mountpoint="/"}')), 1)
    d.expect("the machine", len(of_prometheus(at, "node_memory_MemAvailable_bytes")), 1)
    d.expect("the machine", len(of_prometheus(at, "node_vmstat_oom_kill")), 1)
    d.expect("the backup", list(of_prometheus(at, "jarvis_backup_success_timestamp_seconds").values()), ["1"])
    d.wait_for(lambda: list(of_prometheus(at, 'probe_success{job="ready"}').values()) == ["1"], saying="ready")
    Watched.ready = False

    def firing():
        return {a["labels"]["alertname"] for a in get(p.address(alerts), 9093, "/api/v2/alerts")}

    d.wait_for(lambda: {"NotReady", "BackupOld"} <= firing(), saying=lambda: str(firing()))


def test_slack_message():
    """A real Alertmanager posts it; Slack is what cannot be had."""
    with d.Place() as p:
        gateway = d.docker("network", "inspect", "-f", "{{(index .IPAM.Config 0).Gateway}}", p.name).stdout.strip()
        server = http.server.ThreadingHTTPServer((gateway, 0), Watched)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            secret = "T%s" % secrets.token_hex(8)
            p.write("slack", "http://%s:%d/services/%s\n" % (*server.server_address, secret))
            with open(os.path.join(SOURCE, "alertmanager.slack.yml")) as f:
                p.write("alertmanager.yml", f.read().replace("@SLACK@", "/w/slack").replace("20s", "0s"))
            c = p.start("monitoring", "--config.file=/w/alertmanager.yml", "--storage.path=/tmp/a",
                        "--cluster.listen-address=", options=["--network", p.net, "-v", p.folder + ":/w:ro",
                                                              "--entrypoint", "prometheus-alertmanager"])
            at = p.address(c)
            d.wait_for(lambda: d.can_connect(at, 9093), saying=lambda: p.logs(c))
            body = json.dumps([{"labels": {"alertname": "NoGateway", "severity": "critical"},
                                "annotations": {"summary": "No gateway answers."}}])
            con = http.client.HTTPConnection(at, 9093, timeout=10)
            con.request("POST", "/api/v2/alerts", body, {"Content-Type": "application/json"})
            d.expect("taken", con.getresponse().status, 200)
            con.close()
            text = d.wait_for(lambda: Watched.messages and Watched.messages[0], saying=lambda: p.logs(c))
            d.expect("what it says", text, "critical: NoGateway")
            d.expect("what it says", text, "No gateway answers.")
            d.expect("the address in the log", secret in p.logs(c), False)
        finally:
            server.shutdown()
            server.server_close()


def test_containers_file():
    with d.Place() as p:
        label = "com.docker.compose.project=" + p.name
        script = os.path.join(SOURCE, "containers")

        def look():
            r = d.run(script, p.path("metrics", "containers.prom"), env=dict(d.ENV, COMPOSE_PROJECT_NAME=p.name))
            d.expect("containers", (r.returncode, r.stderr), (0, ""))
            return open(p.path("metrics", "containers.prom")).read()

        d.expect("nothing there", look(), "jarvis_containers_timestamp_seconds ")

        def one(service, *args, options=()):
            return p.start("postgres", *args, name=service, options=[
                "--label", label, "--label", "com.docker.compose.service=" + service, *options])

        def line(name, service, value):
            return "\njarvis_%s{service=\"%s\",name=\"%s-%s\"} %s\n" % (name, service, p.name, service, value)

        one("good", "sleep", "infinity", options=["--restart", "always"])
        one("loops", "false", options=["--restart", "always"])
        one("once", "true")
        one("failed", "false")
        one("sick", "sleep", "infinity", options=["--restart", "always", "--health-cmd", "false", "--health-interval", "1s",
                                                  "--health-retries", "1"])
        text = d.wait_for(lambda: (lambda t: t if re.search(r'restarts_total\{service="loops",name="[^"]*"\} [1-9]', t) and
                                   line("container_up", "sick", 0) in t else None)(look()), saying=look)
        for service, up in (("good", 1), ("once", 1), ("failed", 0)):
            d.expect(service, text, line("container_up", service, up))
        d.expect("good", text, line("container_restarts_total", "good", 0))
        r = in_image(p, "sh", "-c", "promtool check metrics < metrics/containers.prom")
        d.expect("promtool check metrics", (r.returncode, r.stdout), (0, ""))


if __name__ == "__main__":
    sys.exit(d.main(sys.modules[__name__]))
