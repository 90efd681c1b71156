/* scribe.h -- an actor that says audit records all the time and reads them again, on a bus of the
 * test's choice: is each written down, and once? */
#ifndef TEST_SCRIBE_H
#define TEST_SCRIBE_H

#include <conformance.pb-c.h>

#include "actor/audit.h"
#include "base/log.h"
#include "check.h"
#include "jv/kept.h"
#include "nats/server.h"

enum { GIVE_UP_MS = 60000, EVERY_MS = 5, MOST = 4096 };

static struct {
    struct jv_loop *loop;
    struct jv_bus *bus;
    struct jv_node *node;
    struct jv_identity *identity;
    bool ready, drained, speaking;
    int said;
    int slow, rest;  /* says one at every so many'th time only */
    int64_t read_to; /* the last number that was read */
    int seen[MOST], strange;
} at;

/* ---- an actor that says records and reads them ---------------------------------------------- */

static int say_one(struct jv_ctx *ctx)
{
    if (at.speaking && at.said < MOST && at.rest-- <= 0) {
        at.rest = at.slow;
        jv_audit(ctx, "tick", "%d", at.said++);
    }
    return JV_OK;
}

static int read_all(struct jv_ctx *ctx)
{
    struct jv_kept k;
    int r;

    while (!(r = jv_kept_next(ctx, at.read_to, &k))) {
        const char *text = strstr(k.data, "\"text\":\"");
        int n = text ? atoi(text + 8) : -1;

        at.strange += k.seq <= at.read_to || strcmp(k.subject, "audit.scribe.tick") != 0 || n < 0 ||
                      n >= MOST || !k.at_ms;
        if (n >= 0 && n < MOST)
            at.seen[n]++;
        at.read_to = k.seq;
    }
    return JV_OK; /* no more yet, or no stream, or no server */
}

static const struct jv_timer timers[] = {
    { "say", EVERY_MS, say_one },
    { "read", 50, read_all },
    { 0 },
};

JV_TOOL_FN(effects, Conformance__EffectsRequest, Conformance__EffectsReply)
{
    (void)ctx, (void)req, (void)ret;
    return JV_OK;
}

static const struct jv_tool tools[] = {
    JV_TOOL("Effects", effects, .allow = JV_ALLOW_ANYONE),
    { 0 },
};

static const struct jv_actor scribe = {
    .name = "scribe",
    .version = "1",
    .service = &conformance__conformance__descriptor,
    .tools = tools,
    .timers = timers,
    .needs = JV_NEEDS_AUDIT,
};

/* ---- beginning and end ---------------------------------------------------------------------- */

static void on_ready(void *arg, int code, const struct jv_err *err)
{
    (void)arg;
    if (code)
        printf("# %s\n", err->text);
    at.ready = !code;
}

static void on_drained(void *arg)
{
    (void)arg;
    at.drained = true;
}

static bool run_until(bool (*is)(void))
{
    int64_t end = jv_loop_mono_ms(at.loop) + GIVE_UP_MS;

    while (!is()) {
        if (jv_loop_mono_ms(at.loop) >= end)
            return false;
        jv_loop_run_until(at.loop, jv_loop_mono_ms(at.loop) + 5);
    }
    return true;
}

static bool is_ready(void)
{
    return at.ready;
}

static bool is_drained(void)
{
    return at.drained;
}

static bool all_are_read(void)
{
    for (int i = 0; i < at.said; i++)
        if (!at.seen[i])
            return false;
    return jv_audits_written(at.node->audits);
}

static bool some_are_said(void)
{
    static int before;

    if (!before)
        before = at.said;
    if (at.said < before + 50)
        return false;
    before = 0;
    return true;
}

static int make_stream_on(struct jv_bus *bus, int32_t most, int replicas, struct jv_err *err)
{
    static const char *const subjects[] = { "jarvis.audit.>", NULL };
    const struct jv_stream_limits limits = { 3600, 1 << 24, most, replicas };

    return jv_bus_stream(bus, JV_AUDIT_STREAM, subjects, &limits, err);
}

/* On a bus that is there. */
static void begin(const struct jv_bus_options *b)
{
    struct jv_node_options o = { .prefix = "jarvis" };
    struct jv_err err = { 0 };

    jv_log_init("scribe", JV_LOG_ERROR, false);
    at.ready = at.drained = at.speaking = false;
    at.said = at.strange = at.rest = 0;
    at.read_to = 0;
    memset(at.seen, 0, sizeof(at.seen));
    at.loop = jv_loop_new(JV_CLOCK_REAL);
    at.bus = jv_bus_nats(at.loop, b, 5000, &err);
    CHECK_OR(at.bus != NULL, printf("# %s\n", err.text); abort());
    o.loop = at.loop;
    o.bus = at.bus;
    o.identity = at.identity = jv_identity_new(16);
    at.node = jv_node_new(&scribe, &o, &err);
    CHECK_STR(err.text, "");
    jv_node_start(at.node, on_ready, NULL);
    CHECK(run_until(is_ready));
    at.speaking = true;
}

static void finish(void)
{
    jv_node_drain(at.node, on_drained, NULL);
    CHECK(run_until(is_drained));
    jv_node_free(at.node);
    jv_bus_free(at.bus);
    jv_identity_free(at.identity);
    jv_loop_free(at.loop);
}

static void check_each_once(void)
{
    CHECK(run_until(all_are_read));
    CHECK_INT(at.strange, 0);
    for (int i = 0; i < at.said; i++)
        CHECK_OR(at.seen[i] == 1, printf("# record %d of %d\n", i, at.said));
}

#endif
