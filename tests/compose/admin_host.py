"""admin_host.py -- a bare Debian 12 server for `jarvis-admin prepare`: a container with a network namespace of its own, in
which ufw and iptables are real, and nothing can reach or change the machine that the test runs on.

Its packages are on its disk (downloaded when the image was built), as it has no network. sshd and sudo are installed, as
on any server.
"""
import os
import subprocess
import sys
import tempfile

from admin_place import BASE, TOP, docker, run, wait_for

IMAGE = "jarvis-admin-test-host:1"
PACKAGES = ("ca-certificates curl openssl age sudo procps iproute2 ufw fail2ban python3-systemd unattended-upgrades docker.io "
            "docker-compose apparmor systemd-timesyncd")

HOST_DOCKERFILE = """ARG BASE
FROM ${BASE}
RUN apt-get update && apt-get install -y --no-install-recommends openssh-server && \\
    apt-get install -y --no-install-recommends --download-only %s
RUN printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d
CMD ["sleep", "infinity"]
""" % PACKAGES


def build_host():
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "Dockerfile"), "w") as f:
            f.write(HOST_DOCKERFILE)
        run("docker", "build", "-q", "--network", "host", "-t", IMAGE, "--build-arg", "BASE=" + BASE, folder, timeout=900,
            env=dict(os.environ, DOCKER_BUILDKIT="0"))


class Host:
    def __init__(self, **env):
        self.env = [x for k, v in env.items() for x in ("-e", "%s=%s" % (k, v))]

    def __enter__(self):
        self.id = docker("run", "-d", "--network", "none", "--cap-add", "NET_ADMIN", "--cap-add", "NET_RAW",
                         "-v", os.path.join(TOP, "compose") + ":/release:ro", IMAGE)
        return self

    def __exit__(self, *exc):
        run("docker", "rm", "-f", "-v", self.id, check=False)

    def sh(self, script, check=True, stdin=None):
        r = run("docker", "exec", "-i", *self.env, self.id, "/bin/sh", "-c", script, check=False, stdin=stdin, timeout=600)
        assert not check or r.returncode == 0, "%s: %d\n%s%s" % (script, r.returncode, r.stdout[-3000:], r.stderr[-3000:])
        return r

    def says(self, script):
        return self.sh(script).stdout

    def prepare(self, options="", ends=0, stdin=""):
        r = self.sh("/release/jarvis-admin prepare " + options, check=False, stdin=stdin)
        assert r.returncode == ends, "prepare %s: %d\n%s%s\n%s" % (options, r.returncode, r.stdout, r.stderr, self.sh(
            "tail -n 30 /tmp/jarvis-admin.0.log", check=False).stdout)
        return r.stdout + r.stderr

    def files(self):
        """Every file of the system with what is in it, but for logs and the like."""
        return self.says("find / -xdev \\( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp -o -path /var/log "
                         "-o -path /var/cache -o -path /var/lib/apt -o -name __pycache__ \\) -prune "
                         "-o -type f -print0 | xargs -0 stat -c '%n %a %U %Y' | sort; iptables-save | grep -v '^#' | "
                         "sed 's/\\[.*//'; getent passwd; getent group")


SERVE = """import socket
s = socket.create_server(("172.30.0.2", 8080))
while True:
    s.accept()[0].close()
"""
CONNECT = """import socket, sys
try:
    socket.create_connection(("198.51.100.1", int(sys.argv[1])), 2)
except OSError:
    sys.exit(1)
"""


class Wires:
    """The world outside, 198.51.100.0/24, at the server's eth0; a container, 172.30.0.2, at a bridge of the server's. Ports 80,
    443 and 5432 of the server are that container's 8080, by the rules that Docker would make. Namespaces only: the machine of
    the test has no part in it."""

    def __init__(self, host):
        self.host = host
        self.pid = docker("inspect", "-f", "{{.State.Pid}}", host.id)
        self.spaces = []

    def __enter__(self):
        self.world, self.inside = self.space(), self.space()
        for line in ("link add eth0 type veth peer name eth0 netns %s" % self.world, "addr add 198.51.100.1/24 dev eth0",
                     "link set eth0 up", "link add br-test type bridge", "addr add 172.30.0.1/24 dev br-test", "link set br-test up",
                     "link add veth0 type veth peer name eth0 netns %s" % self.inside, "link set veth0 master br-test", "link set veth0 up"):
            self.within(self.pid, "ip", *line.split())
        self.within(self.pid, "sysctl", "-q", "-w", "net.ipv4.ip_forward=1")
        for space, address, gate in ((self.world, "198.51.100.2", "198.51.100.1"), (self.inside, "172.30.0.2", "172.30.0.1")):
            for line in ("addr add %s/24 dev eth0" % address, "link set eth0 up", "route add default via " + gate):
                self.within(space, "ip", *line.split())
        for port in (80, 443, 5432):
            self.host.sh("iptables -t nat -A PREROUTING -i eth0 -p tcp --dport %d -j DNAT --to-destination 172.30.0.2:8080" % port)
        self.host.sh("iptables -I FORWARD -o br-test -j ACCEPT; iptables -I FORWARD -i br-test -j ACCEPT; iptables -I FORWARD -j DOCKER-USER")
        self.spaces.append(subprocess.Popen(["nsenter", "-t", self.inside, "-n", sys.executable, "-c", SERVE]))
        wait_for(lambda: "172.30.0.2:8080" in self.within(self.inside, "ss", "-Hltn"))
        return self

    def __exit__(self, *exc):
        for p in self.spaces:
            p.kill()
            p.wait()

    def space(self):
        p = subprocess.Popen(["unshare", "-n", "sleep", "600"])
        self.spaces.append(p)
        own = os.readlink("/proc/self/ns/net")
        wait_for(lambda: os.readlink("/proc/%d/ns/net" % p.pid) != own)
        return str(p.pid)

    def within(self, pid, *command):
        return run("nsenter", "-t", pid, "-n", *command).stdout

    def reaches(self, port):
        return run("nsenter", "-t", self.world, "-n", sys.executable, "-c", CONNECT, str(port), check=False).returncode == 0
