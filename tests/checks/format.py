"""format.py -- clang-format has nothing to say. Version 14, as others lay some things out anew."""
import os
import shutil
import subprocess
import sys

from tree import ROOT, Report, paths

report = Report("format")
tool = shutil.which("clang-format-14") or shutil.which("clang-format")
if not tool:
    sys.exit("not ok 1 - format: clang-format is not installed; ./jarvis test installs it")
version = subprocess.run([tool, "--version"], capture_output=True, text=True).stdout
if " 14." not in version:
    sys.exit(f"not ok 1 - format: needs clang-format 14 (package clang-format-14), not {version}")

files = paths("runtime/*.[ch]", "actors/*.[ch]", "gateway/*.[ch]", "tests/*.[ch]")
half = (len(files) + 1) // 2
runs = [subprocess.Popen([tool, "--dry-run", "-Werror", "-ferror-limit=1", *part], cwd=ROOT,
                         stderr=subprocess.PIPE, text=True)
        for part in (files[:half], files[half:]) if part]
for run in runs:
    for line in run.communicate()[1].splitlines():
        if "clang-format-violations" in line:
            where = line.split(": error")[0]
            report.add(os.path.relpath(where, ROOT) if where.startswith("/") else where,
                       "is not as clang-format has it")
    if run.returncode and not report.wrong:
        report.add(tool, f"ended with {run.returncode}")
report.done(len(files))
