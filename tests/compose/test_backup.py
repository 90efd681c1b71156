"""test_backup.py -- backups of a real database: made, cut short, damaged, brought back, kept and dropped."""
import datetime
import os
import re
import shutil
import sys

import data_docker as d

BACKUP = "/etc/jarvis/backup/"
ROWS = """select format('%I.%I', schemaname, tablename) from pg_tables
    where schemaname !~ '^pg_' and schemaname <> 'information_schema' order by 1"""


def contents(db):
    """{table: digest of its rows in order}"""
    names = db.psql(ROWS).split()
    return {n: db.psql("select count(*) || ' ' || coalesce(md5(string_agg(t::text, '|' order by t::text)), '') "
                       "from %s t" % n) for n in names}


class Backups:
    """The folder, the keys and the service's container beside a database."""

    def __init__(self, place, db, *more):
        self.place, self.db = place, db
        for name in ("backups", "metrics", "restored"):
            os.makedirs(place.path(name), exist_ok=True)
        self.identity, recipient = self.key("backup_identity")
        place.write("secrets/backup_recipient", recipient + "\n", 0o444)
        place.write("secrets/database_url", db.url(), 0o444)
        place.write("config/.env", "JARVIS_DOMAIN=example.org\n", 0o600)
        place.write("config/jarvis.env", "JARVIS_PUBLIC_URL=https://example.org\n", 0o600)
        place.write("config/secrets/admin_password", "hidden-admin-password", 0o444)
        place.write("config/secrets/backup_identity", "must not be in it", 0o400)
        place.write("config/backups/old.tar", "must not be in it either")
        os.chmod(place.path("config/secrets"), 0o700)
        self.more = list(more)
        self.tool = place.start("postgres", "infinity", options=self.options("--entrypoint", "sleep"), name="tool")

    def key(self, name):
        r = d.docker("run", "--rm", "--entrypoint", "age-keygen", d.image("postgres"), check=True)
        path = self.place.write("secrets/" + name, r.stdout, 0o444)
        return path, re.search("age1[a-z0-9]+", r.stdout).group()

    def options(self, *more):
        p = self.place
        o = ["--user", "0:0", "--network", p.net, "-v", p.path("metrics") + ":/metrics",
             "-v", p.path("restored") + ":/restored", "-v", p.path("config") + ":/config:ro",
             "-v", os.path.join(d.TOP, "compose", "backup") + ":/etc/jarvis/backup:ro"]
        if not any("/backups" in m for m in self.more):
            o += ["-v", p.path("backups") + ":/backups"]
        for s in ("backup_recipient", "database_url"):
            o += ["-v", p.path("secrets", s) + ":/run/secrets/%s:ro" % s]
        o += ["-v", p.path("tls", "ca.crt") + ":/run/secrets/ca.crt:ro", "-v", p.path("secrets") + ":/keys:ro"]
        return o + self.more + list(more)

    def do(self, command, *args, env=(), timeout=300):
        e = [x for pair in env for x in ("-e", pair)]
        return d.docker("exec", *e, self.tool, BACKUP + command, *args, timeout=timeout)

    def now(self, *env):
        r = self.do("backup", "now", env=env)
        d.expect("backup now", (r.returncode, r.stderr), (0, r.stderr))
        return self.names()[-1]

    def names(self):
        return sorted(n for n in os.listdir(self.place.path("backups")) if n.endswith(".tar"))

    def restore(self, *args):
        return self.do("restore", "--identity", "/keys/backup_identity", *args)

    def left(self):
        return [n for n in os.listdir(self.place.path("backups")) if n.startswith(".partial")]


def full(place, *more):
    db = d.Database(place).start()
    db.migrate("jarvis_a", "--seed")
    return db, Backups(place, db, *more)


def test_backup_and_restore():
    with d.Place() as p:
        db, b = full(p)
        before = contents(db)
        d.expect("there is something", len(before) > 20 and before["tickets.tickets"].startswith("5 "), True)
        name = b.now()
        file = "/backups/" + name
        with open(p.path("backups", name), "rb") as f:
            data = f.read()
        for secret in (b"hidden-admin-password", b"PGDMP", b"12301"):
            d.expect("in the clear: %s" % secret, secret in data, False)
        r = b.do("backup", "verify", file)
        d.expect("without the identity", (r.returncode, r.stderr), (0, r.stderr))
        d.expect("without the identity", r.stderr, "is whole; without the identity")
        r = b.do("backup", "verify", "--identity", "/keys/backup_identity", file)
        d.expect("with it", r.stderr, "%s is whole: %d tables" % (file, len(before)))

        r = b.restore(file)
        d.expect("not empty", r.returncode, 1)
        d.expect("not empty", r.stderr, "the database is not empty")
        d.expect("untouched", contents(db) == before, True)

        db.psql("update tickets.tickets set updated_at = updated_at + interval '1 day'; create schema later; create table later.t (a int);"
                "create table public.stray (a int); drop schema finops cascade")
        p.write("secrets/database_url", db.url("jarvis_b"), 0o444)  # signed in as the other one
        r = b.restore("--replace", file)
        d.expect("restore", (r.returncode, r.stderr), (0, r.stderr))
        d.expect("row by row", contents(db) == before, True)
        d.expect("owners", db.psql("select count(*) from pg_class c join pg_namespace n on n.oid = relnamespace where "
                                   "nspname = 'tickets' and pg_get_userbyid(relowner) <> 'jarvis'"), "0")
        db.migrate("jarvis_b")

        db.sql("drop database jarvis with (force)", "postgres")
        db.stop()
        db.start()
        d.expect("empty", contents(db), {})
        r = b.restore(file)
        d.expect("into empty", (r.returncode, r.stderr), (0, r.stderr))
        d.expect("row by row", contents(db) == before, True)

        r = b.restore("--config", "/restored/config", file)
        d.expect("settings", (r.returncode, r.stderr), (0, r.stderr))
        found = d.run("find", p.path("restored"), "-type", "f", "-printf", "%P\n").stdout.split()
        d.expect("settings", sorted(found), ["config/.env", "config/jarvis.env", "config/secrets/admin_password"])
        d.expect("a folder in use", b.restore("--config", "/restored/config", file).stderr, "is not empty")

        metrics = open(p.path("metrics", "backup.prom")).read()
        made = datetime.datetime.strptime(name, "jarvis-%Y%m%dT%H%M%SZ.tar").replace(tzinfo=datetime.timezone.utc)
        d.expect("metrics", metrics, "\njarvis_backup_success_timestamp_seconds %d\n" % made.timestamp())
        d.expect("metrics", metrics, "\njarvis_backup_size_bytes %d\n" % len(data))
        d.expect("metrics", metrics, "\njarvis_backup_exit_code 0\n")
        d.expect("healthy", b.do("backup", "health").returncode, 0)


def test_wrong_key_and_damage():
    with d.Place() as p:
        db, b = full(p)
        before = contents(db)
        name = b.now()
        b.key("other_identity")
        r = b.do("restore", "--replace", "--identity", "/keys/other_identity", "/backups/" + name)
        d.expect("wrong key", (r.returncode, r.stderr), (1, r.stderr))
        d.expect("wrong key", r.stderr, "cannot be opened with this identity")
        r = b.do("restore", "--replace", "/backups/" + name)
        d.expect("no key", r.stderr, "the identity (age's secret key) is not at /run/secrets/backup_identity")
        whole = open(p.path("backups", name), "rb").read()
        for what, data in (("cut", whole[:len(whole) // 2]), ("a bit", flip(whole)), ("empty", b""),
                           ("another file", b"hello" * 1000)):
            for with_sum in (True, False):
                bad = p.path("backups", "bad.tar")
                with open(bad, "wb") as f:
                    f.write(data)
                if with_sum:
                    shutil.copy(p.path("backups", name + ".sha256"), bad + ".sha256")
                else:
                    os.unlink(bad + ".sha256")
                for r in (b.do("backup", "verify", "--identity", "/keys/backup_identity", "/backups/bad.tar"),
                          b.restore("--replace", "/backups/bad.tar")):
                    d.expect("%s, %s" % (what, with_sum), (r.returncode, r.stderr), (1, r.stderr))
                    d.expect("%s, %s" % (what, with_sum), r.stderr, "is damaged")
        d.expect("untouched", contents(db) == before, True)


def flip(data):
    at = len(data) // 2
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]


def test_restore_that_fails_leaves_the_old():
    with d.Place() as p:
        db, b = full(p)
        name = b.now()
        db.psql("update tickets.tickets set updated_at = updated_at + interval '1 day'")
        before = contents(db)
        # Somebody holds a table: it cannot be dropped, and the connection is cut in the middle.
        d.docker("exec", "-d", db.container, "/etc/jarvis/postgres/start", "psql", "-d", "jarvis", "-c",
                 "begin; select count(*) from tickets.tickets; select pg_sleep(600)")
        waiting = "select count(*) from pg_stat_activity where application_name = 'jarvis-backup' and wait_event_type = 'Lock'"
        d.docker("exec", "-d", b.tool, "sh", "-c", BACKUP + "restore --replace --identity /keys/backup_identity /backups/"
                 + name + " 2>/tmp/said; echo $? >/tmp/code")
        d.wait_for(lambda: db.sql(waiting) == "1", saying="the restore to wait for the lock")
        d.expect("only one", b.restore("--replace", "/backups/" + name).returncode, 75)
        d.expect("only one", b.do("backup", "now").returncode, 75)
        db.sql("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'jarvis-backup'")
        code = d.wait_for(lambda: d.docker("exec", b.tool, "cat", "/tmp/code").stdout.strip())
        said = d.docker("exec", b.tool, "cat", "/tmp/said").stdout
        d.expect("its end", (code, said), ("1", said))
        d.expect("its end", said, "was not restored and is as it was")
        db.sql("select pg_terminate_backend(pid) from pg_stat_activity where query like '%sleep(600)%' and pid <> pg_backend_pid()")
        d.expect("untouched", contents(db) == before, True)


def test_killed_in_the_middle():
    with d.Place() as p:
        db, b = full(p)
        first = b.now()
        db.psql("create table tickets.large as select n, md5(n::text) as t from generate_series(1, 2000) n")
        for signal in ("-KILL", "-TERM"):
            # A lock keeps pg_dump waiting in the middle.
            d.docker("exec", "-d", db.container, "/etc/jarvis/postgres/start", "psql", "-d", "jarvis", "-c",
                     "begin; lock table tickets.large in access exclusive mode; select pg_sleep(600)")
            d.wait_for(lambda: db.sql("select count(*) from pg_locks where mode = 'AccessExclusiveLock' and granted and "
                                      "relation = 'tickets.large'::regclass", "jarvis") == "1", saying="the lock")
            d.docker("exec", "-d", b.tool, "sh", "-c", "%sbackup now 2>/tmp/said; echo $? >/tmp/code" % BACKUP)
            d.wait_for(lambda: db.sql("select count(*) from pg_stat_activity where application_name = 'jarvis-backup' "
                                      "and wait_event_type = 'Lock'") == "1", saying="pg_dump")
            if signal == "-KILL":  # of one part of the pipe alone: the whole notices
                d.docker("exec", b.tool, "sh", "-c", "for p in /proc/[0-9]*; do case $(cat $p/comm 2>/dev/null) in "
                         "pg_dump) kill -KILL ${p#/proc/};; esac; done", check=True)
            else:
                d.docker("exec", b.tool, "sh", "-c", "for p in /proc/[0-9]*; do case $(tr '\\0' ' ' <$p/cmdline "
                         "2>/dev/null) in '/bin/sh %sbackup now ') kill -TERM ${p#/proc/};; esac; done" % BACKUP, check=True)
            code = d.wait_for(lambda: d.docker("exec", b.tool, "cat", "/tmp/code").stdout.strip(), saying="its end")
            d.expect("its end", code, {"-KILL": "1", "-TERM": "143"}[signal])
            d.expect("nothing half-made", (b.names(), b.left()), ([first], []))
            d.docker("exec", b.tool, "rm", "/tmp/code")
            db.sql("select pg_terminate_backend(pid) from pg_stat_activity where query like '%sleep(600)%' and pid <> pg_backend_pid()")
        d.expect("metrics tell", open(p.path("metrics", "backup.prom")).read(), "jarvis_backup_exit_code 1\n")
        os.makedirs(p.path("backups", ".partial"))
        p.write("backups/.partial/database.dump.age", "left by a crash")
        d.wait_for(lambda: b.names()[-1] != b.now() or len(b.names()) > 1, saying="another second")
        d.expect("the next one works", (len(b.names()), b.left()), (2, []))


def test_disk_full():
    with d.Place() as p:
        db, b = full(p, "--tmpfs", "/backups:size=40k,mode=1777")
        r = b.do("backup", "now")
        d.expect("disk full", (r.returncode, r.stderr), (1, r.stderr))
        d.expect("disk full", r.stderr, "could not be written to /backups (is the disk full?)")
        d.expect("nothing is left", d.docker("exec", b.tool, "ls", "-A", "/backups").stdout.split(), [".lock"])
        d.expect("not healthy", b.do("backup", "health").stderr, "there is no backup yet")


def test_what_is_kept():
    with d.Place() as p:
        db, b = full(p)
        today = datetime.datetime.now(datetime.timezone.utc)
        made = {}
        for days in list(range(1, 75)):
            t = today - datetime.timedelta(days=days)
            name = t.strftime("jarvis-%Y%m%dT%H%M%SZ.tar")
            made[name] = t
            p.write("backups/" + name, "x")
            p.write("backups/" + name + ".sha256", "not this  " + name + "\n")
        p.write("backups/notes.txt", "not a backup")
        r = b.do("backup", "prune")
        d.expect("no whole one, none dropped", (r.returncode, len(b.names())), (0, 74))
        name = b.now()
        young = {n for n, t in made.items() if (today.date() - t.date()).days < 7} | {name}
        weeks = {}
        for n, t in sorted(made.items()):
            if n not in young:
                weeks[(t.date() - datetime.timedelta(days=t.weekday())).isoformat()] = n
        wanted = young | set(v for _, v in sorted(weeks.items())[-4:])
        d.expect("what is kept", sorted(wanted), b.names())
        d.expect("what else is there", os.path.exists(p.path("backups", "notes.txt")), True)
        # The last whole one stays, however old it is.
        old = "jarvis-20200101T000000Z.tar"
        for end in ("", ".sha256"):
            os.rename(p.path("backups", name + end), p.path("backups", old + end))
        p.write("backups/%s.sha256" % old, open(p.path("backups", old + ".sha256")).read().replace(name, old))
        b.do("backup", "prune")
        d.expect("the last whole one", old in b.names(), True)
        d.expect("listed", b.do("backup", "list").stdout, " whole\n")
        for n in b.names():
            if n != old:
                os.unlink(p.path("backups", n))
        d.expect("too old", b.do("backup", "health").stderr, "is older than 26 hours")


def test_upload():
    with d.Place() as p:
        db, b = full(p)
        name = b.now("JARVIS_BACKUP_UPLOAD=cp -t /restored")
        d.expect("it is there", os.path.exists(p.path("restored", name)), True)
        d.expect("and listed", b.do("backup", "list").stdout, "whole, elsewhere too")
        r = d.wait_for(lambda: (lambda x: x if "is there already" not in x.stderr else None)(
            b.do("backup", "now", env=["JARVIS_BACKUP_UPLOAD=false"])), saying="another second")
        d.expect("it fails", (r.returncode, r.stderr), (3, r.stderr))
        d.expect("it fails", r.stderr, "JARVIS_BACKUP_UPLOAD: the command failed")
        d.expect("the backup stays", len(b.names()), 2)
        d.expect("metrics", open(p.path("metrics", "backup.prom")).read(), "jarvis_backup_exit_code 3\n")


def test_every_day_and_what_was_missed():
    with d.Place() as p:
        db, b = full(p)
        day = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=25)
        p.write("backups/" + day.strftime("jarvis-%Y%m%dT%H%M%SZ.tar"), "x")
        at = (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=2)).strftime("%H:%M")
        c = p.start("postgres", options=b.options("--entrypoint", BACKUP + "start", "-e", "JARVIS_BACKUP_AT=" + at,
                                                  "-e", "JARVIS_BACKUP_LOOK=1", "-e", "JARVIS_BACKUP_RETRY=1",
                                                  "-e", "JARVIS_BACKUP_UPLOAD=cp -t /restored/later"))
        d.wait_for(lambda: len(b.names()) == 2, saying="the missed backup")
        d.wait_for(lambda: "trying again in 2 s" in p.logs(c), saying="a failed upload to be tried again")
        d.expect("no second backup for an upload", len(b.names()), 2)
        os.makedirs(p.path("restored", "later"))
        d.wait_for(lambda: b.names()[-1] in os.listdir(p.path("restored", "later")), saying="the upload")
        d.docker("stop", "-t", "20", c, check=True)
        d.expect("TERM", p.exited(c), 0)
        d.expect("healthy", b.do("backup", "health").returncode, 0)


def test_bad_settings_and_the_database_away():
    with d.Place() as p:
        db, b = full(p)
        cases = [
            ("backup", ["now"], "JARVIS_BACKUP_KEEP_DAYS=week", "JARVIS_BACKUP_KEEP_DAYS: \"week\" is no whole number", 78),
            ("backup", ["now"], "JARVIS_BACKUP_KEEP_WEEKS=-1", "JARVIS_BACKUP_KEEP_WEEKS", 78),
            ("backup", ["now"], "JARVIS_BACKUP_DIR=/nowhere", "JARVIS_BACKUP_DIR: /nowhere is not there", 78),
            ("backup", ["now"], "DATABASE_URL=mysql://u:hidden-word@h/d", "DATABASE_URL: is no address", 78),
            ("backup", ["now"], "DATABASE_URL=@/nowhere", "DATABASE_URL: the file /nowhere is missing", 78),
            ("backup", ["now"], "JARVIS_SECRETS=/tmp", "the secret backup_recipient is missing", 78),
            ("backup", ["soon"], "A=1", "backup now", 2),
            ("start", [], "JARVIS_BACKUP_AT=25:00", "JARVIS_BACKUP_AT: \"25:00\" is no time of the day", 78),
        ]
        for command, args, env, sentence, code in cases:
            r = b.do(command, *args, env=[env])
            d.expect(env, (r.returncode, r.stderr), (code, r.stderr))
            d.expect(env, r.stderr, sentence)
            d.expect(env, "hidden-word" in r.stderr, False)
        db.stop()
        r = b.do("backup", "now")
        d.expect("the database is away", (r.returncode, r.stderr), (1, r.stderr))
        d.expect("the database is away", r.stderr, "DATABASE_URL: the database cannot be reached")
        d.expect("nothing half-made", (b.names(), b.left()), ([], []))


if __name__ == "__main__":
    sys.exit(d.main(sys.modules[__name__]))
