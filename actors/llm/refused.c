/* refused.c -- answers that are none: what a status means, and what the page says. */
#include "wire.h"

#include <stdlib.h>
#include <string.h>

/* ---- the page ------------------------------------------------------------------------------- */

/* {"error": {...}}, {"error": "..."}, or the first of a list of such. NULL: no JSON. */
static const json_object *read_page(struct jv_arena *a, const char *page, size_t len)
{
    void *o = jv_json_to_msg(&google__protobuf__struct__descriptor, page, len, 0, a, NULL);
    const json_list *l;

    if (o)
        return o;
    o = jv_json_to_msg(&google__protobuf__list_value__descriptor, page, len, 0, a, NULL);
    l = o;
    return l && l->n_values ? json_to_object(l->values[0]) : NULL;
}

static const char *words(const json_object *page)
{
    static const char *const members[] = { "error", "message", "detail" };
    const char *text = json_get_text(json_get_object(page, "error"), "message");

    for (size_t i = 0; i < JV_COUNT(members) && !text[0]; i++)
        text = json_get_text(page, members[i]);
    return text;
}

/* Does one of what the error is called say so? Gemini has them as reasons of details. */
static bool is_called(const json_object *page, const char *name)
{
    static const char *const members[] = { "code", "type", "status" };
    const json_object *error = json_get_object(page, "error");
    const json_list *details = json_get_list(error, "details");

    for (size_t i = 0; i < JV_COUNT(members); i++)
        if (strcmp(json_get_text(error, members[i]), name) == 0)
            return true;
    for (size_t i = 0; i < details->n_values; i++)
        if (strcmp(json_get_text(json_to_object(details->values[i]), "reason"), name) == 0)
            return true;
    return false;
}

enum { most_delay_s = 24 * 3600 };

/* Gemini has no Retry-After, but a detail with "retryDelay": "12.5s". */
static int64_t delay_ms(const json_object *page)
{
    const json_list *details = json_get_list(json_get_object(page, "error"), "details");

    for (size_t i = 0; i < details->n_values; i++) {
        const char *text = json_get_text(json_to_object(details->values[i]), "retryDelay");
        double s = strtod(text, NULL);

        if (text[0] && s >= 0 && s <= most_delay_s)
            return (int64_t)(s * 1000);
    }
    return -1;
}

/* ---- the status ----------------------------------------------------------------------------- */

/* The first row that fits. */
static const struct meaning {
    long from, to;
    int code;
    bool try_again, other_model, quote;
    const char *text;
} meanings[] = {
    { 300, 399, JV_UNAVAILABLE, false, true, false, "the provider's address leads elsewhere" },
    { 400, 400, JV_INTERNAL, false, false, true, "the provider refused the request" },
    { 401, 401, JV_UNAVAILABLE, false, true, false, "the provider does not accept the key" },
    { 402, 402, JV_UNAVAILABLE, false, true, true, "the provider wants to be paid first" },
    { 403, 403, JV_UNAVAILABLE, false, true, true, "the provider does not allow it" },
    { 404, 404, JV_UNAVAILABLE, false, true, true, "the provider does not know the model" },
    { 408, 409, JV_UNAVAILABLE, true, true, true, "the provider was too slow" },
    { 413, 413, JV_INTERNAL, false, false, true, "the request is too big for the provider" },
    { 422, 422, JV_INTERNAL, false, false, true, "the provider refused the request" },
    { 425, 425, JV_UNAVAILABLE, true, true, true, "the provider was not ready" },
    { 429, 429, JV_UNAVAILABLE, true, true, true, "the provider is asked too often" },
    { 500, 599, JV_UNAVAILABLE, true, true, true, "the provider failed" },
    { 0, 999, JV_UNAVAILABLE, false, true, true, "the provider's answer is none" },
};

/* Errors that come under another status than they should: 400 for a wrong key, or for a country
 * without service; 429 when there is no money left, which waiting does not change. */
static const struct {
    long status, means;
    const char *name;
    bool no_use;
} odd[] = {
    { 400, 401, "API_KEY_INVALID", true },
    { 400, 403, "FAILED_PRECONDITION", true },
    { 429, 429, "insufficient_quota", true },
};

void refused(struct jv_arena *a, const struct model *m, const char *page, size_t len,
             struct wire_outcome *out, struct jv_err *err)
{
    const json_object *o = read_page(a, page, len);
    const struct meaning *s = meanings;
    const char *theirs = wire_theirs(a, m, words(o));
    long status = out->status;
    bool no_use = false;

    for (size_t i = 0; i < JV_COUNT(odd) && !no_use; i++)
        if (out->status == odd[i].status && is_called(o, odd[i].name)) {
            status = odd[i].means;
            no_use = odd[i].no_use;
        }
    while (status < s->from || (status > s->to && s->to < 999))
        s++;
    out->code = s->code;
    out->try_again = s->try_again && !no_use;
    out->other_model = s->other_model;
    if (out->retry_after_ms < 0)
        out->retry_after_ms = delay_ms(o);
    jv_err_set(err, s->code, "%s (%ld)%s%s", s->text, out->status,
               s->quote && theirs[0] ? ": " : "", s->quote ? theirs : "");
}
