/* v03_shapes.c -- the objects of 0.3's requests, replies and events, member by member. */
#include "v03_shape.h"

#include <string.h>

#define MEMBERS(rows) .n = JV_COUNT(rows), .members = (rows)
#define WORDS(table)  .words = (table), .n_words = JV_COUNT(table)

static const struct v03_word roles[] = {
    { "user", "ROLE_USER" },
    { "agent", "ROLE_AGENT" },
};

static const struct v03_word states[] = {
    { "submitted", "TASK_STATE_SUBMITTED" },
    { "working", "TASK_STATE_WORKING" },
    { "input-required", "TASK_STATE_INPUT_REQUIRED" },
    { "completed", "TASK_STATE_COMPLETED" },
    { "canceled", "TASK_STATE_CANCELED" },
    { "failed", "TASK_STATE_FAILED" },
    { "rejected", "TASK_STATE_REJECTED" },
    { "auth-required", "TASK_STATE_AUTH_REQUIRED" },
    { "unknown", "TASK_STATE_UNSPECIFIED" },
};

/* States in which 0.3 calls an event the last one: all but these. */
static const char *const going_on[] = { "submitted", "working", "unknown" };

/* ---- messages, tasks, events ----------------------------------------------------------------- */

static const struct v03_member message[] = {
    { "messageId", "messageId", &v03_text, V03_REQUIRED },
    { "contextId", "contextId", &v03_text },
    { "taskId", "taskId", &v03_text },
    { "role", "role", &v03_enum, V03_REQUIRED, WORDS(roles) },
    { "parts", "parts", &v03_parts, V03_REQUIRED },
    { "metadata", "metadata", &v03_any_object },
    { "extensions", "extensions", &v03_texts },
    { "referenceTaskIds", "referenceTaskIds", &v03_texts },
};
static const struct v03_shape message_shape = { "message", "message", MEMBERS(message) };

static const struct v03_member artifact[] = {
    { "artifactId", "artifactId", &v03_text, V03_REQUIRED },
    { "name", "name", &v03_text },
    { "description", "description", &v03_text },
    { "parts", "parts", &v03_parts, V03_REQUIRED },
    { "metadata", "metadata", &v03_any_object },
    { "extensions", "extensions", &v03_texts },
};
static const struct v03_shape artifact_shape = { MEMBERS(artifact) };

static const struct v03_member status[] = {
    { "state", "state", &v03_enum, V03_REQUIRED, WORDS(states) },
    { "message", "message", &v03_one, .shape = &message_shape },
    { "timestamp", "timestamp", &v03_text },
};
static const struct v03_shape status_shape = { MEMBERS(status) };

static const struct v03_member task[] = {
    { "id", "id", &v03_text, V03_REQUIRED },
    { "contextId", "contextId", &v03_text, V03_REQUIRED },
    { "status", "status", &v03_one, V03_REQUIRED, &status_shape },
    { "artifacts", "artifacts", &v03_many, .shape = &artifact_shape },
    { "history", "history", &v03_many, .shape = &message_shape },
    { "metadata", "metadata", &v03_any_object },
};
const struct v03_shape v03_task = { "task", "task", MEMBERS(task) };

static void out_final(struct v03 *t, const v03_object *now, v03_object *old)
{
    const char *state = jv_struct_text(v03_object_at(old, "status"), "state");
    bool final = true;

    (void)now;
    for (size_t i = 0; i < JV_COUNT(going_on); i++)
        final = final && strcmp(state, going_on[i]) != 0;
    jv_struct_set(old, t->arena, "final", jv_value_bool(t->arena, final));
}

static const struct v03_member status_update[] = {
    { "taskId", "taskId", &v03_text, V03_REQUIRED },
    { "contextId", "contextId", &v03_text, V03_REQUIRED },
    { "status", "status", &v03_one, V03_REQUIRED, &status_shape },
    { "metadata", "metadata", &v03_any_object },
};
static const struct v03_shape status_update_shape = { "status-update", "statusUpdate",
                                                      MEMBERS(status_update), .out = out_final };

static const struct v03_member artifact_update[] = {
    { "taskId", "taskId", &v03_text, V03_REQUIRED },
    { "contextId", "contextId", &v03_text, V03_REQUIRED },
    { "artifact", "artifact", &v03_one, V03_REQUIRED, &artifact_shape },
    { "append", "append", &v03_flag },
    { "lastChunk", "lastChunk", &v03_flag },
    { "metadata", "metadata", &v03_any_object },
};
static const struct v03_shape artifact_update_shape = { "artifact-update", "artifactUpdate",
                                                        MEMBERS(artifact_update) };

const struct v03_shape *const v03_events[] = { &v03_task, &message_shape, &status_update_shape,
                                               &artifact_update_shape, NULL };

/* ---- push notifications ---------------------------------------------------------------------- */

/* 1.0 keeps one scheme: the first. */
static const struct v03_member authentication[] = {
    { "schemes", "scheme", &v03_first, V03_REQUIRED },
    { "credentials", "credentials", &v03_text },
};
static const struct v03_shape authentication_shape = { MEMBERS(authentication) };

static const struct v03_member push_config[] = {
    { "id", "id", &v03_text },
    { "url", "url", &v03_text, V03_REQUIRED },
    { "token", "token", &v03_text },
    { "authentication", "authentication", &v03_one, .shape = &authentication_shape },
};
static const struct v03_shape push_config_shape = { MEMBERS(push_config) };

/* A configuration without an id has that of its task: it is found again by the task alone. */
static bool in_config_id(struct v03 *t, const v03_object *old, const struct v03_at *at,
                         v03_object *now)
{
    const char *id = jv_struct_text(now, "id");

    (void)old;
    (void)at;
    if (!id || !*id)
        jv_struct_set(now, t->arena, "id", jv_struct_get(now, "taskId"));
    return true;
}

static const struct v03_member push[] = {
    { "taskId", "taskId", &v03_text, V03_REQUIRED },
    { "pushNotificationConfig", NULL, &v03_inside, V03_REQUIRED, &push_config_shape },
};
const struct v03_shape v03_push = { MEMBERS(push) };
const struct v03_shape v03_push_params = { MEMBERS(push), .in = in_config_id };

/* ---- what the methods take ------------------------------------------------------------------- */

/* Without "blocking" the servers of 0.3 waited, and so does 1.0. */
static const struct v03_member configuration[] = {
    { "acceptedOutputModes", "acceptedOutputModes", &v03_texts },
    { "blocking", "returnImmediately", &v03_not },
    { "historyLength", "historyLength", &v03_count },
    { "pushNotificationConfig", "taskPushNotificationConfig", &v03_one,
      .shape = &push_config_shape },
};
static const struct v03_shape configuration_shape = { MEMBERS(configuration) };

static const struct v03_member send_params[] = {
    { "message", "message", &v03_one, V03_REQUIRED, &message_shape },
    { "configuration", "configuration", &v03_one, .shape = &configuration_shape },
    { "metadata", "metadata", &v03_any_object },
};
const struct v03_shape v03_send_params = { MEMBERS(send_params) };

static const struct v03_member query_params[] = {
    { "id", "id", &v03_text, V03_REQUIRED },
    { "historyLength", "historyLength", &v03_count },
    { "metadata", NULL, &v03_any_object },
};
const struct v03_shape v03_query_params = { MEMBERS(query_params) };

static const struct v03_member cancel_params[] = {
    { "id", "id", &v03_text, V03_REQUIRED },
    { "metadata", "metadata", &v03_any_object },
};
const struct v03_shape v03_task_params = { MEMBERS(cancel_params) };

static const struct v03_member get_push_params[] = {
    { "id", "taskId", &v03_text, V03_REQUIRED },
    { "pushNotificationConfigId", "id", &v03_text },
    { "metadata", NULL, &v03_any_object },
};
const struct v03_shape v03_get_push_params = { MEMBERS(get_push_params), .in = in_config_id };

static const struct v03_member delete_push_params[] = {
    { "id", "taskId", &v03_text, V03_REQUIRED },
    { "pushNotificationConfigId", "id", &v03_text, V03_REQUIRED },
    { "metadata", NULL, &v03_any_object },
};
const struct v03_shape v03_delete_push_params = { MEMBERS(delete_push_params) };

/* 0.3 knows no pages: ask for the largest. */
static bool in_page(struct v03 *t, const v03_object *old, const struct v03_at *at, v03_object *now)
{
    (void)old;
    (void)at;
    jv_struct_set(now, t->arena, "pageSize", jv_value_number(t->arena, 100));
    return true;
}

static const struct v03_member list_push_params[] = {
    { "id", "taskId", &v03_text, V03_REQUIRED },
    { "metadata", NULL, &v03_any_object },
};
const struct v03_shape v03_list_push_params = { MEMBERS(list_push_params), .in = in_page };

const struct v03_shape v03_no_params = { .n = 0 };
