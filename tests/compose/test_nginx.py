"""test_nginx.py -- the edge of compose/nginx before a real Jarvis, and before upstreams that fail.

    python3 tests/compose/test_nginx.py [case ...]

Needs root, nginx, openssl, curl and a built jarvis (JARVIS_BINARY, or build/dev/jarvis).
"""
import concurrent.futures
import contextlib
import gzip
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from edge_place import (DOMAIN, OUTSIDE, SLOT_A, SLOT_B, Echo, Edge, main, make_pair, read_all, run_inside,  # noqa: E402
                        serial_of)
from stack import BINARY, Stack, wait_for  # noqa: E402

EVERYWHERE = {"x-content-type-options": "nosniff", "x-frame-options": "DENY", "referrer-policy": "no-referrer",
              "cross-origin-opener-policy": "same-origin", "cross-origin-resource-policy": "same-origin",
              "permissions-policy": "camera=(), geolocation=(), microphone=()"}
HSTS = "max-age=63072000"
NO_PAGE = "default-src 'none'; frame-ancestors 'none'"


def values(headers, name):
    return [v for k, v in headers if k == name]


def problem(answer, status):
    got, headers, body = answer
    assert got == status, answer
    assert values(headers, "content-type") == ["application/problem+json"], answer
    told = json.loads(body)
    assert told["status"] == status and told["type"] == "about:blank" and told["detail"] and told["title"], told
    return told


def until_refused(ask):
    """The answers to requests as fast as they go, the last one a 429; and the seconds they took."""
    began, answers = time.monotonic(), []
    while not answers or answers[-1][0] != 429:
        assert len(answers) < 5000, "never refused"
        answers.append(ask(len(answers)))
    return answers, time.monotonic() - began


# ---- headers, TLS, names --------------------------------------------------------------------------

def every_header_is_there_once(e, s):
    token = s.login("vishal")
    asked = {"/": (200, "script-src 'self'"), "/app.js": (200, NO_PAGE), "/api/history": (401, NO_PAGE),
             "/nope": (404, NO_PAGE), "/health": (200, NO_PAGE), "/metrics": (404, NO_PAGE),
             "/.well-known/jwks.json": (200, NO_PAGE), "/openapi.json": (200, NO_PAGE)}
    answers = {path: e.ask("GET", path) for path in asked}
    answers["signed in"] = e.ask("GET", "/auth/me", token=token)
    asked["signed in"] = (200, NO_PAGE)
    for path, (status, headers, _) in answers.items():
        assert status == asked[path][0], (path, status)
        for name, value in EVERYWHERE.items():
            assert values(headers, name) == [value], (path, name, values(headers, name))
        policy = values(headers, "content-security-policy")
        assert len(policy) == 1 and asked[path][1] in policy[0] and "unsafe" not in policy[0], (path, policy)
        assert values(headers, "strict-transport-security") == [HSTS], (path, headers)
        assert len(values(headers, "cache-control")) == 1 and len(values(headers, "date")) == 1, (path, headers)
        assert values(headers, "server") == ["nginx"], (path, headers)
        assert not any(name.startswith(("access-control", "x-accel")) for name, _ in headers), (path, headers)


def only_good_tls(e, _):
    def handshake(*args):
        r = subprocess.run(["openssl", "s_client", "-connect", "127.0.0.1:443", "-servername", DOMAIN, *args],
                           input="", capture_output=True, text=True, timeout=30)
        found = re.search(r"^New, (TLSv[\d.]+), Cipher is (\S+)", r.stdout, re.M)
        return (found and found[2] != "(NONE)" and found[1]), r.stdout

    weak = ("-cipher", "ALL:@SECLEVEL=0")
    assert handshake("-tls1_1", *weak)[0] is None and handshake("-tls1", *weak)[0] is None
    new, old = handshake("-tls1_3"), handshake("-tls1_2")
    assert new[0] == "TLSv1.3" and old[0] == "TLSv1.2", (new, old)
    assert "TLS session ticket" not in old[1], old[1]
    for cipher in ("AES128-SHA", "AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA", "ECDHE-RSA-AES256-SHA"):
        assert handshake("-tls1_2", "-cipher", cipher + ":@SECLEVEL=0")[0] is None, cipher
    assert handshake("-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256")[0] == "TLSv1.2"


def http_2_and_http_1(e, _):
    for ask, version in (("--http2", "2"), ("--http1.1", "1.1")):
        r = e.curl("/", ask, "-o", "/dev/null", "-w", "%{http_version} %{http_code}")
        assert r.stdout == version + " 200", (ask, r)


def other_names_get_nothing(e, _):
    for name in ("other.example.org", None):
        try:
            e.connect(name=name).close()
            raise AssertionError("a handshake for %s" % name)
        except ssl.SSLError as why:
            assert "UNRECOGNIZED_NAME" in str(why), why
    with e.connect() as s: # our name in the handshake, another one inside
        s.sendall(b"GET / HTTP/1.1\r\nHost: other.example.org\r\n\r\n")
        assert read_all(s) == b""
    for host in (b"other.example.org", b"127.0.0.1"):
        assert e.plain(b"GET / HTTP/1.1\r\nHost: " + host + b"\r\n\r\n") == b"", host
    assert e.plain(b"GET / HTTP/1.0\r\n\r\n") == b""


def health_by_address_is_for_the_inside(e, _):
    ask = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    assert e.plain(ask).startswith(b"HTTP/1.1 200 "), e.plain(ask)
    assert e.plain(ask, source=OUTSIDE, to=OUTSIDE) == b""
    assert e.ask("GET", "/health", client=e.client(OUTSIDE, to=OUTSIDE))[0] == 200 # by our name it is for all


def http_leads_to_https(e, _):
    got = e.plain(b"POST /api/chat?x=1 HTTP/1.1\r\nHost: %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % DOMAIN.encode())
    assert got.startswith(b"HTTP/1.1 301 ") and b"Location: https://%s/api/chat?x=1\r\n" % DOMAIN.encode() in got, got
    assert b"Strict-Transport" not in got and got.count(b"X-Content-Type-Options: nosniff") == 1, got
    folder = os.path.join(e.folder, "www", ".well-known", "acme-challenge")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "word"), "w") as f:
        f.write("the answer")
    got = e.plain(b"GET /.well-known/acme-challenge/word HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % DOMAIN.encode())
    assert got.startswith(b"HTTP/1.1 200 ") and got.endswith(b"\r\n\r\nthe answer"), got
    for path in (b"nothing", b"..%2f..%2fhosts", b"../../hosts"):
        got = e.plain(b"GET /.well-known/acme-challenge/%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" %
                      (path, DOMAIN.encode()))
        assert got.split(b" ")[1] in (b"404", b"400", b"301") and b"localhost" not in got, got


# ---- limits ---------------------------------------------------------------------------------------

def ten_a_second_after_twenty_more(e, s):
    for n, (method, path, body) in enumerate((("GET", "/api/history", None), ("POST", "/auth/login", b"{}"))):
        c, source = e.client("127.0.2.%d" % (n + 1)), "127.0.2.%d" % (n + 11)
        answers, took = until_refused(lambda i: e.ask(method, path, body, client=c,
                                                      headers={"X-Forwarded-For": "198.51.100.%d" % i}))
        refused, let = answers[-1], answers[:-1]
        assert 21 <= len(let) <= 21 + 10 * took + 1, (path, len(let), took)
        assert {a[0] for a in let} <= {401, 400, 415, 422}, {a[0] for a in let}
        assert problem(refused, 429)["code"] == "RESOURCE_EXHAUSTED" and values(refused[1], "retry-after") == ["1"]
        assert values(refused[1], "strict-transport-security") == [HSTS]
        assert values(refused[1], "x-content-type-options") == ["nosniff"]
        assert e.ask(method, path, body, source=source)[0] != 429, "another address pays for it"
        assert e.ask("GET", "/", source="127.0.2.%d" % (n + 1))[0] == 200, "the page is under another limit"
    assert s.http("GET", "/health")[0] == 200


def the_page_and_a2a_have_room(e, _):
    c = e.client("127.0.2.21")
    answers, took = until_refused(
        lambda i: e.ask("GET", "/" if i != 50 else "/a2a/jarvis/.well-known/agent-card.json", client=c))
    refused, let = answers[-1], answers[:-1]
    assert 101 <= len(let) <= 101 + 50 * took + 1, (len(let), took)
    assert {a[0] for a in let} == {200}, [a[0] for a in let]
    assert values(refused[1], "content-type") == ["text/html; charset=utf-8"] and b"<h1>" in refused[2], refused
    wait_for(lambda: e.ask("GET", "/a2a/jarvis/.well-known/agent-card.json", client=c)[0] == 200)


def offices_have_more(e, _):
    c = e.client("127.0.9.9")
    answers, took = until_refused(lambda i: e.ask("GET", "/api/history", client=c))
    assert 101 <= len(answers) - 1 <= 101 + 50 * took + 1, (len(answers), took)
    assert {a[0] for a in answers[:-1]} == {401}, [a[0] for a in answers]


def what_is_too_large(e, _):
    told = problem(e.ask("POST", "/api/chat", b"x" * ((1 << 20) + 1), source="127.0.2.31",
                         headers={"Content-Type": "application/json"}), 413)
    assert "1 MiB" in told["detail"], told
    problem(e.ask("GET", "/api/history?" + "x" * 17000, source="127.0.2.31"), 414)
    problem(e.ask("GET", "/api/history", source="127.0.2.31", headers={"X-Long": "x" * 17000}), 431)
    problem(e.ask("TRACE", "/api/history", source="127.0.2.31"), 405)
    with e.connect("127.0.2.31") as s:
        s.sendall(b"GET /api/history HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
        assert read_all(s).startswith(b"HTTP/1.1 400 ")
    got = e.ask("POST", "/a2a/jarvis/message:send", b"x" * ((1 << 20) + 1), source="127.0.2.31")
    assert got[0] == 413, got


def slow_clients_are_cut_off(e, _):
    head = b"POST /api/chat HTTP/1.1\r\nHost: %s\r\n" % DOMAIN.encode()
    said = {"nothing": b"", "half a head": head, "half a body": head + b"Content-Length: 100\r\n\r\n{"}

    def wait_closed(text):
        with e.connect("127.0.2.32", timeout=60) as s: # a time-out of ours is a failure
            s.sendall(text)
            return read_all(s)

    with concurrent.futures.ThreadPoolExecutor() as pool:
        ends = dict(zip(said, pool.map(wait_closed, said.values())))
    assert ends["nothing"] == b"" and ends["half a head"] == b"", ends
    assert ends["half a body"] == b"" or ends["half a body"].startswith(b"HTTP/1.1 408 "), ends


# ---- streams --------------------------------------------------------------------------------------

@contextlib.contextmanager
def stopped(s, name):
    pid = s.pids()[name]
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def stream_by_curl(e, version, path, token, body=None, *args):
    """A running curl whose output is read line by line."""
    send = ["-d", json.dumps(body), "-H", "Content-Type: application/json"] if body is not None else []
    return subprocess.Popen(["curl", "-skN", "--max-time", "40", version, "--interface", "127.0.3.1", "--resolve",
                             DOMAIN + ":443:127.0.0.1", "-H", "Authorization: Bearer " + token, *send, *args,
                             "https://%s%s" % (DOMAIN, path)], stdout=subprocess.PIPE, text=True)


def first_event_comes_before_the_end(e, s):
    token = s.login("vishal")
    message = {"message": {"messageId": "m", "role": "ROLE_USER", "parts": [{"text": "show my tickets"}]}}
    rpc = {"jsonrpc": "2.0", "id": 1, "method": "SendStreamingMessage", "params": message}
    asked = [("/api/chat", {"message": "show my tickets"}, "Accept: text/event-stream"),
             ("/a2a/jarvis/message:stream", message, "A2A-Version: 1.0"), ("/a2a/jarvis", rpc, "A2A-Version: 1.0")]
    for version in ("--http2", "--http1.1"):
        for n, (path, body, header) in enumerate(asked):
            if n:
                (body if n == 1 else body["params"])["message"]["messageId"] = "m%s%d" % (version, n)
            with stopped(s, "tickets"): # so the answer cannot be over
                curl = stream_by_curl(e, version, path, token, body, "-H", header)
                first = next((line for line in curl.stdout if line.startswith("data:")), "nothing came")
                assert first.startswith("data:") and curl.poll() is None, (version, path, first)
            rest = curl.stdout.read()
            assert curl.wait(40) == 0 and "data:" in rest, (version, path, rest)


def notices_come_as_a_stream(e, s):
    curl = stream_by_curl(e, "--http2", "/api/notifications/stream", s.login("vishal"), None, "-i")
    try:
        head = [next(curl.stdout)]
        while head[-1].strip():
            head.append(next(curl.stdout))
        assert head[0].startswith("HTTP/2 200") and any("text/event-stream" in h for h in head), head
        assert not any("x-accel" in h for h in head), head
        assert next(curl.stdout).strip()
    finally:
        curl.kill()
        curl.communicate()


# ---- health, operators, log, compression ----------------------------------------------------------

def health_is_what_people_get(e, s):
    assert e.ask("GET", "/health")[::2] == (200, b'{"status":"ready"}')
    assert e.ask("HEAD", "/health")[::2] == (200, b"")
    problem(e.ask("POST", "/health", b""), 405)
    with stopped(s, "auth"):
        def is_down():
            status, headers, body = e.ask("GET", "/health", source="127.0.4.1")
            assert (status, body) in ((200, b'{"status":"ready"}'), (503, b'{"status":"unavailable"}')), (status, body)
            return status == 503 and values(headers, "retry-after") == ["1"]
        wait_for(is_down)
        assert e.plain(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").startswith(b"HTTP/1.1 503 ")
        assert e.ask("GET", "/", source="127.0.4.1")[0] == 200, "the page does not need auth"
    wait_for(lambda: e.ask("GET", "/health", source="127.0.4.1")[0] == 200)


def operators_paths_are_not_here(e, s):
    assert s.http("GET", "/ready")[0] == 200
    for path in ("/metrics", "/ready", "//metrics", "/%6detrics", "/./metrics", "/a/../ready", "/metrics?x=1", "/metrics/",
                 "/metrics%2f", "/_ready", "/READY"):
        status, _, body = e.ask("GET", path, source="127.0.4.2")
        assert status in (400, 404) and b"jarvis_" not in body and b"components" not in body, (path, status, body)


def log_tells_no_secrets(e, s):
    token = s.login("vishal")
    e.ask("GET", "/api/history?session_id=QUERYSECRET", token=token, source="127.0.4.3")
    e.ask("POST", "/auth/login?QUERYSECRET", b'{"password":"BODYSECRET"}', source="127.0.4.3")
    wait_for(lambda: len([x for x in e.lines() if x["client"] == "127.0.4.3"]) == 2)
    lines = [x for x in e.lines() if x["client"] == "127.0.4.3"]
    assert [x["path"] for x in lines] == ["/api/history", "/auth/login"], lines
    assert lines[0]["gateway"].endswith(SLOT_A + ":8080") and lines[0]["host"] == DOMAIN and lines[0]["tls"] == "TLSv1.3", lines
    assert isinstance(lines[0]["status"], int) and isinstance(lines[0]["seconds"], float), lines
    with open(e.out_path) as f:
        text = f.read() + e.said()
    for secret in ("SECRET", token[:20], token[-20:]):
        assert secret not in text, text[max(0, text.index(secret) - 300):][:600]


def only_files_are_compressed(e, s):
    ask = {"Accept-Encoding": "gzip, br"}
    for path in ("/", "/app.js", "/app.css"):
        status, headers, body = e.ask("GET", path, headers=ask, source="127.0.4.4")
        assert status == 200 and values(headers, "content-encoding") == ["gzip"], (path, headers)
        assert values(headers, "vary") == ["Accept-Encoding"], headers
        plain = e.ask("GET", path, source="127.0.4.4")
        assert gzip.decompress(body) == plain[2] and not values(plain[1], "content-encoding"), path
        tag = values(headers, "etag")[0]
        assert e.ask("GET", path, headers={"If-None-Match": tag}, source="127.0.4.4")[0] == 304, tag
    token = s.login("vishal")
    for path in ("/registry/agents", "/api/history", "/a2a/jarvis/.well-known/agent-card.json"):
        status, headers, body = e.ask("GET", path, token=token, headers=ask, source="127.0.4.4")
        assert status == 200 and not values(headers, "content-encoding"), (path, status, headers)


# ---- two gateways ---------------------------------------------------------------------------------

class Second:
    """Another gateway of the stack, in slot b."""

    def __init__(self, s):
        env = {k: v for k, v in s.env.items() if not k.startswith("JARVIS_")}
        run = s.run_env()
        creds = os.path.join(s.var, "run", "creds", "gateway.creds")
        self.log = open(os.path.join(s.folder, "gateway-b.log"), "w+")
        env.update({"NATS_URL": run["NATS_URL"], "NATS_CREDS": creds if os.path.exists(creds) else run["NATS_CREDS"],
                    "JARVIS_LISTEN": SLOT_B + ":8080", "JARVIS_VAR": s.var})
        self.process = subprocess.Popen([BINARY, "run", "gateway"], env=env, stdout=self.log, stderr=self.log)
        wait_for(self.is_up)

    def is_up(self):
        assert self.process.poll() is None, "the second gateway ended; see " + self.log.name
        socket.create_connection((SLOT_B, 8080), 5).close()
        return True

    def end(self, number):
        if self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(30)
        self.log.close()


def one_gateway_killed_the_other_serves(e, s):
    """GETs all along while a gateway is killed, and while the other is."""
    second, over, statuses = Second(s), threading.Event(), []

    def load(source):
        c = e.client(source)
        while not over.is_set():
            statuses.append((e.ask("GET", "/.well-known/jwks.json", client=c)[0], time.monotonic()))
            over.wait(0.03) # within the limit of an address

    def served_by(address, since):
        return lambda: any(x["gateway"].endswith(address + ":8080") and x["status"] == 200
                           for x in e.lines()[since:] if x["path"] == "/.well-known/jwks.json")

    threads = [threading.Thread(target=load, args=("127.0.5.%d" % n,)) for n in range(1, 5)]
    for t in threads:
        t.start()
    try:
        wait_for(served_by(SLOT_A, 0))
        wait_for(served_by(SLOT_B, 0))
        second.end(signal.SIGKILL)
        wait_for(served_by(SLOT_A, len(e.lines())))
        second = Second(s)
        wait_for(served_by(SLOT_B, len(e.lines())))
        first = s.pids()["gateway"]
        os.kill(first, signal.SIGKILL) # `up` starts it again
        wait_for(served_by(SLOT_B, len(e.lines())))
        wait_for(lambda: s.pids().get("gateway", first) != first and s.http("GET", "/health")[0] == 200)
        wait_for(served_by(SLOT_A, len(e.lines())))
    finally:
        over.set()
        for t in threads:
            t.join()
        second.end(signal.SIGTERM)
    assert len(statuses) > 50 and {x for x, _ in statuses} == {200}, [x for x in statuses if x[0] != 200]


# ---- upstreams that fail --------------------------------------------------------------------------

@contextlib.contextmanager
def slots(*names):
    servers = [Echo({"a": SLOT_A, "b": SLOT_B}[n], n) for n in names]
    try:
        yield servers if len(servers) > 1 else servers[0]
    finally:
        for server in servers:
            server.end()


def passed_on(answer):
    assert answer[0] == 200, answer
    return json.loads(answer[2])["headers"]


def forged_addresses_are_dropped(e):
    forged = {"X-Forwarded-For": "198.51.100.1, 10.83.0.10", "X-Real-IP": "198.51.100.1", "Forwarded": "for=198.51.100.1",
              "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http"}
    with slots("a"):
        got = passed_on(e.ask("GET", "/api/x", source="127.0.6.1", headers=forged))
        assert values(got, "x-forwarded-for") == ["127.0.6.1"] and values(got, "x-forwarded-proto") == ["https"], got
        assert values(got, "host") == [DOMAIN] and not values(got, "connection"), got
        assert not any(values(got, n) for n in ("x-real-ip", "forwarded", "x-forwarded-host")), got
        # but a proxy that own/realip.conf names is believed
        got = passed_on(e.ask("GET", "/api/x", source="127.0.6.66", headers=forged))
        assert values(got, "x-forwarded-for") == ["10.83.0.10"], got
        got = passed_on(e.ask("GET", "/api/x", source="127.0.6.66", headers={"X-Forwarded-For": "1.1.1.1, 198.51.100.7"}))
        assert values(got, "x-forwarded-for") == ["198.51.100.7"], got


def behind_a_cdn_limits_are_the_clients(e):
    with slots("a"):
        c = e.client("127.0.6.66")
        until_refused(lambda i: e.ask("GET", "/api/x", client=c, headers={"X-Forwarded-For": "198.51.100.10"}))
        other = e.ask("GET", "/api/x", client=c, headers={"X-Forwarded-For": "198.51.100.11"})[0]
    assert other == 200, other


def what_may_be_done_is_not_asked_twice(e):
    with slots("a", "b") as (a, b):
        for method, times in (("POST", 1), ("PATCH", 1), ("GET", 2)):
            a.asked.clear()
            b.asked.clear()
            answer = e.ask(method, "/api/cut", b"{}" if method != "GET" else None, source="127.0.6.3")
            problem(answer, 502)
            n = len(a.asked) + len(b.asked)
            assert n == 1 if times == 1 else n >= 2, (method, a.asked, b.asked)


def a_leaving_gateway_is_left(e):
    with slots("a", "b") as (a, b):
        a.draining = True
        got = [json.loads(e.ask("GET", "/x%d" % i, source="127.0.6.4")[2]).get("name") for i in range(20)]
        assert got == ["b"] * 20 and a.asked, (got, a.asked)
        assert e.ask("POST", "/x", b"{}", source="127.0.6.4")[0] == 200
    with slots("b") as b: # and then it is gone
        got = [e.ask(m, "/x", b"{}" if m == "POST" else None, source="127.0.6.4")[0] for m in ("GET", "POST") * 10]
        assert got == [200] * 20, got


def an_agent_away_takes_nothing_else_along(e):
    """503 of one path at both gateways: it is passed on as it is, and other paths go on."""
    with slots("a", "b"):
        for _ in range(5):
            status, _, body = e.ask("GET", "/api/away", source="127.0.6.5")
            assert status == 503 and json.loads(body)["detail"].startswith("away at "), (status, body)
            got = [e.ask(m, "/x", b"{}" if m == "POST" else None, source="127.0.6.5")[0] for m in ("GET", "POST")]
            assert got == [200, 200], got
    with slots("a"): # nor does the other gateway's death on top of it
        for _ in range(10):
            assert e.ask("GET", "/api/away", source="127.0.6.5")[0] in (502, 503)
            got = [e.ask(m, "/x", b"{}" if m == "POST" else None, source="127.0.6.5")[0] for m in ("GET", "POST") * 4]
            assert got == [200] * 8, got


def nobody_there(e):
    told = problem(answer := e.ask("GET", "/api/x", source="127.0.6.6"), 502)
    assert told["code"] == "UNAVAILABLE" and values(answer[1], "retry-after") == ["1"], answer
    for name, value in {**EVERYWHERE, "content-security-policy": NO_PAGE, "cache-control": "no-store",
                        "strict-transport-security": HSTS}.items():
        assert values(answer[1], name) == [value], (name, answer)
    status, headers, body = e.ask("GET", "/", source="127.0.6.6")
    assert status == 502 and values(headers, "content-type") == ["text/html; charset=utf-8"] and b"<h1>" in body
    assert e.ask("GET", "/health", source="127.0.6.6")[::2] == (503, b'{"status":"unavailable"}')
    problem(e.ask("POST", "/a2a/jarvis", b"{}", source="127.0.6.6"), 502)
    with slots("a"): # nginx finds it at once
        assert e.ask("GET", "/api/x", source="127.0.6.6")[0] == 200


def connections_of_an_address_are_counted(e):
    """own/limits.conf of this nginx lets an address have four at once."""
    head = b"POST /x HTTP/1.1\r\nHost: %s\r\nContent-Length: 2\r\n\r\n" % DOMAIN.encode()
    with slots("a"), contextlib.ExitStack() as open_ones:
        held = [open_ones.enter_context(e.connect("127.0.6.7")) for _ in range(4)]
        for s in held:
            s.sendall(head)
        def full():
            return e.ask("GET", "/x", source="127.0.6.7")[0] == 429
        wait_for(full)
        assert e.ask("GET", "/x", source="127.0.6.8")[0] == 200, "another address pays for it"
        for s in held:
            s.sendall(b"{}")
            assert s.recv(65536).startswith(b"HTTP/1.1 200 ")
        wait_for(lambda: e.ask("GET", "/x", source="127.0.6.7")[0] == 200)


def upstream_connections_are_kept(e):
    with slots("a") as a:
        for _ in range(20):
            assert e.ask("GET", "/x", source="127.0.6.9")[0] == 200
        assert len(a.accepted) <= 4, len(a.accepted) # two processes of nginx


def one_slot_keeps_the_reason(e):
    """JARVIS_GATEWAYS=1: the second slot is empty, and what the gateway says is what the client reads."""
    with slots("a"):
        for _ in range(4):
            status, _, body = e.ask("GET", "/api/away", source="127.0.6.10")
            assert (status, json.loads(body)) == (503, {"detail": "away at a"}), (status, body)
            assert e.ask("GET", "/x", source="127.0.6.10")[0] == 200
    with slots("a", "b") as (a, _):
        a.draining = True # while a deploy renews it
        def served_by():
            return json.loads(e.ask("GET", "/x", source="127.0.6.10")[2]).get("name")
        wait_for(served_by) # slot b rests for two seconds, as it was empty a moment ago
        got = [served_by() for _ in range(10)]
        assert got == ["b"] * 10, got


# ---- the script -----------------------------------------------------------------------------------

def bad_settings_stop_at_start(folder):
    for n, (own, words, env) in enumerate((
            ({}, "JARVIS_GATEWAYS: 3 is neither 1 nor 2", {"JARVIS_GATEWAYS": "3"}),
            ({}, "site.conf is not there", {}),
            ({"limits.conf": "nonsense;\n"}, "nginx refuses its configuration", {}))):
        e = Edge(os.path.join(folder, "bad%d" % n), pair=False, http_port=8081, https_port=8444, own=own, **env)
        if "site.conf" in words: # as it is before `configure`
            e.stop(signal.SIGKILL)
            os.remove(e.conf + "/site.conf")
            e.process = subprocess.Popen(["sh", e.conf + "/start"], stderr=open(e.said_path, "a"))
        elif own:
            make_pair(e.folder + "/tls")
        assert e.process.wait(30) == 1 and words in e.said(), e.said()


def certificates_come_and_change(folder):
    with Edge(os.path.join(folder, "certs"), pair=False, http_port=8082, https_port=8445) as e, slots("a") as a:
        e.wait_said("waiting for")
        make_pair(e.folder + "/tls")
        wait_for(e.listens)
        first, c = serial_of(e), e.client("127.0.7.1")
        c.request("GET", "/api/slow")
        stream = c.getresponse()
        assert stream.readline() == b"first\n"
        with open(e.folder + "/tls/key.pem", "r+") as f: # of another certificate: the old pair stays
            good = f.read()
            f.seek(0)
            make_pair(e.folder + "/other")
            with open(e.folder + "/other/key.pem") as other:
                f.write(other.read())
        e.wait_said("nginx refuses the new certificate")
        assert serial_of(e) == first
        with open(e.folder + "/tls/key.pem", "w") as f:
            f.write(good)
        make_pair(e.folder + "/tls")
        wait_for(lambda: serial_of(e) != first)
        e.wait_said("nginx reloads")
        a.go.set()
        assert stream.read() == b"last\n", "a stream under way outlives a reload"


def term_lets_what_is_under_way_end(folder):
    with Edge(os.path.join(folder, "term"), http_port=8083, https_port=8446) as e, slots("a") as a:
        c = e.client("127.0.7.2")
        c.request("GET", "/api/slow")
        stream = c.getresponse()
        assert stream.readline() == b"first\n"
        e.send(signal.SIGTERM)
        def refuses():
            try:
                e.connect().close()
            except ConnectionRefusedError:
                return True
        wait_for(refuses)
        a.go.set()
        assert stream.read() == b"last\n"
        assert e.process.wait(30) == 0, e.said()


# ---- all of them ----------------------------------------------------------------------------------

WITH_JARVIS = [every_header_is_there_once, only_good_tls, http_2_and_http_1, other_names_get_nothing,
               health_by_address_is_for_the_inside, http_leads_to_https, ten_a_second_after_twenty_more,
               the_page_and_a2a_have_room, offices_have_more, what_is_too_large, slow_clients_are_cut_off,
               first_event_comes_before_the_end, notices_come_as_a_stream, health_is_what_people_get,
               operators_paths_are_not_here, log_tells_no_secrets, only_files_are_compressed,
               one_gateway_killed_the_other_serves]
WITH_ECHOES = [nobody_there, forged_addresses_are_dropped, behind_a_cdn_limits_are_the_clients,
               what_may_be_done_is_not_asked_twice, a_leaving_gateway_is_left, an_agent_away_takes_nothing_else_along,
               connections_of_an_address_are_counted, upstream_connections_are_kept]
ALONE = [bad_settings_stop_at_start, certificates_come_and_change, term_lets_what_is_under_way_end]
LIMITS = """limit_req_zone $limit_api zone=api:1m rate=10r/s;
limit_req zone=api burst=20 nodelay;
limit_conn_zone $limit_connections zone=connections:1m;
limit_conn connections 4;
"""
CDN = "set_real_ip_from 127.0.6.66;\nreal_ip_header X-Forwarded-For;\n"


def wanted(cases):
    return any(len(sys.argv) < 2 or c.__name__ in sys.argv[1:] for c in cases)


def cases(report, folder):
    for case in ALONE:
        report.run(case, folder)
    if wanted(WITH_ECHOES):
        with Edge(folder + "/echo", JARVIS_GATEWAYS="2", own={"limits.conf": LIMITS, "realip.conf": CDN}) as e:
            for case in WITH_ECHOES:
                report.run(case, e)
    if wanted([one_slot_keeps_the_reason]):
        with Edge(folder + "/one") as e:
            report.run(one_slot_keeps_the_reason, e)
    if wanted(WITH_JARVIS):
        s = Stack(env={"JARVIS_LISTEN": SLOT_A + ":8080"})
        s.address = (SLOT_A, 8080)
        with s, Edge(folder + "/jarvis", JARVIS_GATEWAYS="2", own={"offices.conf": "127.0.9.0/24 1;\n"}) as e:
            for case in WITH_JARVIS:
                report.run(case, e, s)


def test_nginx():
    assert run_inside(os.path.abspath(__file__)) == 0, "see above"


if __name__ == "__main__":
    sys.exit(main(os.path.abspath(__file__), cases))
