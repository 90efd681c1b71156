"""engine.py -- a Docker engine for the tests of compose/, and the images that they need.

As root a private engine is started below build/compose: its own socket, its own images, no iptables rule, no bridge
on the host, ended by its pid. Otherwise, or when DOCKER_HOST is set, the engine that is there is used. No image is
pulled on Debian 12: the base is made from the distribution's packages, ours are built on it from compose/Dockerfile, and what
others publish is stood in for by the same programs from Debian's packages (Dockerfile.standins). Standard library only.
"""
import json
import os
import signal
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
KEPT = os.path.join(TOP, "build", "compose") # images and base survive from one run to the next
BASE = "jarvis-base:12"
STANDINS = "jarvis-standins:12"
OLD, NEW, BROKEN = "jarvis:1.0.0", "jarvis:1.1.0", "jarvis:1.2.0-broken"
TOOLS = "jarvis-tools:1.0.0"


def run(*args, check=True, timeout=600, env=None, stdin=None, cwd=None):
    r = subprocess.run(args, text=True, capture_output=True, timeout=timeout, env=env, input=stdin, cwd=cwd)
    if check and r.returncode:
        raise AssertionError("%s: %d\n%s%s" % (" ".join(args), r.returncode, r.stdout[-4000:], r.stderr[-4000:]))
    return r


def compose(*args, **kw):
    """Whichever of the two jarvis-admin would take."""
    v2 = not run("docker", "compose", "version", check=False).returncode
    return run(*(("docker", "compose") if v2 else ("docker-compose",)), *args, **kw)


def docker(*args, **kw):
    return run("docker", *args, **kw).stdout.strip()


def inspect(what):
    return json.loads(docker("inspect", what))[0]


class Engine:
    """With it, DOCKER_HOST names an engine that has the images."""

    def __init__(self):
        self.process = None
        self.took = {}

    def __enter__(self):
        os.makedirs(KEPT, exist_ok=True)
        os.environ["DOCKER_BUILDKIT"] = "0" # what an engine without a registry can do
        os.environ["COMPOSE_DOCKER_CLI_BUILD"] = "0"
        os.environ["POSTGRES_IMAGE"] = os.environ["MONITORING_IMAGE"] = STANDINS # of the tests of one service
        if os.geteuid() == 0 and not os.environ.get("DOCKER_HOST"):
            self.start()
        try:
            self.images()
        except BaseException:
            self.__exit__()
            raise
        return self

    def start(self):
        socket = os.path.join(KEPT, "docker.sock")
        self.log = open(os.path.join(KEPT, "dockerd.log"), "w")
        self.process = subprocess.Popen(
            ["dockerd", "--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false",
             "--data-root", os.path.join(KEPT, "data"), "--exec-root", os.path.join(KEPT, "exec"),
             "--pidfile", os.path.join(KEPT, "dockerd.pid"), "-H", "unix://" + socket],
            stdout=self.log, stderr=self.log, start_new_session=True)
        os.environ["DOCKER_HOST"] = "unix://" + socket
        end = time.monotonic() + 60
        while run("docker", "version", check=False).returncode:
            if self.process.poll() is not None or time.monotonic() > end:
                with open(self.log.name) as f:
                    raise AssertionError("dockerd does not start:\n" + f.read()[-3000:])
            time.sleep(0.1)

    def __exit__(self, *exc):
        if not self.process:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.log.close()
        del os.environ["DOCKER_HOST"]
        self.unmount()

    @staticmethod
    def unmount():
        """The engine leaves the name of its network namespace mounted, and a folder with that cannot be removed."""
        with open("/proc/self/mounts") as f:
            points = [line.split()[1] for line in f]
        for point in reversed(points): # the innermost first
            if point.startswith(KEPT + "/"):
                run("umount", point, check=False)

    # ---- images -----------------------------------------------------------------------------------

    def has(self, tag):
        return not run("docker", "image", "inspect", tag, check=False).returncode

    def build(self, tag, *args, context=TOP):
        began = time.monotonic()
        run("docker", "build", "--network", "host", "-t", tag, *args, context, timeout=1800)
        self.took[tag] = time.monotonic() - began

    def images(self):
        if not self.has(BASE):
            self.make_base()
        self.build(STANDINS, "--build-arg", "BASE=" + BASE, "-f", os.path.join(HERE, "Dockerfile.standins"), context=HERE)
        for tag in (OLD, NEW):
            self.build(tag, "-f", os.path.join(TOP, "compose", "Dockerfile"), "--target", "jarvis",
                       "--build-arg", "BASE=" + BASE, "--build-arg", "VERSION=" + tag.split(":")[1])
        self.build(BROKEN, "--build-arg", "NEW=" + NEW, "-f", os.path.join(HERE, "Dockerfile.broken"), context=HERE)
        self.build(TOOLS, "-f", os.path.join(TOP, "compose", "Dockerfile"), "--target", "tools",
                   "--build-arg", "BASE=" + BASE, "--build-arg", "POSTGRES=" + STANDINS)

    def make_base(self):
        """Debian 12 as small as it comes, by the mirror that this machine uses; another system has to pull it."""
        with open("/etc/os-release") as f:
            if "VERSION_CODENAME=bookworm\n" not in f:
                docker("pull", "debian:bookworm")
                docker("tag", "debian:bookworm", BASE)
                return
        mirror = run("apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages").stdout.split()[0]
        tar = os.path.join(KEPT, "base.tar")
        run("mmdebstrap", "--variant=minbase", "--quiet", "bookworm", tar, mirror)
        docker("import", tar, BASE)
        os.unlink(tar)


def remove_project(project):
    """Whatever of a compose project is left: containers, networks, volumes."""
    label = "label=com.docker.compose.project=" + project
    for what, remove in (("ps -aq", "rm -f -v"), ("network ls -q", "network rm"), ("volume ls -q", "volume rm -f")):
        ids = docker(*what.split(), "--filter", label, check=False).split()
        if ids:
            docker(*remove.split(), *ids, check=False)
