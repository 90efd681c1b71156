/* eval_say.c -- the figures of an evaluation: summed up, and as lines for people. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/eval.h"

static int by_size(const void *a, const void *b)
{
    const int32_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* The smallest figure that so many percent of all do not exceed. */
static int32_t percentile(const int32_t *sorted, size_t n, size_t percent)
{
    size_t at = (n * percent + 99) / 100;

    return n ? sorted[at ? at - 1 : 0] : 0;
}

void eval_total(const Eval__Report *report, struct jv_arena *a)
{
    size_t rows = report->n_results, n = 0;
    int32_t *calls = JV_NEW_ARRAY(a, int32_t, rows + 1), *ms = JV_NEW_ARRAY(a, int32_t, rows + 1);
    Eval__Total *t = report->total;

    for (size_t i = 0; i < rows; i++) {
        const Eval__Result *r = report->results[i];

        t->rows++;
        t->right += r->right;
        t->unanswered += r->unanswered;
        t->degraded += r->degraded;
        t->input_tokens += r->input_tokens;
        t->output_tokens += r->output_tokens;
        t->cost_microusd += r->cost_microusd;
        if (r->unanswered)
            continue;
        t->skipped_model += !r->calls;
        calls[n] = r->calls;
        ms[n++] = r->ms;
    }
    qsort(calls, n, sizeof(*calls), by_size);
    qsort(ms, n, sizeof(*ms), by_size);
    t->calls_p50 = percentile(calls, n, 50);
    t->calls_max = percentile(calls, n, 100);
    t->ms_p50 = percentile(ms, n, 50);
    t->ms_p95 = percentile(ms, n, 95);
}

/* What stands in a file of somebody, or comes from elsewhere, is not to move the cursor. */
static void put(const char *text)
{
    uint32_t c;

    for (size_t n; *text; text += n) {
        n = jv_utf8_next(text, strlen(text), &c);
        if (n && !jv_is_unseen(c))
            printf("%.*s", (int)n, text);
        else
            putchar(' ');
        n = n ? n : 1;
    }
}

static void put_usd(int64_t micro)
{
    printf("%" PRId64 ".%06" PRId64, micro / 1000000, micro % 1000000);
}

void eval_say_head(void)
{
    printf("%-14s %-5s %5s %8s %7s %10s %7s  %s\n", "row", "", "calls", "in", "out", "USD", "ms",
           "question");
}

void eval_say_row(const Eval__Result *r)
{
    char number[16];

    snprintf(number, sizeof(number), "%.14s", r->number);
    put(number);
    printf("%*s %-5s %5d %8" PRId64 " %7" PRId64 "   ", (int)(14 - strlen(number)), "",
           r->right ? "right" : "WRONG", (int)r->calls, r->input_tokens, r->output_tokens);
    put_usd(r->cost_microusd);
    printf(" %7d  ", (int)r->ms);
    put(r->person);
    printf(": ");
    put(r->question);
    printf("%s\n", r->degraded ? "  (degraded)" : "");
    for (size_t i = 0; i < r->n_wrong; i++) {
        printf("               - ");
        put(r->wrong[i]);
        printf("\n");
    }
    if (r->retries)
        printf("               - asked %d times: it was busy or away\n", (int)r->retries + 1);
}

void eval_say_total(const Eval__Total *t)
{
    printf("\nrows      %d, of these %d right: %.1f %%\n", (int)t->rows, (int)t->right,
           t->rows ? 100.0 * t->right / t->rows : 0.0);
    if (t->left_out)
        printf("          %d more were left out\n", (int)t->left_out);
    if (t->unanswered)
        printf("          %d were not answered\n", (int)t->unanswered);
    printf("model     %d rows did without; calls of a row: median %d, at most %d\n",
           (int)t->skipped_model, (int)t->calls_p50, (int)t->calls_max);
    if (t->degraded)
        printf("          %d answers are degraded: a model was configured but did not serve\n",
               (int)t->degraded);
    printf("tokens    %" PRId64 " in, %" PRId64 " out\ncost      USD ", t->input_tokens,
           t->output_tokens);
    put_usd(t->cost_microusd);
    printf("\nlatency   median %d ms, p95 %d ms\n", (int)t->ms_p50, (int)t->ms_p95);
}
