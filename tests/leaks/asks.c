/* asks.c -- many ways to ask. */
#include "leaks/asks.h"

#include <string.h>

#include "jv/wire.h"

static struct jv_arena *arena(struct asking *a)
{
    return a->words.people->arena;
}

static struct dice *dice(struct asking *a)
{
    return a->words.people->dice;
}

static const char *quoted(struct asking *a, const char *text)
{
    struct jv_buf b = jv_buf_new(arena(a));

    jv_json_quote(&b, text, strlen(text));
    return b.data;
}

static const char *uuid(struct asking *a)
{
    uint64_t x = dice_roll(dice(a)), y = dice_roll(dice(a));

    return jv_arena_printf(arena(a), "%08x-%04x-4%03x-8%03x-%012llx", (unsigned)(x >> 32),
                           (unsigned)(x >> 16 & 0xffff), (unsigned)(x & 0xfff), (unsigned)(y >> 52),
                           (unsigned long long)(y & 0xffffffffffff));
}

/* ---- structured calls: random values for whatever members there are -------------------------- */

static const char *random_text(struct asking *a, const char *name)
{
    static const char *const odd[] = { "", "*", "%", "' or 1=1 --", "null", "../admin" };
    static const char *const providers[] = { "aws", "gcp", "azure", "AWS", "oracle" };
    static const char *const services[] = { "s3", "ec2", "compute", "vault", "lambda" };

    if (dice_chance(dice(a), 5))
        return DICE_PICK(dice(a), odd);
    if (strncmp(name, "user", 4) == 0)
        return words_expand(&a->words, dice_chance(dice(a), 20) ? "WHO" : "who");
    if (strcmp(name, "operation") == 0)
        return words_expand(&a->words, dice_chance(dice(a), 50) ? "operation" : "said");
    if (strcmp(name, "provider") == 0)
        return DICE_PICK(dice(a), providers);
    if (strcmp(name, "service_name") == 0)
        return DICE_PICK(dice(a), services);
    return words_expand(&a->words, "word");
}

static const char *random_time(struct asking *a)
{
    static const char *const times[] = { "2003-01-01T00:00:00Z", "2025-01-06T00:00:00Z",
                                         "2025-01-13T00:00:00Z", "2025-01-20T00:00:00Z",
                                         "2040-01-01T00:00:00Z", "tomorrow" };

    return DICE_PICK(dice(a), times);
}

static void random_value(struct asking *a, struct jv_buf *b, const ProtobufCFieldDescriptor *f)
{
    const ProtobufCEnumDescriptor *e = f->descriptor;

    switch (f->type) {
    case PROTOBUF_C_TYPE_STRING:
        jv_buf_str(b, quoted(a, random_text(a, f->name)));
        break;
    case PROTOBUF_C_TYPE_ENUM:
        jv_buf_str(b, quoted(a, e->values[dice_below(dice(a), e->n_values)].name));
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        jv_buf_str(b, quoted(a, random_time(a)));
        break;
    case PROTOBUF_C_TYPE_BOOL:
        jv_buf_str(b, "true");
        break;
    default:
        jv_buf_str(b, words_expand(&a->words, "id"));
    }
}

/* Few filters, so that something passes them; mostly a name. */
static bool is_given(struct asking *a, const ProtobufCMessageDescriptor *type,
                     const ProtobufCFieldDescriptor *f)
{
    unsigned percent = strncmp(f->name, "user", 4) == 0 ? 85 : 20;

    return dice_chance(dice(a), jv_field_required(type, f) ? 97 : percent);
}

static const char *random_arguments(struct asking *a, const ProtobufCMessageDescriptor *type)
{
    struct jv_buf b = jv_buf_new(arena(a));

    jv_buf_char(&b, '{');
    for (unsigned i = 0; i < type->n_fields; i++) {
        if (!is_given(a, type, &type->fields[i]))
            continue;
        jv_buf_printf(&b, "%s\"%s\":", b.len > 1 ? "," : "", type->fields[i].name);
        random_value(a, &b, &type->fields[i]);
    }
    if (dice_chance(dice(a), 5))
        jv_buf_printf(&b, "%s\"username\":%s", b.len > 1 ? "," : "",
                      quoted(a, words_expand(&a->words, "other")));
    jv_buf_char(&b, '}');
    return b.data;
}

static const struct jv_actor *an_agent(struct asking *a)
{
    size_t n = 0;

    while (a->agents[n])
        n++;
    return a->agents[dice_below(dice(a), n)];
}

static void random_call(struct asking *a, struct ask *ask)
{
    const struct jv_actor *actor = an_agent(a);
    const ProtobufCServiceDescriptor *s = actor->service;
    const struct jv_tool *row;
    size_t n = 0;

    while (actor->tools[n].method)
        n++;
    do
        row = &actor->tools[dice_below(dice(a), n)];
    while (row->allow.kind == JV_ACCESS_ACTOR); /* nobody else's credentials reach it */
    for (unsigned i = 0; i < s->n_methods; i++)
        if (strcmp(s->methods[i].name, row->method) == 0)
            ask->json = random_arguments(a, s->methods[i].input);
    ask->agent = actor->agent->token;
    ask->tool = ask->way == ASK_SERVICE ? row->method : row->tool;
    ask->said = ask->json;
}

/* ---- others' sessions and tasks -------------------------------------------------------------- */

static const char *const odd_asks[][2] = {
    { "svc.sessions.Get", "{\"session_id\":\"{session}\"}" },
    { "svc.sessions.History", "{\"session_id\":\"{session}\"}" },
    { "svc.sessions.History", "{}" },
    { "svc.sessions.List", "{\"page_size\":100}" },
    { "svc.sessions.Active", "{}" },
    { "svc.sessions.SwitchTo", "{\"session_id\":\"{session}\"}" },
    { "svc.sessions.Update", "{\"session_id\":\"{session}\",\"title\":\"{text}\"}" },
    { "svc.sessions.Delete", "{\"session_id\":\"{other_session}\"}" },
    { "svc.sessions.AddMessage",
      "{\"session_id\":\"{session}\",\"role\":\"user\",\"content\":\"{text}\"}" },
    { "svc.sessions.Begin",
      "{\"session_id\":\"{other_session}\",\"message_id\":\"m-{new}\",\"text\":\"{text}\"}" },
    { "svc.sessions.Resolve", "{\"session_id\":\"{other_session}\"}" },
    { "svc.sessions.Remember", "{\"kind\":\"fact\",\"text\":\"{text}\"}" },
    { "svc.sessions.ListMemories", "{}" },
    { "svc.sessions.Forget", "{\"id\":1}" },
    { "svc.orchestrator.Suggest", "{\"session_id\":\"{session}\"}" },
    { "svc.orchestrator.Suggest", "{}" },
    { "svc.notifier.TakeNotice", "{}" },
    { "svc.notifier.ListNotices", "{}" },
    { "svc.orchestrator.Explain", "{\"message\":\"{text}\"}" },
    { "a2a.{task_agent}.GetTask", "{\"id\":\"{task}\"}" },
    { "a2a.{task_agent}.GetTask", "{\"id\":\"{task}\",\"historyLength\":10}" },
    { "a2a.{task_agent}.CancelTask", "{\"id\":\"{task}\"}" },
    { "a2a.{task_agent}.SubscribeToTask", "{\"id\":\"{task}\"}" },
    { "a2a.{task_agent}.ListTasks", "{\"includeArtifacts\":true}" },
    { "a2a.{task_agent}.ListTasks", "{\"contextId\":\"{other_session}\",\"historyLength\":5}" },
    { "a2a.jarvis.SendMessage",
      "{\"message\":{\"messageId\":\"{new}\",\"role\":\"ROLE_USER\",\"contextId\":"
      "\"{other_session}\",\"parts\":[{\"text\":\"{text}\"}]}}" },
    { "a2a.{task_agent}.SendMessage",
      "{\"message\":{\"messageId\":\"{new}\",\"role\":\"ROLE_USER\",\"taskId\":\"{task}\","
      "\"parts\":[{\"text\":\"{text}\"}]}}" },
    { "a2a.jarvis.SendMessage",
      "{\"message\":{\"messageId\":\"{new}\",\"role\":\"ROLE_USER\",\"contextId\":"
      "\"{own_session}\",\"referenceTaskIds\":"
      "[\"{task}\"],\"parts\":[{\"text\":\"{text}\"}]}}" },
};

struct odd {
    const char *task_agent, *task, *text;
};

static struct odd odd_things(struct asking *a, const char *text)
{
    struct odd o = { "jarvis", uuid(a), text };
    const char *id = a->n_tasks ? a->tasks[dice_below(dice(a), a->n_tasks)] : "";
    const char *space = strchr(id, ' ');

    if (space) {
        o.task_agent = jv_arena_strndup(arena(a), id, (size_t)(space - id));
        o.task = space + 1;
    }
    return o;
}

/* {text} stands within quotes. */
static const char *odd_slot(struct asking *a, const struct odd *o, const char *name, size_t len)
{
    const char *in_quotes = quoted(a, o->text) + 1;
    const struct {
        const char *name, *value;
    } slots[] = {
        { "session", dice_chance(dice(a), 50) ? a->session : a->other_session },
        { "own_session", a->session },
        { "other_session", a->other_session },
        { "task", o->task },
        { "task_agent", o->task_agent },
        { "text", jv_arena_strndup(arena(a), in_quotes, strlen(in_quotes) - 1) },
        { "new", uuid(a) },
    };

    for (size_t i = 0; i < JV_COUNT(slots); i++)
        if (strlen(slots[i].name) == len && memcmp(slots[i].name, name, len) == 0)
            return slots[i].value;
    return NULL;
}

static const char *fill_odd(struct asking *a, const struct odd *o, const char *text)
{
    struct jv_buf b = jv_buf_new(arena(a));

    for (const char *p = text; *p;) {
        size_t len = *p == '{' ? strcspn(p, "}") : 0;
        const char *value = len && p[len] ? odd_slot(a, o, p + 1, len - 1) : NULL;

        if (value)
            jv_buf_str(&b, value);
        else
            jv_buf_char(&b, *p);
        p += value ? len + 1 : 1;
    }
    return b.data;
}

static void odd_ask(struct asking *a, struct ask *ask)
{
    const char *const *pair = DICE_PICK(dice(a), odd_asks);
    struct question q = words_make(&a->words, "question");
    struct odd o = odd_things(a, q.text);

    ask->subject = fill_odd(a, &o, pair[0]);
    ask->json = fill_odd(a, &o, pair[1]);
    ask->said = q.said;
    ask->ever = true;
}

/* ---- together -------------------------------------------------------------------------------- */

static const char *message_with(struct asking *a, const char *context, const char *part)
{
    return jv_arena_printf(arena(a),
                           "{\"message\":{\"messageId\":\"%s\",\"role\":\"ROLE_USER\"%s%s%s,"
                           "\"parts\":[%s]}}",
                           uuid(a), context ? ",\"contextId\":\"" : "", context ? context : "",
                           context ? "\"" : "", part);
}

void ask_wrap(struct asking *a, struct ask *ask)
{
    const char *part =
            ask->text ? jv_arena_printf(arena(a), "{\"text\":%s}", quoted(a, ask->text)) : NULL;

    switch (ask->way) {
    case ASK_CHAT:
    case ASK_STREAM:
        ask->subject =
                ask->way == ASK_CHAT ? "a2a.jarvis.SendMessage" : "a2a.jarvis.SendStreamingMessage";
        ask->json = message_with(a, a->session, part);
        break;
    case ASK_TEXT:
        ask->subject = jv_arena_printf(arena(a), "a2a.%s.SendMessage", ask->agent);
        ask->json = message_with(a, NULL, part);
        break;
    case ASK_TOOL:
        ask->subject = jv_arena_printf(arena(a), "a2a.%s.SendMessage", ask->agent);
        part = jv_arena_printf(arena(a),
                               "{\"data\":{\"tool\":\"%s\",\"arguments\":%s},\"mediaType\":\"%s\"}",
                               ask->tool, ask->json, JV_TOOL_CALL_TYPE);
        ask->json = message_with(a, NULL, part);
        break;
    case ASK_SERVICE:
        ask->subject = jv_arena_printf(arena(a), "svc.%s.%s", ask->agent, ask->tool);
        break;
    case ASK_ODD:
        break;
    }
}

static void ask_in_words(struct asking *a, struct ask *ask, const char *rule)
{
    struct question q = words_make(&a->words, rule);

    ask->text = q.text;
    ask->said = q.said;
    if (ask->way == ASK_TEXT)
        ask->agent = an_agent(a)->agent->token;
}

struct ask ask_make(struct asking *a, enum way way, bool follow_up)
{
    struct ask ask = { .way = way };

    if (dice_chance(dice(a), 3))
        ask.token = dice_chance(dice(a), 50) ? TOKEN_NONE : TOKEN_EXPIRED;
    if (way == ASK_TOOL || way == ASK_SERVICE)
        random_call(a, &ask);
    else if (way == ASK_ODD)
        odd_ask(a, &ask);
    else
        ask_in_words(a, &ask, follow_up ? "follow_up" : "question");
    ask_wrap(a, &ask);
    return ask;
}
