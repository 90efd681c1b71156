/* check.c -- what may be registered: names, addresses, lists and their limits. */
#include "registry.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { max_items = 64, max_item = 256, max_url = 2048, max_priority = 100 };

bool is_name(const char *name)
{
    return isalpha((unsigned char)name[0]) && jv_is_token(name);
}

int check_name(struct jv_ctx *ctx, const char *member, const char *name)
{
    if (is_name(name))
        return JV_OK;
    return jv_fail_field(ctx, member, "must be a letter, then at most 63 letters, digits, _ or -");
}

int check_text(struct jv_ctx *ctx, const char *member, const char *text, size_t max)
{
    if (strlen(text) <= max)
        return JV_OK;
    return jv_fail_field(ctx, member, "is longer than %zu bytes", max);
}

static bool has_scheme(const char *url, const char **ret_rest)
{
    if (strncasecmp(url, "http://", 7) == 0)
        *ret_rest = url + 7;
    else if (strncasecmp(url, "https://", 8) == 0)
        *ret_rest = url + 8;
    else
        return false;
    return true;
}

int check_url(struct jv_ctx *ctx, const char *member, const char *url)
{
    const char *host;

    if (strlen(url) > max_url)
        return jv_fail_field(ctx, member, "is longer than %d bytes", max_url);
    if (!has_scheme(url, &host))
        return jv_fail_field(ctx, member, "must be an http or https address");
    if (!host[strspn(host, "/?#")] || strchr("/?#:", host[0]))
        return jv_fail_field(ctx, member, "has no host");
    if (memchr(host, '@', strcspn(host, "/?#")))
        return jv_fail_field(ctx, member, "must not carry a user name or password");
    for (const char *p = url; *p; p++)
        if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f)
            return jv_fail_field(ctx, member, "must be printable ASCII without spaces");
    return JV_OK;
}

static bool is_in(const char *item, size_t n, const char *const *items)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(items[i], item) == 0)
            return true;
    return false;
}

int check_list(struct jv_ctx *ctx, const char *member, size_t n, const char *const *items,
               size_t *ret_n, const char ***ret)
{
    const char **kept;

    if (n > max_items)
        return jv_fail_field(ctx, member, "has more than %d entries", max_items);
    *ret = kept = JV_NEW_ARRAY(jv_arena(ctx), const char *, n + 1);
    *ret_n = 0;
    for (size_t i = 0; i < n; i++) {
        if (!items[i][0] || strlen(items[i]) > max_item)
            return jv_fail_field(ctx, jv_arena_printf(jv_arena(ctx), "%s[%zu]", member, i),
                                 "must have 1 to %d bytes", max_item);
        if (!is_in(items[i], *ret_n, kept))
            kept[(*ret_n)++] = items[i];
    }
    return JV_OK;
}

int check_capabilities(struct jv_ctx *ctx, const Registry__Capabilities *given,
                       Registry__Capabilities *ret)
{
    const struct {
        const char *member;
        size_t n;
        const char **items;
        size_t *ret_n;
        const char ***ret;
    } lists[] = {
        { "capabilities.domains", given->n_domains, given->domains, &ret->n_domains,
          &ret->domains },
        { "capabilities.operations", given->n_operations, given->operations, &ret->n_operations,
          &ret->operations },
        { "capabilities.entities", given->n_entities, given->entities, &ret->n_entities,
          &ret->entities },
        { "capabilities.keywords", given->n_keywords, given->keywords, &ret->n_keywords,
          &ret->keywords },
        { "capabilities.examples", given->n_examples, given->examples, &ret->n_examples,
          &ret->examples },
    };
    int r = JV_OK;

    registry__capabilities__init(ret);
    ret->requires_auth = given->requires_auth;
    ret->priority = given->priority;
    if (given->priority < -max_priority || given->priority > max_priority)
        return jv_fail_field(ctx, "capabilities.priority", "must be between %d and %d",
                             -max_priority, max_priority);
    for (size_t i = 0; !r && i < JV_COUNT(lists); i++)
        r = check_list(ctx, lists[i].member, lists[i].n, (const char *const *)lists[i].items,
                       lists[i].ret_n, lists[i].ret);
    return r;
}
