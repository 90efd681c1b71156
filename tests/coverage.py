#!/usr/bin/env python3
"""coverage.py BUILD [FOLDER...] -- line coverage per folder, and which functions lack most of it.

    cmake --preset coverage && cmake --build build/coverage && chmod -R a+rwX build/coverage
    ctest --test-dir build/coverage; python3 tests/coverage.py build/coverage runtime/actor

What `up` starts as another user writes its counts there, too. Standard library and gcov only.
"""
import collections
import json
import os
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def counts(build):
    """{file: ({line: count}, {(function, first, last)})}, summed over all programs."""
    files = collections.defaultdict(lambda: (collections.Counter(), set()))
    data = [os.path.join(d, f) for d, _, names in os.walk(build) for f in names
            if f.endswith(".gcda")]
    gcov = ["gcov", "--json-format", "--stdout", *data]
    out = subprocess.run(gcov, cwd=build, stdout=subprocess.PIPE, text=True, check=True).stdout
    for unit in map(json.loads, out.splitlines()):
        for f in unit["files"]:
            path = os.path.relpath(os.path.join(unit["current_working_directory"], f["file"]), TOP)
            if path.startswith((".", "tests/")) or os.path.isabs(path):
                continue
            for line in f["lines"]:
                files[path][0][line["line_number"]] += line["count"]
            files[path][1].update((g["name"], g["start_line"], g["end_line"]) for g in f["functions"])
    return files


def main(build, folders):
    total, run, gaps = collections.Counter(), collections.Counter(), []
    for path, (lines, functions) in counts(os.path.abspath(build)).items():
        for folder in (os.path.dirname(path), "all"):
            total[folder] += len(lines)
            run[folder] += sum(map(bool, lines.values()))
        for name, first, last in functions:
            own = [n for n in lines if first <= n <= last]
            gaps.append((sum(not lines[n] for n in own), len(own), "%s:%d %s" % (path, first, name)))
    for folder in sorted(total):
        print("%5.1f %%  %5d lines  %s" % (100 * run[folder] / total[folder], total[folder], folder))
    gaps = [g for g in sorted(gaps, reverse=True) if any(g[2].startswith(f) for f in folders or [""])]
    for missed, own, where in gaps[:40]:
        print("%3d of %3d lines never run: %s" % (missed, own, where))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
