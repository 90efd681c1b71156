/* notifier.c -- the events of tasks, posted to the webhooks that people named; and what people
 * should know. */
#include "notifier.h"

#include <string.h>
#include <strings.h>

enum { max_deliveries = 100, tick_ms = 500, sweep_ms = 60000, look_ms = 1000 };

/* ---- taking events -------------------------------------------------------------------------- */

static int check_delivery(struct jv_ctx *ctx, size_t i, const Notifier__Delivery *d)
{
    const struct {
        const char *member;
        bool wrong;
        const char *text;
    } checks[] = {
        { "agent", !jv_is_token(d->agent), "must be up to 64 letters, digits, _ or -" },
        { "task_id", !jv_is_token(d->task_id), "must be up to 64 letters, digits, _ or -" },
        { "seq", d->seq <= 0, "is not the number of an event" },
        { "config.id", !d->config->id[0], "is empty" },
        { "config.id", strlen(d->config->id) > max_name, "is longer than 256 bytes" },
        { "owner", strlen(d->owner) > max_name, "is longer than 256 bytes" },
        { "event", d->event->payload_case == 0, "has nothing in it" },
    };

    for (size_t n = 0; n < JV_COUNT(checks); n++)
        if (checks[n].wrong)
            return jv_fail_field(
                    ctx, jv_arena_printf(jv_arena(ctx), "deliveries[%zu].%s", i, checks[n].member),
                    "%s", checks[n].text);
    return JV_OK;
}

/* An address that is none is not refused here: the event becomes a dead letter, and the agent's
 * other events go on. */
static const char *lane_of(struct jv_ctx *ctx, const Notifier__Delivery *d)
{
    char place[JV_PLACE];
    struct jv_err err = { 0 };

    if (d->owner[0])
        return jv_arena_printf(jv_arena(ctx), "person %s", d->owner);
    if (jv_url_check(d->config->url, NULL, place, &err) && !place[0])
        return "";
    return jv_arena_printf(jv_arena(ctx), "host %s", place);
}

JV_TOOL_FN(enqueue, Notifier__EnqueueRequest, Google__Protobuf__Empty)
{
    const char **lanes;
    int r = JV_OK;

    (void)ret;
    if (req->n_deliveries > max_deliveries)
        return jv_fail_field(ctx, "deliveries", "has more than %d entries", max_deliveries);
    lanes = JV_NEW_ARRAY(jv_arena(ctx), const char *, req->n_deliveries);
    for (size_t i = 0; !r && i < req->n_deliveries; i++) {
        r = check_delivery(ctx, i, req->deliveries[i]);
        lanes[i] = r ? NULL : lane_of(ctx, req->deliveries[i]);
    }
    if (!r)
        r = queue_add(ctx, req, lanes);
    if (!r)
        deliver_soon(ctx);
    return r;
}

int webhook_check(struct jv_ctx *ctx, const char *url, const char *token,
                  const A2a__AuthenticationInfo *auth)
{
    static const char subject[] = "the address ";
    const struct notifier *s = jv_state(ctx);
    char place[JV_PLACE];
    struct jv_err err = { 0 };

    if (jv_url_check(url, s->allow, place, &err)) {
        bool is_about_it = strncmp(err.text, subject, strlen(subject)) == 0;

        return err.code == JV_INVALID_ARGUMENT
                       ? jv_fail_field(ctx, "url", "%s",
                                       err.text + (is_about_it ? strlen(subject) : 0))
                       : jv_fail(ctx, err.code, "%s", err.text);
    }
    if (strncasecmp(url, "https:", 6) != 0 && !jv_place_listed(s->allow, place))
        return jv_fail_field(ctx, "url",
                             "must begin with https: its token and what is posted are "
                             "not for everybody on the way");
    if (!is_header_text(token))
        return jv_fail_field(ctx, "token", "cannot be sent as a header");
    if (auth && (!is_header_text(auth->scheme) || strchr(auth->scheme, ' ')))
        return jv_fail_field(ctx, "authentication.scheme", "cannot be sent as a header");
    if (auth && !is_header_text(auth->credentials))
        return jv_fail_field(ctx, "authentication.credentials", "cannot be sent as a header");
    return JV_OK;
}

JV_TOOL_FN(check_url, Notifier__CheckUrlRequest, Google__Protobuf__Empty)
{
    (void)ret;
    return webhook_check(ctx, req->url, req->token, req->authentication);
}

JV_TOOL_FN(forget, Notifier__ForgetRequest, Google__Protobuf__Empty)
{
    (void)ret;
    return queue_forget(ctx, req);
}

JV_TOOL_FN(change, Notifier__ChangeRequest, Google__Protobuf__Empty)
{
    int r;

    (void)ret;
    if (!req->config->id[0])
        return jv_fail_field(ctx, "config.id", "is empty");
    r = queue_change(ctx, req);
    if (!r)
        deliver_soon(ctx);
    return r;
}

/* ---- dead letters --------------------------------------------------------------------------- */

JV_TOOL_FN(list_dead, Notifier__ListDeadRequest, Notifier__ListDeadReply)
{
    return dead_list(ctx, req, ret);
}

JV_TOOL_FN(resend, Notifier__ResendRequest, Notifier__ResendReply)
{
    return dead_resend(ctx, req, ret);
}

/* ---- notices -------------------------------------------------------------------------------- */

JV_TOOL_FN(list_notices, Notifier__ListNoticesRequest, Notifier__NotificationList)
{
    return told_list(ctx, req, ret);
}

JV_TOOL_FN(take_notice, Notifier__TakeNoticeRequest, Notifier__NotificationList)
{
    return told_take(ctx, req, ret);
}

JV_TOOL_FN(list_mutes, Google__Protobuf__Empty, Notifier__MuteList)
{
    (void)req;
    return told_mutes(ctx, ret);
}

JV_TOOL_FN(mute_notices, Notifier__MuteRequest, Notifier__MuteList)
{
    return told_mute(ctx, req, ret);
}

JV_TOOL_FN(list_hooks, Google__Protobuf__Empty, Notifier__HookList)
{
    (void)req;
    return hooks_list(ctx, ret);
}

JV_TOOL_FN(add_hook, Notifier__AddHookRequest, Notifier__Hook)
{
    return hooks_add(ctx, req, ret);
}

JV_TOOL_FN(remove_hook, Notifier__RemoveHookRequest, Google__Protobuf__Empty)
{
    (void)ret;
    return hooks_remove(ctx, req);
}

static int check(const void *state, struct jv_err *err)
{
    const struct notifier *s = state;
    int r = jv_check_allow("JARVIS_PUSH_ALLOW", s->allow, err);

    return r ? r : jv_check_certificates("JARVIS_PUSH_CA", s->ca, err);
}

/* ---- the tables ----------------------------------------------------------------------------- */

static const struct jv_tool tools[] = {
    JV_TOOL("Enqueue", enqueue, .allow = JV_ALLOW_ACTOR),
    JV_TOOL("CheckUrl", check_url, .allow = JV_ALLOW_ACTOR, .flags = JV_TOOL_READONLY),
    JV_TOOL("Forget", forget, .allow = JV_ALLOW_ACTOR),
    JV_TOOL("Change", change, .allow = JV_ALLOW_ACTOR),
    JV_TOOL("ListDead", list_dead, .allow = JV_ALLOW_SCOPE("notifications:read:all"),
            .flags = JV_TOOL_READONLY),
    JV_TOOL("Resend", resend, .allow = JV_ALLOW_SCOPE("notifications:write:all")),
    JV_TOOL("ListNotices", list_notices, .allow = JV_ALLOW_USER),
    JV_TOOL("TakeNotice", take_notice, .allow = JV_ALLOW_USER),
    JV_TOOL("ListMutes", list_mutes, .allow = JV_ALLOW_USER, .flags = JV_TOOL_READONLY),
    JV_TOOL("MuteNotices", mute_notices, .allow = JV_ALLOW_USER),
    JV_TOOL("ListHooks", list_hooks, .allow = JV_ALLOW_USER, .flags = JV_TOOL_READONLY),
    JV_TOOL("AddHook", add_hook, .allow = JV_ALLOW_USER),
    JV_TOOL("RemoveHook", remove_hook, .allow = JV_ALLOW_USER),
    { 0 },
};

static const struct jv_timer timers[] = {
    { "deliver", tick_ms, deliver_due },
    { "sweep", sweep_ms, queue_sweep },
    { "notices", look_ms, notices_due },
    { 0 },
};

static const struct jv_setting settings[] = {
    { "JARVIS_PUSH_ALLOW", "",
      "host:port pairs (* is any port) that webhooks may have though not public", JV_SET_TEXT,
      offsetof(struct notifier, allow), 0, 0 },
    { "JARVIS_PUSH_CA", "", "a file of certificates trusted for webhooks besides the system's",
      JV_SET_TEXT, offsetof(struct notifier, ca), 0, 0 },
    { "JARVIS_PUSH_ATTEMPTS", "8", "how often an event is posted before it is given up", JV_SET_INT,
      offsetof(struct notifier, attempts), 1, 100 },
    { "JARVIS_PUSH_TIMEOUT", "15s", "how long one post may take", JV_SET_MSEC,
      offsetof(struct notifier, timeout_ms), 10, 60000 },
    { "JARVIS_PUSH_RETRY", "1s", "the wait before the second try; it doubles up to 5 minutes",
      JV_SET_MSEC, offsetof(struct notifier, retry_ms), 1, 300000 },
    { "JARVIS_PUSH_PARALLEL", "64", "posts under way at once", JV_SET_INT,
      offsetof(struct notifier, parallel), 1, 200 },
    { "JARVIS_NOTICES_EVERY", "5m",
      "how often the agents are asked what people should know; 0: never", JV_SET_MSEC,
      offsetof(struct notifier, every_ms), 0, 86400000 },
    { 0 },
};

JV_ACTOR(notifier) = {
    .name = "notifier",
    .version = "1.0.0",
    .summary = "push notifications: events of tasks, and what people should know",
    .service = &notifier__notifier__descriptor,
    .tools = tools,
    .timers = timers,
    .settings = settings,
    .calls = (const char *const[]){ "tickets", "finops", "oxygen", NULL },
    .needs = JV_NEEDS_DB | JV_NEEDS_HTTP,
    .state_size = sizeof(struct notifier),
    .check = check,
};
