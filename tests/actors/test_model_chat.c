/* test_model_chat.c -- answers of a model as tasks: what is told piece by piece, taken back and
 * kept; with sessions and tickets on a real database. */
#include "world/peers.h"

#include "jv/file.h"

#include "actors/story.h"
#include "world/fake_llm.h"

extern const struct jv_file jv_migration_files[], jv_seed_files[];

static struct town stage_new(const char *planner)
{
    static bool made;
    struct town t;

    if (!made)
        world_db(jv_migration_files, jv_seed_files);
    made = true;
    setenv("JARVIS_PLANNER", planner, 1);
    fake_llm_reset();
    t = town_of(TICKETS_REAL);
    world_start(t.w, &fake_llm_actor);
    unsetenv("JARVIS_PLANNER");
    world_sql(t.w, "delete from sessions.sessions");
    world_sql(t.w, "delete from orchestrator.tasks");
    return t;
}

static void done(struct town *t)
{
    town_free(t);
    fake_llm_reset();
}

#define USE                                                                                        \
    "\"use\":{\"model\":\"fake/one\",\"inputTokens\":100,\"outputTokens\":10,"                     \
    "\"costMicrousd\":\"7\"}"
#define MINE                                                                                       \
    "{\"finish\":\"tool_calls\",\"calls\":[{\"name\":\"tickets__get_my_tickets\","                 \
    "\"arguments\":{}}]," USE "}"
#define TEXT(text) "{\"finish\":\"stop\",\"text\":\"" text "\"," USE "}"

static struct world_reply stream(struct town *t, const char *text)
{
    return world_ask(t->w, t->vishal, "a2a.jarvis.SendStreamingMessage", question(t, text, ""));
}

static const char *kept(struct town *t)
{
    return world_sql(t->w, "select content from sessions.messages where role = 'assistant' "
                           "order by id desc limit 1");
}

/* ---- told ------------------------------------------------------------------------------------ */

TEST(an_answer_comes_as_the_model_says_it)
{
    struct town t = stage_new("model");
    struct jv_buf text = jv_buf_new(world_arena(t.w));
    struct world_reply r;

    fake_llm_says(MINE);
    fake_llm.script[fake_llm.n_script++] = (struct scripted){
        .json = TEXT("You have two tickets: 12301 waits, 12303 is worked on."), .gap_ms = 300
    };
    r = stream(&t, "my tickets?");
    CHECK_INT(r.code, JV_OK);
    CHECK_HAS(story(&t, &r, &text), "task plan agent:asked agent:answered "
                                    "data-1:TicketsAgent/get_my_tickets text more more ");
    CHECK_STR(text.data, "You have two tickets: 12301 waits, 12303 is worked on.");
    CHECK_STR(kept(&t), text.data);
    done(&t);
}

/* A stream that is cut: the answer begins again, in the agents' words; nothing of it is kept. */
TEST(a_cut_answer_begins_again)
{
    struct town t = stage_new("model");
    struct jv_buf text = jv_buf_new(world_arena(t.w));
    struct world_reply r;
    const char *told;

    fake_llm_says(MINE);
    fake_llm.script[fake_llm.n_script++] =
            (struct scripted){ .json = TEXT("Well, it is like this"), .gap_ms = 300, .cut = 3 };
    r = stream(&t, "my tickets?");
    told = story(&t, &r, &text);
    CHECK_HAS(told, "text more plan text. done ");
    CHECK_HAS_NOT(text.data, "like");
    CHECK_HAS_NOT(text.data, "Well");
    CHECK_HAS(text.data, "12301");
    CHECK_STR(kept(&t), text.data);
    CHECK_STR(world_sql(t.w, "select count(*) from sessions.messages"), "2");
    done(&t);
}

/* The next orchestrator has the plan, and perhaps no catalogue yet: then the agents' words do. */
TEST(a_kept_plan_is_gone_on_with_before_the_registry_is_there)
{
    struct town t = stage_new("model");
    const char *q = question(&t, "my tickets?", "");
    struct world_reply r;

    fake_llm_says(MINE);
    fake_llm.script[fake_llm.n_script++] =
            (struct scripted){ .json = TEXT("You have two tickets."), .gap_ms = 5000 };
    q = jv_arena_printf(world_arena(t.w), "%.*s,\"configuration\":{\"returnImmediately\":true}}",
                        (int)strlen(q) - 1, q);
    r = world_ask(t.w, t.vishal, "a2a.jarvis.SendMessage", q);
    CHECK_INT(r.code, JV_OK);
    world_advance(t.w, 2000);
    CHECK_INT(fake_llm.n_asked, 2);
    world_sql(t.w, "update orchestrator.tasks set lease_by = 'ghost', lease_until = 'epoch'");
    world_kill(t.w, t.jarvis);
    fake.catalog_code = JV_UNAVAILABLE;
    setenv("JARVIS_PLANNER", "model", 1);
    world_start(t.w, &orchestrator_actor);
    unsetenv("JARVIS_PLANNER");
    world_advance(t.w, 10000);
    CHECK_STR(world_sql(t.w, "select state from orchestrator.tasks"), "3"); /* COMPLETED */
    CHECK_HAS(kept(&t), "12301");
    CHECK_INT(fake_llm.n_asked, 2);
    done(&t);
}

/* Many small pieces are few commits. */
TEST(pieces_are_gathered)
{
    struct town t = stage_new("model");
    struct jv_buf text = jv_buf_new(world_arena(t.w)), said = jv_buf_new(world_arena(t.w));
    struct world_reply r;
    const char *told;
    size_t n = 0;

    for (int i = 0; i < 400; i++)
        jv_buf_str(&said, "word ");
    fake_llm_says(MINE);
    fake_llm_says(
            jv_arena_printf(world_arena(t.w), "{\"finish\":\"stop\",\"text\":\"%s\"}", said.data));
    r = stream(&t, "my tickets?");
    told = story(&t, &r, &text);
    for (const char *p = told; (p = strstr(p, "more")); p++)
        n++;
    CHECK_OR(n > 2 && n < 40, printf("# %zu pieces\n", n));
    CHECK_STR(text.data, said.data);
    done(&t);
}

/* ---- remembered ------------------------------------------------------------------------------ */

TEST(what_a_person_said_of_themselves_is_told)
{
    struct town t = stage_new("model");
    const Orchestrator__ChatReply *r = ask(&t, t.vishal, "I prefer short answers");

    CHECK_OUTCOME(r, answered);
    CHECK_INT(fake_llm.n_asked, 0);
    fake_llm_says(MINE);
    fake_llm_says(TEXT("Two."));
    ask(&t, t.vishal, "my tickets?");
    CHECK_HAS(fake_llm.asked[0], "short answers");
    CHECK_HAS(fake_llm.asked[1], "short answers");
    fake_llm_says(MINE);
    fake_llm_says(TEXT("One."));
    ask(&t, t.happy, "my tickets?");
    CHECK_HAS_NOT(fake_llm.asked[2], "short answers");
    CHECK_OUTCOME(ask(&t, t.vishal, "forget that I prefer short answers"), answered);
    done(&t);
}

/* The same again is asked in the same bytes: what the llm's cache goes by. */
TEST(the_same_question_is_the_same_request)
{
    struct town t = stage_new("model");

    for (int i = 0; i < 2; i++) {
        world_sql(t.w, "delete from sessions.sessions");
        fake_llm_says(MINE);
        fake_llm_says(TEXT("Two."));
        fake_llm_says(MINE);
        fake_llm_says(TEXT("Two again."));
        ask(&t, t.vishal, "my tickets?");
        ask(&t, t.vishal, "and once more?");
    }
    CHECK_INT(fake_llm.n_asked, 8);
    for (int i = 0; i < 4; i++)
        CHECK_STR(fake_llm.asked[i], fake_llm.asked[i + 4]);
    CHECK_HAS(fake_llm.asked[2], "<data ");
    done(&t);
}

/* Newest first whole, of what is older the questions alone. */
TEST(a_long_conversation_is_summed_up)
{
    enum { most = 8 * 1024 };
    struct town t = stage_new("auto");

    ask(&t, t.vishal, "show my courses");
    for (int i = 0; i < 13; i++)
        ask(&t, t.vishal, i % 2 ? "show AWS cost" : "show all tickets");
    CHECK_INT(fake_llm.n_asked, 0);
    fake_llm_says(TEXT("Well."));
    ask(&t, t.vishal, "anything going on with my stuff at the desk lately?");
    CHECK_HAS(fake_llm.asked[0], "user: show my courses");
    CHECK_HAS_NOT(fake_llm.asked[0], "Python"); /* the answer to it */
    CHECK_HAS(fake_llm.asked[0], "assistant: ");
    CHECK(strstr(fake_llm.asked[0], "The question") - strstr(fake_llm.asked[0], "oldest first") <
          most);
    done(&t);
}

/* ---- confirmed ------------------------------------------------------------------------------- */

TEST(a_change_waits_for_a_yes_as_a_task_does)
{
    struct town t = stage_new("model");
    const Orchestrator__ChatReply *r;
    static const char count[] = "select count(*) from tickets.tickets where username = 'vishal' "
                                "and operation = 'vpn_access'";
    const char *before = world_sql(t.w, count);

    fake_llm_says("{\"finish\":\"tool_calls\",\"calls\":[{\"name\":\"tickets__create_my_ticket\","
                  "\"arguments\":{\"operation\":\"vpn_access\"}}]}");
    r = ask(&t, t.vishal, "the line from home is dead, it seems");
    CHECK_OUTCOME(r, needs_input);
    CHECK_STR(world_sql(t.w, count), before);
    CHECK_STR(world_sql(t.w, "select state from orchestrator.tasks"), "6"); /* INPUT_REQUIRED */
    r = ask(&t, t.vishal, "yes please");
    CHECK_OUTCOME(r, answered);
    CHECK_INT(atoi(world_sql(t.w, count)), atoi(before) + 1);
    CHECK_INT(fake_llm.n_asked, 1);
    done(&t);
}

/* Two that answer at once, as two clicks do. */
static void check_once(struct town *t, const char *wish, const char *answer)
{
    static const char count[] = "select count(*) from tickets.tickets where username = 'vishal' "
                                "and operation = 'vpn_access'";
    const char *before = world_sql(t->w, count);

    CHECK_OUTCOME(ask(t, t->vishal, wish), needs_input);
    for (int i = 0; i < 2; i++)
        world_send(t->w, t->vishal, "a2a.jarvis.SendMessage", question(t, answer, ""));
    for (int i = 0; i < 2; i++)
        CHECK_INT(world_collect(t->w).code, JV_OK);
    CHECK_INT(atoi(world_sql(t->w, count)), atoi(before) + 1);
}

TEST(two_answers_to_one_question_change_it_once)
{
    struct town t = stage_new("model");

    fake_llm_says("{\"finish\":\"tool_calls\",\"calls\":[{\"name\":\"tickets__create_my_ticket\","
                  "\"arguments\":{\"operation\":\"vpn_access\"}}]}");
    check_once(&t, "the line from home is dead, it seems", "yes");
    fake_llm_says("{\"finish\":\"tool_calls\",\"calls\":[{\"name\":\"tickets__create_my_ticket\","
                  "\"arguments\":{\"operation\":\"vpn_access\"}}]}");
    check_once(&t, "the line from home is dead once more", "yes"); /* another question */
    done(&t);
    t = stage_new("auto");
    check_once(&t, "create new ticket", "vpn access");
    done(&t);
}

/* ---- suggestions ----------------------------------------------------------------------------- */

static struct world_reply suggestions(struct town *t)
{
    return world_ask(t->w, t->vishal, "svc.orchestrator.Suggest", "{\"better\":true}");
}

TEST(better_suggestions_come_from_what_was_said)
{
    struct town t = stage_new("auto");
    struct world_reply r;

    ask(&t, t.vishal, "show my tickets");
    r = world_ask(t.w, t.vishal, "svc.orchestrator.Suggest", "{}");
    CHECK_HAS(r.json, "{\"suggestions\":[\""); /* at once */
    CHECK_INT(fake_llm.n_asked, 0);
    fake_llm_says(TEXT("{\\\"suggestions\\\":[\\\"what's the status of ticket 12303?\\\","
                       "\\\"show ticket 99999\\\",\\\"show my tickets\\\",\\\"write me a poem\\\","
                       "\\\"show my open tickets and all of my many upcoming exams\\\","
                       "\\\"<b>show my courses</b>\\\",7,\\\"show my exams\\\"]}"));
    r = suggestions(&t);
    CHECK_INT(r.code, JV_OK);
    CHECK_HAS(r.json,
              "{\"suggestions\":[\"what's the status of ticket 12303?\",\"show my exams\",");
    CHECK_HAS_NOT(r.json, "99999");
    CHECK_HAS_NOT(r.json, "poem");
    CHECK_HAS_NOT(r.json, "many");
    CHECK_HAS_NOT(r.json, "<b>");
    CHECK_HAS(fake_llm.asked[0], "\"background\":true");
    done(&t);
}

/* What a hostile text would have people click is no suggestion of a model: a change, a question
 * about somebody else that would be denied and go on record. */
TEST(nothing_that_hurts_is_suggested_by_a_model)
{
    struct town t = stage_new("auto");
    struct world_reply r;

    ask(&t, t.vishal, "show my tickets");
    fake_llm_says(TEXT("{\\\"suggestions\\\":[\\\"create a ticket for firewall access\\\","
                       "\\\"show alex's tickets\\\",\\\"show my exams\\\"]}"));
    r = suggestions(&t);
    CHECK_HAS(r.json, "{\"suggestions\":[\"show my exams\",");
    CHECK_HAS_NOT(r.json, "firewall");
    CHECK_HAS_NOT(r.json, "alex");
    done(&t);
}

/* A long answer is cut between two characters. */
TEST(suggestions_come_after_any_answer)
{
    struct town t = stage_new("model");
    struct jv_buf said = jv_buf_new(world_arena(t.w));
    struct world_reply r;

    for (int i = 0; i < 2000; i++)
        jv_buf_str(&said, "\xc3\xbc");
    fake_llm_says(MINE);
    fake_llm_says(
            jv_arena_printf(world_arena(t.w), "{\"finish\":\"stop\",\"text\":\"x%s\"}", said.data));
    fake_llm_says(TEXT("{\\\"suggestions\\\":[\\\"show my exams\\\"]}"));
    ask(&t, t.vishal, "my tickets?");
    r = suggestions(&t);
    CHECK_INT(fake_llm.n_asked, 3);
    CHECK_HAS(r.json, "{\"suggestions\":[\"show my exams\",");
    done(&t);
}

TEST(suggestions_are_there_without_it)
{
    static const char *const bad[] = { TEXT("no json"), TEXT("[1]"), TEXT("{}"), "{}" };
    struct town t = stage_new("auto");
    const char *plain;

    ask(&t, t.vishal, "show my tickets");
    fake_llm.none = true;
    plain = suggestions(&t).json;
    CHECK_HAS(plain, "{\"suggestions\":[\"");
    world_advance(t.w, 20000); /* one may be configured by now */
    fake_llm.none = false;
    for (size_t i = 0; i < JV_COUNT(bad); i++)
        fake_llm_says(bad[i]);
    for (size_t i = 0; i <= JV_COUNT(bad); i++) /* the last time it is away */
        CHECK_STR(suggestions(&t).json, plain);
    CHECK_INT(fake_llm.n_asked, JV_COUNT(bad) + 1);
    done(&t);
}

TEST_MAIN()
