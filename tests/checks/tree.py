"""tree.py -- the files of the checkout, and a TAP line for each rule: what the checks share."""
import fnmatch
import os
import re
import sys

# Another root is for the test of the checks themselves.
ROOT = os.path.realpath(os.environ.get("JV_CHECK_ROOT")
                        or os.path.join(os.path.dirname(__file__), "..", ".."))
NOT_OURS = {".git", "build", "var", "__pycache__", "node_modules"}


def paths(*patterns):
    """Files of the checkout, relative to it, that match any of the patterns (or all files)."""
    found = []
    for folder, names, files in os.walk(ROOT):
        names[:] = sorted(n for n in names if n not in NOT_OURS)
        for name in sorted(files):
            path = os.path.relpath(os.path.join(folder, name), ROOT)
            if not patterns or any(fnmatch.fnmatch(path, p) for p in patterns):
                found.append(path)
    return found


def text(path):
    with open(os.path.join(ROOT, path), encoding="utf-8", errors="replace") as f:
        return f.read()


def is_binary(path):
    with open(os.path.join(ROOT, path), "rb") as f:
        return b"\0" in f.read(8192)


def code_only(source):
    """C without its comments and the insides of its strings; lines stay where they are."""
    pattern = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''

    def blank(m):
        s = m.group(0)
        keep = s[0] if s[0] in "\"'" else ""
        return keep + "\n" * s.count("\n") + keep

    return re.sub(pattern, blank, source, flags=re.S)


class Report:
    """Collects complaints; done() prints them and leaves."""

    def __init__(self, rule):
        self.rule = rule
        self.wrong = []

    def add(self, where, what):
        self.wrong.append(f"{where}: {what}")

    def done(self, seen):
        if not seen:
            self.wrong.append("nothing was looked at")
        for line in self.wrong:
            print("#", line)
        print("not ok" if self.wrong else "ok", 1, "-", self.rule, f"({seen} looked at)")
        print("1..1")
        sys.exit(1 if self.wrong else 0)
