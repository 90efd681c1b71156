"""rogue.py -- a third party's agent that is announced on the bus by somebody who may announce one, and approved by an
administrator who did not look closely: its card says what the test wants.

    rogue = Rogue(stack, "evil", "EvilAgent", words, tools)
"""
import struct

from bus import Operator
from stack import wait_for
from wirenats import pb


def value(v):
    """A google.protobuf.Value."""
    if v is None:
        return pb((1, 0))
    if isinstance(v, bool):
        return pb((4, int(v)))
    if isinstance(v, (int, float)):
        return b"\x11" + struct.pack("<d", v)
    if isinstance(v, str):
        return pb((3, v))
    if isinstance(v, list):
        return pb((6, pb(*[(1, value(one)) for one in v])))
    return pb((5, object_(v)))


def object_(members):
    """A google.protobuf.Struct."""
    return pb(*[(1, pb((1, name), (2, value(v)))) for name, v in members.items()])


def card_of(name, description, tools, examples):
    extension = pb((1, "urn:jarvis:a2a:tools:v1"), (2, description), (4, object_({"tools": tools, "vocabulary": []})))
    skill = pb((1, "all"), (2, description[:60]), (3, description), (4, "tickets"), *[(5, e) for e in examples])
    return pb((1, name), (2, description), (5, "1"), (7, pb((3, extension))), (10, "text/plain"), (11, "text/plain"), (12, skill))


class Rogue:
    """Announced by the actor notifier, which has no agent; its credentials were stolen. Nothing answers for it."""

    def __init__(self, stack, token, name, description, tools, examples=()):
        self.stack, self.name, self.token = stack, name, token
        self.card = card_of(name, description, tools, examples)
        self.announce()
        admin = stack.login("admin")
        wait_for(lambda: stack.http("GET", "/registry/agents/" + name, token=admin)[0] == 200)
        status, _, reply = stack.http("PATCH", "/registry/agents/%s/approval" % name, {"status": "approved"}, admin)
        assert status == 200, reply

    def announce(self, leaving=False):
        beat = pb((1, "notifier"), (2, "stolen"), (3, "1"), (4, pb((1, 1736380800))), (5, self.card), (6, int(leaving)), (7, self.token))
        Operator(self.stack, "notifier", own_inbox=True).ask("jarvis.hb.notifier.stolen", beat, wait_ms=100)

    def gone(self):
        self.announce(leaving=True)
        self.stack.http("DELETE", "/registry/agents/" + self.name, token=self.stack.login("admin"))
