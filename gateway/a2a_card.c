/* a2a_card.c -- GET of an agent's card: which shape, and whether the client has it already. */
#include "a2a.h"

#include <string.h>
#include <time.h>

/* One of the list, or "*". Weak or strong is the same here. */
static bool matches(const char *list, const char *etag)
{
    const char *bare = strchr(etag, '"');

    return strcmp(list, "*") == 0 || strstr(list, bare) != NULL;
}

static bool is_unchanged(const struct head *h, const struct card *c)
{
    const char *tags = head_get(h, "If-None-Match"), *since = head_get(h, "If-Modified-Since");
    struct tm tm = { 0 };
    const char *end;

    if (tags)
        return matches(tags, c->etag);
    end = since ? strptime(since, "%a, %d %b %Y %H:%M:%S GMT", &tm) : NULL;
    return end && !*end && timegm(&tm) >= c->modified;
}

static void send_card(struct request *rq, const struct card *c)
{
    time_t at = c->modified;
    struct tm tm;
    char date[40];

    gmtime_r(&at, &tm);
    strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &tm);
    reply_header(rq, "ETag", c->etag);
    reply_header(rq, "Last-Modified", date);
    reply_header(rq, "Vary", "A2A-Version");
    /* one without a signature is not to be remembered for long */
    reply_header(rq, "Cache-Control", c->is_signed ? "public, max-age=300" : "public, max-age=5");
    if (is_unchanged(&rq->head, c))
        reply(rq, 304, NULL, NULL, 0);
    else
        reply(rq, 200, "application/json", c->json, c->len);
}

/* A card is asked for before anything is known of each other: who does not name a version, or a
 * newer one that it would not insist on, gets one that 1.0 and 0.3 clients can both read (ADR 20),
 * but for the protocol's kit, which wants no member that 1.0 does not know. */
static enum card_shape shape_for(const struct request *rq)
{
    const char *version = a2a_version(rq, NULL);

    return version && strcmp(version, "1.0") == 0   ? CARD_V1
           : version && strcmp(version, "0.3") == 0 ? CARD_V03
           : rq->gw->set.conformance                ? CARD_V1
                                                    : CARD_BOTH;
}

void handle_card(struct request *rq)
{
    char name[64];
    const char *agent = route_member(rq->route, 0, name) ? rq->members[0]
                        : rq->gw->set.conformance        ? CONFORMANCE_AGENT
                                                         : "jarvis";
    struct jv_err err = { 0 };
    struct card c = { 0 };
    int r = jv_is_token(agent) ? card_get(rq->gw, agent, shape_for(rq), rq->a, &c, &err)
                               : jv_err_set(&err, JV_NOT_FOUND, "there is no agent %.64s", agent);

    if (r)
        reply_error(rq, &err);
    else
        send_card(rq, &c);
}
