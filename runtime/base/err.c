/* err.c -- the list of codes, and failures as one sentence. */
#include "jv/base.h"

#include <stdio.h>
#include <string.h>

static const struct code {
    int number;
    const char *name;
    int http, rpc;
} codes[] = {
#define CODE_ROW(name, number, http, rpc) { number, #name, http, rpc },
    JV_CODES(CODE_ROW)
#undef CODE_ROW
};

static const struct code *find(int code)
{
    for (size_t i = 0; i < JV_COUNT(codes); i++)
        if (codes[i].number == code)
            return &codes[i];
    return find(JV_UNKNOWN);
}

const char *jv_code_name(int code)
{
    return find(code)->name;
}

int jv_code_http(int code)
{
    return find(code)->http;
}

int jv_code_jsonrpc(int code)
{
    return find(code)->rpc;
}

/* vsnprintf that leaves whole UTF-8 characters only, whatever was cut here or in an argument. */
static void print(char *out, size_t size, const char *fmt, va_list args)
{
    vsnprintf(out, size, fmt, args);
    jv_scrub(out);
}

/* The arguments may point into *err itself, so everything is printed beside it first. */
static int set(struct jv_err *err, int code, const char *field, const char *fmt, va_list args)
{
    struct jv_err e = { .code = code };

    if (!err)
        return code;
    print(e.text, sizeof(e.text), fmt, args);
    snprintf(e.field, sizeof(e.field), "%s", field);
    jv_scrub(e.field);
    *err = e;
    return code;
}

int jv_err_set(struct jv_err *err, int code, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    set(err, code, "", fmt, args);
    va_end(args);
    return code;
}

int jv_err_field(struct jv_err *err, int code, const char *field, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    set(err, code, field ? field : "", fmt, args);
    va_end(args);
    return code;
}

static void join(struct jv_err *err, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    set(err, err->code, err->field, fmt, args);
    va_end(args);
}

int jv_err_wrap(struct jv_err *err, const char *fmt, ...)
{
    char what[sizeof(err->text)];
    va_list args;

    if (!err)
        return JV_UNKNOWN;
    va_start(args, fmt);
    print(what, sizeof(what), fmt, args);
    va_end(args);
    join(err, "%s: %s", what, err->text);
    return err->code;
}
