/* test_cards.c -- signing agents' cards: what is signed, by which key, and what that key is not
 * for.
 */
#include "actors/asking.h"

#include <auth.pb-c.h>

#include "jv/token.h"
#include "jv/wire.h"

extern const struct jv_actor auth_actor, tickets_actor;

#define CARD_START                                                                                 \
    "{\"name\":\"DesksAgent\",\"description\":\"Who sits where\",\"version\":\"1.0\","             \
    "\"supportedInterfaces\":[{\"url\":\"https://x.example/a2a\",\"protocolBinding\":\"JSONRPC\"," \
    "\"protocolVersion\":\"1.0\",\"tenant\":\"\"}],\"capabilities\":{\"streaming\":false},"        \
    "\"defaultInputModes\":[\"text/plain\"],\"defaultOutputModes\":[\"text/plain\"],"
#define SKILL(extra)                                                                               \
    "\"skills\":[{\"id\":\"find\",\"name\":\"Find\",\"description\":\"Finds \\u20ac\",\"tags\":["  \
    "\"b\",\"a\"]" extra "}]"
#define CARD CARD_START SKILL("") "}"

/* CARD as A2A 8.4 and RFC 8785 have it, written by hand. */
static const char canonical_card[] =
        "{\"capabilities\":{\"streaming\":false},\"defaultInputModes\":[\"text/plain\"],"
        "\"defaultOutputModes\":[\"text/plain\"],\"description\":\"Who sits where\",\"name\":"
        "\"DesksAgent\",\"skills\":[{\"description\":\"Finds \xe2\x82\xac\",\"id\":\"find\","
        "\"name\":\"Find\",\"tags\":[\"b\",\"a\"]}],\"supportedInterfaces\":[{\"protocolBinding\":"
        "\"JSONRPC\",\"protocolVersion\":\"1.0\",\"url\":\"https://x.example/a2a\"}],\"version\":"
        "\"1.0\"}";

static struct world *auth_world(void)
{
    struct world *w = world_new();

    world_db(jv_migration_files, NULL);
    world_sql(w, "truncate auth.people, auth.keys, auth.families, auth.refresh_tokens, "
                 "auth.revocations, auth.attempts restart identity cascade");
    setenv("JARVIS_DEMO", "0", 1);
    world_start(w, &auth_actor);
    return w;
}

static struct world_reply sign(struct world *w, const char *card)
{
    return world_ask(w, NULL, "svc.auth.SignCard", card);
}

static struct jv_jws jws_of(struct world *w, const struct world_reply *r)
{
    return (struct jv_jws){ member(w, r, "protected"), member(w, r, "signature") };
}

/* The key of that purpose as the key set shows it. */
static struct jv_jwk published(struct world *w, const char *purpose)
{
    struct world_reply r = world_ask(w, NULL, "svc.auth.Keys", "{}");
    Auth__KeySet *set = (void *)jv_json_to_msg(&auth__key_set__descriptor, r.json, strlen(r.json),
                                               JV_JSON_SNAKE, world_arena(w), NULL);

    for (size_t i = 0; set && i < set->n_keys; i++)
        if (strcmp(set->keys[i]->purpose, purpose) == 0)
            return (struct jv_jwk){ set->keys[i]->kid, set->keys[i]->x, set->keys[i]->y };
    return (struct jv_jwk){ "none", "", "" };
}

static int verify(struct world *w, const struct jv_jwk *key, const struct jv_jws *jws,
                  const char *text)
{
    return jv_jws_verify(key, jws, text, strlen(text), world_arena(w), NULL);
}

TEST(a_card_is_signed)
{
    struct world *w = auth_world();
    struct world_reply r = sign(w, CARD), again;
    struct jv_jwk key = published(w, "card"), tokens = published(w, "token");
    struct jv_jws jws = jws_of(w, &r), second;

    CHECK_INT(r.code, JV_OK);
    CHECK_STR(member(w, &r, "name"), "DesksAgent");
    CHECK_HAS(r.json, "\"streaming\":false");
    CHECK_INT(count_of(r.json, "\"protected\""), 1);
    CHECK_INT(verify(w, &key, &jws, canonical_card), JV_OK);
    CHECK_INT(verify(w, &key, &jws, "{}"), JV_UNAUTHENTICATED);
    CHECK_INT(verify(w, &tokens, &jws, canonical_card), JV_NOT_FOUND);
    /* A signed card is signed anew, over the same; a card that says more has another signature. */
    again = sign(w, r.json);
    second = jws_of(w, &again);
    CHECK_INT(count_of(again.json, "\"protected\""), 1);
    CHECK_INT(verify(w, &key, &second, canonical_card), JV_OK);
    again = sign(w, CARD_START SKILL(",\"examples\":[\"where is Ana?\"]") "}");
    second = jws_of(w, &again);
    CHECK_INT(verify(w, &key, &second, canonical_card), JV_UNAUTHENTICATED);
    world_free(w);
}

static const char *from(const char *json, const char *name)
{
    const char *p = json ? strstr(json, name) : NULL;

    return p ? p : "";
}

/* Clients that leave out whatever is empty verify, too: by a second signature. */
TEST(a_card_with_something_empty)
{
    static const char requirement[] =
            "\"securityRequirements\":[{\"schemes\":{\"jwt\":{\"list\":[]}}}],";
    static const char strict[] = "\"securityRequirements\":[{\"schemes\":{\"jwt\":{}}}],";
    struct world *w = auth_world();
    struct jv_arena *a = world_arena(w);
    struct world_reply r = sign(w, jv_arena_printf(a, CARD_START "%s" SKILL("") "}", requirement)),
                       rest;
    struct jv_jwk key = published(w, "card");
    const char *skills = strstr(canonical_card, "\"skills\"");
    const char *text = jv_arena_printf(a, "%.*s%s%s", (int)(skills - canonical_card),
                                       canonical_card, strict, skills);
    struct jv_jws first = jws_of(w, &r), second;

    CHECK_INT(r.code, JV_OK);
    CHECK_INT(count_of(r.json, "\"protected\""), 2);
    rest = (struct world_reply){ .json = from(r.json, first.signature) };
    second = jws_of(w, &rest);
    CHECK_INT(verify(w, &key, &first, text), JV_OK);
    CHECK_INT(verify(w, &key, &first, canonical_card), JV_UNAUTHENTICATED);
    CHECK_INT(verify(w, &key, &second, canonical_card), JV_OK);
    CHECK_HAS(r.json, "jwt"); /* the card itself is as it was */
    world_free(w);
}

/* Replicas sign with the same key, and the next one takes over when it is retired. */
TEST(the_key_is_shared_and_changes)
{
    struct world *w = auth_world();
    struct jv_jwk key = published(w, "card"), next;
    struct world_reply r;
    struct jv_jws jws;

    world_start(w, &auth_actor);
    r = sign(w, CARD);
    jws = jws_of(w, &r);
    CHECK_INT(verify(w, &key, &jws, canonical_card), JV_OK);
    world_sql(w, "update auth.keys set retired_at = '2025-01-10T00:00:00Z' where purpose = 'card'");
    world_advance(w, 61 * 60000); /* both notice */
    next = published(w, "card");
    CHECK(strcmp(next.kid, key.kid) != 0);
    for (int i = 0; i < 4; i++) {
        r = sign(w, CARD);
        jws = jws_of(w, &r);
        CHECK_INT(verify(w, &next, &jws, canonical_card), JV_OK);
    }
    world_free(w);
}

/* A text of n times x. */
static const char *long_text(struct world *w, size_t n)
{
    char *s = jv_arena_alloc(world_arena(w), n + 1);

    memset(s, 'x', n);
    return s;
}

TEST(nothing_but_cards_of_some_size)
{
    struct world *w = auth_world();
    const char *examples = ",\"examples\":[\"%s\"]";
    const char *fits =
            jv_arena_printf(world_arena(w), CARD_START SKILL("%s") "}",
                            jv_arena_printf(world_arena(w), examples, long_text(w, 255 * 1024)));
    const char *large =
            jv_arena_printf(world_arena(w), CARD_START SKILL("%s") "}",
                            jv_arena_printf(world_arena(w), examples, long_text(w, 256 * 1024)));
    const struct ask_case cases[] = {
        { "svc.auth.SignCard", "{}", JV_INVALID_ARGUMENT, { "name" } },
        { "svc.auth.SignCard", CARD_START "\"skills\":[]}", JV_INVALID_ARGUMENT, { "skills" } },
        { "svc.auth.SignCard",
          CARD_START "\"skills\":[{\"id\":\"a\",\"name\":\"b\",\"description\":\"c\"}]}",
          JV_INVALID_ARGUMENT,
          { "skills[0].tags" } },
        { "svc.auth.SignCard", "{\"iss\":\"jarvis-auth\"}", JV_INVALID_ARGUMENT, { 0 } },
        { "svc.auth.SignCard", "\"a text\"", JV_INVALID_ARGUMENT, { 0 } },
        { "svc.auth.SignCard", large, JV_RESOURCE_EXHAUSTED, { "262144 bytes" } },
    };

    CHECK_INT(sign(w, fits).code, JV_OK);
    CHECK_ASKS(w, NULL, cases);
    world_free(w);
}

/* Every claim right, the key published, the signature good: but it is the key for cards. */
TEST(the_key_for_cards_signs_no_tokens)
{
    struct world *w = auth_world();
    const struct jv_claims claims = { .sub = "user_admin",
                                      .username = "admin",
                                      .role = "admin",
                                      .scope = "tickets:read tickets:read:all registry:approve",
                                      .jti = "j",
                                      .sid = "s",
                                      .iat = jv_loop_real_ms(world_loop(w)) / 1000,
                                      .exp = jv_loop_real_ms(world_loop(w)) / 1000 + 600 };
    static const char *const purposes[] = { "token", "card" };

    world_start(w, &tickets_actor);
    for (size_t i = 0; i < JV_COUNT(purposes); i++) {
        const char *where =
                jv_arena_printf(world_arena(w), "from auth.keys where purpose = '%s'", purposes[i]);
        const char *pem = world_sql(w, jv_arena_printf(world_arena(w), "select pem %s", where));
        const char *kid = world_sql(w, jv_arena_printf(world_arena(w), "select kid %s", where));
        char *token = NULL;

        CHECK_INT(jv_jwt_sign(pem, kid, &claims, world_arena(w), &token, NULL), JV_OK);
        CHECK_INT(world_ask(w, token, "svc.auth.Verify", "{}").code,
                  i ? JV_UNAUTHENTICATED : JV_OK);
        CHECK_INT(world_ask(w, token, "svc.tickets.List", "{}").code,
                  i ? JV_UNAUTHENTICATED : JV_OK);
    }
    world_free(w);
}

TEST_MAIN()
