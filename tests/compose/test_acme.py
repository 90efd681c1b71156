"""test_acme.py -- certificates for the edge: compose/acme/start with a real certbot and a real ACME server
(pebble), through nginx's port 80, and the operator's own files.

    python3 tests/compose/test_acme.py [case ...]

Needs root, nginx, certbot, pebble (with pebble-challtestsrv) and openssl.
"""
import json
import os
import re
import signal
import ssl
import subprocess
import sys
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from edge_place import (DOMAIN, SLOT_A, Echo, Edge, Script, copy, main, make_pair, owned, run_inside, serial_of)  # noqa: E402
from stack import wait_for  # noqa: E402

DIRECTORY = "https://127.0.0.1:14000/dir"


class Pebble:
    """The ACME server, which looks for every name at 127.0.0.1; start and end it as often as you like."""

    def __init__(self, folder):
        self.folder, self.process = folder, None
        os.makedirs(folder)
        make_pair(folder, "localhost")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-days", "2", "-subj", "/CN=directory", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                        "-keyout", folder + "/key.pem", "-out", folder + "/cert.pem"], check=True, capture_output=True)
        with open(folder + "/config.json", "w") as f:
            json.dump({"pebble": {"listenAddress": "127.0.0.1:14000", "managementListenAddress": "127.0.0.1:15000",
                                  "certificate": folder + "/cert.pem", "privateKey": folder + "/key.pem", "httpPort": 80,
                                  "tlsPort": 5001, "ocspResponderURL": "", "externalAccountBindingRequired": False}}, f)
        self.ca = folder + "/cert.pem"
        self.log = open(folder + "/log", "a")
        self.names = subprocess.Popen(["pebble-challtestsrv", "-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", "-http01", "",
                                       "-https01", "", "-tlsalpn01", "", "-dns01", "127.0.0.1:8053",
                                       "-management", "127.0.0.1:8055"], stdout=self.log, stderr=self.log)

    def start(self):
        self.process = subprocess.Popen(["pebble", "-config", self.folder + "/config.json", "-dnsserver", "127.0.0.1:8053"],
                                        env=dict(os.environ, PEBBLE_VA_NOSLEEP="1", PEBBLE_AUTHZREUSE="0",
                                                 PEBBLE_WFE_NONCEREJECT="0"), # certbot 2.1 falls over those
                                        stdout=self.log, stderr=self.log)
        wait_for(self.roots)

    def roots(self):
        """The PEM of the authority; another one at each start."""
        assert self.process.poll() is None, "pebble ended; see " + self.folder
        context = ssl.create_default_context(cafile=self.ca)
        with urllib.request.urlopen("https://127.0.0.1:15000/roots/0", context=context, timeout=5) as r:
            return r.read().decode()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)

    def end(self):
        self.stop()
        self.names.terminate()
        self.names.wait(20)
        self.log.close()


class Acme(Script):
    """compose/acme/start beside the edge of that folder."""

    def __init__(self, folder, *args, **env):
        self.folder = folder
        for name in ("", "/tmp", "/tls", "/www", "/letsencrypt"):
            owned(folder + name)
        if not os.path.exists(folder + "/acme"):
            copy("acme", folder)
        super().__init__(folder, folder + "/acme/start", *args, **{"JARVIS_DOMAIN": DOMAIN, **env})

    def ask(self, word):
        """(exit code, what it says) of `start healthy` or `start status`."""
        r = subprocess.run(["setpriv", "--reuid", "10001", "--clear-groups", "sh", self.folder + "/acme/start", word],
                           capture_output=True, text=True, timeout=30)
        return r.returncode, r.stdout + r.stderr


def verified(edge, pem):
    """The edge's certificate, as a client that trusts this authority and nobody else sees it."""
    context = ssl.create_default_context(cadata=pem)
    with edge.connect(context=context) as s:
        return s.getpeercert()


def a_certificate_s_life(folder):
    """One story, as it cannot be told in pieces."""
    pebble = Pebble(folder + "/pebble")
    acme = Acme(folder + "/edge", JARVIS_ACME_SERVER=DIRECTORY, JARVIS_ACME_CA=pebble.ca,
                JARVIS_ACME_EMAIL="ops@example.org")
    gateway = Echo(SLOT_A, "a")
    try:
        # nobody answers: a placeholder is there all the same, and nginx starts with it
        acme.wait_said("a self-signed placeholder is in place")
        with Edge(folder + "/edge", pair=False) as edge:
            wait_for(edge.listens)
            acme.wait_said("no certificate this time")
            acme.wait_said("next try in about 300 seconds")
            code, said = acme.ask("healthy")
            assert code == 0 and "(placeholder)" in said and acme.ask("status")[0] == 1, said
            first = serial_of(edge)
            key = os.path.join(folder, "edge", "tls", "key.pem")
            assert os.stat(key).st_mode & 0o077 == 0, "others can read the key"
            issued(acme, edge, pebble, first, gateway)
            renewed(acme, edge, pebble)
            kept_while_nobody_answers(acme, edge, pebble)
            started_again(acme, edge, pebble)
    except Exception:
        for path in (pebble.folder + "/log", folder + "/edge/tmp/certbot/said", folder + "/edge/tmp/certbot/logs/letsencrypt.log"):
            if os.path.exists(path):
                with open(path) as f:
                    print("--- %s\n%s" % (path, f.read()[-3000:]))
        raise
    finally:
        if acme.process.poll() is None:
            acme.stop(signal.SIGKILL)
        gateway.end()
        pebble.end()


def issued(acme, edge, pebble, first, gateway):
    c = edge.client("127.0.7.1")
    c.request("GET", "/api/slow") # a stream that is under way while nginx takes the certificate
    stream = c.getresponse()
    assert stream.readline() == b"first\n"
    pebble.start()
    acme.send(signal.SIGUSR1)
    acme.wait_said("installed: a certificate (acme)", seconds=60)
    edge.wait_said("a new certificate: nginx reloads")
    wait_for(lambda: serial_of(edge) != first)
    assert ("DNS", DOMAIN) in verified(edge, pebble.roots())["subjectAltName"]
    gateway.go.set()
    assert stream.read() == b"last\n", "the reload cut a stream"
    code, said = acme.ask("status")
    assert code == 0 and re.search(r"\(acme\), serial [0-9A-F]+, \d+ days left", said), said
    assert first not in said and serial_of(edge) in said, said
    assert os.listdir(os.path.join(edge.folder, "www", ".well-known", "acme-challenge")) == []


def make_it_due(edge):
    """certbot renews what ends within so many days."""
    path = os.path.join(edge.folder, "letsencrypt", "renewal", "jarvis.conf")
    with open(path) as f:
        text = f.read()
    with open(path, "w") as f:
        f.write(re.sub(r"^#? *renew_before_expiry.*\n", "", text, flags=re.M).replace(
            "version = ", "renew_before_expiry = 9000 days\nversion = ", 1))


def renewed(acme, edge, pebble):
    before, times = serial_of(edge), acme.said().count("installed: ")
    acme.send(signal.SIGUSR1) # it is not time: the same stays
    acme.wait_said("kept: a certificate (acme)", seconds=60)
    assert serial_of(edge) == before and acme.said().count("installed: ") == times
    make_it_due(edge)
    acme.send(signal.SIGUSR1)
    acme.wait_said("installed: ", times + 1, seconds=60)
    wait_for(lambda: serial_of(edge) != before)
    verified(edge, pebble.roots())


def kept_while_nobody_answers(acme, edge, pebble):
    authority, before, failures = pebble.roots(), serial_of(edge), acme.said().count("no certificate this time")
    pebble.stop()
    acme.send(signal.SIGUSR1)
    acme.wait_said("no certificate this time", failures + 1, seconds=60)
    acme.wait_said("next try in about", failures + 1)
    assert serial_of(edge) == before and acme.ask("status")[0] == 0
    verified(edge, authority)
    assert "BEGIN" not in acme.said() and "PRIVATE" not in acme.said()


def started_again(acme, edge, pebble):
    """The volume of the certificates is lost, the account's is not: what was issued is put back, unasked."""
    before = serial_of(edge)
    assert acme.stop() == 0
    for name in os.listdir(edge.folder + "/tls"):
        subprocess.run(["rm", "-rf", os.path.join(edge.folder, "tls", name)], check=True)
    again = Acme(edge.folder, JARVIS_ACME_SERVER=DIRECTORY, JARVIS_ACME_CA=pebble.ca)
    try:
        again.wait_said("installed: a certificate (acme)")
        assert "placeholder" not in again.said() and serial_of(edge) == before and before in again.ask("status")[1]
    finally:
        assert again.stop() == 0, again.said()


def own_files(folder):
    """JARVIS_TLS=files: the operator's pair, and the next one; nonsense does not replace it."""
    place = folder + "/files"
    make_pair(place + "/own")
    names = {"JARVIS_TLS": "files", "JARVIS_TLS_CERT": place + "/own/cert.pem", "JARVIS_TLS_KEY": place + "/own/key.pem"}
    acme = Acme(place, **names)
    try:
        acme.wait_said("installed: a certificate (files)")
        with Edge(place, pair=False, http_port=8084, https_port=8447) as edge:
            wait_for(edge.listens)
            first = serial_of(edge)
            assert first in acme.ask("status")[1] and acme.ask("status")[0] == 0
            make_pair(place + "/own")
            acme.send(signal.SIGUSR1)
            acme.wait_said("installed: ", 2)
            wait_for(lambda: serial_of(edge) != first)
            second = serial_of(edge)
            with open(place + "/own/cert.pem", "w") as f:
                f.write("nonsense")
            acme.send(signal.SIGUSR1)
            acme.wait_said("is no certificate in PEM; what is in place stays")
            assert serial_of(edge) == second and second in acme.ask("healthy")[1]
    finally:
        acme.stop()


def make_expired(folder):
    make_pair(folder)
    conf, request = folder + "/ca.conf", folder + "/request"
    with open(conf, "w") as f:
        f.write("[ca]\ndefault_ca=x\n[x]\ndatabase=%s/index\nserial=%s/serial\nnew_certs_dir=%s\ndefault_md=sha256\n"
                "policy=p\nunique_subject=no\n[p]\ncommonName=supplied\n" % (folder, folder, folder))
    with open(folder + "/index", "w"), open(folder + "/serial", "w") as f:
        f.write("01\n")
    subprocess.run(["openssl", "req", "-new", "-key", folder + "/key.pem", "-subj", "/CN=" + DOMAIN, "-out", request],
                   check=True, capture_output=True)
    subprocess.run(["openssl", "ca", "-batch", "-selfsign", "-config", conf, "-keyfile", folder + "/key.pem", "-in", request,
                    "-startdate", "20200101000000Z", "-enddate", "20200102000000Z", "-notext", "-out", folder + "/cert.pem"],
                   check=True, capture_output=True)


def bad_settings_stop_at_start(folder):
    place = folder + "/bad"
    make_pair(place + "/one")
    make_pair(place + "/two")
    make_expired(place + "/old")
    own = {"JARVIS_TLS": "files", "JARVIS_TLS_CERT": place + "/one/cert.pem", "JARVIS_TLS_KEY": place + "/one/key.pem"}
    for words, env in (("JARVIS_DOMAIN is empty", {"JARVIS_DOMAIN": ""}),
                       ("JARVIS_DOMAIN: -x.org is no host name", {"JARVIS_DOMAIN": "-x.org"}),
                       ("JARVIS_DOMAIN: a.org,b.org is no host name", {"JARVIS_DOMAIN": "a.org,b.org"}),
                       ("JARVIS_DOMAIN: 10.0.0.1 is no host name", {"JARVIS_DOMAIN": "10.0.0.1"}),
                       ("JARVIS_TLS: none is neither", {"JARVIS_TLS": "none"}),
                       ("JARVIS_ACME_EMAIL: nobody is no address", {"JARVIS_ACME_EMAIL": "nobody"}),
                       ("JARVIS_ACME_SERVER: http://x does not begin", {"JARVIS_ACME_SERVER": "http://x"}),
                       ("JARVIS_ACME_CA: /nothing cannot be read", {"JARVIS_ACME_CA": "/nothing"}),
                       ("JARVIS_ACME_EVERY: 0 is no number", {"JARVIS_ACME_EVERY": "0"}),
                       ("JARVIS_TLS_CERT: /nothing is not there", {**own, "JARVIS_TLS_CERT": "/nothing"}),
                       ("is not the key of", {**own, "JARVIS_TLS_KEY": place + "/two/key.pem"}),
                       ("has expired", {**own, "JARVIS_TLS_CERT": place + "/old/cert.pem",
                                        "JARVIS_TLS_KEY": place + "/old/key.pem"})):
        acme = Acme(place, **env)
        assert acme.process.wait(30) == 1 and words in acme.said(), (words, acme.said())
        assert not os.listdir(place + "/tls"), os.listdir(place + "/tls")
    acme = Acme(place, "healthy")
    assert acme.process.wait(30) == 1 and "no certificate at all" in acme.said(), acme.said()


def cases(report, folder):
    for case in (bad_settings_stop_at_start, own_files, a_certificate_s_life):
        report.run(case, folder)


def test_acme():
    assert run_inside(os.path.abspath(__file__)) == 0, "see above"


if __name__ == "__main__":
    sys.exit(main(os.path.abspath(__file__), cases))
