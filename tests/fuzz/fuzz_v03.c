/* fuzz_v03.c -- 0.3 params -> 1.0 request, 1.0 reply -> 0.3 result. The first byte chooses the
 * method; its high bit, the direction. */
#include <assert.h>
#include <string.h>

#include "gateway/v03.h"
#include "jv/wire.h"

#include "a2a.pb-c.h"
#include "google/protobuf/empty.pb-c.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Order is kept: the corpus depends on it. */
static const struct {
    const char *rpc;
    const ProtobufCMessageDescriptor *reply;
} methods[] = {
    { "SendMessage", &a2a__send_message_response__descriptor },
    { "SendStreamingMessage", &a2a__stream_response__descriptor },
    { "GetTask", &a2a__task__descriptor },
    { "CancelTask", &a2a__task__descriptor },
    { "SubscribeToTask", &a2a__stream_response__descriptor },
    { "CreateTaskPushNotificationConfig", &a2a__task_push_notification_config__descriptor },
    { "GetTaskPushNotificationConfig", &a2a__task_push_notification_config__descriptor },
    { "ListTaskPushNotificationConfigs",
      &a2a__list_task_push_notification_configs_response__descriptor },
    { "DeleteTaskPushNotificationConfig", &google__protobuf__empty__descriptor },
    { "GetExtendedAgentCard", &a2a__agent_card__descriptor },
};

static void check_error(const struct jv_err *err)
{
    assert(err->code == JV_INVALID_ARGUMENT || err->code == JV_RESOURCE_EXHAUSTED);
    assert(err->text[0]);
    assert(jv_is_utf8(err->text, strlen(err->text)));
    assert(jv_is_utf8(err->field, strlen(err->field)));
}

/* A message that came in goes out, comes in again and is the same. */
static void check_message(A2a__Message *m, struct jv_arena *a)
{
    A2a__StreamResponse event = A2A__STREAM_RESPONSE__INIT;
    struct jv_err err = { 0 };
    ProtobufCMessage *again;
    size_t n, k, len;
    const char *json;
    const uint8_t *bytes = jv_pack(m, a, &n), *back;
    struct jv_buf b = jv_buf_new(a);

    event.payload_case = A2A__STREAM_RESPONSE__PAYLOAD_MESSAGE;
    event.message = m;
    json = v03_event(&event, a, &len);
    jv_buf_printf(&b, "{\"message\":%s}", json);
    again = v03_request("SendMessage", b.data, b.len, a, &err);
    if (!again && (b.len > JV_MAX_BODY || strstr(err.text, "elements") || strstr(err.text, "deep")))
        return; /* 0.3 needs more words */
    assert(again);
    back = jv_pack(((A2a__SendMessageRequest *)(void *)again)->message, a, &k);
    assert(n == k && memcmp(bytes, back, n) == 0);
}

static void check_request(size_t method, const char *json, size_t len, struct jv_arena *a)
{
    struct jv_err err = { 0 };
    ProtobufCMessage *msg = v03_request(methods[method].rpc, json, len, a, &err);

    if (!msg) {
        check_error(&err);
        return;
    }
    assert(jv_validate(msg, &err) == JV_OK);
    if (msg->descriptor == &a2a__send_message_request__descriptor)
        check_message(((A2a__SendMessageRequest *)(void *)msg)->message, a);
}

static void check_reply(size_t method, const char *json, size_t len, struct jv_arena *a)
{
    struct jv_err err = { 0 };
    const ProtobufCMessage *msg =
            jv_json_to_msg(methods[method].reply, json, len, JV_JSON_CAMEL, a, &err);
    size_t n = 0;
    const char *old = msg ? v03_result(methods[method].rpc, msg, a, &n) : NULL;

    if (!old)
        return;
    assert(n == strlen(old) && jv_is_utf8(old, n));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jv_arena *a = jv_arena_new(256 << 20);
    const char *json = (const char *)data + 1;

    if (size && *data & 0x80)
        check_reply((*data & 0x7f) % JV_COUNT(methods), json, size - 1, a);
    else if (size)
        check_request(*data % JV_COUNT(methods), json, size - 1, a);
    jv_arena_free(a);
    return 0;
}
