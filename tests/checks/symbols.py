"""symbols.py list -- an actor's object files let one symbol out: <name>_actor. The list has one line
per actor: its name, then its object files."""
import subprocess
import sys

from tree import Report

# What sanitizers and coverage add.
TOOLS = ("__odr_asan", "__asan", "__ubsan", "__tsan", "__gcov", "__llvm", "__sanitizer", "__sancov")

report = Report("symbols")
with open(sys.argv[1], encoding="utf-8") as f:
    lines = [line.split() for line in f if line.strip()]


def visible(objects):
    out = subprocess.run(["readelf", "-Ws", *objects], check=True, capture_output=True, text=True)
    for line in out.stdout.splitlines():
        # Num: Value Size Type Bind Vis Ndx Name
        parts = line.split()
        if (len(parts) >= 8 and parts[4] in ("GLOBAL", "WEAK") and parts[5] == "DEFAULT"
                and parts[6] != "UND" and not parts[7].startswith(TOOLS)):
            yield parts[7]


for name, *objects in lines:
    have = sorted(set(visible(objects)))
    if have != [f"{name}_actor"]:
        report.add(f"actors/{name}", f"lets out {', '.join(have) or 'nothing'}, not {name}_actor alone")
report.done(len(lines))
