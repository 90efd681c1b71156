"""test_postgres.py -- the database service: first start, kills, passwords, roles, versions, the end."""
import re
import sys

import data_docker as d

OWNED = """select count(*) from pg_class c join pg_namespace n on n.oid = relnamespace
    where nspname !~ '^pg_' and nspname <> 'information_schema' and pg_get_userbyid(relowner) <> 'jarvis'"""


def test_first_start_makes_roles_and_database():
    with d.Place() as p:
        db = d.Database(p).start()
        d.expect("who one is", db.psql("select session_user || ' ' || current_user"), "jarvis_a jarvis")
        d.expect("who the other is", db.psql("select session_user || ' ' || current_user", "jarvis_b"),
                 "jarvis_b jarvis")
        d.expect("TLS", db.sql("select setting from pg_settings where name = 'ssl'"), "on")
        d.expect("checksums", db.sql("show data_checksums"), "on")
        d.expect("encoding", db.sql("show server_encoding"), "UTF8")
        d.expect("memory", db.sql("show shared_buffers"), "64MB")
        d.expect("closed to others", db.sql(
            "create role stranger login; select has_schema_privilege('stranger', 'public', 'usage'), "
            "has_database_privilege('stranger', 'jarvis', 'connect'); drop role stranger", "jarvis"), "f|f")
        r = db.psql("select 1", database="postgres", check=False)
        d.expect("other databases are closed", r.stderr, "permission denied for database")
        d.expect("no powers", db.sql("select count(*) from pg_roles where rolname like 'jarvis%' and "
                                     "(rolsuper or rolcreatedb or rolcreaterole or rolreplication)"), "0")
        r = d.run("psql", "-X", "-c", "select 1", db.host_url().replace("verify-full", "disable"))
        d.expect("no TLS, no entry", r.stderr, "no pg_hba.conf entry")


def test_migrations_by_either_role():
    with d.Place() as p:
        db = d.Database(p).start()
        db.migrate("jarvis_a", "--seed")
        d.expect("tables", int(db.psql("select count(*) from jarvis.migrations")) > 10, True)
        d.expect("owned by somebody else", db.psql(OWNED), "0")
        db.psql("delete from jarvis.migrations where actor = 'finops'; drop schema finops cascade", "jarvis_b")
        db.migrate("jarvis_b", "--seed")
        d.expect("owned by somebody else", db.psql(OWNED), "0")
        d.expect("the other reads it", db.psql("select count(*) > 0 from tickets.tickets", "jarvis_b"), "t")


def test_passwords_follow_the_secrets():
    with d.Place() as p:
        db = d.Database(p).start()
        old = db.host_url("jarvis_b")
        db.psql("select 1", "jarvis_b")
        new = "second\\'one \"$(id)"
        r = d.docker("exec", "-i", db.container, "/etc/jarvis/postgres/start", "password", "jarvis_b", stdin=new)
        d.expect("changed while it runs", (r.returncode, r.stderr), (0, ""))
        db.passwords["jarvis_b"] = new
        db.psql("select 1", "jarvis_b")
        d.expect("the old one", d.run("psql", "-X", "-c", "select 1", old).stderr, "password authentication failed")
        db.stop()
        db.set_secret("jarvis_a", "database_password_a", "third")
        db.set_secret("jarvis_b", "database_password_b", "fourth")
        db.start()
        db.psql("select 1", "jarvis_a")
        db.psql("select 1", "jarvis_b")
        log = p.logs(db.container)
        for secret in ("second", "third", "fourth", "SCRAM"):
            d.expect("%s in the log" % secret, secret in log, False)


def test_killed_while_it_is_made():
    with d.Place() as p:
        db = d.Database(p)
        db.start(wait=False)
        d.wait_for(lambda: "making a cluster" in p.logs(db.container), saying="initdb")
        db.stop("kill")
        left = d.docker("run", "--rm", "-v", db.volume + ":/v", d.image("postgres"), "ls", "/v").stdout.split()
        d.expect("no cluster yet", "cluster" in left, False)
        db.start()
        db.psql("select 1")
        db.stop("kill")  # and a crash of the whole
        db.start()
        db.psql("select 1", "jarvis_b")


def test_term_is_fast_with_a_client_in_it():
    with d.Place() as p:
        db = d.Database(p).start()
        d.docker("exec", "-d", db.container, "/etc/jarvis/postgres/start", "psql", "-c", "select pg_sleep(600)")
        d.wait_for(lambda: db.sql("select count(*) from pg_stat_activity where query like '%sleep(600)%' and "
                                  "pid <> pg_backend_pid()") == "1", saying="a client")
        db.stop()
        log = p.logs(db.container)
        d.expect("its end", log, "received fast shutdown request")
        d.expect("its end", log, "database system is shut down")
        d.expect("exit code", p.exited(db.container), 0)


def test_one_server_for_one_volume():
    with d.Place() as p:
        db = d.Database(p).start()
        second = p.start("postgres", options=db.options())
        d.expect("exit code", p.exited(second), 78)
        d.expect("the sentence", p.logs(second), "another server runs on this volume")
        db.psql("select 1")


def test_another_version_and_bad_settings():
    with d.Place() as p:
        db = d.Database(p)
        cases = [
            (["-e", "POSTGRES_MEMORY=lots"], "POSTGRES_MEMORY: \"lots\" is no size"),
            (["-e", "POSTGRES_MEMORY=10m"], "POSTGRES_MEMORY: 10m is too little"),
            (["-e", "POSTGRES_CONNECTIONS=many"], "POSTGRES_CONNECTIONS: \"many\""),
            (["-e", "POSTGRES_STATEMENT_TIMEOUT=5' x"], "POSTGRES_STATEMENT_TIMEOUT"),
            (["-e", "POSTGRES_SECRETS=/nowhere"], "the secret postgres_password is missing"),
        ]
        for options, sentence in cases:
            c = p.start("postgres", options=db.options(*options))
            d.expect("exit code", p.exited(c), 78)
            d.expect("the sentence", p.logs(c), sentence)
            d.expect("one sentence", p.logs(c).count("\n"), 1)
        d.docker("run", "--rm", "-v", db.volume + ":/v", d.image("postgres"), "sh", "-c",
                 "mkdir /v/cluster && echo 12 > /v/cluster/PG_VERSION && chown -R postgres: /v", check=True)
        c = p.start("postgres", options=db.options())
        d.expect("exit code", p.exited(c), 78)
        d.expect("the sentence", p.logs(c), "the data were made by PostgreSQL 12 and this image has")


def test_log_tells_no_values():
    with d.Place() as p:
        db = d.Database(p).start()
        db.psql("create schema s; create table s.t (a text primary key); insert into s.t values ('hidden-value')")
        r = d.run("psql", "-X", db.host_url(), stdin=(
            "prepare p as insert into s.t values ($1);\nexecute p('hidden-value');\n"))
        d.expect("it fails", r.stderr, "duplicate key")
        log = d.wait_for(lambda: re.search("duplicate key", p.logs(db.container)) and p.logs(db.container))
        d.expect("the detail", "already exists" in log, False)


if __name__ == "__main__":
    sys.exit(d.main(sys.modules[__name__]))
