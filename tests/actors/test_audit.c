/* test_audit.c -- records as they are said, kept by a stand-in for JetStream, taken over by auth
 * and read by an administrator. */
#include <auth.pb-c.h>

#include "actor/record.h"
#include "actors/asking.h"

extern const struct jv_actor auth_actor;

enum { MOST = 2000 };
#define AUDIT "svc.auth.Audit"
#define DAY   ((int64_t)24 * 3600 * 1000)

/* A stream: it answers what auth asks JetStream. */
static struct stream {
    struct world *w;
    struct jv_bus *bus;
    const char *made, *subjects[MOST], *data[MOST];
    size_t n, first; /* numbers begin with 1; those below `first` are gone */
    bool away;
    size_t asked;
} js;

static void answer(struct jv_bus_msg *m, const char *json)
{
    jv_may_fail(jv_bus_publish(js.bus, m->reply, NULL, NULL, 0, json, strlen(json)));
}

static void on_info(void *arg, struct jv_bus_msg *m)
{
    (void)arg;
    if (!js.away)
        answer(m, jv_arena_printf(world_arena(js.w),
                                  "{\"type\":\"io.nats.jetstream.api.v1.stream_info_response\","
                                  "\"config\":{},\"created\":\"%s\"}",
                                  js.made));
}

static void on_get(void *arg, struct jv_bus_msg *m)
{
    struct jv_arena *a = world_arena(js.w);
    size_t i = (size_t)atoll(strstr(jv_arena_strndup(a, m->data, m->len), "\"seq\":") + 6);

    (void)arg;
    js.asked++;
    if (i < js.first)
        i = js.first;
    if (i > js.n)
        answer(m, "{\"error\":{\"code\":404,\"err_code\":10037,\"description\":\"no message "
                  "found\"}}");
    else
        answer(m, jv_arena_printf(a,
                                  "{\"message\":{\"subject\":\"jarvis.%s\",\"seq\":%zu,"
                                  "\"data\":\"%s\",\"time\":\"2025-01-09T12:00:00.5Z\"}}",
                                  js.subjects[i - 1], i,
                                  jv_base64(a, js.data[i - 1], strlen(js.data[i - 1]))));
}

static void on_record(void *arg, struct jv_bus_msg *m)
{
    (void)arg;
    js.subjects[js.n] = jv_arena_strdup(world_arena(js.w), m->subject + strlen("jarvis."));
    js.data[js.n++] = jv_arena_strndup(world_arena(js.w), m->data, m->len);
}

/* One that is there already. */
static void kept(const char *subject, const char *data)
{
    js.subjects[js.n] = subject;
    js.data[js.n++] = data;
}

static void kept_many(size_t n)
{
    for (size_t i = 0; i < n; i++)
        kept("audit.tickets.denied",
             jv_arena_printf(
                     world_arena(js.w),
                     "{\"at\":\"2025-01-09T00:00:00Z\",\"who\":\"w%zu\",\"rule\":\"scope\"}", i));
}

static struct world *stage(void)
{
    struct world *w = world_new();

    js = (struct stream){ .w = w, .made = "2025-01-01T00:00:00.123456789Z", .first = 1 };
    world_db(jv_migration_files, NULL);
    world_sql(w, "truncate auth.audit restart identity; "
                 "update auth.audit_position set stream = '', seq = 0");
    setenv("JARVIS_DEMO", "0", 1);
    js.bus = jv_bus_mem(world_broker(w), "jetstream");
    jv_bus_subscribe(js.bus, "$JS.API.STREAM.INFO.JARVIS_AUDIT", NULL, on_info, NULL);
    jv_bus_subscribe(js.bus, "$JS.API.STREAM.MSG.GET.JARVIS_AUDIT", NULL, on_get, NULL);
    jv_bus_subscribe(js.bus, "jarvis.audit.>", NULL, on_record, NULL);
    return w;
}

static void stage_end(struct world *w)
{
    jv_bus_free(js.bus);
    world_free(w);
}

static const char *admin_of(struct world *w)
{
    return world_person(w, "user_admin", "admin", "admin");
}

TEST(read_as_it_was_said)
{
    struct world *w = stage();
    const char *admin = admin_of(w), *happy = world_person(w, "user_002", "happy", "developer");
    struct world_reply r;

    world_start(w, &auth_actor);
    CHECK_INT(ask(w, happy, "svc.auth.GetUser", "{\"username\":\"nobody\"}").code, JV_NOT_FOUND);
    CHECK_INT(world_ask(w, happy, AUDIT, "{}").code, JV_PERMISSION_DENIED);
    r = world_ask(w, admin, AUDIT, "{\"who\":\"HAPPY\"}");
    CHECK_INT(r.code, JV_OK);
    CHECK_INT(count_of(r.json, "\"actor\":\"auth\""), 2);
    CHECK_STR(member(w, &r, "action"), "denied"); /* newest first */
    CHECK_STR(member(w, &r, "who"), "happy");
    CHECK_STR(member(w, &r, "user_id"), "user_002");
    CHECK_STR(member(w, &r, "method"), "Audit");
    CHECK_STR(member(w, &r, "rule"), "scope");
    CHECK_STR(member(w, &r, "about"), "audit:read");
    CHECK_STR(member(w, &r, "at"), "2025-01-10T00:00:00Z");
    CHECK_HAS(r.json, "\"action\":\"missed\"");
    CHECK_HAS(r.json, "user nobody of nobody");
    r = world_ask(w, admin, AUDIT, "{\"action\":\"audit_read\"}");
    CHECK_HAS(r.json, "who=HAPPY action=");
    r = world_ask(w, admin, AUDIT, "{\"action\":\"denied\",\"who\":\"vishal\"}");
    CHECK_HAS(r.json, "\"records\":[]");
    CHECK_INT(world_ask(w, NULL, AUDIT, "{}").code, JV_UNAUTHENTICATED);
    stage_end(w);
}

TEST(page_by_page)
{
    static const struct ask_case wrong[] = {
        { AUDIT, "{\"limit\":-1}", JV_INVALID_ARGUMENT, { "limit" } },
        { AUDIT, "{\"limit\":201}", JV_INVALID_ARGUMENT, { "limit" } },
        { AUDIT, "{\"cursor\":\"x\"}", JV_INVALID_ARGUMENT, { "cursor" } },
        { AUDIT, "{\"cursor\":\"-1\"}", JV_INVALID_ARGUMENT, { "cursor" } },
        { AUDIT, "{\"cursor\":\"1234567890123456789\"}", JV_INVALID_ARGUMENT, { "cursor" } },
        { AUDIT, "{\"since\":\"x\"}", JV_INVALID_ARGUMENT, { "since" } },
    };
    struct world *w = stage();
    const char *admin = admin_of(w), *cursor = "";
    struct world_reply r;
    size_t seen = 0;

    kept_many(450);
    world_start(w, &auth_actor);
    CHECK_ASKS(w, admin, wrong);
    do {
        r = ask(w, admin, AUDIT, "{\"action\":\"denied\",\"limit\":200,\"cursor\":\"%s\"}", cursor);
        CHECK_INT(r.code, JV_OK);
        CHECK_STR(member(w, &r, "who"),
                  jv_arena_printf(world_arena(w), "w%zu", 449 - seen)); /* none twice */
        seen += count_of(r.json, "\"rule\":\"scope\"");
        cursor = member(w, &r, "next_cursor");
    } while (cursor[0]);
    CHECK_INT(seen, 450);
    r = world_ask(w, admin, AUDIT, "{\"who\":\"w7\"}");
    CHECK_INT(count_of(r.json, "\"rule\":\"scope\""), 1);
    stage_end(w);
}

/* The body says only what it says; who said it is in the subject, which NATS lets through. */
TEST(what_cannot_be_read)
{
    static const char *const odd[] = {
        "not JSON", "", "[]", "{\"who\":5}", "{\"who\":\"a\\u0000b\"}", "{\"at\":\"yesterday\"}",
        "\xff\xfe",
    };
    struct world *w = stage();
    struct world_reply r;

    for (size_t i = 0; i < JV_COUNT(odd); i++)
        kept("audit.tickets.denied", odd[i]);
    kept("audit.tickets.update", "{\"actor\":\"auth\",\"action\":\"login\",\"who\":\"mallory\"}");
    world_start(w, &auth_actor);
    r = world_ask(w, admin_of(w), AUDIT, "{\"who\":\"mallory\"}");
    CHECK_STR(member(w, &r, "actor"), "tickets");
    CHECK_STR(member(w, &r, "action"), "update");
    r = world_ask(w, admin_of(w), AUDIT, "{\"action\":\"denied\"}");
    CHECK_INT(count_of(r.json, "a record that cannot be read"), JV_COUNT(odd));
    CHECK_STR(member(w, &r, "at"), "2025-01-09T12:00:00Z"); /* when it was written down */
    stage_end(w);
}

TEST(each_once)
{
    struct world *w = stage();
    struct world_reply r;
    size_t asked;

    kept_many(250);
    world_start(w, &auth_actor);
    world_start(w, &auth_actor); /* a replica */
    for (int i = 0; i < 6; i++)
        world_send(w, admin_of(w), AUDIT, "{\"limit\":1}");
    for (int i = 0; i < 6; i++)
        CHECK_INT(world_collect(w).code, JV_OK);
    world_advance(w, 11000); /* both look by themselves */
    CHECK_STR(world_sql(w, "select count(*) || ' ' || count(distinct seq) from auth.audit "
                           "where action = 'denied'"),
              "250 250");
    asked = js.asked;
    world_advance(w, 5000);
    CHECK(js.asked - asked <= 4); /* and go on from where they were */
    CHECK_STR(world_sql(w, "select count(*) from auth.audit where action = 'denied'"), "250");
    CHECK_STR(world_sql(w, "select seq from auth.audit_position"),
              jv_arena_printf(world_arena(w), "%zu", js.n));

    js.made = "2025-02-02T00:00:00Z"; /* another stream: numbers begin anew */
    js.n = 0;
    kept_many(3);
    world_advance(w, 6000);
    CHECK_STR(world_sql(w, "select count(*) from auth.audit where action = 'denied'"), "253");
    js.first = 20; /* what JetStream let go was here before, or is lost: the rest goes on */
    js.n = 30;
    for (size_t i = 0; i < 30; i++) {
        js.subjects[i] = "audit.tickets.denied";
        js.data[i] = "{\"who\":\"late\"}";
    }
    world_advance(w, 6000);
    r = world_ask(w, admin_of(w), AUDIT, "{\"who\":\"late\",\"limit\":200}");
    CHECK_INT(count_of(r.json, "\"late\""), 11);
    stage_end(w);
}

TEST(without_jetstream)
{
    struct world *w = stage();
    struct world_reply r;

    kept_many(2);
    world_start(w, &auth_actor);
    r = world_ask(w, admin_of(w), AUDIT, "{}");
    CHECK_STR(member(w, &r, "note"), "");
    js.away = true;
    r = world_ask(w, admin_of(w), AUDIT, "{\"action\":\"denied\"}");
    CHECK_INT(r.code, JV_OK);
    CHECK_INT(count_of(r.json, "\"rule\":\"scope\""), 2);
    CHECK_HAS(member(w, &r, "note"), "newest records may be missing");
    stage_end(w);
}

TEST(bounded_by_age_and_number)
{
    struct world *w;

    setenv("JARVIS_AUDIT_RECORDS", "100", 1);
    w = stage();
    kept_many(300);
    world_start(w, &auth_actor);
    world_advance(w, 6000);
    world_advance(w, 61 * 60 * 1000);
    CHECK_STR(world_sql(w, "select count(*) || ' ' || max(who) from auth.audit"), "100 w299");
    jv_loop_set_wall(world_loop(w), jv_loop_real_ms(world_loop(w)) + 400 * DAY);
    world_advance(w, 61 * 60 * 1000);
    CHECK_STR(world_sql(w, "select count(*) from auth.audit"), "0");
    unsetenv("JARVIS_AUDIT_RECORDS");
    stage_end(w);
}

/* ---- bad tokens ----------------------------------------------------------------------------- */

static size_t records_of(const char *part)
{
    size_t n = 0;

    for (size_t i = 0; i < js.n; i++)
        n += strstr(js.data[i], part) != NULL;
    return n;
}

TEST(a_flood_of_bad_tokens)
{
    struct world *w = stage();

    world_start(w, &auth_actor);
    for (int i = 0; i < 1000; i++)
        world_send(w, "eyJhbGciOiJub25lIn0.eyJ1c2VybmFtZSI6ImFkbWluIn0.", "svc.auth.Me", "{}");
    for (int i = 0; i < 1000; i++)
        CHECK_INT(world_collect(w).code, JV_UNAUTHENTICATED);
    world_advance(w, 0);
    CHECK_INT(records_of("\"rule\":\"token\""), JV_FLOOD_PER_S);
    CHECK_INT(records_of("\"claimed\":\"admin\""), JV_FLOOD_PER_S);
    CHECK_INT(records_of("\"who\":\"\""), JV_FLOOD_PER_S);
    CHECK_INT(records_of("left_out"), 0);
    world_advance(w, 3000); /* then it is told how many had none */
    CHECK_INT(records_of("\"left_out\":990"), 1);
    CHECK_INT(world_ask(w, "x", "svc.auth.Me", "{}").code, JV_UNAUTHENTICATED);
    world_advance(w, 0);
    CHECK_INT(records_of("\"rule\":\"token\""), JV_FLOOD_PER_S + 2);
    stage_end(w);
}

TEST(what_a_token_claims)
{
    static const struct {
        const char *payload, *claimed;
    } cases[] = {
        { "{\"username\":\"admin\"}", "admin" },
        { "{\"username\":\"a\\u0007b\\u00e9\"}", "a?b??" },
        { "{\"username\":5}", "" },
        { "{\"username\":[\"admin\"]}", "" },
        { "{\"name\":\"admin\"}", "" },
        { "[]", "" },
        { "{", "" },
        { "", "" },
    };
    struct jv_arena *a = jv_arena_new(0);
    char *longest = jv_arena_alloc(a, 9001);

    for (size_t i = 0; i < JV_COUNT(cases); i++)
        CHECK_STR(jv_record_claimed(a, jv_arena_printf(a, "x.%s.y",
                                                       jv_base64url(a, cases[i].payload,
                                                                    strlen(cases[i].payload)))),
                  cases[i].claimed);
    CHECK_STR(jv_record_claimed(a, ""), "");
    CHECK_STR(jv_record_claimed(a, "x"), "");
    CHECK_STR(jv_record_claimed(a, "x.%%%.y"), "");
    memset(longest, 'A', 9000);
    CHECK_STR(jv_record_claimed(a, longest), "");
    longest = jv_arena_printf(a, "{\"username\":\"%.*s\"}", 200, longest);
    CHECK_INT(strlen(jv_record_claimed(
                      a, jv_arena_printf(a, "x.%s.", jv_base64url(a, longest, strlen(longest))))),
              64);
    jv_arena_free(a);
}

TEST(a_record_is_json_whatever_is_in_it)
{
    struct jv_arena *a = jv_arena_new(0);
    const struct jv_record r = { .actor = "a",
                                 .action = "b",
                                 .about = "\"\\\n\x01\xe2\x80\xae\xc2\x9bz\xc3\xa4",
                                 .at_ms = 1736467200123,
                                 .left_out = 7 };
    struct jv_err err = { 0 };
    size_t len;
    char *json = jv_record_json(a, &r, &len);
    const Auth__AuditRecord *back = (const void *)jv_json_to_msg(
            &auth__audit_record__descriptor, json, len, JV_JSON_SNAKE | JV_JSON_STRICT, a, &err);

    CHECK_STR(err.text, "");
    CHECK_OR(back != NULL, return );
    CHECK_STR(back->about, "\"\\\\u{a}\\u{1}\\u{202e}\\u{9b}z\xc3\xa4"); /* and to be seen */
    CHECK_STR(back->who, "");
    CHECK_INT(back->left_out, 7);
    CHECK_INT(back->at->seconds, 1736467200);
    CHECK_INT(back->at->nanos, 123000000);
    jv_arena_free(a);
}

TEST_MAIN()
