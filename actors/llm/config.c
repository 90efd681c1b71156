/* config.c -- which models there are: from a list in the environment, from a file, or from the keys
 * that are set. What is wrong stops the actor with one sentence. */
#include "house.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { most_name = 128, usual_parallel = 8, most_per_minute = 1000000000, most_parallel = 1000 };

static const char setting[] = "JARVIS_LLM_MODELS";

static const struct provider *const providers[] = { &provider_gemini, &provider_openai,
                                                    &provider_anthropic };

/* What the environment says of a provider. */
struct said {
    const char *url, *key, *url_setting;
};

static struct said said_of(const struct llm *s, const struct provider *p)
{
    if (p == &provider_gemini)
        return (struct said){ s->gemini_url, s->gemini_key[0] ? s->gemini_key : s->google_key,
                              "JARVIS_GEMINI_URL" };
    if (p == &provider_openai)
        return (struct said){ s->openai_url, s->openai_key, "JARVIS_OPENAI_URL" };
    return (struct said){ s->anthropic_url, s->anthropic_key, "JARVIS_ANTHROPIC_URL" };
}

/* ---- one model ------------------------------------------------------------------------------ */

static bool is_name(const char *s)
{
    size_t n = 0;

    for (; s[n]; n++)
        if (s[n] <= ' ' || s[n] > '~' || strchr("\"\\?#%", s[n]))
            return false;
    return n && n <= most_name && !strstr(s, "..");
}

/* Of this machine or the operator's own network: a key may go there in plain. A name without a dot
 * is never a public one; "[2606:4700::1111]:80" is no name. */
static bool is_private(const char *url, const char *place)
{
    struct jv_err err;
    size_t host = strcspn(place, ":");

    return jv_url_check(url, NULL, NULL, &err) || (place[0] != '[' && !memchr(place, '.', host));
}

static void allow(struct llm *s, const char *place)
{
    if (!jv_place_listed(s->allow, place))
        s->allow = jv_arena_printf(s->keep, "%s%s%s", s->allow, s->allow[0] ? "," : "", place);
}

/* Where a model is spoken to; `where` names what says so. */
static int set_url(struct llm *s, struct model *m, const char *url, const char *where,
                   struct jv_err *err)
{
    char place[JV_PLACE];
    struct jv_err why = { 0 };
    size_t len = strlen(url);

    while (len && url[len - 1] == '/')
        len--;
    m->url = jv_arena_strndup(s->keep, url, len);
    if (jv_url_check(m->url, NULL, place, &why) && !place[0])
        return jv_err_set(err, JV_INVALID_ARGUMENT, "%s: %s", where, why.text);
    if (strpbrk(m->url, "?#"))
        return jv_err_set(err, JV_INVALID_ARGUMENT, "%s: must end with a path", where);
    if (m->key[0] && strncasecmp(m->url, "https:", 6) != 0 && !is_private(m->url, place))
        return jv_err_set(err, JV_INVALID_ARGUMENT,
                          "%s: must begin with https: the key is not for everybody on the way",
                          where);
    if (strcmp(m->url, m->provider->url) != 0) /* the provider's own is a public one */
        allow(s, place);
    return JV_OK;
}

static bool is_header_text(const char *s)
{
    while (*s > ' ' && *s <= '~')
        s++;
    return !*s;
}

static int set_key(struct model *m, const char *key, const char *where, struct jv_err *err)
{
    m->key = key;
    if (!is_header_text(key))
        return jv_err_set(err, JV_INVALID_ARGUMENT, "%s: holds what no key can be made of", where);
    return JV_OK;
}

static int add(struct llm *s, const struct model *m, const char *where, struct jv_err *err)
{
    if (s->n_models >= max_models)
        return jv_err_set(err, JV_INVALID_ARGUMENT, "%s: has more than %d models", where,
                          max_models);
    for (size_t i = 0; i < s->n_models; i++)
        if (strcmp(s->models[i].name, m->name) == 0 && s->models[i].embeds == m->embeds)
            return jv_err_set(err, JV_INVALID_ARGUMENT, "%s: has %s twice", where, m->name);
    s->models[s->n_models++] = *m;
    return JV_OK;
}

/* ---- from the environment ------------------------------------------------------------------- */

/* What is known of a provider from the settings. A model of its own address needs a key. */
static int add_said(struct llm *s, const struct provider *p, const char *model, bool embeds,
                    struct jv_err *err)
{
    struct said said = said_of(s, p);
    struct model m = { .provider = p, .parallel = usual_parallel, .embeds = embeds };
    int r;

    m.model = model;
    m.name = jv_arena_printf(s->keep, "%s/%s", p->name, model);
    if (!said.key[0] && !said.url[0])
        return jv_err_set(err, JV_INVALID_ARGUMENT, "%s: %s needs %s", setting, m.name,
                          p->key_setting);
    r = set_key(&m, said.key, p->key_setting, err);
    if (!r)
        r = set_url(s, &m, said.url[0] ? said.url : p->url, said.url_setting, err);
    return r ? r : add(s, &m, setting, err);
}

static bool has(const struct llm *s, const struct provider *p, bool embeds)
{
    for (size_t i = 0; i < s->n_models; i++)
        if (s->models[i].provider == p && s->models[i].embeds == embeds)
            return true;
    return false;
}

/* A list has no way to say which one embeds: the usual one of each of its providers does. */
static int add_embedding(struct llm *s, struct jv_err *err)
{
    int r = JV_OK;

    for (size_t i = 0; !r && i < JV_COUNT(providers); i++)
        if (providers[i]->embed_model && has(s, providers[i], false))
            r = add_said(s, providers[i], providers[i]->embed_model, true, err);
    return r;
}

static int add_item(struct llm *s, char *item, struct jv_err *err)
{
    char *slash = strchr(item, '/');
    const struct provider *p;

    if (!slash || !is_name(item) || !is_name(slash + 1))
        return jv_err_set(err, JV_INVALID_ARGUMENT,
                          "%s: \"%.64s\" is not provider/model, such as gemini/gemini-2.5-flash",
                          setting, item);
    *slash = '\0';
    p = provider_find(item);
    if (!p)
        return jv_err_set(err, JV_INVALID_ARGUMENT,
                          "%s: the provider %.64s is not known: gemini, openai or anthropic",
                          setting, item);
    return add_said(s, p, slash + 1, false, err);
}

static int load_list(struct llm *s, const char *text, struct jv_err *err)
{
    int r = JV_OK;

    while (!r && *text) {
        size_t len;

        text += strspn(text, ", \t\n");
        len = strcspn(text, ", \t\n");
        if (len)
            r = add_item(s, jv_arena_strndup(s->keep, text, len), err);
        text += len;
    }
    return r ? r : add_embedding(s, err);
}

static int load_keys(struct llm *s, struct jv_err *err)
{
    int r = JV_OK;

    for (size_t i = 0; !r && i < JV_COUNT(providers); i++)
        if (said_of(s, providers[i]).key[0])
            r = add_said(s, providers[i], providers[i]->model, false, err);
    return r ? r : add_embedding(s, err);
}

/* ---- from a file ---------------------------------------------------------------------------- */

static int check_limits(const Llm__ModelConfig *c, const char *at, struct jv_err *err)
{
    const struct {
        const char *member;
        int64_t value, most;
    } limits[] = {
        { "requests_per_minute", c->requests_per_minute, most_per_minute },
        { "tokens_per_minute", c->tokens_per_minute, most_per_minute },
        { "parallel", c->parallel, most_parallel },
    };

    for (size_t i = 0; i < JV_COUNT(limits); i++)
        if (limits[i].value < 0 || limits[i].value > limits[i].most)
            return jv_err_set(err, JV_INVALID_ARGUMENT, "%s.%s: must be between 0 and %lld", at,
                              limits[i].member, (long long)limits[i].most);
    return JV_OK;
}

static int set_price(const char *text, const char *at, const char *member, int64_t *ret,
                     struct jv_err *err)
{
    if (text[0] && usage_parse_usd(text, ret))
        return jv_err_set(err, JV_INVALID_ARGUMENT,
                          "%s.%s: must be dollars for a million tokens, such as \"0.30\"", at,
                          member);
    return JV_OK;
}

static int set_config_key(struct llm *s, struct model *m, const Llm__ModelConfig *c, const char *at,
                          struct jv_err *err)
{
    const char *where = jv_arena_printf(s->keep, "%s.key", at), *key;
    struct jv_err why = { 0 };
    struct said said = said_of(s, m->provider);

    if (!c->key[0] && !said.key[0] && !c->url[0] && !said.url[0])
        return jv_err_set(err, JV_INVALID_ARGUMENT, "%s: is empty, and %s is not set", where,
                          m->provider->key_setting);
    /* The usual key belongs to the usual address: it is not sent to another one unasked. */
    if (!c->key[0])
        return set_key(m, c->url[0] ? "" : said.key, m->provider->key_setting, err);
    if (jv_secret(c->key, &key, &why))
        return jv_err_set(err, JV_INVALID_ARGUMENT, "%s: %s", where, why.text);
    return set_key(m, key, where, err);
}

static int set_config_url(struct llm *s, struct model *m, const Llm__ModelConfig *c, const char *at,
                          struct jv_err *err)
{
    struct said said = said_of(s, m->provider);

    if (c->url[0])
        return set_url(s, m, c->url, jv_arena_printf(s->keep, "%s.url", at), err);
    if (said.url[0])
        return set_url(s, m, said.url, said.url_setting, err);
    return set_url(s, m, m->provider->url, at, err);
}

static int add_config(struct llm *s, size_t i, const Llm__ModelConfig *c, struct jv_err *err)
{
    const char *at = jv_arena_printf(s->keep, "%s: models[%zu]", setting, i);
    struct model m = { .provider = provider_find(c->provider), .model = c->model };
    int r;

    if (!m.provider)
        return jv_err_set(err, JV_INVALID_ARGUMENT,
                          "%s.provider: must be gemini, openai or anthropic", at);
    if (!is_name(c->model))
        return jv_err_set(err, JV_INVALID_ARGUMENT, "%s.model: is not the name of a model", at);
    if (c->embeds && !m.provider->embed_request)
        return jv_err_set(err, JV_INVALID_ARGUMENT, "%s.embeds: %s has no embeddings", at,
                          c->provider);
    m.name = jv_arena_printf(s->keep, "%s/%s", c->provider, c->model);
    m.embeds = c->embeds;
    m.requests_per_minute = c->requests_per_minute;
    m.tokens_per_minute = c->tokens_per_minute;
    m.parallel = c->parallel ? c->parallel : usual_parallel;
    r = check_limits(c, at, err);
    if (!r)
        r = set_price(c->price_input, at, "price_input", &m.price_input, err);
    if (!r)
        r = set_price(c->price_output, at, "price_output", &m.price_output, err);
    if (!r)
        r = set_config_key(s, &m, c, at, err);
    if (!r)
        r = set_config_url(s, &m, c, at, err);
    return r ? r : add(s, &m, setting, err);
}

static int load_file(struct llm *s, const char *json, struct jv_err *err)
{
    struct jv_err why = { 0 };
    Llm__Config *c = (void *)jv_json_to_msg(&llm__config__descriptor, json, strlen(json),
                                            JV_JSON_SNAKE | JV_JSON_STRICT, s->keep, &why);
    int r = c ? jv_validate_as(&c->base, JV_JSON_SNAKE, &why) : why.code;

    if (r)
        return jv_err_set(err, JV_INVALID_ARGUMENT, "%s: %s", setting, why.text);
    for (size_t i = 0; !r && i < c->n_models; i++)
        r = add_config(s, i, c->models[i], err);
    return r;
}

int config_load(struct llm *s, struct jv_err *err)
{
    const char *text = s->models_text + strspn(s->models_text, " \t\r\n");

    s->allow = "";
    s->models = JV_NEW_ARRAY(s->keep, struct model, max_models);
    if (text[0] == '{')
        return load_file(s, text, err);
    return text[0] ? load_list(s, text, err) : load_keys(s, err);
}
