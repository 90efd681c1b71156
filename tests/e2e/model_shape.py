"""model_shape.py -- what the checks of the providers' formats share: members of JSON objects, JSON Schemas, and how
an answer is cut into pieces. A check yields one sentence for each thing that the provider would refuse.
"""
import re

TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "number": (int, float)}
NAME = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
# Of JSON Schema, those words that speak of schemas inside.
INSIDE = {"properties": "map", "$defs": "map", "items": "one", "additionalProperties": "one", "anyOf": "list",
          "oneOf": "list", "prefixItems": "list"}


def is_a(value, kind):
    """kind: a name of TYPES; a bool is no number."""
    return isinstance(value, TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))


def members(value, at, table):
    """Is it an object with these members? table: name -> "string", "object!" (required), "a|b" either, "any"."""
    if not isinstance(value, dict):
        yield "%s: must be an object" % at
        return
    for name in value:
        if name not in table:
            yield "%s.%s: unknown member" % (at, name)
    for name, kinds in table.items():
        if name not in value:
            if kinds.endswith("!"):
                yield "%s.%s: required" % (at, name)
        elif kinds.strip("!") != "any" and not any(is_a(value[name], k) for k in kinds.strip("!").split("|")):
            yield "%s.%s: must be %s" % (at, name, kinds.strip("!"))


def schema_words(schema, at, allowed):
    """Only words of JSON Schema that the provider knows, and those in order."""
    if isinstance(schema, bool):
        return
    if not isinstance(schema, dict):
        yield "%s: must be a schema" % at
        return
    for word in sorted(set(schema) - set(allowed)):
        yield "%s.%s: is no supported word of a schema" % (at, word)
    yield from schema_facts(schema, at)
    for word, kind in INSIDE.items():
        inner = schema.get(word)
        if kind == "one" and inner is not None:
            yield from schema_words(inner, "%s.%s" % (at, word), allowed)
        elif kind != "one" and inner is not None:
            if not isinstance(inner, dict if kind == "map" else list):
                yield "%s.%s: wrong type" % (at, word)
                continue
            for i, one in inner.items() if kind == "map" else enumerate(inner):
                yield from schema_words(one, "%s.%s.%s" % (at, word, i), allowed)


def schema_facts(schema, at):
    kinds = schema.get("type")
    for kind in kinds if isinstance(kinds, list) else [kinds]:
        if kind is not None and str(kind).lower() not in [*TYPES, "null"]:
            yield "%s.type: %r is none" % (at, kind)
    if str(kinds).lower() == "array" and "items" not in schema and "prefixItems" not in schema:
        yield "%s: an array without items" % at
    if "enum" in schema and (not isinstance(schema["enum"], list) or not schema["enum"]):
        yield "%s.enum: must be a list with something in it" % at
    for name in schema.get("required", []):
        if name not in schema.get("properties", {}):
            yield "%s.required: %s is no property" % (at, name)


def inner_schemas(schema, at):
    """A schema and all schemas in it, with their places."""
    if not isinstance(schema, dict):
        return
    yield at, schema
    for word, kind in INSIDE.items():
        inner = schema.get(word, [])
        ones = [("", inner)] if kind == "one" else inner.items() if isinstance(inner, dict) else enumerate(inner)
        for i, one in ones:
            yield from inner_schemas(one, "%s.%s.%s" % (at, word, i))


def unique(names, at):
    for name in sorted({n for n in names if names.count(n) > 1}):
        yield "%s: %s is there twice" % (at, name)


def pieces(answer):
    """The text as it streams: the answer's own pieces, or words."""
    if answer.get("pieces") is not None:
        return list(answer["pieces"])
    return re.findall(r"\S+\s*|\s+", answer.get("text") or "")


def thirds(text):
    """Arguments come in parts."""
    n = len(text) // 3 + 1
    return [text[i:i + n] for i in range(0, len(text), n)]
