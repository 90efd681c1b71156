"""A database that is somebody else's: verified by the provider's CA, backed up, and its user changed under load."""
import os

import data_docker as d
from engine import docker
from load import Load
from system import System
from test_deploy import nobody_noticed

PROVIDER = "db.provider.test" # a name as in the certificate; known on the network of the database


class Managed(System):
    """A stack without the profile postgres; the provider's server is there when the first process asks for it."""

    def __init__(self, place, database):
        self.place, self.database = place, database
        url = self.url_file("jarvis_a")
        super().__init__("--database", "managed", "--database-url-file", url, "--database-ca", place.path("tls", "ca.crt"),
                         "--monitoring", "no")

    def url_file(self, who):
        url = self.database.url(who, host=PROVIDER).replace("&sslrootcert=/run/secrets/ca.crt", "")
        return self.place.write("url_" + who, url + "\n", 0o600)

    def configure(self):
        super().configure()
        self.compose("up", "--no-start", "--no-deps", "migrate") # makes the networks
        docker("network", "connect", "--alias", PROVIDER, self.project + "_data", self.database.container)

    def __exit__(self, kind, error, trace):
        if kind:
            self.show()
        docker("network", "disconnect", "-f", self.project + "_data", self.database.container, check=False)
        super().__exit__(None, None, None)


def test_a_managed_database():
    with d.Place() as place:
        database = d.Database(place, name=PROVIDER).start()
        with Managed(place, database) as system:
            assert not system.containers("postgres")
            only_over_tls(database)
            doctor_finds_nothing(system)
            system.admin("backup")
            assert system.newest_backup()
            with Load(system) as load:
                load.wait_for(50)
                other_user(system, database)
                load.wait_for(50)
            nobody_noticed(system, load, "another user of the database")
            a_url_that_does_not_work_changes_nothing(system)


def users(database):
    """Who is signed in to the database of Jarvis, and whether by TLS."""
    rows = database.sql("select distinct usename || ' ' || ssl from pg_stat_activity join pg_stat_ssl using (pid) "
                        "where datname = 'jarvis' and backend_type = 'client backend' and pid <> pg_backend_pid()")
    return sorted(rows.split("\n"))


def only_over_tls(database):
    d.expect("who uses it", users(database), ["jarvis_a true"])


def doctor_finds_nothing(system):
    said = system.admin("doctor", check=False).stdout.splitlines()
    wrong = [line for line in said if line.startswith("FAIL") and "database" in line.lower()]
    good = [line.split()[1].rstrip(":") for line in said if line.startswith("ok ")]
    assert not wrong and "database.tls" in good and "database.migrations" in good, said


def other_user(system, database):
    system.admin("rotate", "database", "--url-file", system.url_file("jarvis_b"))
    d.wait_for(lambda: users(database) == ["jarvis_b true"], 10, "the last one of jarvis_a to leave")
    database.sql("alter role jarvis_a nologin") # as one takes the old user away at the provider
    assert not os.path.exists(os.path.join(system.home, "secrets", "database_url.before"))


def a_url_that_does_not_work_changes_nothing(system):
    before = system.secret("database_url")
    said = system.admin("rotate", "database", "--url-file", system.url_file("jarvis_a"), check=False)
    assert said.returncode == 1 and "the one before stays" in said.stderr, (said.returncode, said.stderr)
    assert system.secret("database_url") == before
    system.chat(system.login_probe(), "show my tickets")
