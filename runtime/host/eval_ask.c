/* eval_ask.c -- a running system is asked over HTTP, as people's programs do.
 *
 * A question carries an Idempotency-Key, so asking again after "too busy" or a lost answer does
 * nothing twice. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <auth.pb-c.h>
#include <sessions.pb-c.h>

#include "host/eval.h"
#include "jv/fetch.h"
#include "jv/wire.h"

enum { max_reply = 4 << 20, token_ms = 10 * 60 * 1000, max_tries = 6 };

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* 1, 2, 4, 8, 16 seconds. */
static void pause_before(int again)
{
    struct timespec t = { .tv_sec = 1L << (again - 1) };

    nanosleep(&t, NULL);
}

/* ---- one request ----------------------------------------------------------------------------- */

struct request {
    const char *path, *token, *key; /* token, key: NULL for none */
    struct jv_buf body;
    const ProtobufCMessageDescriptor *reply;
};

/* What a problem says of itself. */
static int refused(const struct jv_fetch *f, struct jv_arena *a, struct jv_err *err)
{
    int code = f->status == 401   ? JV_UNAUTHENTICATED
               : f->status == 429 ? JV_RESOURCE_EXHAUSTED
               : f->status >= 500 ? JV_UNAVAILABLE
                                  : JV_FAILED_PRECONDITION;
    struct jv_err unread = { 0 };
    const struct Google__Protobuf__Struct *problem = (const void *)jv_json_to_msg(
            &google__protobuf__struct__descriptor, f->body, f->len, 0, a, &unread);
    const char *detail = problem ? jv_struct_text(problem, "detail") : NULL;

    return jv_err_set(err, code, "HTTP %ld%s%.200s", f->status, detail ? ": " : "",
                      detail ? detail : "");
}

static int post(struct eval_system *s, const struct request *rq, struct jv_arena *a, void *ret,
                struct jv_err *err)
{
    const char *headers[4] = { "Content-Type: application/json" };
    struct jv_fetch f = { .url = jv_arena_printf(a, "%s%s", s->url, rq->path),
                          .allow = s->place,
                          .post = rq->body.data,
                          .post_len = rq->body.len,
                          .headers = headers,
                          .max_bytes = max_reply,
                          .timeout_ms = s->timeout_ms };
    const ProtobufCMessage *m;
    size_t n = 1;
    int r;

    if (rq->token)
        headers[n++] = jv_arena_printf(a, "Authorization: Bearer %s", rq->token);
    if (rq->key)
        headers[n++] = jv_arena_printf(a, "Idempotency-Key: %s", rq->key);
    r = jv_fetch_run(&f);
    if (r) {
        *err = f.err;
    } else if (f.status != 200 && f.status != 201) {
        r = refused(&f, a, err);
    } else {
        m = jv_json_to_msg(rq->reply, f.body, f.len, JV_JSON_SNAKE, a, err);
        r = m ? JV_OK : jv_err_wrap(err, "the answer of %s", rq->path);
        *(const ProtobufCMessage **)ret = m;
    }
    jv_fetch_done(&f);
    return r;
}

/* Asked again when that may help: too busy, away. *ret_ms is the time of the last try. */
static int post_patiently(struct eval_system *s, const struct request *rq, struct jv_arena *a,
                          void *ret, int64_t *ret_ms, int *ret_retries, struct jv_err *err)
{
    int r = JV_OK;

    for (int i = 0; i < max_tries; i++) {
        int64_t began;

        if (i)
            pause_before(i);
        *ret_retries = i;
        began = now_ms();
        r = post(s, rq, a, ret, err);
        *ret_ms = now_ms() - began;
        if (r != JV_RESOURCE_EXHAUSTED && r != JV_UNAVAILABLE)
            break;
    }
    return r;
}

/* ---- who asks -------------------------------------------------------------------------------- */

/* Of the file's lines "name:password"; "" when it has none. Without a file the demo's. */
static const char *password_of(const struct eval_system *s, const char *person)
{
    size_t n = strlen(person), len;

    if (!s->passwords)
        return strcmp(person, "admin") == 0 ? "admin123" : "password123";
    for (const char *p = s->passwords; *p; p += len + (p[len] == '\n')) {
        len = strcspn(p, "\n");
        if (len > n && strncmp(p, person, n) == 0 && p[n] == ':')
            return jv_arena_strndup(s->arena, p + n + 1, strcspn(p + n + 1, "\r\n"));
    }
    return "";
}

static int sign_in(struct eval_system *s, const char *person, const char **ret, struct jv_err *err)
{
    const char *password = password_of(s, person);
    struct request rq = { .path = "/auth/login",
                          .body = jv_buf_new(s->arena),
                          .reply = &auth__token_reply__descriptor };
    const Auth__TokenReply *reply = NULL;
    int64_t ms;
    int tries, r;

    if (!password[0])
        return jv_err_set(err, JV_UNAUTHENTICATED, "there is no password for %.64s", person);
    jv_buf_str(&rq.body, "{\"username\":");
    jv_json_quote(&rq.body, person, strlen(person));
    jv_buf_str(&rq.body, ",\"password\":");
    jv_json_quote(&rq.body, password, strlen(password));
    jv_buf_char(&rq.body, '}');
    r = post_patiently(s, &rq, s->arena, &reply, &ms, &tries, err);
    if (!r)
        *ret = reply->access_token;
    return r;
}

/* Tokens live a quarter of an hour. */
int eval_sign_in(struct eval_system *s, const char *person, const char **ret_token,
                 struct jv_err *err)
{
    size_t i = 0;
    int r = JV_OK;

    while (i < s->n_people && strcmp(s->people[i].name, person) != 0)
        i++;
    if (i == eval_people)
        return jv_err_set(err, JV_RESOURCE_EXHAUSTED, "more than %d people", eval_people);
    if (i == s->n_people || s->people[i].until_ms <= now_ms()) {
        r = sign_in(s, person, ret_token, err);
        if (r)
            return jv_err_wrap(err, "signing in as %.64s", person);
        s->people[i].name = jv_arena_strdup(s->arena, person);
        s->people[i].token = *ret_token;
        s->people[i].until_ms = now_ms() + token_ms;
        s->n_people += i == s->n_people;
    }
    *ret_token = s->people[i].token;
    return JV_OK;
}

/* ---- what is asked --------------------------------------------------------------------------- */

int eval_begin(struct eval_system *s, const char *person, struct jv_arena *a,
               const char **ret_session, struct jv_err *err)
{
    struct request rq = { .path = "/api/sessions",
                          .body = jv_buf_new(a),
                          .reply = &sessions__session__descriptor };
    const Sessions__Session *session = NULL;
    int64_t ms;
    int tries, r = eval_sign_in(s, person, &rq.token, err);

    if (r)
        return r;
    jv_buf_str(&rq.body, "{\"title\":\"evaluation\"}");
    r = post_patiently(s, &rq, a, &session, &ms, &tries, err);
    if (!r)
        *ret_session = session->session_id;
    return r;
}

int eval_ask(struct eval_system *s, const char *person, const char *session, const char *question,
             struct jv_arena *a, struct eval_answer *ret, struct jv_err *err)
{
    struct request rq = { .path = "/api/chat",
                          .body = jv_buf_new(a),
                          .reply = &orchestrator__chat_reply__descriptor };
    char key[37];
    int r = eval_sign_in(s, person, &rq.token, err);

    if (r)
        return r;
    jv_uuid(key);
    rq.key = key;
    jv_buf_str(&rq.body, "{\"message\":");
    jv_json_quote(&rq.body, question, strlen(question));
    jv_buf_str(&rq.body, ",\"session_id\":");
    jv_json_quote(&rq.body, session, strlen(session));
    jv_buf_char(&rq.body, '}');
    return post_patiently(s, &rq, a, &ret->reply, &ret->ms, &ret->retries, err);
}
