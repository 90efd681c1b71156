"""headers.py compiler generated-folder [-Iflags...] -- every header compiles alone; the public ones
with nothing but themselves in reach."""
import concurrent.futures
import os
import subprocess
import sys

from tree import ROOT, Report, paths

compiler, generated, *flags = sys.argv[1:]
report = Report("headers")
PUBLIC = ["-Iruntime/include"]
INSIDE = PUBLIC + ["-Iruntime", "-I.", "-isystem", generated] + flags
BASE = ["-fsyntax-only", "-std=gnu17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-x", "c"]


def compile_alone(path):
    reach = PUBLIC if path.startswith("runtime/include/") else INSIDE
    run = subprocess.run([compiler, *BASE, *reach, "-I" + os.path.dirname(path), "-include", path,
                          os.devnull], cwd=ROOT, capture_output=True, text=True)
    return path, run


files = paths("runtime/*.h", "actors/*.h", "gateway/*.h")
with concurrent.futures.ThreadPoolExecutor(2) as pool:
    for file, run in pool.map(compile_alone, files):
        if run.returncode:
            why = [line for line in run.stderr.splitlines() if "error" in line]
            report.add(file, why[0] if why else f"the compiler ended with {run.returncode}")
report.done(len(files))
