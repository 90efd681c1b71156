/* jcs.c -- canonical JSON (RFC 8785): one text for one value, to hash and to sign. */
#include "jv/wire.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "google/protobuf/struct.pb-c.h"

typedef Google__Protobuf__Value value;
typedef Google__Protobuf__Struct__FieldsEntry entry;

struct jcs {
    struct jv_buf out;
    struct jv_arena *arena;
    struct jv_err *err;
};

/* ---- numbers: as ECMAScript's Number::toString ---------------------------------------------- */

enum { max_digits = 17 }; /* are enough for every double */

/* The value digits * 10^(point - n): a decimal point after `point` of the n digits. */
struct decimal {
    char digits[max_digits + 1];
    int n, point;
};

static bool reads_back(const struct decimal *x, double d)
{
    char text[40];

    snprintf(text, sizeof(text), "%se%d", x->digits, x->point - x->n);
    return strtod(text, NULL) == d;
}

/* The nearest with n digits. */
static void round_to(struct decimal *x, double d, int n)
{
    char text[40];

    snprintf(text, sizeof(text), "%.*e", n - 1, d);
    x->digits[0] = text[0];
    memcpy(x->digits + 1, text + 2, (size_t)n - 1); /* behind the point */
    x->digits[n] = '\0';
    x->n = n;
    x->point = (int)strtol(strchr(text, 'e') + 1, NULL, 10) + 1;
}

/* The next one with as many digits; after nines that has fewer, and those were tried. */
static bool step_up(struct decimal *x)
{
    int i = x->n - 1;

    while (i >= 0 && x->digits[i] == '9')
        x->digits[i--] = '0';
    if (i < 0)
        return false;
    x->digits[i]++;
    return true;
}

/* The fewest digits that read back as d > 0. Below a power of two doubles lie closer than above it:
 * there the nearest decimal may belong to the neighbour while the one above it still is d's. */
static void shortest(struct decimal *x, double d)
{
    for (int n = 1; n <= max_digits; n++) {
        round_to(x, d, n);
        if (reads_back(x, d) || (step_up(x) && reads_back(x, d)))
            return;
    }
}

static void put_zeros(struct jv_buf *b, int n)
{
    while (n-- > 0)
        jv_buf_char(b, '0');
}

static void put_decimal(struct jv_buf *b, const struct decimal *x)
{
    if (x->point > 21 || x->point <= -6) { /* 1.5e+300 */
        jv_buf_char(b, x->digits[0]);
        if (x->n > 1)
            jv_buf_printf(b, ".%s", x->digits + 1);
        jv_buf_printf(b, "e%+d", x->point - 1);
    } else if (x->point <= 0) { /* 0.0015 */
        jv_buf_str(b, "0.");
        put_zeros(b, -x->point);
        jv_buf_str(b, x->digits);
    } else if (x->point >= x->n) { /* 1500 */
        jv_buf_str(b, x->digits);
        put_zeros(b, x->point - x->n);
    } else { /* 1.5 */
        jv_buf_add(b, x->digits, (size_t)x->point);
        jv_buf_printf(b, ".%s", x->digits + x->point);
    }
}

static int put_number(struct jcs *j, const value *v)
{
    double d = v->number_value;
    struct decimal x;

    if (!isfinite(d))
        return jv_err_set(j->err, JV_INVALID_ARGUMENT, "JSON has no number that is not finite");
    if (d == 0) { /* -0 too */
        jv_buf_char(&j->out, '0');
        return JV_OK;
    }
    if (d < 0)
        jv_buf_char(&j->out, '-');
    shortest(&x, fabs(d));
    put_decimal(&j->out, &x);
    return JV_OK;
}

/* ---- texts and what holds others ------------------------------------------------------------ */

static int put_text(struct jcs *j, const char *s)
{
    size_t n = s ? strlen(s) : 0;

    if (n && !jv_is_utf8(s, n))
        return jv_err_set(j->err, JV_INVALID_ARGUMENT, "a text is not UTF-8");
    jv_json_quote(&j->out, s ? s : "", n);
    return JV_OK;
}

static int put_value(struct jcs *j, const value *v);

/* UTF-8 sorts as code points do; UTF-16 has the surrogates of what is beyond U+FFFF before U+E000,
 * that is the first bytes f0 to f4 before ee and ef. */
static int rank(unsigned char c)
{
    return c == 0xee || c == 0xef ? c + 0x10 : c;
}

static int compare(const void *a, const void *b)
{
    const unsigned char *x = (const unsigned char *)(*(entry *const *)a)->key;
    const unsigned char *y = (const unsigned char *)(*(entry *const *)b)->key;

    while (*x && *x == *y)
        x++, y++;
    return rank(*x) - rank(*y);
}

static int put_member(struct jcs *j, const entry *e, const entry *before)
{
    int r;

    if (before && strcmp(before->key, e->key) == 0)
        return jv_err_set(j->err, JV_INVALID_ARGUMENT, "the name %.64s is there twice", e->key);
    if (before)
        jv_buf_char(&j->out, ',');
    r = put_text(j, e->key);
    jv_buf_char(&j->out, ':');
    return r ? r : put_value(j, e->value);
}

static int put_struct(struct jcs *j, const Google__Protobuf__Struct *s)
{
    size_t n = s ? s->n_fields : 0;
    entry **sorted = n ? jv_arena_memdup(j->arena, s->fields, n * sizeof(entry *)) : NULL;
    int r = JV_OK;

    if (n)
        qsort(sorted, n, sizeof(entry *), compare);
    jv_buf_char(&j->out, '{');
    for (size_t i = 0; !r && i < n; i++)
        r = put_member(j, sorted[i], i ? sorted[i - 1] : NULL);
    jv_buf_char(&j->out, '}');
    return r;
}

static int put_list(struct jcs *j, const Google__Protobuf__ListValue *list)
{
    int r = JV_OK;

    jv_buf_char(&j->out, '[');
    for (size_t i = 0; !r && list && i < list->n_values; i++) {
        if (i)
            jv_buf_char(&j->out, ',');
        r = put_value(j, list->values[i]);
    }
    jv_buf_char(&j->out, ']');
    return r;
}

static int put_word(struct jcs *j, const char *word)
{
    jv_buf_str(&j->out, word);
    return JV_OK;
}

static int put_value(struct jcs *j, const value *v)
{
    switch (v ? v->kind_case : GOOGLE__PROTOBUF__VALUE__KIND__NOT_SET) {
    case GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE:
        return put_number(j, v);
    case GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE:
        return put_text(j, v->string_value);
    case GOOGLE__PROTOBUF__VALUE__KIND_BOOL_VALUE:
        return put_word(j, v->bool_value ? "true" : "false");
    case GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE:
        return put_struct(j, v->struct_value);
    case GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE:
        return put_list(j, v->list_value);
    default:
        return put_word(j, "null");
    }
}

char *jv_jcs(const Google__Protobuf__Struct *s, struct jv_arena *a, size_t *ret_len,
             struct jv_err *err)
{
    struct jcs j = { .out = jv_buf_new(a), .arena = a, .err = err };

    if (put_struct(&j, s))
        return NULL;
    if (ret_len)
        *ret_len = j.out.len;
    return j.out.data;
}
