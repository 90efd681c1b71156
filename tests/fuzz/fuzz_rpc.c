/* fuzz_rpc.c -- a JSON-RPC envelope that is cut by hand is what a JSON parser makes of it. */
#include <assert.h>
#include <string.h>

#include "gateway/a2a.h"

#include "google/protobuf/struct.pb-c.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static Google__Protobuf__Struct *parse_all(const char *s, size_t len, struct jv_arena *a)
{
    return (void *)jv_json_to_msg(&google__protobuf__struct__descriptor, s, len, 0, a, NULL);
}

static bool is_same(const Google__Protobuf__Value *x, const Google__Protobuf__Value *y,
                    struct jv_arena *a)
{
    size_t n, k;
    const uint8_t *p = jv_pack(x, a, &n), *q = jv_pack(y, a, &k);

    return n == k && memcmp(p, q, n) == 0;
}

/* A member is there and the same, or not there. false: it is malformed inside. */
static bool check_member(const struct span *cut, const Google__Protobuf__Struct *all,
                         const char *name, struct jv_arena *a)
{
    struct jv_err err = { 0 };
    const Google__Protobuf__Value *whole = all ? jv_struct_get(all, name) : NULL, *part;

    if (!cut->at) {
        assert(!whole);
        return true;
    }
    part = a2a_parse(cut, a, &err);
    assert(!all || (part && whole && is_same(part, whole, a)));
    return part != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jv_arena *a = jv_arena_new(256 << 20);
    const char *s = jv_arena_strndup(a, (const char *)data, size);
    Google__Protobuf__Struct *all = parse_all(s, size, a);
    struct a2a_envelope e = { 0 };
    struct jv_err err = { 0 };
    int r = a2a_envelope_read(s, size, &e, a, &err);
    bool whole;

    assert(!r || err.text[0]);
    assert(!r || err.code == JV_RESOURCE_EXHAUSTED || strcmp(err.reason, "MALFORMED_JSON") == 0 ||
           strcmp(err.reason, "INVALID_REQUEST") == 0);
    assert(!all || r == JV_OK); /* what is an object is cut */
    if (r == JV_OK) {
        whole = check_member(&e.version, all, "jsonrpc", a);
        whole = check_member(&e.id, all, "id", a) && whole;
        whole = check_member(&e.method, all, "method", a) && whole;
        whole = check_member(&e.params, all, "params", a) && whole;
        /* what is not, is malformed in one of them, or has another member twice */
        if (!all && whole) {
            struct jv_err why = { 0 };

            (void)!jv_json_to_msg(&google__protobuf__struct__descriptor, s, size, 0, a, &why);
            assert(strstr(why.text, "uplicate") || why.code == JV_RESOURCE_EXHAUSTED);
        }
    }
    jv_arena_free(a);
    return 0;
}
