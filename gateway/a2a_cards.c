/* a2a_cards.c -- agents' cards: fetched from the registry, completed, signed, kept for a moment.
 *
 * One thread at a time asks for an agent, however many want it; the others take what was known
 * before. So the registry and auth may be away for a while. Names of agents that are none, which
 * anybody may ask for, never take the place of one that is. */
#include "a2a.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <a2a.pb-c.h>
#include <auth.pb-c.h>
#include <google/protobuf/timestamp.pb-c.h>
#include <registry.pb-c.h>

#include "v03.h"

enum {
    SLOTS = 256,
    PROBES = 16, /* places that a name may have */
    FETCH_MS = 2000,
    FRESH_MS = 5000,
    RETRY_MS = 1000,             /* after a failure, and for agents that are none */
    SIGN_AGAIN_MS = 3600 * 1000, /* keys change */
    CARD_LIMIT = 8 << 20,
};

struct text {
    char *json; /* NULL: the card has no such shape */
    size_t len;
};

struct slot {
    size_t users; /* who has it, or waits for it; under the table's lock, like the token */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool asking;
    char token[65];
    int64_t fresh_until_ms; /* mono; 0: never asked */
    int code;               /* JV_OK: what follows is there, perhaps from before */
    struct jv_err err;
    struct jv_arena *a; /* of what follows */
    uint8_t *content;   /* what is signed, packed */
    size_t content_len;
    int64_t signed_ms;  /* mono; 0: auth was away */
    int64_t modified;   /* unix seconds */
    uint64_t tag;       /* of what is signed and by which keys */
    int64_t changed_at; /* unix seconds: when the tag did here; 0: never */
    struct text texts[CARD_SHAPES];
    const A2a__AgentCapabilities *capabilities;
};

struct cards {
    pthread_mutex_t lock;
    pthread_cond_t unused; /* a slot has no users any more */
    struct slot slots[SLOTS];
    int64_t began; /* unix seconds: no card that we complete is older */
};

struct cards *cards_new(void)
{
    struct cards *c = calloc(1, sizeof(*c));

    if (!c)
        abort();
    c->began = time(NULL);
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->unused, NULL);
    for (size_t i = 0; i < SLOTS; i++) {
        pthread_mutex_init(&c->slots[i].lock, NULL);
        pthread_cond_init(&c->slots[i].changed, NULL);
    }
    return c;
}

struct cards *cards_free(struct cards *c)
{
    for (size_t i = 0; c && i < SLOTS; i++) {
        jv_arena_free(c->slots[i].a);
        pthread_mutex_destroy(&c->slots[i].lock);
        pthread_cond_destroy(&c->slots[i].changed);
    }
    if (c) {
        pthread_mutex_destroy(&c->lock);
        pthread_cond_destroy(&c->unused);
    }
    free(c);
    return NULL;
}

static uint64_t hash(const void *p, size_t n)
{
    uint64_t h = 0xcbf29ce484222325;

    for (size_t i = 0; i < n; i++)
        h = (h ^ ((const uint8_t *)p)[i]) * 0x100000001b3;
    return h;
}

/* ---- making --------------------------------------------------------------------------------- */

/* A card without a signature is still a card; one that cannot be had is none. */
static A2a__AgentCard *sign(struct gw *gw, A2a__AgentCard *card, struct jv_arena *a, bool *ret_done)
{
    const struct jv_call_options o = { .timeout_ms = FETCH_MS };
    A2a__AgentCard *ret = NULL;
    int r = jv_client_call(gw->client, &auth__auth__descriptor, NULL, "SignCard", card, &ret, &o, a,
                           NULL);

    *ret_done = r == JV_OK && ret->n_signatures;
    return *ret_done ? ret : card;
}

static void write_shapes(struct slot *s, const A2a__AgentCard *card)
{
    struct text *v1 = &s->texts[CARD_V1], *old = &s->texts[CARD_V03], *both = &s->texts[CARD_BOTH];

    v1->json = jv_msg_to_json(&card->base, JV_JSON_CAMEL, s->a, &v1->len);
    old->json = v03_card(card, s->a, &old->len);
    if (old->json)
        both->json = card_for_both(v1->json, v1->len, old->json, old->len, s->a, &both->len);
    else
        *both = *v1;
}

/* A signature differs from gateway to gateway, what says which key it is by does not. Whoever has a
 * card without one, or by a key of old, has another card. */
static uint64_t tag_of(const A2a__AgentCard *card, const uint8_t *content, size_t len)
{
    uint64_t h = hash(content, len);

    for (size_t i = 0; i < card->n_signatures; i++)
        h = h * 31 + hash(card->signatures[i]->protected_, strlen(card->signatures[i]->protected_));
    return h;
}

/* The slot's content anew, with its lock held; the card is the registry's, completed. */
static void keep(struct slot *s, const A2a__AgentCard *card, const uint8_t *content, size_t len,
                 bool is_signed)
{
    struct jv_arena *a = jv_arena_new(CARD_LIMIT);
    size_t packed;
    uint8_t *bytes = jv_pack(card, a, &packed);
    const A2a__AgentCard *own =
            (const void *)jv_unpack(&a2a__agent_card__descriptor, bytes, packed, a, NULL);

    if (!own) { /* too big to be kept */
        jv_arena_free(a);
        s->code = jv_err_set(&s->err, JV_INTERNAL, "the card of %s cannot be read", s->token);
        return;
    }
    if (s->a && s->tag != tag_of(own, content, len))
        s->changed_at = time(NULL);
    jv_arena_free(s->a);
    s->a = a;
    s->tag = tag_of(own, content, len);
    s->content = jv_arena_memdup(a, content, len);
    s->content_len = len;
    s->signed_ms = is_signed ? gw_mono_ms() : 0;
    s->capabilities = own->capabilities;
    write_shapes(s, own);
    s->code = JV_OK;
}

/* ---- asking --------------------------------------------------------------------------------- */

static int fetch(struct gw *gw, const char *token, struct jv_arena *a, Registry__CardReply **ret,
                 struct jv_err *err)
{
    const struct jv_call_options o = { .timeout_ms = FETCH_MS };
    Registry__CardRequest req = REGISTRY__CARD_REQUEST__INIT;
    int r;

    req.token = token;
    r = jv_client_call(gw->client, &registry__registry__descriptor, NULL, "Card", &req, ret, &o, a,
                       err);
    if (r == JV_OK && !(*ret)->card)
        r = jv_err_set(err, JV_NOT_FOUND, "there is no agent %.64s", token);
    return r;
}

static bool is_same(const struct slot *s, const uint8_t *content, size_t len)
{
    return s->code == JV_OK && s->a && s->content_len == len &&
           memcmp(s->content, content, len) == 0 && s->signed_ms &&
           gw_mono_ms() - s->signed_ms < SIGN_AGAIN_MS;
}

static int64_t modified(const struct gw *gw, const struct slot *s, const Registry__CardReply *reply)
{
    int64_t said = reply->updated_at ? reply->updated_at->seconds : 0, now = time(NULL);
    int64_t at = said > gw->cards->began ? said : gw->cards->began;

    at = at > s->changed_at ? at : s->changed_at;
    return at < now ? at : now;
}

/* With the lock held, which is let go while others are asked. */
static void refresh(struct gw *gw, struct slot *s)
{
    struct jv_arena *a = jv_arena_new(2 * CARD_LIMIT);
    Registry__CardReply *reply = NULL;
    struct jv_err err = { 0 };
    A2a__AgentCard *card;
    bool is_signed;
    uint8_t *content;
    size_t len;
    int r;

    pthread_mutex_unlock(&s->lock);
    r = fetch(gw, s->token, a, &reply, &err);
    if (r == JV_OK) {
        card_complete(gw, s->token, reply->card, a);
        content = jv_pack(reply->card, a, &len);
        if (!is_same(s, content, len)) { /* only who asks writes what this reads */
            card = sign(gw, reply->card, a, &is_signed);
            pthread_mutex_lock(&s->lock);
            keep(s, card, content, len, is_signed);
            pthread_mutex_unlock(&s->lock);
        }
    }
    pthread_mutex_lock(&s->lock);
    if (r == JV_OK)
        s->modified = modified(gw, s, reply);
    else if (r == JV_NOT_FOUND || !s->a || s->code) {
        s->code = r;
        s->err = err;
    }
    s->fresh_until_ms = gw_mono_ms() + (r == JV_OK && s->signed_ms ? FRESH_MS : RETRY_MS);
    jv_arena_free(a);
}

/* Of a slot without users: 0 when it has no card. */
static int64_t worth(const struct slot *s)
{
    return s->a && s->code == JV_OK ? s->fresh_until_ms : 0;
}

/* The slot that has the token, or else the least one of those that may get it; NULL when all of
 * them are in use. */
static struct slot *find(struct cards *c, const char *token)
{
    uint64_t at = hash(token, strlen(token));
    struct slot *least = NULL;

    for (size_t i = 0; i < PROBES; i++) {
        struct slot *s = &c->slots[(at + i) % SLOTS];

        if (strcmp(s->token, token) == 0)
            return s;
        if (!s->users && (!least || worth(s) < worth(least)))
            least = s;
    }
    return least;
}

static struct slot *pin(struct cards *c, const char *token)
{
    struct slot *s;

    pthread_mutex_lock(&c->lock);
    while (!(s = find(c, token)))
        pthread_cond_wait(&c->unused, &c->lock);
    if (strcmp(s->token, token) != 0) {
        snprintf(s->token, sizeof(s->token), "%s", token);
        s->a = jv_arena_free(s->a);
        s->fresh_until_ms = s->changed_at = 0;
    }
    s->users++;
    pthread_mutex_unlock(&c->lock);
    return s;
}

static void give_back(struct cards *c, struct slot *s)
{
    pthread_mutex_unlock(&s->lock);
    pthread_mutex_lock(&c->lock);
    if (--s->users == 0)
        pthread_cond_broadcast(&c->unused); /* each waits for places of its own */
    pthread_mutex_unlock(&c->lock);
}

/* The slot of an agent, locked, as fresh as can be; until it is given back. */
static struct slot *take(struct gw *gw, const char *token)
{
    struct slot *s = pin(gw->cards, token);

    pthread_mutex_lock(&s->lock);
    while (s->asking && !s->fresh_until_ms)
        pthread_cond_wait(&s->changed, &s->lock);
    if (!s->asking && gw_mono_ms() >= s->fresh_until_ms) {
        s->asking = true;
        refresh(gw, s);
        s->asking = false;
        pthread_cond_broadcast(&s->changed);
    }
    return s;
}

int card_known(struct gw *gw, const char *agent, struct jv_err *err)
{
    struct slot *s;
    int r;

    if (gw->set.conformance && strcmp(agent, CONFORMANCE_AGENT) == 0)
        return JV_OK; /* the one that is served is known */
    s = take(gw, agent);
    r = s->code;
    if (r)
        *err = s->err;
    give_back(gw->cards, s);
    return r;
}

static bool names(const char *list, const char *uri)
{
    size_t len = strlen(uri), n;

    for (const char *p = list + strspn(list, ", \t"); *p; p += n + strspn(p + n, ", \t")) {
        n = strcspn(p, ", \t");
        if (n == len && memcmp(p, uri, len) == 0)
            return true;
    }
    return false;
}

const char *card_extensions(struct gw *gw, const char *agent, const char *list, struct jv_arena *a)
{
    struct slot *s = take(gw, agent);
    const A2a__AgentCapabilities *c = s->code == JV_OK ? s->capabilities : NULL;
    struct jv_buf b = jv_buf_new(a);

    for (size_t i = 0; c && i < c->n_extensions; i++)
        if (names(list, c->extensions[i]->uri))
            jv_buf_printf(&b, "%s%s", b.len ? ", " : "", c->extensions[i]->uri);
    give_back(gw->cards, s);
    return b.len ? b.data : NULL;
}

int card_get(struct gw *gw, const char *agent, enum card_shape shape, struct jv_arena *a,
             struct card *ret, struct jv_err *err)
{
    struct slot *s = take(gw, agent);
    const struct text *t = &s->texts[shape];
    int r = s->code;

    if (r) {
        *err = s->err;
    } else if (!t->json) {
        r = jv_err_set(err, JV_NOT_FOUND, "%.64s has no card for A2A 0.3", agent);
    } else {
        *ret = (struct card){ .json = jv_arena_strndup(a, t->json, t->len),
                              .len = t->len,
                              .modified = s->modified,
                              .is_signed = s->signed_ms != 0 };
        snprintf(ret->etag, sizeof(ret->etag), "W/\"%016llx-%d\"", (unsigned long long)s->tag,
                 (int)shape);
    }
    give_back(gw->cards, s);
    return r;
}
