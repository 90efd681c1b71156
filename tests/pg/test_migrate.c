/* test_migrate.c -- migrations: order, history, broken ones, two at once; scripts; the check. */
#include "check.h"
#include "io/pg.h"

#include <libpq-fe.h>
#include <pthread.h>

static const char *url(void)
{
    return getenv("TEST_DATABASE_URL");
}

/* The single value of a query; a static buffer. */
static const char *ask(const char *sql)
{
    static char value[512];
    PGconn *c = PQconnectdb(url());
    PGresult *r = PQexec(c, sql);

    snprintf(value, sizeof(value), "%s",
             PQntuples(r) ? PQgetvalue(r, 0, 0) : PQresultErrorMessage(r));
    PQclear(r);
    PQfinish(c);
    return value;
}

static void fresh(void)
{
    struct jv_err err;

    CHECK_INT(jv_pg_script(url(), "public",
                           "drop schema if exists jarvis cascade;"
                           "drop schema if exists ant cascade; drop schema if exists bee cascade",
                           &err),
              JV_OK);
}

#define M(actor_, name_, sql_)                                                                     \
    {                                                                                              \
        actor_, name_, sql_, sizeof(sql_) - 1                                                      \
    }

static const struct jv_migration two_actors[] = {
    M("bee", "001_init", "create table hive (id int); insert into hive values (1)"),
    M("ant", "002_more", "insert into hill values (2)"),
    M("ant", "001_init", "create table hill (id int)"),
};

static char order[256], marker[] = "arg";

static void note(void *arg, const struct jv_migration *m)
{
    size_t n = strlen(order);

    CHECK(arg == marker);
    snprintf(order + n, sizeof(order) - n, "%s/%s ", m->actor, m->name);
}

static int migrate(const struct jv_migration *list, size_t n, struct jv_err *err)
{
    order[0] = '\0';
    err->text[0] = '\0';
    return jv_pg_migrate(url(), list, n, note, marker, err);
}

TEST(applies_in_order_and_once)
{
    struct jv_err err;

    fresh();
    CHECK_INT(migrate(two_actors, 3, &err), JV_OK);
    CHECK_STR(err.text, "");
    CHECK_STR(order, "ant/001_init ant/002_more bee/001_init ");
    CHECK_STR(ask("select count(*) from jarvis.migrations"), "3");
    CHECK_STR(ask("select id from ant.hill"), "2");
    CHECK_STR(ask("select length(sha256) from jarvis.migrations limit 1"), "64");
    CHECK_INT(migrate(two_actors, 3, &err), JV_OK);
    CHECK_STR(order, "");
    CHECK_STR(ask("select count(*) from ant.hill"), "1");
}

TEST(goes_on_where_it_stopped)
{
    struct jv_err err;

    fresh();
    CHECK_INT(migrate(two_actors, 1, &err), JV_OK);
    CHECK_STR(order, "bee/001_init ");
    CHECK_INT(migrate(two_actors, 3, &err), JV_OK);
    CHECK_STR(order, "ant/001_init ant/002_more ");
    CHECK_INT(jv_pg_migrate(url(), two_actors, 3, NULL, NULL, NULL), JV_OK);
}

TEST(refuses_an_altered_history)
{
    static const struct jv_migration altered[] = {
        M("ant", "001_init", "create table hill (id int) "),
        M("ant", "002_more", "insert into hill values (2)"),
        M("ant", "003_new", "insert into hill values (3)"),
        M("bee", "001_init", "create table hive (id int); insert into hive values (1)"),
    };
    struct jv_err err;

    fresh();
    CHECK_INT(migrate(two_actors, 3, &err), JV_OK);
    CHECK_INT(migrate(altered, 4, &err), JV_FAILED_PRECONDITION);
    CHECK_STR(err.text, "the migration ant/001_init was changed after it had been applied");
    CHECK_STR(ask("select count(*) from ant.hill"), "1");
}

TEST(refuses_a_newer_database)
{
    static const struct jv_migration older[] = {
        M("ant", "001_init", "create table hill (id int)"),
        M("bee", "001_init", "create table hive (id int); insert into hive values (1)"),
        M("bee", "002_new", "insert into hive values (2)"),
    };
    struct jv_err err;

    fresh();
    CHECK_INT(migrate(two_actors, 3, &err), JV_OK);
    CHECK_INT(migrate(older, 3, &err), JV_FAILED_PRECONDITION);
    CHECK_STR(err.text, "the database is newer than this program: it has the migration "
                        "ant/002_more, which is not known here");
    CHECK_STR(ask("select count(*) from bee.hive"), "1");
}

TEST(refuses_one_pushed_in_between)
{
    static const struct jv_migration between[] = {
        M("ant", "001_init", "create table hill (id int)"),
        M("ant", "001_late", "select 1"),
        M("ant", "002_more", "insert into hill values (2)"),
        M("bee", "001_init", "create table hive (id int); insert into hive values (1)"),
    };
    struct jv_err err;

    fresh();
    CHECK_INT(migrate(two_actors, 3, &err), JV_OK);
    CHECK_INT(migrate(between, 4, &err), JV_FAILED_PRECONDITION);
    CHECK_STR(err.text, "the migration ant/001_late would come before 002_more, which is applied "
                        "already");
}

TEST(a_broken_one_leaves_nothing)
{
    static const struct jv_migration broken[] = {
        M("ant", "001_init", "create table hill (id int)"),
        M("ant", "002_bad", "create table half (id int);\ninsert into hill values (7);\nselekt"),
        M("bee", "001_init", "create table hive (id int)"),
    };
    static const struct jv_migration first[] = {
        M("ant", "001_bad", "create table half (id int); select 1 / 0"),
    };
    struct jv_err err;

    fresh();
    CHECK_INT(migrate(broken, 3, &err), JV_INTERNAL);
    CHECK_STR(err.text, "migration ant/002_bad: line 3: database: syntax error at or near "
                        "\"selekt\"");
    CHECK_STR(order, "ant/001_init ");
    CHECK_STR(ask("select count(*) from ant.hill"), "0");
    CHECK_STR(ask("select to_regclass('ant.half') is null"), "t");
    CHECK_STR(ask("select count(*) from jarvis.migrations"), "1");
    fresh();
    CHECK_INT(migrate(first, 1, &err), JV_INVALID_ARGUMENT);
    CHECK_STR(err.text, "migration ant/001_bad: division by zero");
    CHECK_STR(ask("select count(*) from pg_namespace where nspname = 'ant'"), "0");
}

TEST(may_not_end_its_transaction)
{
    static const struct jv_migration sly[] = {
        M("ant", "001_init", "create table hill (id int); commit"),
    };
    struct jv_err err;

    fresh();
    CHECK_INT(migrate(sly, 1, &err), JV_FAILED_PRECONDITION);
    CHECK_STR(err.text, "migration ant/001_init: it ends the transaction it runs in");
    CHECK_STR(ask("select count(*) from jarvis.migrations"), "0");
}

TEST(takes_only_plain_names)
{
    static const struct jv_migration odd[] = { M("ant; drop", "001_init", "select 1") };
    struct jv_err err;

    CHECK_INT(migrate(odd, 1, &err), JV_INVALID_ARGUMENT);
    CHECK_STR(err.text, "\"ant; drop\" is no name of a schema");
}

/* The text of a migration ends at its length, not at a NUL. */
TEST(reads_no_further_than_the_length)
{
    static const struct jv_migration cut[] = { { "ant", "001_init", "select 1; garbage", 8 } };
    struct jv_err err;

    fresh();
    CHECK_INT(migrate(cut, 1, &err), JV_OK);
}

struct racer {
    pthread_t thread;
    int r, n;
    struct jv_err err;
};

static void count_one(void *arg, const struct jv_migration *m)
{
    (void)m;
    ((struct racer *)arg)->n++;
}

static void *race(void *arg)
{
    static const struct jv_migration slow[] = {
        M("ant", "001_init", "create table hill (id int); select pg_sleep(0.1)"),
        M("ant", "002_more", "insert into hill values (1)"),
    };
    struct racer *x = arg;

    x->r = jv_pg_migrate(url(), slow, 2, count_one, x, &x->err);
    return NULL;
}

TEST(of_two_at_once_one_waits)
{
    struct racer racers[3] = { 0 };
    int applied = 0;

    fresh();
    for (size_t i = 0; i < JV_COUNT(racers); i++)
        pthread_create(&racers[i].thread, NULL, race, &racers[i]);
    for (size_t i = 0; i < JV_COUNT(racers); i++) {
        pthread_join(racers[i].thread, NULL);
        CHECK_INT(racers[i].r, JV_OK);
        CHECK(racers[i].n == 0 || racers[i].n == 2);
        applied += racers[i].n;
    }
    CHECK_INT(applied, 2);
    CHECK_STR(ask("select count(*) from ant.hill"), "1");
}

TEST(runs_a_script_whole_or_not_at_all)
{
    struct jv_err err;

    fresh();
    CHECK_INT(jv_pg_script(url(), "ant", "create table t (id int);\n\n\nselekt", &err),
              JV_INTERNAL);
    CHECK_STR(err.text, "line 4: database: syntax error at or near \"selekt\"");
    CHECK_STR(ask("select to_regclass('ant.t') is null"), "t");
    CHECK_INT(jv_pg_script(url(), "ant", "create table t (id int); insert into t values (1)", &err),
              JV_OK);
    CHECK_STR(ask("select id from ant.t"), "1");
    CHECK_INT(jv_pg_script(url(), "no such", "select 1", &err), JV_INVALID_ARGUMENT);
}

TEST(says_what_is_wrong_with_a_database)
{
    char other[512];
    struct jv_err err = { 0 };

    CHECK_INT(jv_pg_check(url(), 1000, &err), JV_OK);
    CHECK_INT(jv_pg_check("postgresql://x:secret@[", 1000, &err), JV_INVALID_ARGUMENT);
    CHECK_STR(err.text, "the database address is malformed");
    CHECK_INT(jv_pg_check("postgresql://x@/x?host=/nonexistent", 100, &err), JV_UNAVAILABLE);
    CHECK_HAS(err.text, "No such file or directory");
    CHECK(!strchr(err.text, '\n'));
    CHECK_INT(jv_pg_check("postgresql://x@127.0.0.1:1/x", 100, &err), JV_UNAVAILABLE);
    CHECK_HAS(err.text, "refused");
    snprintf(other, sizeof(other), "%s&dbname=missing", url());
    CHECK_INT(jv_pg_check(other, 60000, &err), JV_UNAVAILABLE); /* at once: it will not come */
    CHECK_HAS(err.text, "\"missing\" does not exist");
    CHECK_INT(jv_pg_migrate(other, NULL, 0, NULL, NULL, &err), JV_UNAVAILABLE);
}

TEST_MAIN()
