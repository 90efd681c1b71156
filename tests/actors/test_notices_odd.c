/* test_notices_odd.c -- agents that give odd notices, answer slowly, or never come to an end. */
#include "actors/notices_stage.h"

#include "notices.pb-c.h"
#include "tickets.pb-c.h"

static struct {
    uint32_t delay_ms; /* of the next answer alone */
    size_t asked;
    bool more;
    const char *username, *kind, *priority, *key, *text;
} odd;

static int odd_handler(struct jv_ctx *ctx, const void *req, void *ret)
{
    Notices__NoticeList *list = ret;
    uint32_t delay = odd.delay_ms;
    Notices__Notice *n;

    (void)req;
    if (!list->base.descriptor || list->base.descriptor != &notices__notice_list__descriptor)
        return jv_fail(ctx, JV_UNIMPLEMENTED, "not done here");
    n = jv_msg_new(&notices__notice__descriptor, jv_arena(ctx));
    odd.asked++;
    n->username = odd.username;
    n->kind = odd.kind;
    n->priority = odd.priority;
    n->key = odd.key;
    n->text = odd.text;
    list->notices = jv_arena_memdup(jv_arena(ctx), &n, sizeof(n));
    list->n_notices = n->text ? 1 : 0;
    list->more = odd.more;
    odd.delay_ms = 0;
    return delay ? jv_sleep(ctx, delay) : JV_OK;
}

static void start_odd(struct people *p)
{
    const ProtobufCServiceDescriptor *s = &tickets__tickets__descriptor;
    struct jv_actor *a = JV_NEW(world_arena(p->s.w), struct jv_actor);
    struct jv_tool *rows = JV_NEW_ARRAY(world_arena(p->s.w), struct jv_tool, s->n_methods + 1);

    for (unsigned i = 0; i < s->n_methods; i++)
        rows[i] = (struct jv_tool){ .method = s->methods[i].name,
                                    .handler = odd_handler,
                                    .req_size = s->methods[i].input->sizeof_message,
                                    .ret_size = s->methods[i].output->sizeof_message,
                                    .allow = JV_ALLOW_ANYONE };
    *a = (struct jv_actor){ .name = "tickets", .version = "0", .summary = "odd", .service = s };
    a->tools = rows;
    world_kill(p->s.w, p->agents[0]);
    memset(&odd, 0, sizeof(odd));
    odd.username = "vishal";
    odd.kind = "ticket";
    odd.priority = "low";
    odd.key = "ticket:1:pending";
    odd.text = "Ticket 1 is pending.";
    world_start(p->s.w, a);
}

TEST(odd_notices_are_not_taken)
{
    static char long_text[5000], long_key[500];
    static const struct {
        const char *username, *kind, *priority, *key, *text;
        bool taken;
    } rows[] = {
        { "vishal", "ticket", "low", "ticket:1", "fine", true },
        { "happy", "ticket", "low", "ticket:1", "somebody else's", false },
        { "", "ticket", "low", "ticket:1", "everybody's, to one who asked for theirs", false },
        { "vishal", "exam", "low", "exam:1", "another agent's kind", false },
        { "vishal", "rain", "low", "rain:1", "no kind", false },
        { "vishal", "ticket", "urgent", "ticket:1", "no priority", false },
        { "vishal", "ticket", "low", "exam:1", "another kind's key", false },
        { "vishal", "ticket", "low", "ticket", "a key without a thing", false },
        { "vishal", "ticket", "low", long_key, "a key without end", false },
        { "vishal", "ticket", "low", "ticket:1", long_text, true },
        { "vishal", "ticket", "low", "ticket:1",
          "a\nb\x1b[2Jc\xe2\x80\xae"
          "d",
          true },
    };
    struct people p = people_new();

    memset(long_text, 'x', sizeof(long_text) - 1);
    memset(long_key, 'x', sizeof(long_key) - 1);
    memcpy(long_key, "ticket:", 7);
    start_odd(&p);
    for (size_t i = 0; i < JV_COUNT(rows); i++) {
        world_sql(p.s.w, "delete from notifier.notices");
        odd.username = rows[i].username;
        odd.kind = rows[i].kind;
        odd.priority = rows[i].priority;
        odd.key = rows[i].key;
        odd.text = rows[i].text;
        CHECK_INT(count_of(list(&p, p.s.vishal), "\"id\""), rows[i].taken);
        CHECK_STR(sql(&p.s, "select count(*) from notifier.notices"), rows[i].taken ? "1" : "0");
        CHECK(strlen(sql(&p.s, "select coalesce(max(text), '') from notifier.notices")) <= 400);
    }
    CHECK_STR(sql(&p.s, "select text from notifier.notices"), "a b [2Jc d");
    people_free(&p);
}

/* "There is more", for ever: behind the same one, behind none. */
TEST(an_endless_agent_is_given_up)
{
    struct people p = people_new();

    start_odd(&p);
    odd.more = true;
    world_advance(p.s.w, 5000);
    CHECK_OR(odd.asked < 20, printf("# asked %zu times\n", odd.asked));
    odd.text = NULL;
    odd.asked = 0;
    world_advance(p.s.w, round_ms);
    CHECK_OR(odd.asked > 0 && odd.asked < 20, printf("# asked %zu times\n", odd.asked));
    people_free(&p);
}

/* An answer that was long under way does not bring back what is no more. */
TEST(an_overtaken_answer_is_asked_for_again)
{
    struct people p = people_new();
    struct world_reply r;

    world_advance(p.s.w, 5000); /* the first round is over */
    start_odd(&p);
    odd.delay_ms = 500;
    world_send(p.s.w, p.s.vishal, LIST, "{}");
    world_advance(p.s.w, 100);
    odd.text = NULL; /* it is done; the slow answer has it still */
    world_send(p.s.w, p.s.vishal, LIST, "{}");
    r = world_collect(p.s.w);
    CHECK_STR(r.json, NOTHING);
    r = world_collect(p.s.w);
    CHECK_STR(r.json, NOTHING);
    CHECK_INT(odd.asked, 3);
    CHECK_STR(sql(&p.s, "select count(*) from notifier.notices"), "0");
    people_free(&p);
}

TEST(a_slow_agent_is_not_waited_for)
{
    struct people p = people_new();
    int64_t began;

    world_advance(p.s.w, 5000);
    start_odd(&p);
    exam(&p, "vishal", "Near", "'2025-01-12'");
    odd.delay_ms = 9000;
    began = jv_loop_mono_ms(world_loop(p.s.w));
    CHECK_HAS(list(&p, p.s.vishal), "Near");
    CHECK(jv_loop_mono_ms(world_loop(p.s.w)) - began < 1500);
    people_free(&p);
}

TEST_MAIN()
