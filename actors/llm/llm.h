/* llm.h -- what the files of this actor share.
 *
 * A call: checked (llm.c), looked for in the cache and among those under way (cache.c), paid for
 * (usage.c), queued (queue.c), sent to the first model that serves (models.c, attempt.c), spoken
 * in a provider's tongue (gemini.c, openai.c, anthropic.c, over wire.c). */
#ifndef LLM_H
#define LLM_H

#include "jv/actor.h"
#include "jv/fetch.h"
#include "jv/wire.h"

#include "llm.pb-c.h"

/* ---- providers: how each is spoken to -------------------------------------------------------- */

/* One configured model; what it is, not how it does. */
struct model {
    const struct provider *provider;
    const char *name;                  /* "gemini/gemini-2.5-flash" */
    const char *model;                 /* "gemini-2.5-flash" */
    const char *url;                   /* without a trailing slash */
    const char *key;                   /* "": none is sent; never in a message, a log or an error */
    int64_t price_input, price_output; /* micro-USD for a million tokens */
    int64_t requests_per_minute, tokens_per_minute, parallel; /* 0: no limit */
    bool embeds;
};

/* What goes over the wire; everything in the message's arena. */
struct wire_request {
    const char *url;
    const char *const *headers; /* NULL-terminated; the key is in one of them */
    const char *body;           /* JSON */
    size_t len;
};

/* An answer as it grows, of a whole reply or of a stream's events. */
struct wire_answer {
    struct jv_arena *a;
    struct jv_buf text;
    size_t n_calls;
    Llm__ToolCall **calls; /* grown by wire.c */
    Llm__GenerateReply__Finish finish;
    int64_t input_tokens, output_tokens; /* 0: the provider did not say */
    bool ended;                          /* the provider said that this was all */
    void *partial;             /* the provider's own: calls whose arguments come in pieces */
    const struct model *model; /* of whom it is */
    struct jv_arena *scratch;  /* what is read into it and forgotten; NULL: a */
};

struct provider {
    const char *name;        /* "gemini" */
    const char *url;         /* its own address */
    const char *key_setting; /* "GEMINI_API_KEY" */
    const char *model;       /* taken when only the key is given */
    const char *embed_model; /* NULL: it has none */
    void (*request)(struct jv_arena *a, const struct model *m, const Llm__GenerateRequest *req,
                    bool stream, struct wire_request *ret);
    /* A whole reply, and one event of a stream (the JSON after "data:"). UNAVAILABLE: it says that
     * it failed, or makes no sense; err's text never holds more than 200 bytes of theirs. */
    int (*reply)(struct wire_answer *ans, const char *json, size_t len, struct jv_err *err);
    int (*event)(struct wire_answer *ans, const char *json, size_t len, struct jv_err *err);
    /* NULL: it cannot. */
    void (*embed_request)(struct jv_arena *a, const struct model *m, const Llm__EmbedRequest *req,
                          struct wire_request *ret);
    int (*embed_reply)(struct jv_arena *a, const char *json, size_t len, Llm__EmbedReply *ret,
                       int64_t *ret_tokens, struct jv_err *err);
};

extern const struct provider provider_gemini, provider_openai, provider_anthropic;
const struct provider *provider_find(const char *name); /* NULL: there is no such */

/* ---- wire.c: one attempt with one model ------------------------------------------------------ */

/* How an attempt ended, for whoever decides about another one. */
struct wire_outcome {
    int code;               /* JV_OK; else the reason is in ctx */
    long status;            /* HTTP; 0: there was none */
    int64_t retry_after_ms; /* from Retry-After; -1: it did not say */
    bool begun;             /* some of the answer was handed on: it must not be tried again */
    bool try_again;   /* safe, and perhaps of use: 429, 500, 502, 503, 504, 529, no connection */
    bool other_model; /* another one may do better: all but the request's own faults (400) */
};

/* Ask, wait, read. piece(arg, text, len) is called in this fiber as text comes (NULL: no stream);
 * when it fails the attempt ends with its code. first_ms and idle_ms bound the wait for the first
 * byte and between two, total_ms all of it. */
struct wire_limits {
    int64_t first_ms, idle_ms, total_ms;
    const char *allow, *ca; /* as in fetch.h */
};
void wire_generate(struct jv_ctx *ctx, const struct model *m, const Llm__GenerateRequest *req,
                   const struct wire_limits *limits,
                   int (*piece)(void *arg, const char *text, size_t len), void *arg,
                   struct wire_answer *ret, struct wire_outcome *out);
void wire_embed(struct jv_ctx *ctx, const struct model *m, const Llm__EmbedRequest *req,
                const struct wire_limits *limits, Llm__EmbedReply *ret, int64_t *ret_tokens,
                struct wire_outcome *out);

#endif
