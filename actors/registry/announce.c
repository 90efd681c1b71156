/* announce.c -- heartbeats: an agent says that it is there, and with what card.
 *
 * An agent's row belongs to the actor that announced it first (or to the migration): NATS lets
 * only that actor publish on its heartbeat subject. Whatever does not fit the row is refused and
 * recorded, never taken over. Of several instances with different cards the one that started last
 * counts. */
#include "registry.h"

#include <string.h>

#include "jv/wire.h"

enum { max_announced_card = 256 * 1024, max_description = 2000 };

struct announcement {
    const char *actor, *id; /* from the subject, proved by NATS */
    const Registry__Heartbeat *hb;
    const A2a__AgentCard *card;
};

/* "jarvis.hb.tickets.2f9c" -> tickets, 2f9c */
static bool split_subject(struct jv_ctx *ctx, const char *subject, struct announcement *ret)
{
    char *s = jv_arena_strdup(jv_arena(ctx), subject);
    char *id = strrchr(s, '.'), *actor;

    if (!id)
        return false;
    *id++ = '\0';
    actor = strrchr(s, '.');
    if (!actor)
        return false;
    ret->actor = actor + 1;
    ret->id = id;
    return jv_is_token(ret->actor) && jv_is_token(ret->id);
}

static int refuse(struct jv_ctx *ctx, const struct announcement *a, const char *why)
{
    jv_warn(ctx, "agent %.64s announced by %s is refused: %s", a->card->name, a->actor, why);
    jv_audit(ctx, "agent_refused", "%.64s announced by %s: %s", a->card->name, a->actor, why);
    return JV_PERMISSION_DENIED;
}

static const char *wrong_with(const struct announcement *a)
{
    if (!is_name(a->card->name))
        return "its name is not a letter followed by letters, digits, _ or -";
    if (!jv_is_token(a->hb->token))
        return "it says no subject token";
    if (strlen(a->card->description) > max_description)
        return "its description is too long";
    return NULL;
}

/* Skills' tags and examples: what a new agent's row starts with. Too much or too long is left out.
 */
static void derive(struct jv_ctx *ctx, const A2a__AgentCard *card, Registry__Capabilities *caps)
{
    enum { max_items = 64, max_item = 256 };
    struct jv_arena *arena = jv_arena(ctx);

    registry__capabilities__init(caps);
    caps->keywords = JV_NEW_ARRAY(arena, const char *, max_items);
    caps->examples = JV_NEW_ARRAY(arena, const char *, max_items);
    for (size_t i = 0; i < card->n_skills; i++) {
        const A2a__AgentSkill *s = card->skills[i];

        for (size_t j = 0; j < s->n_tags && caps->n_keywords < max_items; j++)
            if (s->tags[j][0] && strlen(s->tags[j]) <= max_item)
                caps->keywords[caps->n_keywords++] = s->tags[j];
        for (size_t j = 0; j < s->n_examples && caps->n_examples < max_items; j++)
            if (s->examples[j][0] && strlen(s->examples[j]) <= max_item)
                caps->examples[caps->n_examples++] = s->examples[j];
    }
}

/* Somebody approves every agent, but for the one of the protocol's tests in its own stack. */
static const char *first_status(struct jv_ctx *ctx, const struct announcement *a)
{
    const struct registry *reg = jv_state(ctx);

    return reg->conformance && strcmp(a->actor, "conformance") == 0 ? "approved" : "pending";
}

static int insert_new(struct jv_ctx *ctx, const struct announcement *a)
{
    const char *status = first_status(ctx, a);
    Registry__Capabilities given, caps;
    struct jv_rows rows;
    int r;

    derive(ctx, a->card, &given);
    r = check_capabilities(ctx, &given, &caps);
    if (r)
        return r;
    r = jv_db(ctx, &rows,
              "insert into agents (name, type, actor, token, agent_type, description, tags, "
              "capabilities, card, registered_by, registered_at, updated_at, card_at, status) "
              "values ($1, 'local', $2, $3, $3, $4, $5, $6, $7, 'heartbeat', $8, $8, $8, $9) "
              "on conflict do nothing",
              jv_text(a->card->name), jv_text(a->actor), jv_text(a->hb->token),
              jv_text(a->card->description),
              jv_text_array(ctx, caps.n_keywords, (const char *const *)caps.keywords),
              as_json(ctx, &caps), as_json(ctx, a->card), jv_ms(jv_now_ms(ctx)), jv_text(status));
    if (r)
        return r;
    if (!rows.affected)
        return jv_fail(ctx, JV_ABORTED, "agent %s was announced twice at once", a->card->name);
    jv_info(ctx, "agent %s announced itself: it is %s", a->card->name, status);
    jv_audit(ctx, "agent_pending", "%s announced itself from actor %s", a->card->name, a->actor);
    return tell_changed(ctx);
}

/* What was approved is the card as it was: another one of a third party is approved anew. Our own
 * agents come with the release that has their cards. */
static int update_card(struct jv_ctx *ctx, const struct announcement *a)
{
    struct jv_rows rows;
    int r;

    r = jv_db(ctx, &rows,
              "update agents set description = $2, card = $3, updated_at = $4, "
              "card_at = case when card is distinct from $3 then $4 else card_at end, "
              "status = case when status = 'approved' and registered_by = 'heartbeat' and "
              "not $5::boolean and (description <> $2 or "
              "(card - 'version' - 'signatures') is distinct from "
              "($3::jsonb - 'version' - 'signatures')) then 'pending' else status end "
              "where name = $1 and (card is distinct from $3 or description <> $2) "
              "returning status",
              jv_text(a->card->name), jv_text(a->card->description), as_json(ctx, a->card),
              jv_ms(jv_now_ms(ctx)), jv_bool(strcmp(first_status(ctx, a), "approved") == 0));
    if (r || !rows.affected)
        return r;
    jv_audit(ctx, "agent_card", "%s announced a new card: it is %s", a->card->name,
             jv_col(&rows, 0, "status"));
    return tell_changed(ctx);
}

/* JV_PERMISSION_DENIED: refused; anything else that fails is tried again at the next heartbeat. */
static int compare(struct jv_ctx *ctx, const struct announcement *a, bool newest)
{
    const char *wrong = wrong_with(a);
    struct jv_rows rows;
    int r;

    if (wrong)
        return refuse(ctx, a, wrong);
    r = jv_db(ctx, &rows,
              "select name, type, actor, token from agents "
              "where lower(name) = lower($1) or token = $2 or (type = 'local' and actor = $3)",
              jv_text(a->card->name), jv_text(a->hb->token), jv_text(a->actor));
    if (r)
        return r;
    if (!rows.n)
        return insert_new(ctx, a);
    if (rows.n > 1 || strcmp(jv_col(&rows, 0, "name"), a->card->name) != 0)
        return refuse(ctx, a, "its name, subject token or actor belongs to another agent");
    if (strcmp(jv_col(&rows, 0, "type"), "local") != 0)
        return refuse(ctx, a, "that name is registered for a remote agent");
    if (strcmp(jv_col(&rows, 0, "token"), a->hb->token) != 0 ||
        strcmp(jv_col(&rows, 0, "actor"), a->actor) != 0)
        return refuse(ctx, a, "that name belongs to another actor or subject token");
    return newest ? update_card(ctx, a) : JV_OK;
}

/* The instance may be gone or moved after a wait: it is looked up again. */
static int check_card(struct jv_ctx *ctx, const struct announcement *a, const uint8_t *hash)
{
    struct registry *reg = jv_state(ctx);
    struct instance *i = live_find(reg, a->actor, a->id);
    bool newest = live_newest(reg, a->card->name, i) <= i->started_ms;
    int32_t before;
    int r;

    i->checked = true;
    memcpy(i->card, hash, JV_SHA256_SIZE);
    r = compare(ctx, a, newest);
    i = live_find(reg, a->actor, a->id);
    if (!i)
        return r;
    if (r == JV_PERMISSION_DENIED) {
        i->agent[0] = '\0';
        return JV_OK;
    }
    if (r) {
        i->checked = false;
        return r;
    }
    before = live_count(reg, a->card->name);
    memcpy(i->agent, a->card->name, strlen(a->card->name) + 1);
    return before ? JV_OK : tell_changed(ctx);
}

static int forget(struct jv_ctx *ctx, const struct announcement *a)
{
    struct registry *reg = jv_state(ctx);
    struct instance *i = live_find(reg, a->actor, a->id);

    if (!i)
        return JV_OK;
    live_drop(reg, i);
    return tell_changed(ctx);
}

/* Nobody starts in the future. */
static int64_t started_ms(const Registry__Heartbeat *hb, int64_t now_ms)
{
    int64_t s = hb->started ? hb->started->seconds : 0;

    return s <= 0 ? 0 : s < now_ms / 1000 ? s * 1000 : now_ms;
}

int on_heartbeat(struct jv_ctx *ctx, const char *subject, const void *msg)
{
    struct registry *reg = jv_state(ctx);
    struct announcement a = { .hb = msg };
    uint8_t hash[JV_SHA256_SIZE], *bytes;
    struct instance *i;
    size_t len;

    a.card = a.hb->card;
    if (!a.card || !split_subject(ctx, subject, &a))
        return JV_OK;
    if (a.hb->leaving)
        return forget(ctx, &a);
    bytes = jv_pack(a.card, jv_arena(ctx), &len);
    if (len > max_announced_card)
        return jv_fail(ctx, JV_RESOURCE_EXHAUSTED, "the card of actor %s is too large", a.actor);
    jv_sha256(bytes, len, hash);
    i = live_find(reg, a.actor, a.id);
    if (!i)
        i = live_add(reg, a.actor, a.id);
    if (!i)
        return jv_fail(ctx, JV_RESOURCE_EXHAUSTED, "too many instances of actor %s", a.actor);
    i->heard_ms = jv_real_ms(ctx);
    i->started_ms = started_ms(a.hb, i->heard_ms);
    if (i->checked && memcmp(i->card, hash, sizeof(hash)) == 0)
        return JV_OK;
    return check_card(ctx, &a, hash);
}
