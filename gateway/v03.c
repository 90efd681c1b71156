/* v03.c -- 0.3's methods: which 1.0 method each is, and the way there and back. */
#include "v03_shape.h"

#include <string.h>

#include <a2a.pb-c.h>

/* ---- results --------------------------------------------------------------------------------- */

static v03_value *payload(struct v03 *t, const v03_object *reply)
{
    return v03_choose(t, v03_events, reply);
}

static v03_value *task(struct v03 *t, const v03_object *reply)
{
    return jv_value_struct(t->arena, v03_out(t, &v03_task, reply));
}

static v03_value *config(struct v03 *t, const v03_object *reply)
{
    return jv_value_struct(t->arena, v03_out(t, &v03_push, reply));
}

static v03_value *configs(struct v03 *t, const v03_object *reply)
{
    static const struct v03_member all = { .kind = &v03_many, .shape = &v03_push };

    return all.kind->out(t, &all, jv_struct_get(reply, "configs"));
}

static v03_value *nothing(struct v03 *t, const v03_object *reply)
{
    (void)reply;
    return v03_empty(t, GOOGLE__PROTOBUF__VALUE__KIND_NULL_VALUE);
}

/* ---- methods --------------------------------------------------------------------------------- */

static const struct method {
    const char *old, *now;
    const ProtobufCMessageDescriptor *request;
    const struct v03_shape *params;
    v03_value *(*result)(struct v03 *t, const v03_object *reply);
} methods[] = {
    { "message/send", "SendMessage", &a2a__send_message_request__descriptor, &v03_send_params,
      payload },
    { "message/stream", "SendStreamingMessage", &a2a__send_message_request__descriptor,
      &v03_send_params, payload },
    { "tasks/get", "GetTask", &a2a__get_task_request__descriptor, &v03_query_params, task },
    { "tasks/cancel", "CancelTask", &a2a__cancel_task_request__descriptor, &v03_task_params, task },
    { "tasks/resubscribe", "SubscribeToTask", &a2a__subscribe_to_task_request__descriptor,
      &v03_task_params, payload },
    { "tasks/pushNotificationConfig/set", "CreateTaskPushNotificationConfig",
      &a2a__task_push_notification_config__descriptor, &v03_push_params, config },
    { "tasks/pushNotificationConfig/get", "GetTaskPushNotificationConfig",
      &a2a__get_task_push_notification_config_request__descriptor, &v03_get_push_params, config },
    { "tasks/pushNotificationConfig/list", "ListTaskPushNotificationConfigs",
      &a2a__list_task_push_notification_configs_request__descriptor, &v03_list_push_params,
      configs },
    { "tasks/pushNotificationConfig/delete", "DeleteTaskPushNotificationConfig",
      &a2a__delete_task_push_notification_config_request__descriptor, &v03_delete_push_params,
      nothing },
    { "agent/getAuthenticatedExtendedCard", "GetExtendedAgentCard",
      &a2a__get_extended_agent_card_request__descriptor, &v03_no_params, v03_card_value },
};

static const struct method *method_of(const char *rpc)
{
    for (size_t i = 0; i < JV_COUNT(methods); i++)
        if (strcmp(methods[i].now, rpc) == 0)
            return &methods[i];
    return NULL;
}

const char *v03_method(const char *method)
{
    for (size_t i = 0; i < JV_COUNT(methods); i++)
        if (strcmp(methods[i].old, method) == 0)
            return methods[i].now;
    return NULL;
}

static v03_object *object_of_text(const char *params, size_t len, struct jv_arena *a,
                                  struct jv_err *err)
{
    if (!len || (len == 4 && memcmp(params, "null", 4) == 0))
        return jv_msg_new(&google__protobuf__struct__descriptor, a);
    return (v03_object *)(void *)jv_json_to_msg(&google__protobuf__struct__descriptor, params, len,
                                                JV_JSON_CAMEL, a, err);
}

ProtobufCMessage *v03_request(const char *rpc, const char *params, size_t len, struct jv_arena *a,
                              struct jv_err *err)
{
    const struct method *m = method_of(rpc);
    const struct v03_at root = { .up = NULL };
    v03_object *old, *now = jv_msg_new(&google__protobuf__struct__descriptor, a);
    struct v03 t = { a, err };

    if (!m) {
        jv_err_set(err, JV_UNIMPLEMENTED, "version 0.3 has no method for %.64s", rpc);
        return NULL;
    }
    old = object_of_text(params, len, a, err);
    if (!old || !v03_in(&t, m->params, old, &root, now))
        return NULL;
    return jv_struct_to_msg(m->request, now, JV_JSON_CAMEL, a, err);
}

static char *text_of(const v03_value *v, struct jv_arena *a, size_t *ret_len)
{
    return v ? jv_msg_to_json(&v->base, JV_JSON_CAMEL, a, ret_len) : NULL;
}

char *v03_result(const char *rpc, const ProtobufCMessage *reply, struct jv_arena *a,
                 size_t *ret_len)
{
    const struct method *m = method_of(rpc);
    struct v03 t = { a, NULL };

    return m ? text_of(m->result(&t, jv_msg_to_struct(reply, JV_JSON_CAMEL, a)), a, ret_len) : NULL;
}

char *v03_event(const A2a__StreamResponse *event, struct jv_arena *a, size_t *ret_len)
{
    return v03_result("SubscribeToTask", &event->base, a, ret_len);
}

char *v03_card(const A2a__AgentCard *card, struct jv_arena *a, size_t *ret_len)
{
    return v03_result("GetExtendedAgentCard", &card->base, a, ret_len);
}

/* 1.0's newer errors as the older one that is nearest: something that this agent does not do for
 * this client. */
int v03_error_code(int code)
{
    enum { unsupported_operation = -32004, extension_required = -32008, version = -32009 };

    return code == extension_required || code == version ? unsupported_operation : code;
}
