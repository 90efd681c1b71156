"""sdk.py -- the A2A SDKs that people use, as clients: of the conformance agent in each profile, and of
the agents of the whole system. The tests themselves are JavaScript, in sdk/.

Needs node and npm, and the packages of sdk/package-lock.json: installed by npm into a temporary
folder, or taken from the node_modules folder that JARVIS_SDK_MODULES names. Skipped without them.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

from conformant import Conformant
from stack import TOP, Stack, free_port

SKIP = 77
OLDEST_NODE = 18
SOURCE = os.path.join(TOP, "tests", "e2e", "sdk")
PEOPLE = ("vishal", "alex")


def skip(why):
    print("1..0 # SKIP %s" % why)
    sys.exit(SKIP)


def check_node():
    if not shutil.which("node") or not shutil.which("npm"):
        skip("node and npm are not there")
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    if int(re.match(r"v(\d+)", version).group(1)) < OLDEST_NODE:
        skip("node is %s, the SDK wants %d" % (version.strip(), OLDEST_NODE))


def install(folder):
    """The tests and their packages in a folder of their own; versions and hashes are those locked."""
    for name in os.listdir(SOURCE):
        if name != "node_modules":
            shutil.copy(os.path.join(SOURCE, name), folder)
    ready = os.environ.get("JARVIS_SDK_MODULES")
    if ready:
        os.symlink(ready, os.path.join(folder, "node_modules"))
        return
    r = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline",
                        "--cache", os.path.join(folder, "cache")],
                       cwd=folder, capture_output=True, text=True, timeout=300)
    if r.returncode:
        print(r.stderr)
        if "EINTEGRITY" in r.stderr or "can only install" in r.stderr:
            sys.exit("not ok - npm refuses the packages")
        skip("npm cannot fetch the packages")


class Runs:
    def __init__(self, folder):
        self.folder = folder
        self.passed = self.failed = 0

    def run(self, title, script, **env):
        print("# ---- %s" % title, flush=True)
        r = subprocess.run(["node", script], cwd=self.folder, env=dict(os.environ, **env), text=True,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=500)
        print(r.stdout, flush=True)
        m = re.search(r"^# (\d+) passed, (\d+) failed$", r.stdout, re.M)
        self.passed += int(m.group(1)) if m else 0
        self.failed += int(m.group(2)) if m else 1
        if m and r.returncode and not int(m.group(2)):
            self.failed += 1


def conformance(runs):
    with Conformant("full") as agent:
        runs.run("the SDK and the conformance agent", "conformance.mjs", JARVIS_URL=agent.url)
        runs.run("clients of 0.3 and the conformance agent", "v03.mjs", JARVIS_URL=agent.url)
    for profile in ("minimal", "required-extension"):
        with Conformant(profile) as agent:
            runs.run("the SDK and the profile " + profile, "profiles.mjs", JARVIS_URL=agent.url,
                     JARVIS_PROFILE=profile)


def agents(runs):
    port = free_port()
    with Stack(env={"JARVIS_PUSH_ALLOW": "127.0.0.1:%d" % port}) as s:
        runs.run("the SDK and the agents of the system", "agents.mjs",
                 JARVIS_URL="http://%s:%d" % s.address, JARVIS_HOOK_PORT=str(port),
                 JARVIS_TOKENS=json.dumps({p: s.login(p) for p in PEOPLE}))


check_node()
temporary = tempfile.mkdtemp(prefix="jarvis-sdk.")
try:
    install(temporary)
    total = Runs(temporary)
    conformance(total)
    agents(total)
finally:
    shutil.rmtree(temporary, ignore_errors=True)
print("# all clients: %d passed, %d failed" % (total.passed, total.failed))
sys.exit(1 if total.failed or not total.passed else 0)
