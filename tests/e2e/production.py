#!/usr/bin/env python3
"""production.py -- a system without the demo: its first administrator and the probe, whom settings name and
several processes make once; another signing key under load, which nobody notices; passwords that no command
line shows."""
import json
import os
import signal
import subprocess
import sys
import threading

import forge
from bus import Tally
from stack import BINARY, Stack, wait_for

BOSS, PROBE, OTHER = "correct horse battery", "staple of the probe", "another staple of the probe"
CALL = {"message": {"messageId": "production", "role": "ROLE_USER", "parts": [{
    "data": {"tool": "get_my_tickets", "arguments": {}}, "mediaType": "application/vnd.jarvis.tool-call+json"}]}}


class Auth:
    """One more process of auth."""

    def __init__(self, stack, number, **settings):
        env = stack.run_env()
        self.path = os.path.join(stack.folder, "auth-%d.log" % number)
        self.env = dict(stack.env, NATS_URL=env["NATS_URL"], DATABASE_URL=env["DATABASE_URL"], JARVIS_DEMO="0",
                        NATS_CREDS=os.path.join(os.path.dirname(env["NATS_CREDS"]), "auth.creds"), JARVIS_CLOCK="")
        self.env.update(settings)
        with open(self.path, "w") as log:
            self.process = subprocess.Popen([BINARY, "run", "auth"], env=self.env, stdout=log, stderr=log)

    def log(self):
        with open(self.path, errors="replace") as f:
            return f.read()

    def is_ready(self):
        assert self.process.poll() is None, self.log()
        return "ready, instance" in self.log()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


class Production(Tally):
    def __init__(self, stack):
        super().__init__()
        self.s, self.auths = stack, []

    def file(self, name, text):
        path = os.path.join(self.s.folder, name)
        with open(path, "w") as f:
            f.write(text + "\n")
        return "@" + path

    def settings(self, probe=PROBE):
        return {"JARVIS_ADMIN": "boss", "JARVIS_ADMIN_PASSWORD": self.file("boss", BOSS), "JARVIS_PROBE": "probe",
                "JARVIS_PROBE_PASSWORD": self.file("probe", probe)}

    def close(self):
        for a in self.auths:
            if a.process.poll() is None:
                a.process.kill()
                a.process.wait()

    def sign_in(self, name, password):
        return self.s.http("POST", "/auth/login", {"username": name, "password": password})

    def token(self, name, password):
        status, _, reply = self.sign_in(name, password)
        assert status == 200, (status, reply)
        return reply["access_token"]

    # ---- the first people -----------------------------------------------------------------------

    def bad_settings(self):
        for says, settings in (("JARVIS_ADMIN_PASSWORD: must have 8 to 256 bytes", {"JARVIS_ADMIN_PASSWORD": "2short!"}),
                               ("JARVIS_ADMIN_PASSWORD: everybody would guess it", {"JARVIS_ADMIN_PASSWORD": "password123"}),
                               ("JARVIS_ADMIN_PASSWORD: cannot open /nowhere", {"JARVIS_ADMIN_PASSWORD": "@/nowhere"}),
                               ("JARVIS_ADMIN: must be 1 to 64", {"JARVIS_ADMIN": "the boss"}),
                               ("JARVIS_PROBE: must be somebody else", {"JARVIS_PROBE": "BOSS"})):
            a = Auth(self.s, 0, **dict(self.settings(), **settings))
            code, log = a.process.wait(30), a.log()
            self.check("auth does not start: " + says, code != 0 and says in log and "2short!" not in log and
                       BOSS not in log, (code, log))
        self.check("and has made nobody", self.sign_in("boss", BOSS)[0] == 401)

    def made_once(self):
        self.auths = [Auth(self.s, i + 1, **self.settings()) for i in range(4)]
        for a in self.auths:
            wait_for(a.is_ready)
        boss = self.token("boss", BOSS)
        _, _, people = self.s.http("GET", "/auth/users", token=boss)
        self.check("four that start at once make each of them once",
                   [(p["username"], p["role"], p["enabled"]) for p in people["people"]] ==
                   [("boss", "admin", True), ("probe", "user", True)], people)
        _, _, audit = self.s.http("GET", "/api/audit?action=person_added", token=boss)
        texts = [r["text"] for r in audit["records"]]
        self.check("each is on record once", len(texts) == 2 and any("boss" in t and "JARVIS_ADMIN" in t for t in texts) and
                   any("probe" in t and "JARVIS_PROBE" in t for t in texts), audit)
        self.check("no log has a password", not any(p in a.log() for a in self.auths for p in (BOSS, PROBE)))

    def the_probe(self):
        token = self.token("probe", PROBE)
        status, _, reply = self.s.http("POST", "/api/chat", {"message": "show my tickets"}, token)
        self.check("the probe's question is answered", status == 200 and reply["outcome"] == "answered", (status, reply))
        status, _, reply = self.s.http("GET", "/auth/users", token=token)
        self.check("and it may see nobody else", status == 403, (status, reply))
        self.auths.append(Auth(self.s, 9, **self.settings(OTHER)))
        wait_for(self.auths[-1].is_ready)
        self.check("a new password in its file is its password", self.sign_in("probe", OTHER)[0] == 200 and
                   self.sign_in("probe", PROBE)[0] == 401)
        wait_for(lambda: self.s.http("GET", "/auth/me", token=token)[0] == 401)
        self.check("and what was signed in is over", True)

    # ---- passwords that no command line shows ---------------------------------------------------

    def call(self, *args, password=None):
        env = dict(self.s.env, **({"JARVIS_PASSWORD": password} if password else {}))
        return subprocess.run([BINARY, "call", *args], env=env, text=True, capture_output=True, timeout=60)

    def called_by_name(self):
        r = self.call("auth.Me", "{}", "--as", "boss", password=self.file("boss", BOSS))
        self.check("jarvis call --as NAME takes the password from JARVIS_PASSWORD's file", r.returncode == 0 and
                   json.loads(r.stdout)["username"] == "boss", r)
        r = self.call("auth.Me", "{}", "--as", "boss", password=BOSS)
        self.check("or from JARVIS_PASSWORD", r.returncode == 0, r)
        r = self.call("auth.Me", "{}", "--as", "boss:" + BOSS, password="something else")
        self.check("what --as says goes first", r.returncode == 0, r)
        for says, given in (("JARVIS_PASSWORD: is not set", None), ("Invalid username or password", "wrong password"),
                            ("JARVIS_PASSWORD: cannot open", "@/nowhere")):
            r = self.call("auth.Me", "{}", "--as", "boss", password=given)
            self.check("and says what is wrong: " + says, r.returncode == 1 and says in r.stderr and
                       "wrong password" not in r.stderr, r)

    # ---- another key ----------------------------------------------------------------------------

    @staticmethod
    def kid(token):
        return json.loads(forge.unb64(token.split(".")[0]))["kid"]

    def use(self, n, wrong, asked, over):
        """Somebody who is signed in, renews that, and signs in anew, all the time."""
        name, password = ("boss", BOSS) if n % 2 else ("probe", OTHER)
        first = self.sign_in(name, password)[2]
        pair = first
        while not over.is_set():
            for method, path, body, token in (
                    ("GET", "/auth/me", None, first["access_token"]),
                    ("POST", "/a2a/tickets/message:send", CALL, first["access_token"]),
                    ("POST", "/auth/refresh", {"refresh_token": pair["refresh_token"]}, None),
                    ("POST", "/a2a/tickets/message:send", CALL, None),
                    ("POST", "/auth/login", {"username": name, "password": password}, None),
                    ("GET", "/auth/me", None, None)):
                if token is None and not path.startswith("/auth/refresh") and not path.startswith("/auth/login"):
                    token = pair["access_token"]
                status, _, reply = self.s.http(method, path, body, token, {"A2A-Version": "1.0"})
                asked.append(path)
                if status != 200:
                    wrong.append((method, path, status, reply))
                    return
                pair = reply if "refresh_token" in reply else pair

    def nobody_notices(self):
        boss, wrong, asked, over, kids = self.token("boss", BOSS), [], [], threading.Event(), []
        people = [threading.Thread(target=self.use, args=(n, wrong, asked, over)) for n in range(6)]
        for p in people:
            p.start()
        try:
            for _ in range(5):
                before = len(asked)
                status, _, key = self.s.http("POST", "/auth/keys", {"purpose": "token"}, boss)
                assert status == 201, (status, key)
                signed = [self.kid(self.token("boss", BOSS)) for _ in range(8)] # whichever process answers
                kids.append((key["kid"], signed))
                wait_for(lambda b=before: wrong or len(asked) > b + 60)
        finally:
            over.set()
            for p in people:
                p.join()
        self.check("all processes of auth sign with a new key at once", all(set(s) == {k} for k, s in kids) and
                   len({k for k, _ in kids}) == 5, kids)
        self.check("five new keys, and nobody noticed", not wrong and len(asked) > 300, (len(asked), wrong[:3]))
        _, _, keys = self.s.http("GET", "/.well-known/jwks.json")
        shown = [k["kid"] for k in keys["keys"] if k["purpose"] == "token"]
        self.check("all are shown, the one that signs first", shown[0] == kids[-1][0] and len(shown) == 6, keys)
        _, _, audit = self.s.http("GET", "/api/audit?action=keys_rotated", token=boss)
        self.check("each is on record", len(audit["records"]) == 5 and audit["records"][0]["who"] == "boss" and
                   kids[-1][0] in audit["records"][0]["text"], audit)

    def not_without_end(self):
        boss = self.token("boss", BOSS)
        status, headers, reply = 201, {}, None
        for _ in range(20):
            status, headers, reply = self.s.http("POST", "/auth/keys", {}, boss)
            if status != 201:
                break
        self.check("too many keys are 429, with Retry-After", status == 429 and int(headers["retry-after"]) > 0 and
                   "still in use" in reply["detail"], (status, headers, reply))
        self.check("and one is still signed in", self.s.http("GET", "/auth/me", token=boss)[0] == 200)
        status, _, reply = self.s.http("POST", "/auth/keys", {"purpose": "x"}, boss)
        self.check("a purpose that is none is refused", status == 422 and reply["field"] == "purpose", (status, reply))
        status, _, reply = self.s.http("POST", "/auth/keys", {}, self.token("probe", OTHER))
        self.check("and who may not change people", status == 403, (status, reply))
        r = self.call("auth.RotateKeys", '{"purpose":"card"}', "--as", "boss", password=self.file("boss", BOSS))
        self.check("a new key for cards, by hand", r.returncode == 0 and json.loads(r.stdout)["purpose"] == "card", r)
        status, _, card = self.s.http("GET", "/a2a/tickets/.well-known/agent-card.json", token=boss)
        self.check("cards are still handed out", status == 200 and card["signatures"], (status, card))

    def all_end_well(self):
        self.check("all processes of auth end well", [a.stop() for a in self.auths] == [0] * len(self.auths))


def main():
    with Stack(clock="", env={"JARVIS_DEMO": "0"}) as s:
        p = Production(s)
        try:
            return p.run(p.bad_settings, p.made_once, p.the_probe, p.called_by_name, p.nobody_notices,
                         p.not_without_end, p.all_end_well)
        finally:
            p.close()


if __name__ == "__main__":
    sys.exit(main())
