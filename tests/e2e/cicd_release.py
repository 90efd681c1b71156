"""cicd_release.py -- what the workflows do before a deploy, from compose/ci/: versions, tags of a registry, signatures,
scans, the weekly issue. The registry is Debian's, unpacked from its package, where that can be had; what signs in is one
of ours. trivy, cosign, gh and buildx are stand-ins that note what they are asked.
"""
import base64
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request

from cicd_stage import DIGEST, Cases, Web, run, skip, stop, unpack
from stack import free_port, wait_for

for tool in ("curl", "git"):
    if not shutil.which(tool):
        skip("there is no " + tool)

cases = Cases()
COMMIT = "0123456789abcdef0123456789abcdef01234567"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"

# A program that notes how it was called, and does as DO says.
NOTES = """#!/bin/sh
{ printf '%s' "${0##*/}"; printf ' [%s]' "$@"; echo; } >>"$STAGE/asked"
eval "${DO:-}"
"""


class Stage:
    """A folder of stand-ins, and what they were asked."""

    def __init__(self, *programs):
        self.folder = tempfile.mkdtemp(prefix="jarvis-cicd.")
        os.mkdir(os.path.join(self.folder, "bin"))
        for name in programs:
            path = os.path.join(self.folder, "bin", name)
            with open(path, "w") as f:
                f.write(NOTES)
            os.chmod(path, 0o755)

    def env(self, **more):
        return dict({"PATH": os.path.join(self.folder, "bin") + ":" + os.environ["PATH"], "STAGE": self.folder,
                     "GITHUB_REPOSITORY": "Some/One"}, **more)

    def asked(self):
        """Since the last time."""
        path = os.path.join(self.folder, "asked")
        if not os.path.exists(path):
            return []
        with open(path) as f:
            lines = f.read().splitlines()
        os.unlink(path)
        return lines

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)


def versions():
    wrong = []
    for ref, version, tagged in (("refs/tags/v1.2.3", "1.2.3", "true"), ("refs/tags/v1.2.3-rc.1", "1.2.3-rc.1", "true"),
                                 ("refs/heads/main", "sha-" + COMMIT, "false")):
        done = run("version.sh", env={"GITHUB_REF": ref, "GITHUB_SHA": COMMIT, "GITHUB_REPOSITORY": "Some/One"})
        wrong += done.differs(0, version=version, tagged=tagged, repository="ghcr.io/some/one")
    for ref in ("refs/heads/other", "refs/pull/1/merge", "refs/tags/v1.2", "refs/tags/1.2.3", "refs/tags/v1.2.3;id",
                "refs/tags/v1.2.3+x", "refs/tags/vsha-" + COMMIT, "refs/tags/v" + "1" * 90 + ".2.3", "refs/tags/v",
                "refs/tags/v1.2.3\nversion=9.9.9"):
        done = run("version.sh", env={"GITHUB_REF": ref, "GITHUB_SHA": COMMIT, "GITHUB_REPOSITORY": "Some/One"})
        wrong += done.differs(2)
    cases.case("main and tags have versions, and nothing else has", wrong)
    folder = tempfile.mkdtemp(prefix="jarvis-cicd.")
    try:
        outputs = os.path.join(folder, "outputs")
        env = {"GITHUB_REF": "refs/tags/v1.2.3", "GITHUB_REPOSITORY": "Some/One", "GITHUB_OUTPUT": outputs}
        done = run("version.sh", env=env)
        with open(outputs) as f:
            cases.case("the workflow is told", done.differs(0) + ([] if f.read() == done.text else ["is not told"]))
        os.unlink(outputs)
        done = newest(folder)
        cases.case("no tag, no newest version", done.differs(0, version=""))
        for tag in ("v0.9.0", "v0.10.0", "v0.11.0-rc.1", "vx", "v1"):
            subprocess.run(["git", "tag", tag], cwd=folder, check=True)
        cases.case("the newest version", newest(folder).differs(0, version="0.10.0"))
    finally:
        shutil.rmtree(folder)


def newest(folder):
    if not os.listdir(folder):
        subprocess.run("git init -q . && git -c user.name=a -c user.email=a@b.test commit -q --allow-empty -m a", cwd=folder,
                       shell=True, check=True, capture_output=True)
    # The scripts look at the checkout that they are run in.
    return run("version.sh", "newest", env={"GITHUB_REPOSITORY": "Some/One", "GIT_DIR": os.path.join(folder, ".git")})


# ---- a real registry -------------------------------------------------------------------------------


def http(method, url, body=None, kind="application/octet-stream"):
    request = urllib.request.Request(url, data=body, method=method, headers={"Content-Type": kind})
    with urllib.request.urlopen(request, timeout=30) as r:
        return r.status, r.headers


def push(base, name, tag, content):
    """An image without layers; its digest."""
    config = json.dumps({"architecture": content, "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}}).encode()
    digest = "sha256:" + hashlib.sha256(config).hexdigest()
    _, headers = http("POST", "%s/v2/%s/blobs/uploads/" % (base, name), b"")
    place = headers["Location"]
    http("PUT", place + ("&" if "?" in place else "?") + "digest=" + digest, config)
    manifest = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "layers": [], "config": {
        "mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest, "size": len(config)}}).encode()
    http("PUT", "%s/v2/%s/manifests/%s" % (base, name, tag), manifest, MANIFEST)
    return "sha256:" + hashlib.sha256(manifest).hexdigest()


def real_registry(stage):
    program = unpack(["docker-registry"], "usr/bin/docker-registry", stage.folder)
    if not program:
        print("# the registry's package cannot be had; only the one of ours is asked")
        return
    port = free_port()
    settings = os.path.join(stage.folder, "registry.yml")
    with open(settings, "w") as f:
        f.write("version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: %s/data}}\n"
                "http: {addr: '127.0.0.1:%d'}\n" % (stage.folder, port))
    process = subprocess.Popen([program, "serve", settings], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    try:
        base = "http://127.0.0.1:%d" % port
        wait_for(lambda: http("GET", base + "/v2/")[0] == 200)
        image = "127.0.0.1:%d/some/one/jarvis" % port
        cases.case("nothing is there yet", run("registry.sh", "free", image, "1.2.3").differs(0))
        digest = push(base, "some/one/jarvis", "1.2.3", "amd64")
        cases.case("it is there, and stays", run("registry.sh", "free", image, "1.2.3").differs(1, "stays what it is"))
        cases.case("another is not", run("registry.sh", "free", image, "1.2.4").differs(0))
        cases.case("its digest", run("registry.sh", "digest", image, "1.2.3").differs(0, digest))
        cases.case("no digest of what is not there", run("registry.sh", "digest", image, "1.2.4").differs(1, "is not there"))
        publishing(stage, base, image)
    finally:
        stop(process)


def publishing(stage, base, image):
    env = stage.env(DO="curl -s -o /dev/null -H 'Content-Type: %s' -X PUT --data-binary @$STAGE/index %s/v2/%s/manifests/2.0.0"
                    % ("application/vnd.oci.image.index.v1+json", base, image.split("/", 1)[1]))
    arches = [push(base, "some/one/jarvis", "t-" + arch, arch) for arch in ("amd64", "arm64")]
    with open(os.path.join(stage.folder, "index"), "w") as f:
        json.dump({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": []}, f)
    done = run("publish.sh", image, "1.2.3", *arches, env=env)
    cases.case("a published version is not published again", done.differs(1, "stays what it is") + stage.asked())
    done = run("publish.sh", "--dry-run", image, "2.0.0", *arches, env=env)
    cases.case("a dry run publishes nothing", done.differs(0, "imagetools create --tag %s:2.0.0 %s@%s" % (
        image, image, arches[0])) + stage.asked())
    done = run("publish.sh", image, "2.0.0", *arches, env=env)
    asked = stage.asked()
    with open(os.path.join(stage.folder, "index"), "rb") as f:
        wanted = "sha256:" + hashlib.sha256(f.read()).hexdigest()
    wanted_line = "docker [buildx] [imagetools] [create] [--tag] [%s:2.0.0] [%s@%s] [%s@%s]" % (
        image, image, arches[0], image, arches[1])
    cases.case("two machine types become one image", done.differs(0, digest=wanted)
               + ([] if asked == [wanted_line] else asked))
    wrong = []
    for args in ([image, "2.1.0"], [image, "latest", DIGEST], [image, "2.1.0", DIGEST, "sha256:12"], ["x", "2.1.0", DIGEST],
                 [image + ";id", "2.1.0", DIGEST]):
        wrong += run("publish.sh", *args, env=env).differs(2)
    cases.case("what cannot be published is refused", wrong + stage.asked())


# ---- a registry that signs in, as GHCR's does --------------------------------------------------------


class SignIn:
    """Lets in whoever has the token; tags: what is there."""

    def __init__(self):
        self.tags = {"1.2.3": DIGEST, "sha-" + COMMIT: DIGEST}
        self.only_writers = False # a name under which nothing is yet
        self.odd = None

    def answer(self, h):
        if self.odd:
            return self.odd
        if h.path.startswith("/token"):
            basic = "Basic " + base64.b64encode(b"me:s3cret").decode()
            if h.headers.get("Authorization") != basic or (self.only_writers and "pull,push" not in h.path):
                return 403, {}, b'{"errors":[{"code":"DENIED"}]}'
            return 200, {}, b'{"token":"abc.def"}'
        if h.headers.get("Authorization") != "Bearer abc.def":
            here = "http://127.0.0.1:%d/token" % h.server.server_address[1]
            return 401, {"WWW-Authenticate": 'Bearer realm="%s",service="reg",scope="repository:user/image:pull"' % here}, b""
        digest = self.tags.get(h.path.rsplit("/", 1)[-1])
        return (200, {"Docker-Content-Digest": digest}, b"{}") if digest else (404, {}, b'{"errors":[]}')


def signed_in():
    registry = SignIn()
    with Web(registry.answer) as web:
        image = "127.0.0.1:%d/some/one/jarvis" % web.port
        me = {"REGISTRY_USER": "me", "REGISTRY_TOKEN": "s3cret"}
        cases.case("signs in, and finds", run("registry.sh", "digest", image, "1.2.3", env=me).differs(0, DIGEST))
        scope = [p for p, _, _ in web.seen if p.startswith("/token")][0]
        cases.case("asks for no more than it needs",
                   [] if scope == "/token?service=reg&scope=repository:some/one/jarvis:pull" else [scope])
        cases.case("signs in, and it is free", run("registry.sh", "free", image, "9.9.9", env=me).differs(0))
        registry.only_writers = True
        cases.case("a name that only writers may ask for", run("registry.sh", "free", image, "9.9.9", env=me).differs(0))
        registry.only_writers = False
        wrong = []
        for env in ({}, dict(me, REGISTRY_TOKEN="wrong")):
            done = run("registry.sh", "free", image, "9.9.9", env=env)
            wrong += done.differs(1, "does not let us in") + (["secret"] if "wrong" in done.text else [])
        cases.case("a wrong token is not 'free'", wrong)
        wrong = []
        for odd in ((500, {}, b""), (200, {}, b""), (403, {}, b""), (429, {}, b""), (301, {"Location": "/x"}, b""),
                    (401, {}, b""), (401, {"WWW-Authenticate": 'Bearer realm="file:///etc/passwd",service="a"'}, b"")):
            registry.odd = odd
            wrong += run("registry.sh", "free", image, "9.9.9", env=me).differs(1)
            wrong += run("registry.sh", "digest", image, "9.9.9", env=me).differs(1)
        cases.case("what is no clear answer is not 'free'", wrong)
    done = run("registry.sh", "free", image, "9.9.9", env=me)
    cases.case("a registry that is away is not 'free'", done.differs(1, "cannot be known"))
    wrong = []
    for args, env in ((["free", image, "a b"], me), (["free", image, "../x"], me), (["free", "x", "1.2.3"], me),
                      (["free", image], me), (["free", image, "1.2.3"], {"REGISTRY_TOKEN": 'a"\nurl = "file:///"'})):
        wrong += run("registry.sh", *args, env=env).differs(2)
    cases.case("what is no image, tag or token is refused", wrong)


def signatures(stage):
    env, reference = stage.env(), "ghcr.io/some/one/jarvis@" + DIGEST
    identity = "[https://github.com/Some/One/.github/workflows/release.yml@refs/%s]"
    for version, ref, more in (("1.2.3", "tags/v1.2.3", ""), ("sha-" + COMMIT, "heads/main", COMMIT)):
        done = run("signature.sh", "verify", reference, version, env=env)
        said = " ".join(stage.asked())
        wrong = [] if identity % ref in said and reference in said and more in said \
            and "[https://token.actions.githubusercontent.com]" in said else [said]
        cases.case("%s must be signed by %s" % (version[:9], ref), done.differs(0) + wrong)
    done = run("signature.sh", "verify", reference, "1.2.3", env=dict(env, DO="exit 1"))
    cases.case("a signature that is not ours", done.differs(1, "it is not deployed"))
    stage.asked()
    done = run("signature.sh", "sign", reference, "1.2.3", env=env)
    cases.case("signs by digest", done.differs(0) + [a for a in stage.asked() if a != "cosign [sign] [--yes] [%s]" % reference])
    wrong = run("signature.sh", "sign", reference, "1.2.3", env=dict(env, DO="exit 1")).differs(1)
    for args in (["sign", "ghcr.io/a/b:1.2.3", "1.2.3"], ["verify", reference, "latest"], ["trust", reference, "1.2.3"], []):
        wrong += run("signature.sh", *args, env=env).differs(2)
    wrong += run("signature.sh", "verify", reference, "1.2.3", env=dict(env, GITHUB_REPOSITORY="a/b/c")).differs(2)
    cases.case("what cannot be signed or checked is refused", wrong)
    stage.asked()


def images(stage):
    registry = SignIn()
    with Web(registry.answer) as web:
        env = stage.env(REGISTRY="127.0.0.1:%d" % web.port, REGISTRY_USER="me", REGISTRY_TOKEN="s3cret")
        reference = "127.0.0.1:%d/some/one/jarvis@%s" % (web.port, DIGEST)
        cases.case("which image a version is", run("image.sh", "deploy", "1.2.3", env=env).differs(0, reference=reference)
                   + ([] if "verify" in "".join(stage.asked()) else ["not verified"]))
        wrong = run("image.sh", "deploy", "1.2.3", DIGEST, env=env).differs(0, reference=reference)
        wrong += run("image.sh", "rollback", "1.2.3", "", env=env).differs(0, reference=reference)
        wrong += run("image.sh", "rollback", "", "", env=env).differs(0, reference="")
        cases.case("the digest of the release, and ways back", wrong)
        done = run("image.sh", "deploy", "1.2.3", DIGEST.replace("ab", "cd"), env=env)
        cases.case("a tag that was moved", done.differs(1, "who has changed it"))
        wrong = run("image.sh", "deploy", "1.2.3", env=dict(env, DO="exit 1")).differs(1, "is not signed")
        wrong += run("image.sh", "deploy", "1.2.4", env=env).differs(1, "is not there")
        for args in (["deploy", ""], ["deploy", "latest"], ["deploy", "1.2.3;id"], ["remove", "1.2.3"], []):
            wrong += run("image.sh", *args, env=env).differs(2)
        cases.case("not signed, not there, or no version", wrong)
    stage.asked()


def scans(stage):
    packages = {"Class": "os-pkgs", "Packages": [{"Name": "libssl3"}]}
    hole = {"VulnerabilityID": "CVE-2026-1", "PkgName": "libssl3", "Severity": "HIGH"}
    out = os.path.join(stage.folder, "scan")
    do = """case $1 in image) printf %s "$REPORT" >"$(echo "$*" | sed 's/.*--output \\([^ ]*\\).*/\\1/')" ;;
    convert) echo "a table" >"$(echo "$*" | sed 's/.*--output \\([^ ]*\\).*/\\1/')" ;; esac"""
    for title, results, status, said in (
            ("clean", [packages], 0, "nothing serious"),
            ("a hole that has a fix", [dict(packages, Vulnerabilities=[hole])], 1, "a table"),
            ("no packages seen", [], 1, "found no packages"),
            ("a system, but no packages", [{"Class": "os-pkgs"}], 1, "found no packages")):
        for indent in (None, 2):
            env = stage.env(DO=do, REPORT=json.dumps({"Results": results}, indent=indent))
            cases.case("scan: %s, %s" % (title, indent), run("scan.sh", "ghcr.io/a/b@" + DIGEST, out, "linux/arm64",
                                                             env=env).differs(status, said))
    asked = stage.asked()[0]
    cases.case("what the scanner is asked", [w for w in ("[--ignore-unfixed]", "[HIGH,CRITICAL]", "[--list-all-pkgs]",
                                                         "[linux/arm64]", DIGEST) if w not in asked])
    wrong = run("scan.sh", "ghcr.io/a/b:1.0.0", out, env=stage.env(DO="exit 1")).differs(1, "could not look")
    for args in (["a;b", out], ["-x", out], ["a"], ["a", out, "linux/mips"]):
        wrong += run("scan.sh", *args, env=stage.env()).differs(2)
    cases.case("a scan that did not happen", wrong)
    stage.asked()


def issues(stage):
    found = os.path.join(stage.folder, "found")
    os.makedirs(os.path.join(found, "fresh-jarvis"))
    with open(os.path.join(found, "fresh-jarvis", "scan.txt"), "w") as f:
        f.write("CVE-2026-1 ```" + "x" * 100000)
    url = "https://github.com/a/b/actions/runs/1"
    done = run("issue.sh", "--dry-run", found, url, env=stage.env())
    cases.case("the text of an issue", done.differs(0, "### fresh-jarvis", "CVE-2026-1", url)
               + ([] if len(done.text) < 60000 and done.text.count("```") == 2 else ["too long, or breaks out"]) + stage.asked())
    done = run("issue.sh", found, url, env=stage.env())
    asked = stage.asked()
    cases.case("an issue is opened", done.differs(0) + ([] if len(asked) == 2 and "[create]" in asked[1] else asked))
    done = run("issue.sh", found, url, env=stage.env(DO='[ "$2" != list ] || echo 17'))
    asked = stage.asked()
    cases.case("or added to", done.differs(0) + ([] if len(asked) == 2 and "[comment] [17]" in asked[1] else asked))
    wrong = run("issue.sh", found, url, env=stage.env(DO="exit 1")).differs(1)
    cases.case("or it says that it could not", wrong + run("issue.sh", found + "/none", url, env=stage.env()).differs(2))


def main():
    versions()
    signed_in()
    with Stage("docker", "cosign", "trivy", "gh") as stage:
        for part in (real_registry, signatures, images, scans, issues):
            part(stage)
    cases.done()


if __name__ == "__main__":
    main()
