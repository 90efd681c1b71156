"""shapes.py -- is a piece of JSON what proto/a2a.proto says? Every member known, in camelCase and of its
type, every REQUIRED one there, at most one of a oneof.

    wrong = wrong_with("Task", value)    # a list of sentences, empty when all is well
"""
import base64
import binascii
import os
import re

from stack import TOP

TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3}|\.\d{6}|\.\d{9})?Z$")


class Field:
    def __init__(self, line, oneof):
        m = re.match(r"(repeated |optional )?(map<\w+, *[\w.]+>|[\w.]+) (\w+) = \d+(.*)", line)
        self.repeated = m.group(1) == "repeated "
        self.type = m.group(2)
        self.name = re.sub(r"_([a-z0-9])", lambda c: c.group(1).upper(), m.group(3))
        self.required = "REQUIRED" in m.group(4)
        self.oneof = oneof


def blocks(source, kind):
    """(name, inside) of every `kind name { ... }` at the top."""
    for m in re.finditer(r"^%s (\w+) \{\n(.*?)^\}" % kind, source, re.M | re.S):
        yield m.group(1), m.group(2)


def fields(inside):
    oneof = None
    for statement in re.findall(r"oneof \w+ \{|\}|[^;{}]+;", inside):
        statement = " ".join(statement.split())
        if statement.startswith("oneof"):
            oneof = statement.split()[1]
        elif statement == "}":
            oneof = None
        elif re.match(r"(repeated |optional )?(map<|[\w.]+ )", statement) and \
                not statement.startswith(("option ", "reserved ")):
            yield Field(statement, oneof)


def load():
    with open(os.path.join(TOP, "proto", "a2a.proto"), encoding="utf-8") as f:
        source = re.sub(r"//[^\n]*", "", f.read())
    messages = {name: list(fields(inside)) for name, inside in blocks(source, "message")}
    enums = {name: set(re.findall(r"(\w+) = \d+", inside)) for name, inside in blocks(source, "enum")}
    return messages, enums


MESSAGES, ENUMS = load()
assert "Task" in MESSAGES and "TaskState" in ENUMS, "proto/a2a.proto is not understood"


def is_base64(value):
    try:
        return isinstance(value, str) and base64.b64decode(value, validate=True) is not None
    except binascii.Error:
        return False


SCALARS = {
    "string": lambda v: isinstance(v, str),
    "bool": lambda v: isinstance(v, bool),
    "int32": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "bytes": is_base64,
    "google.protobuf.Timestamp": lambda v: isinstance(v, str) and bool(TIMESTAMP.match(v)),
    "google.protobuf.Struct": lambda v: isinstance(v, dict),
    "google.protobuf.Value": lambda v: True,
}


def wrong_value(kind, value, path):
    if kind in SCALARS:
        return [] if SCALARS[kind](value) else ["%s is no %s: %r" % (path, kind, value)]
    if kind in ENUMS:
        return [] if value in ENUMS[kind] else ["%s is no %s: %r" % (path, kind, value)]
    return wrong_with(kind, value, path)


def wrong_field(field, value, path):
    if field.type.startswith("map<"):
        kind = field.type[:-1].split(",")[1].strip()
        if not isinstance(value, dict):
            return ["%s is no object" % path]
        return [w for k, v in value.items() for w in wrong_value(kind, v, "%s.%s" % (path, k))]
    if not field.repeated:
        return wrong_value(field.type, value, path)
    if not isinstance(value, list):
        return ["%s is no array" % path]
    return [w for i, v in enumerate(value) for w in wrong_value(field.type, v, "%s[%d]" % (path, i))]


def wrong_with(kind, value, path=""):
    """What is wrong with JSON as a message of proto/a2a.proto."""
    path = path or kind
    if not isinstance(value, dict):
        return ["%s is no object: %r" % (path, value)]
    known = {f.name: f for f in MESSAGES[kind]}
    wrong = ["%s has a member %s" % (path, name) for name in value if name not in known]
    oneofs = [known[name].oneof for name in value if name in known and known[name].oneof]
    wrong += ["%s has two of %s" % (path, o) for o in set(oneofs) if oneofs.count(o) > 1]
    wrong += ["%s has none of %s" % (path, o)  # "_name" is how `optional` is written
              for o in {f.oneof for f in known.values() if f.oneof and f.oneof[0] != "_"} - set(oneofs)]
    wrong += ["%s lacks %s" % (path, f.name) for f in known.values() if f.required and f.name not in value]
    for name, inner in value.items():
        if name in known:
            wrong += wrong_field(known[name], inner, "%s.%s" % (path, name))
    return wrong
