/* cache.c -- whole answers, for a while: by the hash of all that matters for them. */
#include "house.h"

#include <string.h>

enum { most_entries = 1000, most_bytes = 16 << 20, largest = 256 << 10 };

struct cached {
    uint8_t key[key_size];
    int64_t until_ms;
    uint8_t *data; /* a packed GenerateReply */
    size_t len;
    struct cached *newer, *older;
};

/* Few enough to look through: a call to a model takes a thousand times as long. */
static struct cached *find(const struct cache *c, const uint8_t key[key_size])
{
    struct cached *e = c->newest;

    while (e && memcmp(e->key, key, key_size) != 0)
        e = e->older;
    return e;
}

static void drop(struct cache *c, struct cached *e)
{
    *(e->newer ? &e->newer->older : &c->newest) = e->older;
    *(e->older ? &e->older->newer : &c->oldest) = e->newer;
    c->n--;
    c->bytes -= e->len + sizeof(*e);
    jv_keep_free(e->data);
    jv_keep_free(e);
}

Llm__GenerateReply *cache_get(struct cache *c, const uint8_t key[key_size], int64_t now_ms,
                              struct jv_arena *a)
{
    struct cached *e = find(c, key);
    struct jv_err err;

    if (e && now_ms >= e->until_ms) {
        drop(c, e);
        e = NULL;
    }
    return e ? (void *)jv_unpack(&llm__generate_reply__descriptor, e->data, e->len, a, &err) : NULL;
}

static bool is_whole(const Llm__GenerateReply *reply)
{
    return reply->finish == LLM__GENERATE_REPLY__FINISH__stop ||
           reply->finish == LLM__GENERATE_REPLY__FINISH__tool_calls;
}

static void add(struct cache *c, const uint8_t key[key_size], const uint8_t *data, size_t len,
                int64_t until_ms)
{
    struct cached *e =
            jv_keep_memdup(&(struct cached){ .until_ms = until_ms, .len = len }, sizeof(*e));

    memcpy(e->key, key, key_size);
    e->data = jv_keep_memdup(data, len);
    e->older = c->newest;
    *(e->older ? &e->older->newer : &c->oldest) = e;
    c->newest = e;
    c->n++;
    c->bytes += len + sizeof(*e);
}

void cache_put(struct cache *c, const uint8_t key[key_size], const Llm__GenerateReply *reply,
               int64_t now_ms)
{
    struct jv_arena *a;
    struct cached *old = find(c, key);
    const uint8_t *data;
    size_t len;

    if (!c->ttl_ms || !is_whole(reply))
        return;
    if (old)
        drop(c, old);
    a = jv_arena_new(4 * largest);
    data = jv_pack(reply, a, &len);
    if (len <= largest)
        add(c, key, data, len, now_ms + c->ttl_ms);
    jv_arena_free(a);
    while (c->n > most_entries || c->bytes > most_bytes)
        drop(c, c->oldest);
}

void cache_forget(struct cache *c)
{
    while (c->newest)
        drop(c, c->newest);
}
