/* notify.c -- what a person should know, told at the end of an answer: one line, once.
 *
 * Whether there is something is asked while the agents work, and only looked at: mostly there is
 * nothing. It is taken when the answer can hold it. The notifier may be away or slow, and nothing
 * is missed then: the next answer tells it. */
#include "orchestrator.h"

#include "jv/say.h"

#include "notifier.pb-c.h"

enum { notice_ms = 300 };

struct notice {
    struct jv_child *task;
    const char *message_id; /* "": look only */
    const char *text;       /* NULL: there is none */
};

static int ask(struct jv_ctx *ctx, void *arg)
{
    Notifier__TakeNoticeRequest req = NOTIFIER__TAKE_NOTICE_REQUEST__INIT;
    Notifier__NotificationList *list;
    struct notice *n = arg;
    int r;

    jv_within(ctx, notice_ms);
    req.message_id = n->message_id;
    r = jv_call(ctx, &notifier__notifier__descriptor, "TakeNotice", &req, &list);
    if (!r && list->n_notifications)
        n->text = list->notifications[0]->text;
    return r;
}

struct notice *notify_look(struct jv_ctx *ctx)
{
    struct notice *n = JV_NEW(jv_arena(ctx), struct notice);

    n->message_id = "";
    n->task = jv_spawn(ctx, ask, n);
    return n;
}

const char *notify_line(struct jv_ctx *ctx, struct notice *n, const char *message_id)
{
    struct jv_buf b = jv_buf_new(jv_arena(ctx));

    if (jv_join(ctx, n->task) || !n->text)
        return NULL;
    n->text = NULL;
    n->message_id = message_id;
    if (jv_join(ctx, jv_spawn(ctx, ask, n)) || !n->text)
        return NULL; /* another answer tells it */
    jv_buf_str(&b, "**By the way:** ");
    jv_say_text(&b, n->text);
    return b.data;
}
