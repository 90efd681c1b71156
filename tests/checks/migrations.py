"""migrations.py -- an actor's migrations and demo data touch its own schema, and are numbered."""
import re

from tree import Report, code_only, paths, text

report = Report("migrations")
actors = re.findall(r"^X\((\w+)\)", text("actors/actors.def"), re.M)
others = {a: [b for b in actors + ["jarvis", "public", "pg_catalog"] if b != a] for a in actors}


def sql_only(source):
    """Without comments and the insides of text."""
    source = re.sub(r"--[^\n]*", "", source)
    return code_only(re.sub(r"'(?:[^']|'')*'", "''", source))


def check(path, actor):
    source = sql_only(text(path)).lower()
    for i, line in enumerate(source.split("\n"), 1):
        # "tickets.id" may be a column of a table that has the schema's name: only tables count.
        m = re.search(
            r"\b(?:from|join|into|update|table|references|on|index|view|function|type|exists|sequence)"
            r"\s+(?:only\s+)?\"?(%s)\"?\s*\.\s*\"?\w" % "|".join(others[actor]), line)
        if m:
            report.add(f"{path}:{i}", f"touches {m.group(1)}, which is not its schema")
        if re.search(r"\b(create|drop|alter)\s+(schema|role|user|database|extension)\b|search_path"
                     r"|\bgrant\b|\brevoke\b", line):
            report.add(f"{path}:{i}", "schemas, roles and search paths are the runtime's")


files = paths("actors/*/migrations/*", "actors/*/seed/*")
numbers = {}
for file in files:
    _, name, kind, base = file.split("/", 3)
    if name not in actors:
        report.add(file, f"{name} is not in actors.def")
        continue
    if kind == "migrations":
        m = re.fullmatch(r"(\d{3})_[a-z0-9_]+\.sql", base)
        if not m:
            report.add(file, "is not called NNN_what_it_does.sql")
            continue
        numbers.setdefault(name, []).append(int(m.group(1)))
    check(file, name)
for name, have in numbers.items():
    if sorted(have) != list(range(1, len(have) + 1)):
        report.add(f"actors/{name}/migrations", f"numbers are {sorted(have)}, not 1, 2, 3, ...")
report.done(len(files))
