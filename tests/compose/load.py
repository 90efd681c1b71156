"""load.py -- people who go on working while something happens to the system.

    with Load(system, people=8) as load:
        ...
    print(load)              asked, failed, p50/p95; load.failures says what went wrong, load.created what was made

Each person keeps one connection open and does in turn what people do: asks in the chat, looks at a list, makes a
ticket by an A2A call, signs in on a new connection. Nothing is ever tried twice: whatever is not answered well is a
failure.
"""
import http.client
import threading
import time

PACE = 0.02 # seconds between two requests of a person; a load, not a flood


class Load:
    def __init__(self, system, people=8):
        self.system = system
        self.tokens = [system.add_person("load%d-%d" % (int(time.time() * 1000) % 10**9, i)) for i in range(people)]
        self.over = threading.Event()
        self.lock = threading.Lock()
        self.times, self.failures, self.created = [], [], []
        self.threads = [threading.Thread(target=self.work, args=(token,), daemon=True) for token in self.tokens]

    def __enter__(self):
        self.began = time.monotonic()
        for t in self.threads:
            t.start()
        return self

    def __exit__(self, *exc):
        self.over.set()
        for t in self.threads:
            t.join(60)
        self.seconds = time.monotonic() - self.began

    def wait_for(self, n):
        """Until so many more were answered: the load is on."""
        goal = len(self.times) + n
        end = time.monotonic() + 60
        while len(self.times) < goal:
            assert time.monotonic() < end, "the load does not get on: %s" % self.failures[:3]
            time.sleep(0.05)

    # ---- one person --------------------------------------------------------------------------------

    def work(self, token):
        client = self.system.client()
        n = 0
        while not self.over.wait(PACE):
            n += 1
            if n % 10 == 0: # a new connection now and then
                client.__exit__()
                client = self.system.client()
            self.once(client, token, (self.ask, self.look, self.create, self.ask_agent)[n % 4])
        client.__exit__()

    def once(self, client, token, what):
        began = time.monotonic()
        try:
            what(client, token)
        except (OSError, http.client.HTTPException, AssertionError, ValueError) as e:
            client.connection.close()
            with self.lock:
                self.failures.append("%.1f s: %s: %s: %s" % (began - self.began, what.__name__, type(e).__name__, e))
            return
        with self.lock:
            self.times.append(time.monotonic() - began)

    def ask(self, client, token):
        status, _, reply = client.request("POST", "/api/chat", {"message": "show my tickets and aws cost"}, token)
        assert status == 200 and reply["outcome"] == "answered", (status, str(reply)[:300])

    def look(self, client, token):
        status, _, reply = client.request("GET", "/api/sessions", None, token)
        assert status == 200, (status, str(reply)[:300])

    def create(self, client, token):
        made = client.tool(token, "tickets", "create_my_ticket", {"operation": "vpn_access"})
        with self.lock:
            self.created.append((token, int(made["ticket"]["id"])))

    def ask_agent(self, client, token):
        client.tool(token, "tickets", "get_my_tickets", {})

    # ---- what came of it ---------------------------------------------------------------------------

    def lost(self):
        """Tickets that were acknowledged and are not there, and those that are there twice."""
        missing = []
        with self.system.client() as client:
            for token in self.tokens:
                mine = {n for t, n in self.created if t == token}
                assert len(mine) == len([1 for t, _ in self.created if t == token]), "a number was given twice"
                for n in sorted(mine):
                    status, _, _ = client.request("GET", "/auth/me", None, token)
                    found = client.tool(token, "tickets", "get_ticket", {"ticket_id": n}) if status == 200 else None
                    if not found or int(found["id"]) != n:
                        missing.append(n)
        return missing

    def share(self, percent):
        times = sorted(self.times)
        return times[min(len(times) - 1, len(times) * percent // 100)] * 1000 if times else 0.0

    def error_rate(self):
        return len(self.failures) / max(1, len(self.failures) + len(self.times))

    def __str__(self):
        return "%d requests in %.0f s, %d failed, p50 %.0f ms, p95 %.0f ms, %d tickets made" % (
            len(self.times) + len(self.failures), self.seconds, len(self.failures), self.share(50), self.share(95),
            len(self.created))
