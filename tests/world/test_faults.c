/* test_faults.c -- the engine when one publish fails, whichever it is. */
#include "engine_scene.h"
#include "sweep.h"

struct question {
    const char *subject, *json;
    int code; /* when nothing fails */
    size_t parts;
};

static void check_answer(const struct question *q, size_t n, const struct world_reply *r)
{
    check_code(q->json, n, r, q->code);
    if (r->code == JV_OK)
        CHECK_INT(r->parts, q->parts);
}

static bool ask_under(void *scene_, size_t n, const void *arg)
{
    struct scene *s = scene_;
    const struct question *q = arg;
    struct world_reply r;
    struct fault f;
    bool came;

    world_send(s->w, s->vishal, q->subject, q->json);
    f = fault_in(s->w, n);
    r = world_collect(s->w);
    came = fault_over(&f);
    check_answer(q, n, &r);
    CHECK_INT(s->callee->inflight + s->caller->inflight, 0);
    r = world_ask(s->w, s->vishal, q->subject, q->json);
    CHECK_INT(r.code, q->code);
    CHECK(r.code || r.parts == q->parts);
    return came;
}

#define TOOL_CALL                                                                                  \
    "{\"message\":{\"messageId\":\"1\",\"role\":\"ROLE_USER\",\"parts\":[{\"data\":{\"tool\":"     \
    "\"get_user_tickets\",\"arguments\":{}}}]}}"

TEST(a_question_ends_whichever_publish_fails)
{
    static const struct question questions[] = {
        { "svc.tickets.List", "{}", JV_OK, 1 },
        { "svc.tickets.List", "{\"username\":\"happy\"}", JV_PERMISSION_DENIED, 0 },
        { "svc.tickets.Get", "{\"ticket_id\":6}", JV_NOT_FOUND, 0 },
        { "svc.tickets.Nothing", "{}", JV_UNIMPLEMENTED, 0 },
        { "a2a.tickets.SendMessage", TOOL_CALL, JV_OK, 1 },
        { "svc.chat.Ask", "{\"message\":\"fine\"}", JV_OK, 1 },
        { "svc.chat.Ask", "{\"message\":\"missing\"}", JV_NOT_FOUND, 0 },
        { "svc.chat.Ask", "{\"message\":\"broken\"}", JV_INTERNAL, 0 },
        { "svc.chat.Ask", "{\"message\":\"orphan\"}", JV_OK, 1 },
        { "svc.chat.Ask", "{\"message\":\"offload\"}", JV_OK, 1 },
        { "svc.chat.Chat", "{\"message\":\"x\"}", JV_OK, 3 },
        { "svc.chat.Chat", "{\"message\":\"fail\"}", JV_UNAVAILABLE, 0 },
    };
    struct scene s = scene();

    for (size_t i = 0; i < JV_COUNT(questions); i++)
        sweep(ask_under, &s, &questions[i]);
    world_free(s.w);
}

/* A refused stream must not look like an empty one. */
TEST(an_error_that_cannot_be_told_is_not_silence)
{
    struct scene s = scene();
    struct world_reply r;

    world_send(s.w, NULL, "svc.chat.Chat", "{\"message\":\"x\"}");
    jv_broker_fail_publish(world_broker(s.w), 2); /* the first is the record of the refusal */
    r = world_collect(s.w);
    CHECK_INT(r.code, JV_DEADLINE_EXCEEDED);
    CHECK_INT(world_ask(s.w, NULL, "svc.chat.Chat", "{\"message\":\"x\"}").code,
              JV_UNAUTHENTICATED);
    world_free(s.w);
}

/* Answers and questions over 1 MiB are refused in words, at once. */
TEST(what_is_too_large_for_the_bus)
{
    struct scene s = scene();
    int64_t began = jv_loop_mono_ms(world_loop(s.w));
    struct world_reply r = world_ask(s.w, s.vishal, "svc.tickets.Get", "{\"ticket_id\":8}");

    CHECK_INT(r.code, JV_RESOURCE_EXHAUSTED);
    CHECK_HAS(r.text, "answer is larger");
    r = world_ask(s.w, s.vishal, "svc.chat.Chat", "{\"message\":\"large\"}");
    CHECK_INT(r.code, JV_RESOURCE_EXHAUSTED);
    r = world_ask(s.w, s.vishal, "svc.chat.Ask", "{\"message\":\"large\"}");
    CHECK_INT(r.code, JV_RESOURCE_EXHAUSTED);
    CHECK_HAS(r.text, "question to svc.tickets.Create is larger");
    CHECK_INT(jv_loop_mono_ms(world_loop(s.w)), began);
    world_free(s.w);
}

TEST_MAIN()
