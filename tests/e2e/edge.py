#!/usr/bin/env python3
"""edge.py -- the gateway against clients that are slow, greedy, sloppy or hostile: framing, limits,
deadlines, the connection cap, keep-alive, methods, headers, files. Raw sockets, no help from a library.

The gateway runs with 16 connections and two seconds for a request, so that limits are near.
"""
import json
import os
import re
import signal
import socket
import sys
import threading
import time

from stack import Stack, wait_for

CAP, REQUEST_S, IDLE_S = 16, 2, 4
LOGIN = b'{"username":"vishal","password":"wrong-password"}'


class Client:
    """One connection; reads exactly one answer at a time."""

    def __init__(self, address, timeout=15):
        self.s = socket.create_connection(address, timeout)
        self.rest = b""

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.s.close()

    def send(self, data):
        self.s.sendall(data if isinstance(data, bytes) else data.encode("latin-1"))
        return self

    def more(self):
        try:
            data = self.s.recv(65536)
        except ConnectionResetError:
            data = b""
        self.rest += data
        return bool(data)

    def closed(self):
        """Nothing more comes, and the server has closed."""
        while self.more():
            pass
        return self.rest == b""

    def answer(self, head=False):
        """(status, headers in lower case, body); status 0 when the connection closed instead."""
        while b"\r\n\r\n" not in self.rest:
            if not self.more():
                return 0, {}, self.rest
        top, self.rest = self.rest.split(b"\r\n\r\n", 1)
        lines = top.decode("latin-1").split("\r\n")
        status = int(lines[0].split()[1])
        headers = {k.lower(): v.strip() for k, v in (line.split(":", 1) for line in lines[1:])}
        n = 0 if head or status in (100, 204, 304) else int(headers.get("content-length", 0))
        while len(self.rest) < n and self.more():
            pass
        body, self.rest = self.rest[:n], self.rest[n:]
        return status, headers, body


class Edge:
    def __init__(self, stack):
        self.stack, self.passed, self.failed = stack, 0, 0

    def client(self, **kw):
        return Client(self.stack.address, **kw)

    def check(self, name, good, detail=""):
        print("%s - %s" % ("ok" if good else "not ok", name))
        if not good:
            print("# " + str(detail).replace("\n", "\n# "))
        self.passed += bool(good)
        self.failed += not good

    def one(self, name, request, status, closes=None, has=None):
        """One request on a fresh connection gives this status (and closes, or does not)."""
        with self.client() as c:
            c.send(request)
            got, headers, body = c.answer(head=str(request)[:6].find("HEAD") >= 0)
            good = got == status and (has is None or has in str(headers) + body.decode("utf-8", "replace"))
            if closes is not None:
                good = good and (headers.get("connection") == "close") == closes
            if good and closes:
                good = c.closed()
            self.check(name, good, (got, headers, body[:300], "rest", c.rest[:200]))


def get(path="/health", *lines, method="GET", version="1.1", host=True):
    head = ["%s %s HTTP/%s" % (method, path, version)] + (["Host: x"] if host else []) + list(lines)
    return "\r\n".join(head) + "\r\n\r\n"


def post(path, body, *lines):
    if isinstance(body, str):
        body = body.encode()
    head = get(path, "Content-Type: application/json", "Content-Length: %d" % len(body), *lines, method="POST")
    return head.encode() + body


def framing(e):
    e.one("Content-Length and Transfer-Encoding", get("/auth/login", "Content-Length: 5", "Transfer-Encoding: chunked",
          method="POST") + "0\r\n\r\nGET /health HTTP/1.1\r\nHost: x\r\n\r\n", 400, closes=True)
    e.one("two Content-Lengths", get("/auth/login", "Content-Length: 2", "Content-Length: 2", method="POST") + "{}",
          400, closes=True)
    e.one("two different Content-Lengths", get("/auth/login", "Content-Length: 0", "Content-Length: 47",
          method="POST") + get("/health"), 400, closes=True)
    for length in ("+5", "5abc", "-1", "5, 5", "0x5", "", "5 5"):
        e.one("Content-Length %r" % length, get("/auth/login", "Content-Length: " + length, method="POST") + "{}   ",
              400, closes=True)
    for coding in ("gzip", "identity", "chunked, chunked", "xchunked", "chunked;q=1"):
        e.one("Transfer-Encoding %r" % coding, get("/auth/login", "Transfer-Encoding: " + coding, method="POST") +
              "0\r\n\r\n", 400, closes=True)
    e.one("chunked in HTTP/1.0", get("/auth/login", "Transfer-Encoding: chunked", method="POST", version="1.0") +
          "0\r\n\r\n", 400, closes=True)
    e.one("a space before the colon", get("/health", "Content-Length : 5"), 400, closes=True)
    e.one("a folded header", get("/health", "X: a", " b", "Content-Length: 40"), 400, closes=True)
    e.one("a bare line feed", "GET /health HTTP/1.1\r\nHost: x\nX: y\r\n\r\n", 400, closes=True)
    e.one("no Host", get(host=False), 400, closes=True)
    e.one("two Hosts", get("/health", "Host: y"), 400, closes=True)
    e.one("two Authorizations", get("/auth/me", "Authorization: Bearer a", "Authorization: Bearer b"), 400, closes=True)
    e.one("HTTP/1.0 without Host", get(version="1.0", host=False), 200, closes=True)
    e.one("HTTP/2.0", get(version="2.0"), 505, closes=True)
    e.one("not HTTP at all", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, closes=True)
    e.one("an unknown method", get(method="FROBNICATE"), 400, closes=True)
    e.one("a NUL in the head", b"GET /health HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n", 400, closes=True)


def paths(e):
    for path, status in (("/health%00", 400), ("/health%0d%0aX:1", 400), ("/../health", 400), ("/%2e%2e/health", 400),
                         ("/a%2fb", 400), ("/a%5cb", 400), ("/%zz", 400), ("/%ff", 400), ("/healthy", 404),
                         ("/health/", 404), ("//health", 404), ("/HEALTH", 404), ("/api/chat/x/y/z", 404),
                         ("/api/sessions/", 404), ("/1/2/3/4/5/6/7/8/9/10", 404), ("/" + "a" * 3000, 414),
                         ("/health?a=%00", 400), ("/health?a=1&a=2", 400)):
        e.one("GET " + path[:40], get(path), status)
    e.one("a path that does not exist is a problem", get("/nope"), 404, closes=False, has="application/problem+json")


def methods(e):
    for method, path, allow in (("GET", "/auth/login", "POST"), ("PUT", "/api/chat", "POST"),
                                ("DELETE", "/", "GET, HEAD"), ("POST", "/app.js", "GET, HEAD"),
                                ("PUT", "/api/sessions/x", "GET, HEAD, PATCH, DELETE")):
        e.one("%s %s is 405" % (method, path), get(path, method=method), 405, has=allow)
    preflight = get("/api/chat", "Origin: https://evil.example", "Access-Control-Request-Method: POST",
                    "Access-Control-Request-Headers: authorization", method="OPTIONS")
    with e.client() as c:
        status, headers, _ = c.send(preflight).answer()
        e.check("a CORS preflight is 405 without CORS headers",
                status == 405 and not any(h.startswith("access-control") for h in headers), (status, headers))
    with e.client() as c:
        a = c.send(get("/")).answer()
        b = c.send(get("/", method="HEAD")).answer(head=True)
        d = c.send(get("/health")).answer()
        e.check("HEAD is GET without a body", a[0] == b[0] == d[0] == 200 and
                a[1]["content-length"] == b[1]["content-length"] and b[2] == b"" and b"healthy" in d[2], (b, d))


def sizes(e):
    e.one("a body over 1 MiB by its length", get("/auth/login", "Content-Length: 1048577", method="POST"), 413,
          closes=True)
    e.one("a length beyond numbers", get("/auth/login", "Content-Length: " + "9" * 30, method="POST"), 413, closes=True)
    e.one("a sign-in of 17 KiB", post("/auth/login", "x" * 17000), 413, closes=True)
    chunk = b"1000\r\n" + b" " * 4096 + b"\r\n"
    head = get("/auth/login", "Transfer-Encoding: chunked", method="POST").encode()
    e.one("chunks that never end", head + chunk * 8, 413, closes=True)
    e.one("a bad chunk", head + b"zz\r\nabc\r\n", 400, closes=True)
    e.one("a chunk longer than it says", head + b"2\r\nabcd\r\n0\r\n\r\n", 400, closes=True)
    e.one("a chunk of 2^64", head + b"ffffffffffffffffffff\r\nab", 400, closes=True)
    e.one("64 headers", get("/health", *["X-%d: 1" % i for i in range(63)]), 431, closes=True)
    e.one("63 headers", get("/health", *["X-%d: 1" % i for i in range(62)]), 200)
    e.one("200 headers", get("/health", *["X-%d: 1" % i for i in range(199)]), 431, closes=True)
    e.one("20 KiB of headers", get("/health", "X: " + "x" * 20000), 431, closes=True)
    e.one("100 KiB of headers", get("/health", "X: " + "x" * 100000), 431, closes=True)
    with e.client() as c: # the answer arrives although much more was sent
        try:
            c.send(get("/auth/login", "Content-Length: 1500000", method="POST")).send(b"x" * 1500000)
        except OSError:
            pass
        e.check("413 reaches a client that keeps sending", c.answer()[0] == 413)


def bodies(e):
    # Whether the sign-in is right does not matter here: 401 says that it was read and understood.
    e.one("a body by its length", post("/auth/login", LOGIN), 401, closes=False)
    e.one("a chunked body", get("/auth/login", "Transfer-Encoding: chunked", method="POST").encode() +
          b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in (LOGIN[:7], LOGIN[7:])) + b"0\r\n\r\n", 401, closes=False)
    for body in ("{", "[1,2", "nonsense", '{"a":1}x', '{"a":\x00}', "\xff", "[" * 100000, '{"username":"a","username":"b"}'):
        e.one("no JSON: %r" % body[:20], post("/auth/login", body.encode("latin-1")[:16000]), 400, closes=False,
              has="application/problem+json")
    e.one("deep JSON is refused", post("/auth/login", '{"a":' * 40 + "1" + "}" * 40), 400, closes=False)
    e.one("an unknown member", post("/auth/login", '{"username":"a","password":"b","admin":true}'), 422, has='"admin"')
    e.one("a wrong type", post("/auth/login", '{"username":5,"password":"b"}'), 422, has='"username"')
    e.one("a missing member", post("/auth/login", '{"username":"vishal"}'), 422, has='"password"')
    e.one("no body at all", post("/auth/login", ""), 422, has='"username"')
    e.one("a form", post("/auth/login", "username=a").replace(b"application/json", b"application/x-www-form-urlencoded"),
          415, has="Content-Type")
    e.one("a body where none belongs is read off", get("/health", "Content-Length: 5") + "hello", 200, closes=False)
    with e.client() as c:
        c.send(get("/auth/login", "Content-Length: %d" % len(LOGIN), "Expect: 100-continue",
                   "Content-Type: application/json", method="POST"))
        first = c.answer()[0]
        e.check("Expect: 100-continue is answered", first == 100 and c.send(LOGIN).answer()[0] == 401, first)
    e.one("another expectation", get("/health", "Expect: tea"), 417, closes=True)


def tokens(e):
    for name, line in (("none", "X: y"), ("no bearer", "Authorization: Basic eDp5"), ("empty", "Authorization: Bearer"),
                       ("three parts", "Authorization: Bearer a b"), ("nonsense", "Authorization: Bearer nonsense"),
                       ("too long", "Authorization: Bearer " + "a" * 9000)):
        e.one("token: " + name, get("/auth/me", line), 401, has="'www-authenticate': 'Bearer")
    e.one("401 leaves the connection usable", get("/api/chat", "Content-Length: 5", method="POST") + "hello", 401,
          closes=False)
    good = e.stack.login("vishal")
    e.one("a good token, any case of Bearer", get("/auth/me", "authorization: bEARER  " + good), 200, has="user_001")
    e.one("the same token with a changed end", get("/auth/me", "Authorization: Bearer " + good[:-3] + "AAA"), 401)


def keep_alive(e):
    with e.client() as c:
        got = [c.send(get("/health")).answer()[0] for _ in range(20)]
        got.append(c.send(post("/auth/login", LOGIN)).answer()[0])
        got.append(c.send(get("/nope")).answer()[0])
        got.append(c.send(get("/health")).answer()[0])
        e.check("one connection serves many requests", got == [200] * 20 + [401, 404, 200], got)
    with e.client() as c:
        c.send(get("/health") * 5)
        e.check("pipelined requests are answered in order", [c.answer()[0] for _ in range(5)] == [200] * 5)
    e.one("Connection: close is obeyed", get("/health", "Connection: close"), 200, closes=True)
    with e.client() as c:
        c.send(get("/health")).answer()
        began = time.monotonic()
        e.check("an idle connection is let go", c.closed() and IDLE_S - 1 < time.monotonic() - began < IDLE_S + 3,
                time.monotonic() - began)


def slowness(e):
    def timed(name, first, drip, status, limit):
        with e.client() as c:
            began = time.monotonic()
            c.send(first)
            c.s.settimeout(0.2)
            while time.monotonic() - began < limit + 5:
                try:
                    if c.more() and b"\r\n\r\n" in c.rest:
                        break
                except TimeoutError:
                    pass
                try:
                    if drip:
                        c.send(drip)
                except OSError:
                    break
            took = time.monotonic() - began
            c.s.settimeout(5)
            got = c.answer()[0]
            e.check("%s: %d within %d s" % (name, status, limit), got == status and took < limit, (got, took))

    limit = REQUEST_S + 2
    timed("a head that stops", "GET /health HTTP/1.1\r\nHost: x\r\n", None, 408, limit)
    timed("a head that drips", "GET /health HTTP/1.1\r\nHost: x\r\nX: ", "x", 408, limit)
    timed("a body that stops", get("/auth/login", "Content-Length: 100", method="POST") + "{", None, 408, limit)
    timed("a body that drips", get("/auth/login", "Content-Length: 10000", method="POST") + "{", " ", 408, limit)
    timed("chunks that drip", get("/auth/login", "Transfer-Encoding: chunked", method="POST"), "1\r\n \r\n", 408, limit)
    with e.client() as c:
        c.send(get("/health")).answer()
        c.send("GET /health HTTP/1.1\r\nHost: x\r\n")
        got = c.answer()[0]
        e.check("a second head that stops", got == 408, got)
    with e.client() as c:
        began = time.monotonic()
        e.check("a connection that says nothing is closed without a word",
                c.closed() and time.monotonic() - began < REQUEST_S + 3)


def crowd(e):
    """Above the cap: idle connections give way, busy ones do not."""
    idle = [e.client() for _ in range(CAP)]
    for c in idle:
        c.send(get("/health")).answer()
    with e.client() as c:
        e.check("a new connection finds room among idle ones", c.send(get("/health")).answer()[0] == 200)
    gone = sum(not c.more() for c in idle[:1])
    e.check("the one that was idle longest gave way", gone == 1)
    for c in idle:
        c.s.close()
    def none_left(): # the one that asks
        status, _, text = e.stack.http("GET", "/metrics")
        return status == 200 and int(re.search(r"^jarvis_http_connections (\d+)", text, re.M)[1]) <= 1

    wait_for(none_left)
    busy = [e.client() for _ in range(CAP)]
    for c in busy: # inside a request: the head is there, the body is not
        c.send(get("/auth/login", "Content-Length: %d" % len(LOGIN), "Expect: 100-continue",
                   "Content-Type: application/json", method="POST"))
    began = [c.answer()[0] for c in busy]
    with e.client() as c:
        status, headers, _ = c.send(get("/health")).answer()
        e.check("503 when all connections are busy", began == [100] * CAP and status == 503 and
                "retry-after" in headers and headers["connection"] == "close" and c.closed(), (began, status, headers))
    e.check("those under way are answered", [c.send(LOGIN).answer()[0] for c in busy] == [401] * CAP)
    for c in busy:
        c.s.close()
    wait_for(none_left)

    def many(n):
        for _ in range(n):
            with e.client() as c:
                results.append(c.send(get("/health", "Connection: close")).answer()[0])

    results = []
    threads = [threading.Thread(target=many, args=(25,)) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    e.check("200 short connections from 8 clients", results == [200] * 200, results)


def streams(e):
    """Event streams take half of the connections at most; a plain request always finds room."""
    token, tickets = e.stack.login("vishal"), e.stack.pids()["tickets"]
    sessions = [e.stack.new_session("vishal") for _ in range(CAP // 2 + 1)]

    def ask(session):
        body = json.dumps({"message": "show my tickets", "session_id": session})
        return e.client(timeout=20).send(post("/api/chat", body, "Accept: text/event-stream",
                                              "Authorization: Bearer " + token))

    os.kill(tickets, signal.SIGSTOP) # so that the answers wait
    try:
        held = [ask(s) for s in sessions[:-1]]
        began = [c.answer()[0] for c in held]
        last = ask(sessions[-1])
        refused = last.answer()
        plain = e.client().send(get("/health")).answer()[0]
        held[0].s.close() # its peer goes away: that is noticed, and there is room for another
        def room():
            text = e.stack.http("GET", "/metrics")[2]
            return int(re.search(r"^jarvis_http_streams (\d+)", text, re.M)[1]) == CAP // 2 - 1

        gone = wait_for(room, 10)
    finally:
        os.kill(tickets, signal.SIGCONT)
    e.check("half of the connections may stream", began == [200] * (CAP // 2), began)
    e.check("one more is 503", refused[0] == 503 and b"streams" in refused[2], refused)
    e.check("a plain request finds room", plain == 200, plain)
    e.check("a stream whose peer is gone ends", gone)

    def ended(c):
        while b"event: done" not in c.rest and b"event: error" not in c.rest and c.more():
            pass
        return b"event: done" in c.rest

    e.check("the others end with an answer", all(ended(c) for c in held[1:]), [c.rest[-300:] for c in held[1:]])
    for c in held + [last]:
        c.s.close()


def headers(e):
    policy = {"x-content-type-options": "nosniff", "x-frame-options": "DENY", "referrer-policy": "no-referrer"}
    for path, status, csp in (("/", 200, "script-src 'self'"), ("/health", 200, "default-src 'none'"),
                              ("/nope", 404, "default-src 'none'"), ("/auth/me", 401, "default-src 'none'"),
                              ("/x%00", 400, "default-src 'none'")):
        with e.client() as c:
            got, h, _ = c.send(get(path)).answer()
            good = got == status and all(h.get(k) == v for k, v in policy.items())
            good = good and csp in h["content-security-policy"] and "frame-ancestors 'none'" in h["content-security-policy"]
            good = good and "unsafe" not in h["content-security-policy"] and "date" in h
            good = good and not any(k.startswith("access-control") for k in h)
            good = good and h["cache-control"] == ("no-cache" if path == "/" else "no-store")
            e.check("security headers of " + path, good, (got, h))
    with e.client() as c:
        _, h, _ = c.send("BOGUS\r\n\r\n").answer()
        e.check("security headers where civetweb gave up", h.get("x-content-type-options") == "nosniff", h)


def files(e):
    kinds = {"/": "text/html; charset=utf-8", "/index.html": "text/html; charset=utf-8",
             "/app.js": "text/javascript; charset=utf-8", "/app.css": "text/css; charset=utf-8",
             "/icon.svg": "image/svg+xml"}
    for path, kind in kinds.items():
        with e.client() as c:
            status, h, body = c.send(get(path)).answer()
            again = c.send(get(path, "If-None-Match: " + h.get("etag", ""))).answer()
            other = c.send(get(path, 'If-None-Match: "0"')).answer()
            e.check("file " + path, status == 200 and h["content-type"] == kind and again[0] == 304 and
                    again[2] == b"" and other[0] == 200 and other[2] == body, (status, h, again[0], other[0]))
    with e.client() as c:
        page = c.send(get("/")).answer()[2].decode()
    e.check("the page has nothing inline and nothing from elsewhere",
            not re.search(r"<script(?![^>]*src=)|<style|\son\w+=|style=|https?://", page))
    for path in re.findall(r'(?:src|href)="([^"]+)"', page):
        e.one("the page's " + path, get(path), 200)


def operators(e):
    for line in ("X-Forwarded-For: 203.0.113.5", "Forwarded: for=203.0.113.5"):
        e.one("/metrics is not for those behind a proxy", get("/metrics", line), 404)
    e.one("/health", get("/health"), 200, has='"status":"healthy"')
    e.one("/metrics for this machine", get("/metrics"), 200, has="jarvis_http_requests_total{method=\"GET\",route=\"/health\"")
    e.one("/ready", get("/ready"), 200, has='"orchestrator":{"status":"up"}')
    registry = e.stack.pids()["registry"]
    os.kill(registry, signal.SIGSTOP)
    try:
        status, _, body = wait_for(lambda: next((r for r in [e.stack.http("GET", "/ready")] if r[0] == 503), None), 10)
        parts = {name: part["status"] for name, part in body["components"].items()}
        e.check("/ready names what hangs", parts == {"nats": "up", "auth": "up", "registry": "down", "sessions": "up",
                                                     "orchestrator": "up"} and body["status"] == "unavailable", body)
        e.one("/health does not mind", get("/health"), 200)
    finally:
        os.kill(registry, signal.SIGCONT)
    wait_for(lambda: e.stack.http("GET", "/ready")[0] == 200, 10)


def drain(e):
    """SIGTERM: nothing new, idle connections go at once, requests under way are answered."""
    def refused():
        try:
            e.client().s.close()
        except ConnectionRefusedError:
            return True

    idle, busy = e.client(), e.client()
    idle.send(get("/health")).answer()
    busy.send(get("/auth/login", "Content-Length: %d" % len(LOGIN), "Expect: 100-continue",
                  "Content-Type: application/json", method="POST"))
    first, gateway = busy.answer()[0], e.stack.pids()["gateway"]
    os.kill(gateway, signal.SIGTERM)
    e.check("draining: an idle connection is let go", idle.closed())
    e.check("draining: nothing new is taken", wait_for(refused, 5))
    status, h, _ = busy.send(LOGIN).answer()
    e.check("draining: a request under way is answered", first == 100 and status == 401 and h["connection"] == "close" and
            busy.closed(), (first, status, h))
    began = time.monotonic()
    wait_for(lambda: not os.path.exists("/proc/%d" % gateway) or e.stack.pids()["gateway"] != gateway, 5)
    e.check("draining ends when all is answered", time.monotonic() - began < 3)
    wait_for(lambda: e.stack.http("GET", "/health")[0] == 200, 10)
    e.check("and the supervisor starts it again", e.stack.pids()["gateway"] != gateway)


def main():
    tests = [framing, paths, methods, sizes, bodies, tokens, keep_alive, slowness, crowd, streams, headers, files, operators,
             drain]
    if len(sys.argv) > 1:
        tests = [t for t in tests if t.__name__ in sys.argv[1:]]
    env = {"JARVIS_HTTP_CONNECTIONS": str(CAP), "JARVIS_REQUEST_TIMEOUT": "%ds" % REQUEST_S,
           "JARVIS_IDLE_TIMEOUT": "%ds" % IDLE_S}
    with Stack(env=env) as s:
        e = Edge(s)
        for t in tests:
            t(e)
    print("1..%d" % (e.passed + e.failed))
    return 1 if e.failed else 0


if __name__ == "__main__":
    sys.exit(main())
