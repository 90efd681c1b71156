#!/usr/bin/env python3
"""identity.py -- sign-in, tokens and their end, over HTTP and on the bus of the whole running system."""
import base64
import collections
import json
import os
import signal
import statistics
import sys
import threading
import time

import forge
from bus import ANSWERED, REFUSED, Operator, Tally
from stack import PASSWORDS, Stack, wait_for

# One method of each process that checks tokens by itself.
EVERYWHERE = ["jarvis.svc.auth.Me", "jarvis.svc.registry.List", "jarvis.svc.sessions.List", "jarvis.svc.tickets.ListMine",
              "jarvis.svc.finops.AllCosts", "jarvis.svc.oxygen.MyCourses", "jarvis.svc.orchestrator.Suggest"]
WRONG = "Invalid username or password"


def part(token, i):
    return json.loads(forge.unb64(token.split(".")[i]))


def at_once(n, work):
    """work(i) on n threads that begin together; what each returned."""
    results, gate = [None] * n, threading.Barrier(n)

    def run(i):
        gate.wait()
        try:
            results[i] = work(i)
        except OSError as e:
            results[i] = e

    threads = [threading.Thread(target=run, args=(i,)) for i in range(n)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return results


class Identity(Tally):
    def __init__(self, stack):
        super().__init__()
        self.s, self.o = stack, Operator(stack)
        self.issued = []  # every token and password that must not be in a log

    # ---- helpers --------------------------------------------------------------------------------

    def login(self, username, password=None):
        status, _, reply = self.s.http("POST", "/auth/login", {
            "username": username, "password": password or PASSWORDS.get(username, "password123")})
        if status == 200:
            self.issued += [reply["access_token"], reply["refresh_token"]]
        return status, reply

    def sign_in(self, username):
        status, reply = self.login(username)
        assert status == 200, (username, status, reply)
        return reply

    def refresh(self, token):
        status, _, reply = self.s.http("POST", "/auth/refresh", {"refresh_token": token})
        if status == 200:
            self.issued += [reply["access_token"], reply["refresh_token"]]
        return status, reply

    def me(self, token):
        return self.s.http("GET", "/auth/me", token=token)[0]

    def codes(self, token):
        """What each process thinks of a token: 0 is good."""
        return {subject: self.o.one(subject, token=token).code for subject in EVERYWHERE}

    def good_everywhere(self, name, token):
        codes = self.codes(token)
        self.check(name, self.me(token) == 200 and not any(codes.values()), (self.me(token), codes))

    def ended_everywhere(self, name, *tokens):
        """Within a second of the answer that ended them."""
        began = time.monotonic()
        wait_for(lambda: all(self.me(t) == 401 for t in tokens), 5)
        took = time.monotonic() - began
        codes = [self.codes(t) for t in tokens]
        self.check(name, took < 1 and all(c == 401 for d in codes for c in d.values()), (took, codes))

    def restart(self, name):
        old = self.s.pids()[name]
        os.kill(old, signal.SIGKILL)
        wait_for(lambda: self.s.pids().get(name, old) != old, 20)

    def audit(self, action):
        reply = self.o.one("$JS.API.STREAM.MSG.GET.JARVIS_AUDIT", {"last_by_subj": "jarvis.audit.auth." + action}).json
        return json.loads(base64.b64decode(reply["message"]["data"])) if "message" in reply else {}

    # ---- tokens ---------------------------------------------------------------------------------

    def tokens(self):
        a, b, admin = self.sign_in("vishal"), self.sign_in("vishal"), self.sign_in("admin")
        header, claims = part(a["access_token"], 0), part(a["access_token"], 1)
        _, _, jwks = self.s.http("GET", "/.well-known/jwks.json")
        key = next((k for k in jwks["keys"] if k["kid"] == header["kid"]), None)
        self.check("the header: ES256 and a key that is published",
                   header["alg"] == "ES256" and key and key["alg"] == "ES256" and key["use"] == "sig" and
                   (key["kty"], key["crv"]) == ("EC", "P-256"), (header, jwks))
        self.check("the key set holds nothing private", set(key) == {"kty", "crv", "x", "y", "kid", "alg", "use", "purpose"}, jwks)
        self.check("the signature is of that key", forge.verifies(key, a["access_token"]) and
                   not forge.verifies(key, a["access_token"].replace(".", ".e", 1)))
        self.check("the claims", claims["iss"] == "jarvis-auth" and claims["aud"] == "jarvis-api" and
                   claims["sub"] == "user_001" and claims["username"] == "vishal" and claims["role"] == "developer" and
                   claims["exp"] - claims["iat"] == a["expires_in"] == 900 and
                   abs(claims["iat"] - time.time()) < 30, claims)
        other = part(b["access_token"], 1)
        self.check("each sign-in has its own ids", claims["jti"] != other["jti"] and claims["sid"] != other["sid"] and
                   a["refresh_token"] != b["refresh_token"], (claims, other))
        mine, all_ = claims["scope"].split(), part(admin["access_token"], 1)["scope"].split()
        self.check("scopes by role", "tickets:read" in mine and not [x for x in mine if x.endswith(":all")] and
                   "tickets:read:all" in all_ and "registry:approve" in all_, (mine, all_))
        self.good_everywhere("good with every process", a["access_token"])

    # ---- refreshing -----------------------------------------------------------------------------

    def cards(self):
        """Agents' cards are signed for the gateway alone, over a text that we make anew here."""
        card = {"name": "DesksAgent", "description": "Wer sitzt wo? \u20ac \U0001f600", "version": "1.0",
                "supportedInterfaces": [{"url": "https://x.example/a2a", "protocolBinding": "JSONRPC",
                                         "protocolVersion": "1.0"}],
                "capabilities": {"streaming": False, "pushNotifications": True}, "skills": [
                    {"id": "find", "name": "Find", "description": "Finds desks", "tags": ["z", "a"]}],
                "defaultInputModes": ["text/plain"], "defaultOutputModes": ["text/plain"]}
        reply = Operator(self.s, "gateway", own_inbox=True).one("jarvis.svc.auth.SignCard", card).json
        jws = reply["signatures"][0]
        header = json.loads(forge.unb64(jws["protected"]))
        keys = self.s.http("GET", "/.well-known/jwks.json")[2]["keys"]
        key = next((k for k in keys if k["kid"] == header["kid"]), None)
        self.check("a card's signature: ES256, by a published key for cards", len(reply["signatures"]) == 1 and key and
                   header == {"alg": "ES256", "typ": "JOSE", "kid": key["kid"]} and key["purpose"] == "card", (reply, keys))

        def verifies(signed):
            text = json.dumps(signed, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
            return forge.verifies(key, ".".join((jws["protected"], forge.b64(text), jws["signature"])))

        self.check("the signature is of the card", verifies(card) and not verifies({**card, "name": "EvilAgent"}))
        for who in ("operator", "tickets", "orchestrator"):
            code, _, _ = Operator(self.s, who, own_inbox=True).ask("jarvis.svc.auth.SignCard", card)
            self.check("not signed for " + who, code == REFUSED, code)

    def rotation(self):
        first, bystander = self.sign_in("happy"), self.sign_in("happy")
        status, second = self.refresh(first["refresh_token"])
        self.check("a refresh token gives a new pair", status == 200 and second["user"]["username"] == "happy" and
                   second["refresh_token"] != first["refresh_token"], (status, second))
        one, two = part(first["access_token"], 1), part(second["access_token"], 1)
        self.check("of the same sign-in", one["sid"] == two["sid"] and one["jti"] != two["jti"], (one, two))
        self.good_everywhere("the new access token is good", second["access_token"])
        self.check("the old one is, too, until it runs out", self.me(first["access_token"]) == 200)

        status, reply = self.refresh(first["refresh_token"])
        self.check("a spent refresh token is refused", status == 401 and "sign in again" in reply["detail"], (status, reply))
        self.ended_everywhere("and ends the sign-in: access tokens", first["access_token"], second["access_token"])
        self.check("and the refresh token that was good", self.refresh(second["refresh_token"])[0] == 401)
        self.good_everywhere("another sign-in of that person goes on", bystander["access_token"])
        self.check("its refresh token, too", self.refresh(bystander["refresh_token"])[0] == 200)
        record = wait_for(lambda: self.audit("refresh_reuse"), 10)
        self.check("the reuse is on record", one["sid"] in record["text"], record)

    def race(self):
        start = self.sign_in("happy")
        answers = at_once(8, lambda i: self.refresh(start["refresh_token"]))
        won = [a for a in answers if a[0] == 200]
        self.check("eight uses at once: one wins at most, the others are refused",
                   len(won) <= 1 and {a[0] for a in answers} <= {200, 401}, [a[0] for a in answers])
        self.ended_everywhere("and the sign-in is over", start["access_token"], *[w[1]["access_token"] for w in won])
        chain = self.sign_in("happy")
        for _ in range(20):
            status, chain = self.refresh(chain["refresh_token"])
            assert status == 200, (status, chain)
        self.check("twenty refreshes in a row are fine", self.me(chain["access_token"]) == 200)

    def bad_refreshes(self):
        for name, body, wanted in (("of nobody", {"refresh_token": "A" * 43}, {401}), ("empty", {"refresh_token": ""}, {401, 422}),
                                   ("very long", {"refresh_token": "A" * 10000}, {401, 422}), ("missing", {}, {422}),
                                   ("a number", {"refresh_token": 5}, {422}),
                                   ("an access token", {"refresh_token": self.sign_in("vishal")["access_token"]}, {401, 422}),
                                   ("with a NUL", {"refresh_token": "A\0B"}, {401, 422})):
            status, _, reply = self.s.http("POST", "/auth/refresh", body)
            self.check("a refresh token %s" % name, status in wanted and reply["detail"], (status, reply))

    # ---- signing out ----------------------------------------------------------------------------

    def logout(self):
        t, other = self.sign_in("alex"), self.sign_in("alex")
        self.good_everywhere("before signing out", t["access_token"])
        status, _, reply = self.s.http("POST", "/auth/logout", {}, t["access_token"])
        self.check("signed out", status == 204 and not reply, (status, reply))
        self.ended_everywhere("the access token has ended at the gateway and on the bus", t["access_token"])
        self.check("the refresh token, too", self.refresh(t["refresh_token"])[0] == 401)
        self.check("signing out twice is refused", self.s.http("POST", "/auth/logout", {}, t["access_token"])[0] == 401)
        self.good_everywhere("the other sign-in goes on", other["access_token"])

        third, victim = self.sign_in("alex"), self.sign_in("vishal")
        self.s.http("POST", "/auth/logout", {"refresh_token": victim["refresh_token"]}, third["access_token"])
        self.check("nobody signs out somebody else", self.me(victim["access_token"]) == 200 and
                   self.refresh(victim["refresh_token"])[0] == 200)
        fourth = self.sign_in("alex")
        self.s.http("POST", "/auth/logout", {"refresh_token": fourth["refresh_token"]}, other["access_token"])
        self.ended_everywhere("a sign-in that one names by its refresh token ends, too",
                              fourth["access_token"], other["access_token"])
        self.check("without a token nobody signs out", self.s.http("POST", "/auth/logout", {})[0] == 401)

    # ---- passwords ------------------------------------------------------------------------------

    def lockout(self):
        before = self.sign_in("alex")
        wrong = [self.login("ALEX" if i % 2 else "alex", "guess-%d" % i) for i in range(5)]
        self.check("wrong passwords are refused", all(s == 401 and r["detail"] == WRONG for s, r in wrong), wrong)
        status, reply = self.login("alex")
        self.check("after five not even the right one is good, and says the same", status == 401 and
                   reply["detail"] == WRONG, (status, reply))
        self.check("others are not locked out", self.login("vishal")[0] == 200)
        self.check("nor is who is signed in already", self.me(before["access_token"]) == 200 and
                   self.refresh(before["refresh_token"])[0] == 200)
        forge.psql(self.s, "update auth.attempts set failed_at = failed_at - interval '16 minutes'")
        self.check("a quarter of an hour later it is open again", self.login("alex")[0] == 200)
        for i in range(4):
            self.login("alex", "guess-%d" % i)
        self.check("four wrong ones and a right one", self.login("alex")[0] == 200)
        for i in range(4):
            self.login("alex", "guess-%d" % i)
        self.check("which begins the count anew", self.login("alex")[0] == 200)

    def wrong_bodies(self):
        for name, body, wanted in (("a long name", {"username": "v" * 65, "password": "x"}, 422),
                                   ("a long password", {"username": "vishal", "password": "x" * 257}, 422),
                                   ("an unknown member", {"username": "vishal", "password": "x", "admin": True}, 422),
                                   ("an empty name", {"username": "", "password": "x"}, 422),
                                   ("a NUL in the password", {"username": "vishal", "password": "password123\0x"}, 422),
                                   ("a password that is a list", {"username": "vishal", "password": ["x"]}, 422),
                                   ("SQL in the name", {"username": "vishal'; drop table auth.people; --", "password": "x"}, 401),
                                   ("a name with a space", {"username": "vishal ", "password": "password123"}, 401),
                                   ("a password in capitals", {"username": "vishal", "password": "PASSWORD123"}, 401)):
            status, _, reply = self.s.http("POST", "/auth/login", body)
            self.check("sign-in with %s: %d" % (name, wanted), status == wanted and reply["detail"], (status, reply))
        self.check("and afterwards the right one", self.login("vishal")[0] == 200)

    def timing(self):
        """Whether a name exists must not show in the time an answer takes."""
        def took(username):
            began = time.monotonic()
            self.login(username, "wrong")
            return time.monotonic() - began

        known = statistics.median(took("sarah") for _ in range(4))
        unknown = statistics.median(took("nobody-%d" % i) for i in range(4))
        self.check("an unknown name takes as long as a known one", 0.4 < unknown / known < 2.5, (known, unknown))
        forge.psql(self.s, "delete from auth.attempts")

    def disabled(self):
        t = self.sign_in("sarah")
        forge.psql(self.s, "update auth.people set disabled = true where username = 'sarah'")
        status, reply = self.login("sarah")
        self.check("a disabled person cannot sign in", status == 401 and reply["detail"] == WRONG, (status, reply))
        self.check("nor refresh", self.refresh(t["refresh_token"])[0] == 401)
        forge.psql(self.s, "update auth.people set disabled = false where username = 'sarah'; delete from auth.attempts")
        self.check("enabled again", self.login("sarah")[0] == 200)

    def crowd(self):
        names = ["vishal", "happy", "alex", "sarah", "admin"]
        answers = at_once(200, lambda i: self.login(names[i % 5]))
        count = collections.Counter(a[0] if isinstance(a, tuple) else repr(a) for a in answers)
        self.check("200 sign-ins at once: answered, or told to come again", set(count) <= {200, 429, 503, 504} and
                   count[200] >= 20, count)
        good = [a[1]["access_token"] for a in answers if isinstance(a, tuple) and a[0] == 200]
        self.check("each has tokens of its own", len({part(t, 1)["sid"] for t in good}) == len(good), len(good))
        self.check("those who got in are in", all(self.me(t) == 200 for t in good[:20]))
        self.check("nothing is broken", self.login("vishal")[0] == 200 and self.s.http("GET", "/ready")[0] == 200)
        guesses = at_once(20, lambda i: self.login("sarah", "guess-%d" % i))
        self.check("twenty wrong guesses at once lock the name", all(g[0] in (401, 429, 503) for g in guesses) and
                   self.login("sarah")[0] == 401, collections.Counter(g[0] for g in guesses))
        forge.psql(self.s, "delete from auth.attempts")

    # ---- restarts -------------------------------------------------------------------------------

    def restarts(self):
        kept, ended = self.sign_in("vishal"), self.sign_in("vishal")
        kid = part(kept["access_token"], 0)["kid"]
        self.s.http("POST", "/auth/logout", {}, ended["access_token"])
        for name in ("auth", "tickets", "gateway"):
            self.restart(name)
            wait_for(lambda: self.me(kept["access_token"]) == 200, 20)
            wait_for(lambda: not any(self.codes(kept["access_token"]).values()), 20)
            self.check("%s killed: tokens are good, ended ones stay ended" % name, self.me(ended["access_token"]) == 401 and
                       set(self.codes(ended["access_token"]).values()) == {401}, self.codes(ended["access_token"]))
        status, kept = self.refresh(kept["refresh_token"])
        self.check("refreshing goes on, with the same key", status == 200 and part(kept["access_token"], 0)["kid"] == kid, kept)
        self.s.down()
        self.s.up()
        self.o = Operator(self.s)
        self.good_everywhere("the whole system stopped and started: tokens are good", kept["access_token"])
        self.ended_everywhere("ended ones stay ended", ended["access_token"])
        self.check("and refreshing goes on", self.refresh(kept["refresh_token"])[0] == 200)

    def missed(self):
        """Two processes are not there when a sign-in ends: they ask before they trust its token again."""
        t, kept = self.sign_in("happy")["access_token"], self.sign_in("happy")["access_token"]
        self.good_everywhere("known everywhere", t)
        pids = self.s.pids()
        away = [pids["gateway"], pids["tickets"]]
        try:
            for pid in away:
                os.kill(pid, signal.SIGSTOP)
            self.restart("nats")
            wait_for(lambda: self.o.ask("jarvis.svc.auth.Logout", token=t, wait_ms=1000)[0] == ANSWERED, 20)
        finally:
            for pid in away:
                os.kill(pid, signal.SIGCONT)
        def all_are_back():
            try:
                return self.me(kept) == 200 and not any(self.codes(kept).values())
            except AssertionError: # nobody answers yet: it has not come back to the bus
                return False
        wait_for(all_are_back, 20)
        self.ended_everywhere("the end of a sign-in that was missed", t)
        self.check("by the same processes", [self.s.pids()[n] for n in ("gateway", "tickets")] == away)

    def secrets(self):
        """No log and no audit record tells a token or a password."""
        secret = [t for t in self.issued if t] + ["password123", "admin123", "guess-1"]
        logs = os.path.join(self.s.var, "log")
        for name in sorted(os.listdir(logs)):
            with open(os.path.join(logs, name), errors="replace") as f:
                text = f.read()
            found = [t for t in secret if t in text or t.split(".")[-1] in text]
            self.check("log/%s tells no secret" % name, not found, [f[:20] for f in found])


def main():
    with Stack() as s:
        i = Identity(s)
        return i.run(i.tokens, i.cards, i.rotation, i.race, i.bad_refreshes, i.logout, i.lockout, i.wrong_bodies,
                     i.timing, i.disabled, i.crowd, i.missed, i.restarts, i.secrets)


if __name__ == "__main__":
    sys.exit(main())
