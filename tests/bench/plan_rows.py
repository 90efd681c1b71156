"""plan_rows.py -- the built-in planner among 3 to 500 agents: how fast (bench_plan), and how well it still
understands people there (plan_score)."""
import os
import re
import subprocess

AGENTS = (3, 10, 100, 500)
OURS = 3


def understood(o, folder, agents):
    """Percent of the wordings of each file that are understood among so many agents."""
    out = subprocess.run([o.plan_score, "--strangers", str(agents - OURS), "wishes.json", "tune.json", "measure.json"],
                         cwd=folder, capture_output=True, text=True).stdout
    return re.findall(r"understood \(([\d.]+) %\), (\d+) wrong", out)


def run(o, top):
    """Prints both tables; returns how many things went wrong."""
    folder = os.path.join(top, "tests", "plan")
    subprocess.run([o.plan, "--rounds", "5", os.path.join(folder, "tune.json")], check=True)
    print("\n| agents | tuned on: understood % | wrong changes | only measured: understood % | wrong changes |\n"
          "|---|---|---|---|---|")
    bad = 0
    for agents in AGENTS:
        files = understood(o, folder, agents)
        bad += len(files) != 2
        print("| %d | %s |" % (agents, " | ".join(" | ".join(f) for f in files)), flush=True)
    print()
    return bad
