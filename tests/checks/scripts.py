"""scripts.py -- shellcheck has nothing to say about any shell script."""
import re
import shutil
import subprocess
import sys

from tree import ROOT, Report, paths, text

report = Report("scripts")
if not shutil.which("shellcheck"):
    sys.exit("not ok 1 - scripts: shellcheck is not installed; ./jarvis test installs it")
files = [p for p in paths() if p.endswith(".sh")
         or ("." not in p.rsplit("/", 1)[-1] and re.match(r"#!.*\b(ba|da)?sh\b", text(p)[:80]))]
if "jarvis" not in files:
    report.add("jarvis", "is no shell script any more?")
run = subprocess.run(["shellcheck", "-f", "gcc", *files], cwd=ROOT, capture_output=True, text=True)
for line in run.stdout.splitlines():
    where, _, what = line.partition(": ")
    report.add(where, what)
if run.returncode and not report.wrong:
    report.add("shellcheck", run.stderr.strip() or f"ended with {run.returncode}")
report.done(len(files))
