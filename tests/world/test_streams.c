/* test_streams.c -- an actor that listens to another one's stream. */
#include <orchestrator.pb-c.h>

#include "world/fake_llm.h"

/* ---- who listens ----------------------------------------------------------------------------- */

struct heard {
    struct jv_ctx *ctx;
    struct jv_buf text;
    const char *until; /* ends the listening */
    uint32_t pause_ms; /* what it does with each */
};

static int take(void *arg, const void *part)
{
    struct heard *h = arg;
    const Llm__Piece *p = part;

    if (p->piece_case == LLM__PIECE__PIECE_DONE) {
        jv_buf_str(&h->text, "|");
        return JV_OK;
    }
    jv_buf_str(&h->text, p->text);
    if (h->until && strcmp(h->until, p->text) == 0)
        return jv_fail(h->ctx, JV_ABORTED, "heard enough");
    return h->pause_ms ? jv_sleep(h->ctx, h->pause_ms) : JV_OK;
}

static const char *word_of(const char *message, const char *name, char *room, size_t size)
{
    const char *p = strstr(message, name);

    if (!p)
        return NULL;
    snprintf(room, size, "%.*s", (int)strcspn(p + strlen(name), ";"), p + strlen(name));
    return room;
}

JV_TOOL_FN(ask, Orchestrator__ChatRequest, Orchestrator__ChatReply)
{
    Llm__GenerateRequest r = LLM__GENERATE_REQUEST__INIT;
    Llm__Turn turn = LLM__TURN__INIT, *turns[] = { &turn };
    char until[32], number[32];
    struct heard h = { .ctx = ctx, .text = jv_buf_new(jv_arena(ctx)) };
    const char *idle = word_of(req->message, "idle=", number, sizeof(number));
    struct jv_patience patience = { .idle_ms = idle ? atoi(idle) : 0 };
    int code;

    idle = word_of(req->message, "total=", number, sizeof(number));
    patience.total_ms = idle ? atoi(idle) : 0;
    h.until = word_of(req->message, "until=", until, sizeof(until));
    h.pause_ms = strstr(req->message, "slowly") ? 100 : 0;
    turn.role = LLM__ROLE__user;
    turn.text = "say it";
    r.n_turns = 1;
    r.turns = turns;
    r.purpose = "test";
    code = jv_call_stream(ctx, &llm__llm__descriptor, "Stream", &r, patience, take, &h);
    if (code && strstr(req->message, "anyway")) /* what was said until then */
        code = JV_OK;
    ret->response = h.text.data;
    return code;
}

JV_TOOL_FN(chat, Orchestrator__ChatRequest, Orchestrator__ChatEvent)
{
    (void)ctx, (void)req, (void)ret;
    return JV_OK;
}

JV_TOOL_FN(resume, Orchestrator__ResumeRequest, Orchestrator__ChatEvent)
{
    (void)ctx, (void)req, (void)ret;
    return JV_OK;
}

static const struct jv_tool tools[] = {
    JV_TOOL("Chat", chat, .allow = JV_ALLOW_USER, .flags = JV_TOOL_STREAMS),
    JV_TOOL("Ask", ask, .allow = JV_ALLOW_USER),
    JV_TOOL("Resume", resume, .allow = JV_ALLOW_USER, .flags = JV_TOOL_STREAMS),
    { 0 },
};

static const struct jv_actor listener = {
    .name = "chat",
    .version = "1.0.0",
    .service = &orchestrator__chat__descriptor,
    .tools = tools,
    .calls = (const char *const[]){ "llm", NULL },
    .timeout_ms = 10000,
};

struct scene {
    struct world *w;
    struct jv_node *llm, *listener;
    const char *vishal;
};

static struct scene scene(const char *json)
{
    struct scene s = { .w = world_new() };

    fake_llm_reset();
    fake_llm_says(json);
    s.llm = world_start(s.w, &fake_llm_actor);
    s.listener = world_start(s.w, &listener);
    s.vishal = world_person(s.w, "user_001", "vishal", "developer");
    return s;
}

static struct world_reply hear(const struct scene *s, const char *how)
{
    return world_ask(s->w, s->vishal, "svc.chat.Ask",
                     jv_arena_printf(world_arena(s->w), "{\"message\":\"%s\"}", how));
}

static void done(struct scene *s)
{
    world_free(s->w);
    fake_llm_reset();
}

/* ---- tests ----------------------------------------------------------------------------------- */

TEST(all_parts_come_in_order)
{
    struct scene s = scene("{\"text\":\"one two three\"}");
    struct world_reply r = hear(&s, "x");

    CHECK_INT(r.code, JV_OK);
    CHECK_HAS(r.json, "\"one two three|\"");
    done(&s);
}

TEST(parts_wait_for_a_slow_listener)
{
    struct scene s = scene("{\"text\":\"one two three four five\"}");

    CHECK_HAS(hear(&s, "slowly").json, "\"one two three four five|\"");
    done(&s);
}

TEST(a_cut_stream_is_an_error_after_what_came)
{
    struct scene s = scene("{\"text\":\"one two three\"}");
    struct world_reply r;

    fake_llm.script[0].cut = 2;
    r = hear(&s, "x");
    CHECK_INT(r.code, JV_UNAVAILABLE);
    CHECK_HAS(r.text, "the stream was cut");
    fake_llm_again();
    CHECK_HAS(hear(&s, "anyway").json, "\"one two \"");
    done(&s);
}

TEST(the_listener_may_stop)
{
    struct scene s = scene("{\"text\":\"one two three\"}");
    struct world_reply r = hear(&s, "until=two ");

    CHECK_INT(r.code, JV_ABORTED);
    CHECK_HAS(r.text, "heard enough");
    fake_llm_again();
    CHECK_HAS(hear(&s, "again").json, "\"one two three|\""); /* late parts are nobody's */
    done(&s);
}

TEST(silence_is_bounded_between_parts)
{
    struct scene s = scene("{\"text\":\"one two three\"}");
    struct world_reply r;

    fake_llm.script[0].gap_ms = 500;
    CHECK_INT(hear(&s, "idle=1000").code, JV_OK);
    fake_llm_again();
    r = hear(&s, "idle=400");
    CHECK_INT(r.code, JV_DEADLINE_EXCEEDED);
    CHECK_HAS(r.text, "did not answer in time");
    fake_llm_again();
    CHECK_HAS(hear(&s, "total=600;anyway").json, "\"one two \"");
    done(&s);
}

TEST(a_failure_at_the_start_is_the_callees)
{
    struct scene s = scene("{}");
    struct world_reply r;

    fake_llm.none = true;
    r = hear(&s, "x");
    CHECK_INT(r.code, JV_FAILED_PRECONDITION);
    CHECK_HAS(r.text, "no model is configured");
    world_kill(s.w, s.llm);
    CHECK_INT(hear(&s, "x").code, JV_UNAVAILABLE);
    done(&s);
}

TEST(a_lost_bus_ends_it)
{
    struct scene s = scene("{\"text\":\"one two three four five six seven eight\"}");

    fake_llm.script[0].gap_ms = 500;
    world_send(s.w, s.vishal, "svc.chat.Ask", "{\"message\":\"anyway\"}");
    world_advance(s.w, 700);
    jv_slots_lose(s.listener->slots);
    CHECK_HAS(world_collect(s.w).json, "\"one two \"");
    done(&s);
}

TEST_MAIN()
