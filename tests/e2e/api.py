#!/usr/bin/env python3
"""api.py -- the HTTP interface of the whole running system: sign-in, sessions, registry, chat as JSON and
as a stream, statuses and bodies of errors. The cases A1..A30 are those of the original system's tests.
"""
import http.client
import http.server
import json
import re
import sys
import threading
import time
import uuid

from stack import Stack, free_port

DEFAULTS = ["show my tickets", "show my courses", "show my pending exams", "show AWS cost", "show GCP cost"]


class Api:
    def __init__(self, stack, cards, ops):
        self.s, self.cards, self.ops, self.passed, self.failed = stack, cards, ops, 0, 0

    def check(self, name, good, detail=""):
        print("%s - %s" % ("ok" if good else "not ok", name))
        if not good:
            print("# " + str(detail)[:2000].replace("\n", "\n# "))
        self.passed += bool(good)
        self.failed += not good
        return good

    def call(self, who, method, path, body=None, **headers):
        token = self.s.login(who) if who else None
        return self.s.http(method, path, body, token, {k.replace("_", "-"): v for k, v in headers.items()})

    def expect(self, name, status, who, method, path, body=None, problem=None, has=None, **headers):
        got, h, reply = self.call(who, method, path, body, **headers)
        good = got == status
        if good and status >= 400:
            good = h["content-type"] == "application/problem+json" and reply["status"] == status
            good = good and reply["detail"] and reply["title"] and reply["code"] and reply["trace_id"]
        if good and problem:
            good = reply.get("field") == problem
        if good and has:
            good = all(str(reply.get(k)) == str(v) for k, v in has.items())
        self.check(name, good, (got, h, reply))
        return reply if got == status else {}


def sign_in(api):
    r = api.expect("A1 sign in", 200, None, "POST", "/auth/login", {"username": "vishal", "password": "password123"},
                   has={"token_type": "bearer", "expires_in": 900})
    api.check("A1 who it is", r.get("user", {}).get("role") == "developer" and r["user"]["user_id"] == "user_001" and
              r["access_token"].count(".") == 2 and r["refresh_token"], r)
    api.expect("any case of the name", 200, None, "POST", "/auth/login", {"username": "Vishal", "password": "password123"})
    wrong = [api.s.http("POST", "/auth/login", {"username": u, "password": "nope"}) for u in ("vishal", "nobody")]
    for w in wrong:
        w[2].pop("trace_id", None)
    api.check("A2 wrong password and unknown user look the same", wrong[0][0] == wrong[1][0] == 401 and
              wrong[0][2] == wrong[1][2] and wrong[0][1]["www-authenticate"] == "Bearer", wrong)
    api.expect("A3 no password", 422, None, "POST", "/auth/login", {"username": "vishal"}, problem="password")
    api.expect("A3 no user name", 422, None, "POST", "/auth/login", {"password": "x"}, problem="username")
    api.expect("A29 no JSON", 400, None, "POST", "/auth/login", b"{nope", Content_Type="application/json")
    r = api.expect("A4 verify", 200, "vishal", "GET", "/auth/verify", has={"valid": True})
    claims = r.get("payload", {})
    api.check("claims", claims.get("iss") == "jarvis-auth" and claims.get("aud") == "jarvis-api" and
              claims.get("sub") == "user_001" and claims.get("jti") and claims["exp"] - claims["iat"] == 900, r)
    status, _, _ = api.s.http("GET", "/auth/verify", token="invalid")
    api.check("A4 verify nonsense", status == 401)
    api.expect("who am I", 200, "happy", "GET", "/auth/me", has={"username": "happy"})
    api.expect("A6 oneself", 200, "vishal", "GET", "/auth/user/vishal", has={"username": "vishal"})
    api.expect("A6 an admin sees others", 200, "admin", "GET", "/auth/user/vishal", has={"user_id": "user_001"})
    api.expect("A6 somebody else looks like nobody", 404, "happy", "GET", "/auth/user/vishal")
    api.expect("A6 nobody", 404, "admin", "GET", "/auth/user/nonexistent")
    api.expect("A6 needs a token", 401, None, "GET", "/auth/user/vishal")
    keys = api.expect("public keys", 200, None, "GET", "/.well-known/jwks.json")
    api.check("keys are ES256 and public", keys and all(k["alg"] == "ES256" and "d" not in k for k in keys["keys"]), keys)


def sign_out(api):
    def login():
        return api.s.http("POST", "/auth/login", {"username": "sarah", "password": "password123"})[2]

    a = login()
    status, _, b = api.s.http("POST", "/auth/refresh", {"refresh_token": a["refresh_token"]})
    api.check("refresh gives a new pair", status == 200 and b["refresh_token"] != a["refresh_token"], (status, b))
    api.check("the new token works", api.s.http("GET", "/auth/me", token=b["access_token"])[0] == 200)
    status, _, r = api.s.http("POST", "/auth/refresh", {"refresh_token": a["refresh_token"]})
    api.check("a spent refresh token is refused", status == 401, (status, r))
    status, _, r = api.s.http("POST", "/auth/refresh", {"refresh_token": b["refresh_token"]})
    api.check("and ends the whole family", status == 401, (status, r))
    api.check("with its access tokens", api.s.http("GET", "/api/sessions", token=b["access_token"])[0] == 401)
    c = login()
    status, h, _ = api.s.http("POST", "/auth/logout", {"refresh_token": c["refresh_token"]}, c["access_token"])
    api.check("sign out", status == 204 and "content-length" not in h, (status, h))
    api.check("the access token is dead", api.s.http("GET", "/auth/me", token=c["access_token"])[0] == 401)
    api.check("the refresh token too",
              api.s.http("POST", "/auth/refresh", {"refresh_token": c["refresh_token"]})[0] == 401)
    api.expect("nonsense is no refresh token", 401, None, "POST", "/auth/refresh", {"refresh_token": "nonsense"})


def sessions(api):
    meta = {"source": "test", "n": 1.5, "nested": {"list": [1, "zwei", None, True]}, "empty": {}}
    s = api.expect("A16 create with metadata", 201, "vishal", "POST", "/api/sessions", {"title": "one", "metadata": meta})
    sid = s.get("session_id", "")
    r = api.expect("A16 read back", 200, "vishal", "GET", "/api/sessions/" + sid, has={"title": "one", "status": "active"})
    api.check("A16 equal", r.get("metadata") == meta and r.get("user_id") == "vishal", r)
    for name, method, path, body in (("read", "GET", "", None), ("change", "PATCH", "", {"title": "x"}),
                                     ("switch to", "POST", "/switch", None), ("delete", "DELETE", "", None)):
        api.expect("82 happy cannot %s vishal's session" % name, 404, "happy", method, "/api/sessions/" + sid + path, body)
    api.expect("nor see what was said", 404, "happy", "GET", "/api/history?session_id=" + sid)
    api.expect("A20 completed", 200, "vishal", "PATCH", "/api/sessions/" + sid, {"status": "completed"},
               has={"status": "completed"})
    api.expect("A20 expired", 200, "vishal", "PATCH", "/api/sessions/" + sid, {"status": "expired"}, has={"status": "expired"})
    api.expect("A20 paused", 422, "vishal", "PATCH", "/api/sessions/" + sid, {"status": "paused"}, problem="status")
    api.expect("A20 unknown session", 404, "vishal", "PATCH", "/api/sessions/" + str(uuid.uuid4()), {"status": "active"})
    api.expect("no UUID", 404, "vishal", "GET", "/api/sessions/'; drop table sessions; --".replace(" ", "%20"))
    api.expect("an id in the body that differs", 422, "vishal", "PATCH", "/api/sessions/" + sid,
               {"session_id": str(uuid.uuid4()), "title": "x"}, problem="session_id")
    api.expect("an unknown member", 422, "vishal", "PATCH", "/api/sessions/" + sid, {"titel": "x"}, problem="titel")
    api.expect("a parameter that is none", 422, "vishal", "GET", "/api/sessions?limit=5", problem="limit")
    api.expect("a parameter out of range", 422, "vishal", "GET", "/api/sessions?page_size=1000", problem="page_size")
    api.expect("a parameter that is no number", 422, "vishal", "GET", "/api/sessions?page_size=many", problem="page_size")
    api.expect("a token of no page", 422, "vishal", "GET", "/api/sessions?page_token=nonsense", problem="page_token")
    api.expect("A21 delete", 204, "vishal", "DELETE", "/api/sessions/" + sid)
    api.expect("A21 gone", 404, "vishal", "GET", "/api/sessions/" + sid)
    api.expect("A21 gone twice", 404, "vishal", "DELETE", "/api/sessions/" + sid)
    ids = [api.s.new_session("alex") for _ in range(5)]
    seen, page = [], ""
    for _ in range(4):
        r = api.call("alex", "GET", "/api/sessions?page_size=2" + ("&page_token=" + page if page else ""))[2]
        seen += [x["session_id"] for x in r["sessions"]]
        page = r.get("next_page_token", "")
        if not page:
            break
    api.check("pages, newest first", seen[:5] == ids[::-1], (seen, ids))
    api.expect("switch", 200, "alex", "POST", "/api/sessions/%s/switch" % ids[0], has={"current": True})
    reply = api.s.chat("alex", "show my tickets")
    api.check("94 the next question goes there", reply["session_id"] == ids[0], reply)
    h = api.call("alex", "GET", "/api/history")[2]
    api.check("94 and the history is its", h["session_id"] == ids[0] and h["message_count"] == 2 and
              [m["role"] for m in h["messages"]] == ["user", "assistant"], h)
    h = api.call("admin", "GET", "/api/history")
    before = api.call("admin", "GET", "/api/sessions")[2].get("sessions", [])
    api.check("reading the history makes no session", h[0] == 200 and h[2]["session_id"] == "" and before == [], (h, before))


def texts(api):
    sid = api.s.new_session("sarah")
    said = ["Grüße \u4f60\u597d \U0001f600 \"quotes\" 'single' \\ backslash", "'; drop table messages; --",
            "<script>alert(1)</script> & \u202e", "x" * 10000, "two\nlines\tand a tab"]
    for text in said:
        api.s.chat("sarah", text, sid)
    h = api.call("sarah", "GET", "/api/history?page_size=100&session_id=" + sid)[2]
    api.check("A30 kept as it was said", [m["content"] for m in h["messages"] if m["role"] == "user"] == said,
              [m["content"][:50] for m in h["messages"]])
    api.check("A17 in order", [m["id"] for m in h["messages"]] == sorted((m["id"] for m in h["messages"]), key=int))
    api.expect("an empty message", 422, "sarah", "POST", "/api/chat", {"message": ""}, problem="message")
    api.expect("no message", 422, "sarah", "POST", "/api/chat", {}, problem="message")
    api.expect("a message of 17 KiB", 422, "sarah", "POST", "/api/chat", {"message": "x" * 17000}, problem="message")
    api.expect("a session that is not there", 404, "sarah", "POST", "/api/chat",
               {"message": "help", "session_id": str(uuid.uuid4())})
    api.expect("81 without a token", 401, None, "POST", "/api/chat", {"message": "help"})
    api.expect("a NUL in text", 422, "sarah", "POST", "/api/chat", b'{"message":"a\\u0000b"}', problem="message",
               Content_Type="application/json")


def registry(api):
    caps = {"domains": ["crm"], "keywords": ["customer", "customer", "account"], "priority": 0}
    new = {"agent_config": {"agent_type": "crm", "agent_card_url": "https://crm.example/card.json", "name": "CrmAgent",
                            "description": "customers"}, "capabilities": caps, "tags": ["beta", "production"]}
    for method, path in (("GET", "/registry/agents"), ("GET", "/registry/export"), ("GET", "/registry/agents/TicketsAgent")):
        api.expect("83 %s needs a token" % path, 401, None, method, path)
    r = api.expect("list", 200, "vishal", "GET", "/registry/agents")
    names = [a["name"] for a in r["agents"]]
    api.check("the four are there, approved and alive", {"TicketsAgent", "FinOpsAgent", "OxygenAgent", "JarvisAgent"} <=
              set(names) and names == sorted(names) and r["total"] == len(names) and
              all(a["status"] == "approved" and a["alive"] for a in r["agents"]), r)
    api.expect("a developer changes nothing", 403, "vishal", "POST", "/registry/agents", new)
    api.expect("A11 register", 201, "admin", "POST", "/registry/agents", new)
    api.expect("A11 twice", 409, "admin", "POST", "/registry/agents", new)
    got = api.expect("A11 get", 200, "admin", "GET", "/registry/agents/CrmAgent", has={"status": "pending"})
    api.check("duplicates collapse in order", got.get("capabilities", {}).get("keywords") == ["customer", "account"], got)
    api.expect("A11 capabilities", 200, "admin", "PUT", "/registry/agents/CrmAgent/capabilities",
               {"capabilities": {"priority": 5}}, has={"status": "updated"})
    api.check("A11 replaced", api.call("admin", "GET", "/registry/agents/CrmAgent")[2]["capabilities"]["priority"] == 5)
    for bad in (101, -101):
        api.expect("A12 priority %d" % bad, 422, "admin", "PUT", "/registry/agents/CrmAgent/capabilities",
                   {"capabilities": {"priority": bad}}, problem="capabilities.priority")
    api.expect("priority true is no number", 422, "admin", "PUT", "/registry/agents/CrmAgent/capabilities",
               {"capabilities": {"priority": True}}, problem="capabilities.priority")
    api.expect("A11 disable", 200, "admin", "PATCH", "/registry/agents/CrmAgent/status", {"enabled": False},
               has={"status": "disabled"})
    api.expect("enabled left out", 422, "admin", "PATCH", "/registry/agents/CrmAgent/status", {}, problem="enabled")
    on = [a["name"] for a in api.call("admin", "GET", "/registry/agents?enabled_only=true")[2]["agents"]]
    every = [a["name"] for a in api.call("admin", "GET", "/registry/agents")[2]["agents"]]
    api.check("A8 enabled only", "CrmAgent" not in on and "CrmAgent" in every, (on, every))
    tagged = [a["name"] for a in api.call("admin", "GET", "/registry/agents?tags=beta,nosuch")[2]["agents"]]
    api.check("A9 any of the tags", tagged == ["CrmAgent"], tagged)
    api.expect("A11 enable", 200, "admin", "PATCH", "/registry/agents/CrmAgent/status", {"enabled": True},
               has={"status": "enabled"})
    api.expect("a developer approves nothing", 403, "vishal", "PATCH", "/registry/agents/CrmAgent/approval",
               {"status": "approved"})
    api.expect("approve", 200, "admin", "PATCH", "/registry/agents/CrmAgent/approval",
               {"status": "approved", "notes": "seen"}, has={"status": "approved", "approved_by": "admin"})
    out = api.expect("export", 200, "admin", "GET", "/registry/export")
    api.check("export has what is needed to restore", out.get("agents", {}).get("CrmAgent", {}).get("agent_card_url") ==
              "https://crm.example/card.json" and out["total_agents"] == len(out["agents"]), out)
    api.expect("A11 delete", 200, "admin", "DELETE", "/registry/agents/CrmAgent", has={"status": "deleted"})
    api.expect("A10 unknown", 404, "admin", "GET", "/registry/agents/CrmAgent")
    bad = json.loads(json.dumps(new))
    bad["agent_config"]["agent_card_url"] = "file:///etc/passwd"
    api.expect("no http address", 422, "admin", "POST", "/registry/agents", bad, problem="agent_config.agent_card_url")


CARD = {"name": "AcmeAgent", "description": "acme", "version": "1", "skills": []}


class Cards(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = {"/flat": json.dumps(CARD), "/old": json.dumps({"agentCard": dict(CARD, name="OldAgent")}),
                "/text": "hello", "/noname": json.dumps({"description": "x"})}.get(self.path)
        self.send_response(200 if body else 404)
        self.end_headers()
        self.wfile.write((body or "").encode())

    def log_message(self, *args):
        pass


def remote_agents(api):
    def body(path, **more):
        return dict({"agent_card_url": "http://127.0.0.1:%d%s" % (api.cards, path), "capabilities": {},
                     "provider": {"name": "Acme"}}, **more)

    path = "/registry/agents/remote"
    r = api.expect("register a remote agent", 201, "admin", "POST", path, body("/flat"), has={"status": "pending_approval"})
    api.check("it is pending", r.get("data", {}).get("agent_name") == "AcmeAgent" and r["data"]["status"] == "pending", r)
    api.expect("A14 the old wrapper", 201, "admin", "POST", path, body("/old"))
    api.expect("never twice", 409, "admin", "POST", path, body("/flat"))
    api.expect("A13 unreachable", 503, "admin", "POST", path, body("/", agent_card_url="http://127.0.0.1:1/card"))
    api.expect("A13 no JSON", 400, "admin", "POST", path, body("/text"))
    api.expect("A13 no name", 400, "admin", "POST", path, body("/noname"))
    api.expect("A13 auth type basic", 422, "admin", "POST", path, body("/flat", auth_config={"type": "basic"}),
               problem="auth_config.type")
    api.expect("a developer fetches nothing", 403, "vishal", "POST", path, body("/flat"))
    for name in ("AcmeAgent", "OldAgent"):
        api.call("admin", "DELETE", "/registry/agents/" + name)


# ---- chat ---------------------------------------------------------------------------------------

def events_of(text):
    """[(id, event, data)] and the comments and other fields."""
    events, rest = [], []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line and not line.startswith(":"))
        if "data" in fields:
            events.append((fields.get("id"), fields["event"], json.loads(fields["data"])))
        elif block.strip():
            rest.append(block)
    return events, rest


def stream(api, who, path, body=None, **headers):
    headers = {k.replace("_", "-"): v for k, v in headers.items()}
    headers["Accept"] = "text/event-stream"
    status, h, text = api.s.http("POST" if body else "GET", path, body, api.s.login(who), headers)
    return status, h, (events_of(text) if status == 200 else text)


def chat(api):
    sid = api.s.new_session("vishal")
    r = api.s.chat("vishal", "show my tickets and aws cost", sid)
    api.check("a chat as JSON", r["outcome"] == "answered" and r["session_id"] == sid and r["message_id"] and
              r["degraded"] is False and len(r["suggestions"]) == 5 and
              {a["name"]: a["state"] for a in r["agents"]} == {"TicketsAgent": "answered", "FinOpsAgent": "answered"} and
              all(x in r["response"] for x in ("12301", "12303", "15,234.50")), r)

    status, h, (events, rest) = stream(api, "vishal", "/api/chat", {"message": "show my tickets and aws cost", "session_id": sid})
    kinds = [e[1] for e in events]
    done = events[-1][2]
    api.check("a chat as a stream", status == 200 and h["content-type"] == "text/event-stream" and
              h.get("x-accel-buffering") == "no" and h["cache-control"] == "no-store" and kinds[0] == "plan" and
              kinds[-1] == "done" and kinds.count("agent") == 4 and "delta" in kinds and "artifact" in kinds, (h, kinds))
    ids = [int(e[0]) for e in events]
    api.check("ids grow", ids == sorted(set(ids)) and ids[0] > 0, events)
    api.check("how long to wait before coming back", any(x.startswith("retry: ") for x in rest), rest)
    api.check("the plan names the turn", events[0][2]["message_id"] == done["message_id"] and
              events[0][2]["session_id"] == sid and len(events[0][2]["calls"]) == 2, events[0])
    api.check("pieces make up the answer", "".join(e[2]["text"] for e in events if e[1] == "delta").strip() ==
              done["response"].strip(), events)
    api.check("the stream's last event is what JSON gives", set(done) == set(r) and done["outcome"] == "answered", done)

    path = "/api/chat/%s/events" % done["message_id"]
    again = stream(api, "vishal", path)
    api.check("a stream can be read again", again[0] == 200 and again[2][0] == events, again)
    for i, last in enumerate(ids):
        part = stream(api, "vishal", path, Last_Event_ID=str(last))
        api.check("resumed after %d" % last, part[0] == 200 and part[2][0] == events[i + 1:], part)
    part = stream(api, "vishal", path, Last_Event_ID="999999")
    api.check("after what never was", part[0] == 422 and part[2]["field"] == "Last-Event-ID", part)
    api.check("not by somebody else", stream(api, "happy", path)[0] == 404)
    api.check("not a turn that never was", stream(api, "vishal", "/api/chat/%s/events" % uuid.uuid4())[0] == 404)
    api.check("an id that is none", stream(api, "vishal", path, Last_Event_ID="x")[0] == 400)
    status, _, problem = stream(api, "vishal", "/api/chat", {"message": "", "session_id": sid})
    api.check("an error before the first event is plain HTTP", status == 422 and problem["field"] == "message", problem)

    c = api.s.connect()
    c.request("POST", "/api/chat", json.dumps({"message": "show my tickets", "session_id": sid}),
              {"Authorization": "Bearer " + api.s.login("vishal"), "Content-Type": "application/json",
               "Accept": "text/event-stream"})
    first = c.getresponse()
    text = first.read()
    c.request("GET", "/health")
    api.check("a stream leaves the connection usable", b"event: done" in text and c.getresponse().status == 200)
    c.close()


def repeats(api):
    sid, key = api.s.new_session("vishal"), "key-" + uuid.uuid4().hex
    body = {"message": "create a ticket for vpn access", "session_id": sid}
    a = api.call("vishal", "POST", "/api/chat", body, Idempotency_Key=key)[2]
    b = api.call("vishal", "POST", "/api/chat", body, Idempotency_Key=key)[2]
    api.check("the same key, the same answer", a == b and a["outcome"] == "answered", (a, b))
    events = stream(api, "vishal", "/api/chat", body, Idempotency_Key=key)
    api.check("as a stream too", events[0] == 200 and events[2][0][-1][2]["message_id"] == a["message_id"], events)
    mine = api.s.chat("vishal", "show my tickets", sid)["response"]
    api.check("97 one ticket was made", mine.count("vpn_access") == 1, mine)
    api.expect("the same key for something else", 409, "vishal", "POST", "/api/chat",
               {"message": "show my courses", "session_id": sid}, Idempotency_Key=key)
    for bad in ("", "x" * 129, "a b", "\u00fc"):
        api.expect("a key like %r" % bad[:5], 422, "vishal", "POST", "/api/chat", body, problem="Idempotency-Key",
                   Idempotency_Key=bad)


def around_chat(api):
    r = api.expect("95 suggestions", 200, "admin", "POST", "/api/suggestions", {})
    api.check("95 five defaults, short", r.get("suggestions") == DEFAULTS or len(r.get("suggestions", [])) == 5, r)
    r = api.expect("98 notifications", 200, "vishal", "GET", "/api/notifications")
    kinds = [(n["kind"], n["priority"]) for n in r.get("notifications", [])]
    api.check("98 exams within a week are there", ("exam", "medium") in kinds, r)
    r = api.expect("98 happy's exam is pressing", 200, "happy", "GET", "/api/notifications")
    api.check("98 first", [(n["kind"], n["priority"]) for n in r.get("notifications", [])][:1] == [("exam", "high")], r)


def memory(api):
    mine, theirs = "/api/memory", {"kind": "fact", "text": "I work on cloud cost"}
    r = api.expect("a memory is kept", 201, "vishal", "POST", mine, theirs)
    api.check("with a number of its own", r["id"] == 1 and r["text"] == theirs["text"] and r["kind"] == "fact", r)
    again = api.expect("the same again", 201, "vishal", "POST", mine, theirs)
    api.check("is the same one", again["id"] == 1, again)
    listed = api.expect("memories are listed", 200, "vishal", "GET", mine)
    api.check("all of them", [m["text"] for m in listed["memories"]] == [theirs["text"]], listed)
    others = api.expect("nobody else's", 200, "admin", "GET", mine)
    api.check("not even for an administrator", others == {"memories": []}, others)
    api.expect("nor can they be erased", 404, "admin", "DELETE", mine + "/1")
    api.expect("a kind that is none", 422, "vishal", "POST", mine, {"kind": "secret", "text": "x"}, problem="kind")
    api.expect("nothing to remember", 422, "vishal", "POST", mine, {"kind": "fact"}, problem="text")
    api.expect("an unknown member", 422, "vishal", "POST", mine, dict(theirs, username="happy"), problem="username")
    api.expect("too long a memory", 422, "vishal", "POST", mine, {"kind": "fact", "text": "x" * 201}, problem="text")
    api.expect("a number that is none", 422, "vishal", "DELETE", mine + "/one", problem="id")
    api.expect("one is forgotten", 204, "vishal", "DELETE", mine + "/1")
    api.expect("and is gone", 404, "vishal", "DELETE", mine + "/1")
    api.expect("another", 201, "vishal", "POST", mine, {"kind": "preference", "text": "I prefer short answers"})
    api.expect("all are forgotten", 204, "vishal", "DELETE", mine)
    left = api.expect("and gone", 200, "vishal", "GET", mine)
    api.check("all of them are", left == {"memories": []}, left)
    api.expect("nobody has none", 401, None, "GET", mine)


def operators_port(api):
    """With a port of its own, what operators see is there and nowhere else."""
    def at_ops(path):
        c = http.client.HTTPConnection("127.0.0.1", api.ops, timeout=10)
        c.request("GET", path)
        r = c.getresponse()
        text = r.read().decode()
        c.close()
        return r.status, text

    status, text = at_ops("/metrics")
    api.check("/metrics on its own port", status == 200 and "jarvis_http_connections " in text, (status, text[:300]))
    began = re.search(r"^process_start_time_seconds (\d+)$", text, re.M)
    api.check("since when", began and abs(int(began[1]) - time.time()) < 3600, began)
    wanted = ["jarvis_ready 1"] + ['jarvis_component_up{component="%s"} 1' % c
                                   for c in ("nats", "auth", "registry", "sessions", "orchestrator")]
    api.check("what is there", all("\n%s\n" % w in text for w in wanted), text[-1500:])
    found = dict(re.findall(r'^jarvis_http_requests_total\{method="\w+",route="([^"]+)",class="(\w+)",', text, re.M))
    api.check("routes have classes", (found.get("/auth/login"), found.get("/api/chat"), found.get("/ready"))
              == ("api", "chat", "ops"), found)
    api.check("/health and /ready too", at_ops("/health")[0] == at_ops("/ready")[0] == 200)
    api.check("and nothing else", [at_ops(p)[0] for p in ("/", "/auth/me", "/openapi.json", "/app.js")] == [404] * 4)
    api.expect("/metrics is not on the main port", 404, None, "GET", "/metrics")


def document(api):
    status, h, doc = api.call(None, "GET", "/openapi.json")
    ops = [(m.upper(), p) for p, methods in doc["paths"].items() for m in methods]
    ids = [op["operationId"] for methods in doc["paths"].values() for op in methods.values()]
    api.check("/openapi.json", status == 200 and doc["openapi"] == "3.1.0" and len(ops) >= 30 and len(set(ids)) == len(ids), ops)

    def refs(node):
        if isinstance(node, dict):
            yield from ([node["$ref"]] if isinstance(node.get("$ref"), str) else [])
            for v in node.values():
                yield from refs(v)
        elif isinstance(node, list):
            for v in node:
                yield from refs(v)

    def there(ref):
        node = doc
        for part in ref[2:].split("/"):
            node = node.get(part, {})
        return bool(node)

    api.check("all references lead somewhere", all(there(r) for r in refs(doc)), [r for r in refs(doc) if not there(r)])
    closed = [p for p, ms in doc["paths"].items() for m, op in ms.items() if op.get("security") != []]
    api.check("what is documented as closed is closed", closed and all(
        api.s.http(m.upper(), p.replace("{", "").replace("}", ""), {} if m != "get" else None)[0] == 401
        for p, ms in doc["paths"].items() for m, op in ms.items() if op.get("security") != []))
    login = doc["components"]["schemas"]["jarvis.auth.v1.LoginRequest"]
    api.check("schemas say what is required", login["required"] == ["username", "password"], login)


def main():
    cards = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Cards)
    threading.Thread(target=cards.serve_forever, daemon=True).start()
    port = cards.server_address[1]
    tests = [sign_in, sign_out, sessions, texts, registry, remote_agents, chat, repeats,
             around_chat, memory, operators_port, document]
    ops = free_port()
    with Stack(env={"JARVIS_FETCH_ALLOW": "127.0.0.1:%d,127.0.0.1:1" % port,
                    "JARVIS_METRICS_LISTEN": "127.0.0.1:%d" % ops}) as s:
        api = Api(s, port, ops)
        for t in tests:
            if len(sys.argv) < 2 or t.__name__ in sys.argv[1:]:
                t(api)
    cards.shutdown()
    print("1..%d" % (api.passed + api.failed))
    return 1 if api.failed else 0


if __name__ == "__main__":
    sys.exit(main())
