#!/usr/bin/env python3
"""a2a_nats_runs.py -- docs/a2a-nats-binding.md with tasks that take a while and agents that cannot do
everything: the conformance agent's profiles, by a plain NATS client."""
import glob
import os
import signal
import sys
import time
import uuid

from bus import ANSWERED, LOST, Listener, Operator, Tally
from conformant import Conformant
from stack import Stack, wait_for

A2A = "jarvis.a2a.conformance."
EXTENSION = "urn:a2a:tck:required-extension"
END = ({}, b"")


def send(what, **configuration):
    """A message for the conformance agent, which does what the beginning of its id says."""
    body = {"message": {"messageId": "%s-%s" % (what, uuid.uuid4().hex), "role": "ROLE_USER", "parts": [{"text": "go"}]}}
    return {**body, "configuration": configuration} if configuration else body


def number(part):
    return int(part.headers["Event-ID"])


def update(part):
    """(the member of a StreamResponse that is there, its value)"""
    return next(iter(part.json.items()))


def said(part):
    """The text of a status update."""
    kind, value = update(part)
    message = value.get("status", {}).get("message", {}) if kind == "statusUpdate" else {}
    return "".join(p.get("text", "") for p in message.get("parts", []))


class Agent:
    def __init__(self, tally, conformant):
        self.check = tally.check
        self.var = glob.glob(os.path.join(conformant.folder, "jarvis-conformance.*"))[0]
        if os.path.isdir(os.path.join(self.var, "var")):
            self.var = os.path.join(self.var, "var")
        self.o = Operator(self)

    def run_env(self):
        return Stack.run_env(self)

    def pids(self):
        return Stack.pids(self)

    def one(self, method, body, **headers):
        return self.o.one(A2A + method, body, headers={k.replace("_", "-"): str(v) for k, v in headers.items()})

    def hop(self, task, seen, ms=20000, pending=0, **kw):
        """One request of SubscribeToTask: (exit code, its parts without signs of life)."""
        headers = {"Last-Event-ID": str(seen), "Jarvis-Deadline": str(int(time.time() * 1000) + ms)}
        code, parts, _ = self.o.ask(A2A + "SubscribeToTask", {"id": task}, headers=headers, most=0, pending=pending, **kw)
        return code, [p for p in parts if "Jarvis-Alive" not in p.headers]

    def is_error(self, name, reply, code, reason):
        status = reply.json
        self.check(name, reply.code == 400 and status["code"] == code and status["details"][0]["reason"] == reason and
                   status["details"][0]["domain"] == "a2a-protocol.org", reply)

    def is_run(self, name, parts, n):
        """The updates of a task of n steps after its Task: each once, in order, to the end."""
        numbers = [number(p) for p in parts]
        steps = [said(p) for p in parts if said(p).startswith("step ")]
        self.check(name, numbers == sorted(set(numbers)) and
                   steps == ["step %d of %d" % (i + 1, n) for i in range(n - len(steps), n)] and
                   update(parts[-1])[1]["status"]["state"] == "TASK_STATE_COMPLETED", (numbers, steps))
        return steps

    # ---- the full profile -----------------------------------------------------------------------

    def chunks(self):
        parts = self.o.ask(A2A + "SendStreamingMessage", send("chunks-100"), most=0)[1]
        self.check("a long stream comes to its end", parts[-1] == END and update(parts[0])[0] == "task")
        task = update(parts[0])[1]
        text = "".join(p["text"] for a in task.get("artifacts", []) for p in a["parts"])
        for p in parts[1:-1]:
            kind, value = update(p)
            if kind == "artifactUpdate" and value["artifact"]["artifactId"] == "chunks":
                assert value.get("append", False) == bool(text), value
                text += value["artifact"]["parts"][0]["text"]
        wanted = "".join("chunk %d of 100\n" % (i + 1) for i in range(100))
        self.check("the pieces make up the artifact, in order", text == wanted, text)
        whole = self.one("GetTask", {"id": task["id"]}).json["artifacts"][0]
        self.check("as it is in the task", "".join(p["text"] for p in whole["parts"]) == wanted, whole)

    def slow_client(self):
        task = self.one("SendMessage", send("chunks-100")).json["task"]["id"]
        _, whole = self.hop(task, 1)
        seen, got, losses = 1, [], 0
        while not got or got[-1] != END:
            code, parts = self.hop(task, seen, pending=0 if losses == 3 else 20)
            losses += code == LOST
            got += parts
            seen = number(parts[-1]) if code == LOST else seen
        self.check("a client that loses parts three times has each once at the end", losses == 3 and got == whole and
                   len(whole) > 100, (losses, len(got), len(whole)))

    def hops(self):
        task = self.one("SendMessage", send("steps-12-150", returnImmediately=True)).json["task"]["id"]
        seen, got, hops, over = 1, [], 0, False
        while not over and hops < 60:
            hops += 1
            _, parts = self.hop(task, seen, 400)
            over = not any(p.code for p in parts)
            assert parts[-1] == END and (over or parts[-2].code == 504), parts
            news = [p for p in parts[:-1] if not p.code]
            got += news
            seen = number(got[-1]) if got else seen
        steps = self.is_run("hop after hop each event comes once, in order", got, 12)
        self.check("from the first step on, over several hops", len(steps) == 12 and hops > 2, (hops, steps))

    def killed(self):
        task = self.one("SendMessage", send("steps-12-200", returnImmediately=True)).json["task"]["id"]
        before = self.pids()["conformance"]
        with Listener(self.o, A2A + "SubscribeToTask", '{"id": "%s"}' % task, headers=["Last-Event-ID: 1"]) as f:
            got = f.wait(4)[:4]
            os.kill(before, signal.SIGKILL)
            wait_for(lambda: self.pids().get("conformance", before) != before, 20)

            def goes_on():
                code, parts = self.hop(task, number(got[-1]))
                return code == ANSWERED and parts[-1:] == [END] and not any(p.code for p in parts) and parts[:-1]

            rest = wait_for(goes_on, 40)
        steps = self.is_run("its agent is killed: the task goes on, and so does the stream, each event once", got + rest, 12)
        self.check("no step is missing", len(steps) == 12, steps)

    # ---- what an agent may leave out -----------------------------------------------------------------

    def minimal(self):
        task = self.one("SendMessage", send("tck-input-required")).json["task"]["id"]
        for method, body in (("SendStreamingMessage", send("tck-complete-task")), ("SubscribeToTask", {"id": task})):
            code, parts, _ = self.o.ask(A2A + method, body, most=0)
            self.check(method + ": not offered, then the end", code == ANSWERED and parts[1:] == [END], parts)
            self.is_error(method + ": UNSUPPORTED_OPERATION", parts[0], 9, "UNSUPPORTED_OPERATION")
        self.is_error("GetExtendedAgentCard: UNSUPPORTED_OPERATION", self.one("GetExtendedAgentCard", {}), 9,
                      "UNSUPPORTED_OPERATION")
        ids = {"taskId": task, "id": "x"}
        for method, body in (("CreateTaskPushNotificationConfig", {"taskId": task, "url": "https://8.8.8.8/"}),
                             ("GetTaskPushNotificationConfig", ids), ("ListTaskPushNotificationConfigs", {"taskId": task}),
                             ("DeleteTaskPushNotificationConfig", ids),
                             ("SendMessage", send("tck-complete-task", taskPushNotificationConfig={"url": "https://8.8.8.8/"}))):
            self.is_error(method + ": PUSH_NOTIFICATION_NOT_SUPPORTED", self.one(method, body), 9,
                          "PUSH_NOTIFICATION_NOT_SUPPORTED")

    def extension(self):
        for value in (None, "https://example.com/x", EXTENSION + "x"):
            headers = {"A2A_Extensions": value} if value else {}
            self.is_error("EXTENSION_SUPPORT_REQUIRED without it: %s" % value, self.one(
                "SendMessage", send("tck-complete-task"), **headers), 9, "EXTENSION_SUPPORT_REQUIRED")
        card = self.one("GetExtendedAgentCard", {}).json
        declared = [e for e in card["capabilities"]["extensions"] if e["uri"] == EXTENSION]
        self.check("the card, where one learns of it, does not ask for it", declared[0]["required"], card)
        reply = self.one("SendMessage", send("tck-complete-task"), A2A_Extensions="https://example.com/x, " + EXTENSION)
        self.check("named, it works", reply.json["task"]["status"]["state"] == "TASK_STATE_COMPLETED", reply)


def main():
    tally = Tally()
    for profile, names in (("full", ("chunks", "slow_client", "hops", "killed")), ("minimal", ("minimal",)),
                           ("required-extension", ("extension",))):
        with Conformant(profile) as conformant:
            agent = Agent(tally, conformant)
            tally.each(*[getattr(agent, name) for name in names])
    return tally.run()


if __name__ == "__main__":
    sys.exit(main())
