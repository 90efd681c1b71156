/* test_commands.c -- the binary's commands that need no server: what they say of the real actors,
 * and what they answer to wrong words. */
#include <stdlib.h>

#include "capture.h"
#include "check.h"
#include "jv/actor.h"
#include "jv/agent.h"

#define X(name) extern const struct jv_actor name##_actor;
#include "actors/actors.def"
#undef X

static const struct jv_actor *const actors[] = {
#define X(name) &name##_actor,
#include "actors/actors.def"
#undef X
    NULL,
};
static const struct jv_program program = { .version = "1.2.3", .actors = actors };

TEST(help_and_version)
{
    CHECK_STR(command(&program, "jarvis version")->out, "jarvis 1.2.3\n");
    CHECK_HAS(command(&program, "jarvis help")->out, "nats-conf  identities");
    CHECK_INT(command(&program, "jarvis --help")->code, 0);
    CHECK_INT(command(&program, "jarvis")->code, 2);
}

TEST(list)
{
    const struct command *c = command(&program, "jarvis list");

    CHECK_INT(c->code, 0);
    for (size_t i = 0; actors[i]; i++)
        CHECK_HAS(c->out, actors[i]->name);
    CHECK_HAS(c->out, "; agent TicketsAgent\n");
}

/* The words of the .proto, the rules of the table. */
TEST(describe)
{
    const struct command *c = command(&program, "jarvis describe tickets");

    CHECK_INT(c->code, 0);
    CHECK_HAS(c->out, "agent TicketsAgent, subject token tickets");
    CHECK_HAS(c->out, "\n  List(ListRequest) -> TicketList\n      tool get_user_tickets; "
                      "scope tickets:read; username is the caller, or else scope "
                      "tickets:read:all");
    CHECK_HAS(c->out, "      List one person's tickets. \n");
    c = command(&program, "jarvis describe auth");
    CHECK_HAS(c->out, "\n  Login(");
    CHECK_HAS(c->out, "anyone");
    CHECK_HAS(c->out, "settings\n");
    CHECK(!strstr(c->out, "tool "));
}

TEST(describe_leaves_nothing_out)
{
    const struct command *c = command(&program, "jarvis describe --all");

    CHECK_INT(c->code, 0);
    for (size_t i = 0; actors[i]; i++)
        for (const struct jv_tool *t = actors[i]->tools; t->method; t++) {
            char row[128];

            snprintf(row, sizeof(row), "\n  %s(", t->method);
            CHECK_HAS(c->out, row);
        }
    for (const char *line = c->out, *end; (end = strchr(line, '\n')); line = end + 1)
        CHECK_OR(end - line <= 160, printf("# %.*s\n", (int)(end - line), line));
}

TEST(wrong_words)
{
    static const struct {
        const char *line;
        int code;
        const char *has;
    } cases[] = {
        { "jarvis fly", 2, "there is no command fly" },
        { "jarvis list all", 2, "usage: jarvis list" },
        { "jarvis describe", 2, "usage: jarvis describe" },
        { "jarvis describe nobody", 2, "there is no actor nobody" },
        { "jarvis run", 2, "run what?" },
        { "jarvis run nobody", 2, "there is no actor nobody" },
        { "jarvis down now", 2, "usage: jarvis down" },
        { "jarvis up now", 2, "usage: jarvis up" },
        { "jarvis seed now", 2, "usage: jarvis seed" },
        { "jarvis migrate now", 2, "usage: jarvis migrate" },
        { "jarvis check now", 2, "usage: jarvis check" },
        { "jarvis call", 2, "usage: jarvis call" },
        { "jarvis call tickets {} more", 2, "usage: jarvis call" },
        { "jarvis call tickets --loud", 2, "usage: jarvis call" },
        { "jarvis call nobody", 2, "nobody is no agent" },
        { "jarvis call nobody.Get", 2, "there is no actor nobody" },
        { "jarvis call a2a.a*b.Get", 2, "a*b is no agent" },
    };

    for (size_t i = 0; i < JV_COUNT(cases); i++) {
        const struct command *c = command(&program, cases[i].line);

        CHECK_INT(c->code, cases[i].code);
        CHECK_HAS(c->err, cases[i].has);
        CHECK_STR(c->out, "");
    }
}

TEST(check_asks_whoever_listens)
{
    setenv("JARVIS_URL", "", 1);
    setenv("JARVIS_LISTEN", "nowhere", 1);
    CHECK_INT(command(&program, "jarvis check")->code, JV_EXIT_CONFIG);
    setenv("JARVIS_URL", "http://localhost:1", 1);
    CHECK_INT(command(&program, "jarvis check")->code, 1);
    CHECK_HAS(command(&program, "jarvis check")->err, "not ready: nobody answers");
    unsetenv("JARVIS_URL");
    unsetenv("JARVIS_LISTEN");
}

TEST(nothing_runs_in_an_empty_folder)
{
    char folder[] = "/tmp/jarvis-test.XXXXXX";

    CHECK_OR(mkdtemp(folder), return );
    setenv("JARVIS_VAR", folder, 1);
    CHECK_INT(command(&program, "jarvis ps")->code, 1);
    CHECK_HAS(command(&program, "jarvis ps")->out, "nothing is running in /tmp/jarvis-test.");
    CHECK_INT(command(&program, "jarvis down")->code, 0);
    unsetenv("JARVIS_VAR");
    CHECK_INT(rmdir(folder), 0); /* and it stays empty */
}

TEST_MAIN()
