/* test_keys.c -- another key to sign with, and nobody notices. */
#include "actors/asking.h"

#include <stdlib.h>

#include "jv/token.h"

extern const struct jv_actor auth_actor, tickets_actor;

#define ROTATE "svc.auth.RotateKeys"
#define MINUTE ((int64_t)60000)

struct stage {
    struct world *w;
    const char *admin;
};

static struct world_reply login(struct world *w, const char *name, const char *password)
{
    return ask(w, NULL, "svc.auth.Login", "{\"username\":\"%s\",\"password\":\"%s\"}", name,
               password);
}

static struct stage stage(void)
{
    struct stage s = { .w = world_new() };
    struct world_reply r;

    world_db(jv_migration_files, jv_seed_files);
    world_sql(s.w, "truncate auth.people, auth.keys, auth.families, auth.refresh_tokens, "
                   "auth.revocations, auth.attempts, auth.ended_people restart identity cascade");
    setenv("JARVIS_DEMO", "1", 1);
    world_listen(s.w, "audit.auth.*");
    world_start(s.w, &auth_actor);
    world_start(s.w, &auth_actor);
    world_start(s.w, &tickets_actor);
    r = login(s.w, "admin", "admin123");
    s.admin = member(s.w, &r, "access_token");
    CHECK_INT(world_ask(s.w, s.admin, "svc.auth.Me", "{}").code, JV_OK); /* its key is known now */
    return s;
}

static struct world_reply rotate(struct stage *s, const char *purpose)
{
    return ask(s->w, s->admin, ROTATE, "{\"purpose\":\"%s\"}", purpose);
}

/* Of the token's head. */
static const char *kid_of(struct world *w, const char *token)
{
    struct world_reply r = { 0 };
    uint8_t *json;
    int64_t n = jv_base64_decode(world_arena(w), token, strcspn(token, "."), &json);

    CHECK(n > 0);
    r.json = jv_arena_strndup(world_arena(w), (const char *)json, (size_t)n);
    return member(w, &r, "kid");
}

static int tickets(struct world *w, const char *token)
{
    return world_ask(w, token, "svc.tickets.ListMine", "{}").code;
}

TEST(nobody_notices)
{
    struct stage s = stage();
    struct world_reply before = login(s.w, "vishal", "password123"), r, pair = before;
    const char *old = member(s.w, &before, "access_token"), *kid;

    CHECK_INT(tickets(s.w, old), JV_OK);
    r = rotate(&s, "");
    CHECK_INT(r.code, JV_OK);
    CHECK_STR(member(s.w, &r, "purpose"), "token");
    CHECK(!strstr(r.json, "PRIVATE"));
    kid = member(s.w, &r, "kid");
    CHECK(strcmp(kid_of(s.w, old), kid) != 0);
    for (int i = 0; i < 8; i++) { /* whichever of the two answers */
        pair = ask(s.w, NULL, "svc.auth.Refresh", "{\"refresh_token\":\"%s\"}",
                   member(s.w, &pair, "refresh_token"));
        CHECK_STR(kid_of(s.w, member(s.w, &pair, "access_token")), kid);
        CHECK_INT(tickets(s.w, member(s.w, &pair, "access_token")), JV_OK);
        r = login(s.w, "happy", "password123");
        CHECK_STR(kid_of(s.w, member(s.w, &r, "access_token")), kid);
        CHECK_INT(tickets(s.w, old), JV_OK);
    }
    r = world_ask(s.w, NULL, "svc.auth.Keys", "{}");
    CHECK_STR(member(s.w, &r, "kid"), kid); /* the newest first */
    CHECK_HAS(r.json, kid_of(s.w, old));
    CHECK_STR(world_sql(s.w, "select count(*) from auth.keys where pem = '' and kid in "
                             "(select kid from auth.keys where retired_at is not null)"),
              "1"); /* the old one's private half is gone */
    world_advance(s.w, 16 * MINUTE);
    CHECK_INT(tickets(s.w, old), JV_UNAUTHENTICATED); /* as without all that */
    world_advance(s.w, 180 * MINUTE);
    r = world_ask(s.w, NULL, "svc.auth.Keys", "{}");
    CHECK_INT(count_of(r.json, "\"purpose\": \"token\"") +
                      count_of(r.json, "\"purpose\":\"token\""),
              1);
    world_free(s.w);
}

TEST(on_record)
{
    struct stage s = stage();
    struct world_reply r = rotate(&s, "token");
    const char *record, *at;
    size_t n = 0;

    for (size_t i = 0; (record = world_heard(s.w, i, &at)); i++)
        if (strcmp(at, "audit.auth.keys_rotated") == 0) {
            CHECK_HAS(record, "\"who\":\"admin\"");
            CHECK_HAS(record, member(s.w, &r, "kid"));
            n++;
        }
    CHECK_INT(n, 1);
    world_free(s.w);
}

/* One for cards signs no tokens, and the other way round. */
TEST(each_for_its_own)
{
    struct stage s = stage();
    struct world_reply card, r, in = login(s.w, "vishal", "password123");
    const char *token_kid = kid_of(s.w, member(s.w, &in, "access_token")), *card_kid;

    r = rotate(&s, "card");
    CHECK_STR(member(s.w, &r, "purpose"), "card");
    card_kid = member(s.w, &r, "kid");
    in = login(s.w, "vishal", "password123");
    CHECK_STR(kid_of(s.w, member(s.w, &in, "access_token")), token_kid);
    card = world_ask(s.w, NULL, "svc.auth.SignCard",
                     "{\"name\":\"x\",\"description\":\"y\",\"version\":\"1\","
                     "\"supportedInterfaces\":[{\"protocolBinding\":\"JSONRPC\","
                     "\"protocolVersion\":\"1.0\",\"url\":\"https://x.example/a2a\"}],"
                     "\"capabilities\":{},\"defaultInputModes\":[\"text/plain\"],"
                     "\"defaultOutputModes\":[\"text/plain\"],\"skills\":[{\"id\":\"f\","
                     "\"name\":\"F\",\"description\":\"d\",\"tags\":[\"t\"]}]}");
    CHECK_INT(card.code, JV_OK);
    CHECK_STR(kid_of(s.w, member(s.w, &card, "protected")), card_kid);
    world_free(s.w);
}

/* Whoever verifies keeps so many keys: the oldest one that could be needed must be among them. */
TEST(not_too_many)
{
    struct stage s = stage();
    struct world_reply in = login(s.w, "vishal", "password123"), r;
    const char *first = member(s.w, &in, "access_token");
    int n = 0;

    do {
        r = rotate(&s, "");
    } while (r.code == JV_OK && ++n < 20);
    CHECK_INT(r.code, JV_RESOURCE_EXHAUSTED);
    CHECK_INT(n, 11);
    CHECK_HAS(r.text, "still in use");
    CHECK_INT(tickets(s.w, first), JV_OK);
    in = login(s.w, "vishal", "password123");
    CHECK_INT(tickets(s.w, member(s.w, &in, "access_token")), JV_OK);
    world_free(s.w);
}

/* By hand, at the table (docs/adr/0014): the next sign-in makes another. */
TEST(retired_by_hand)
{
    struct stage s = stage();
    struct world_reply in = login(s.w, "vishal", "password123");
    const char *old = kid_of(s.w, member(s.w, &in, "access_token"));

    world_sql(s.w, "update auth.keys set retired_at = '2000-01-01' where purpose = 'token'");
    in = login(s.w, "vishal", "password123");
    CHECK_INT(in.code, JV_OK);
    CHECK(strcmp(kid_of(s.w, member(s.w, &in, "access_token")), old) != 0);
    world_advance(s.w, 2000); /* nobody was told: others ask for keys once a second */
    CHECK_INT(tickets(s.w, member(s.w, &in, "access_token")), JV_OK);
    world_free(s.w);
}

TEST(two_at_once)
{
    struct stage s = stage();
    struct world_reply in;

    for (int i = 0; i < 4; i++)
        world_send(s.w, s.admin, ROTATE, "{}");
    for (int i = 0; i < 4; i++)
        CHECK_INT(world_collect(s.w).code, JV_OK);
    CHECK_STR(world_sql(s.w, "select count(*) from auth.keys where retired_at is null and "
                             "purpose = 'token'"),
              "1");
    in = login(s.w, "vishal", "password123");
    CHECK_INT(tickets(s.w, member(s.w, &in, "access_token")), JV_OK);
    world_free(s.w);
}

TEST(not_for_everybody)
{
    struct stage s = stage();
    struct world_reply in = login(s.w, "vishal", "password123"), r;

    CHECK_INT(world_ask(s.w, member(s.w, &in, "access_token"), ROTATE, "{}").code,
              JV_PERMISSION_DENIED);
    CHECK_INT(world_ask(s.w, NULL, ROTATE, "{}").code, JV_UNAUTHENTICATED);
    r = rotate(&s, "cookies");
    CHECK_INT(r.code, JV_INVALID_ARGUMENT);
    CHECK_STR(r.field, "purpose");
    CHECK_STR(world_sql(s.w, "select count(*) from auth.keys"), "2");
    world_free(s.w);
}

TEST_MAIN()
