"""admin_host.py -- a bare Debian 12 server for `jarvis-admin prepare`: a container with a network namespace of its own, in
which ufw and iptables are real, and nothing can reach or change the machine that the test runs on.

Its packages are on its disk (downloaded when the image was built), as it has no network. sshd and sudo are installed, as
on any server.
"""
import os
import tempfile

from admin_place import BASE, DOCKERFILE, TOP, docker, run # noqa: F401

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
                         "-o -path /var/cache -o -path /var/lib/apt -o -path /root/.cache -o -name __pycache__ \\) -prune "
                         "-o -type f -print0 | xargs -0 stat -c '%n %a %U %Y' | sort; iptables-save | grep -v '^#' | "
                         "sed 's/\\[.*//'; getent passwd; getent group")
