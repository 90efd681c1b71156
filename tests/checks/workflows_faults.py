"""workflows_faults.py -- workflows.py finds what it is for: our own workflows with one fault each."""
import shutil
import sys
import tempfile

import workflows as check
from tree import paths, text

SHA = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"
# workflow, what is in it, what is there instead, what is said about it
FAULTS = [
    ("test.yml", SHA, "actions/checkout@v7 # v7.0.1", "is not pinned"),
    ("test.yml", SHA, "actions/checkout@3d3c42e # v7.0.1", "is not pinned"),
    ("test.yml", SHA, SHA.split(" ")[0], "has no comment with its version"),
    ("test.yml", "uses: " + SHA, "'uses': " + SHA, "write it as"),
    ("test.yml", "runs-on: ubuntu-24.04", "runs-on: ubuntu-latest", "latest is another thing"),
    ("test.yml", "runs-on: ubuntu-24.04", "runs-on: ubuntu-24.40", "is unknown"),
    ("test.yml", "permissions:\n  contents: read", "permissions: write-all", "its permissions must be"),
    ("test.yml", "permissions:\n  contents: read\n", "", "its permissions must be"),
    ("test.yml", "  pull_request:", "  pull_request_target:", "lets strangers start it"),
    ("test.yml", "timeout-minutes: 120", "continue-on-error: false", "has no timeout-minutes"),
    ("test.yml", "persist-credentials: false", "persist-credentials: true", "leaves its token behind"),
    ("test.yml", "persist-credentials: false", "fetch-depth: 1", "leaves its token behind"),
    ("test.yml", "./jarvis test\n", ".ci/walk\n", ".ci/walk is not there"),
    ("test.yml", "./jarvis test\n", "README.md && compose/ci/lib.sh\n", "compose/ci/lib.sh is not there, or may not"),
    ("test.yml", "./jarvis test\n", "echo ${{ github.ref }}\n", "goes into a command by env"),
    ("test.yml", "./jarvis test\n", "echo ${{ github.head_ref }}\n", "potentially untrusted"),
    ("test.yml", "name: test\n", "name: test\nname: again\n", "unique"),
    ("test.yml", "name: test\n", "name: [test\n", "Flow sequence"),
    ("weekly.yml", "issues: write", "pages: write", "issue may not have pages: write"),
    ("weekly.yml", "cron: '23 4 * * 1'", "cron: 'at four'", "invalid CRON format"),
    ("deploy.yml", "packages: read", "packages: write", "may not have packages: write"),
    ("deploy.yml", "      cancel-in-progress: false", "      cancel-in-progress: true", "needs concurrency"),
    ("deploy.yml", "secrets.SSH_PRIVATE_KEY", "secrets.OTHER_KEY", "OTHER_KEY is not explained"),
    ("deploy.yml", "vars.SSH_PORT", "vars.OTHER_PORT", "OTHER_PORT is not explained"),
    ("deploy.yml", "needs.image.outputs.reference", "needs.image.outputs.other", "is not defined"),
    ("release.yml", "digest: ${{ needs.publish.outputs.digest }}", "diggest: a", "staging does not say digest"),
    ("release.yml", "digest: ${{ needs.publish.outputs.digest }}", "diggest: a", "does not know it"),
    ("release.yml", "uses: ./.github/workflows/deploy.yml", "uses: ./.github/workflows/gone.yml", "cannot be called"),
    ("release.yml", "    secrets: inherit", "    secrets: all", "secret"),
    ("release.yml", "run: compose/ci/version.sh", "run: |\n          a\n          b\n          c", "more than two lines"),
    ("release.yml", "needs: [version, test, build]", "needs: [version, test, bild]", "bild"),
]


def variants(originals):
    """Path -> text, a path for each fault, beside the originals."""
    found = dict(originals)
    for i, (name, old, new, _) in enumerate(FAULTS):
        source = originals[check.FOLDER + name]
        if old not in source:
            sys.exit("not ok 1 - workflows_faults: %s has no %r any more" % (name, old))
        found["%s%d/%s" % (check.FOLDER, i, name)] = source.replace(old, new)
    return found


def main():
    files = {p: check.may_run(p) for p in paths()}
    originals = {p: text(p) for p in files if p.startswith(check.FOLDER) and p.endswith(".yml")}
    folder = tempfile.mkdtemp(prefix="jarvis-lint.")
    try:
        check.modules(folder)
        all_of_them = variants(originals)
        found = check.read(folder, all_of_them, {})
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    said = {}
    for where, what in check.complaints(found, all_of_them, files, text(check.DOCS)):
        said.setdefault(where.split(":")[0], []).append(what)
    wrong = ["%s, which has no fault: %s" % (p, said[p]) for p in originals if p in said]
    for i, (name, _, new, wanted) in enumerate(FAULTS):
        had = said.get("%s%d/%s" % (check.FOLDER, i, name), [])
        if not any(wanted in what for what in had):
            wrong.append("%s with %r: wanted %r, had %s" % (name, new, wanted, had))
    for line in wrong:
        print("#", line)
    print("not ok" if wrong else "ok", 1, "- workflows finds", len(FAULTS), "faults")
    print("1..1")
    sys.exit(1 if wrong else 0)


main()
