/* eval.c -- `jarvis eval FILE`: a table of questions is put to a running system; how many answers
 * are right, and what they cost. */
#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/commands.h"
#include "host/eval.h"
#include "jv/fetch.h"
#include "jv/wire.h"

enum { max_file = JV_MAX_BODY, max_passwords = 64 * 1024, probe_ms = 5000, default_s = 120 };

static const char help[] =
        "usage: jarvis eval FILE [options]\n"
        "\n"
        "Puts the questions of FILE to a running system, each row in a session of its own, and\n"
        "prints whether the answers are right, and calls to models, tokens, cost and latency.\n"
        "\n"
        "  --url URL             the system; else JARVIS_URL, else the `up` that runs here\n"
        "  --password-file FILE  lines of NAME:PASSWORD; else the demo's people are asked for\n"
        "  --only REGEX          only rows whose \"NUMBER PERSON: QUESTION\" has it\n"
        "  --read-only           leave out rows that `writes` says change data\n"
        "  --timeout SECONDS     of one question, 120\n"
        "  --json                one JSON document instead of lines\n"
        "  --fail-under PERCENT  exit code 1 when fewer are right, 100\n"
        "\n"
        "Rows run in their order and may change data: tickets are created, people's memories\n"
        "kept. Ask a system that is there for it, best a fresh one: JARVIS_VAR=/tmp/e jarvis up.\n"
        "\n"
        "FILE is JSON: {\"rows\": [{\"number\": \"1\", \"person\": \"vishal\", \"before\": [],\n"
        "  \"question\": \"show my tickets\", \"outcome\": \"answered\", \"agents\": "
        "[\"TicketsAgent\"],\n"
        "  \"facts\": [\"12301\", \"pending|open\"], \"nots\": [\"12302\"]}]}\n"
        "outcome and agents may be absent: then any will do. docs/eval.md says more, and\n"
        "docs/eval-example.json is one to begin with.\n"
        "\n"
        "Exit codes: 0 right enough, 1 not, 2 wrong usage or file, or nobody there.";

struct eval {
    struct jv_arena *arena;
    const char *file, *url, *password_file, *only;
    bool json, read_only;
    double fail_under;
    int timeout_s;
    bool has_regex;
    regex_t regex; /* of `only` */
    struct eval_system system;
    const Eval__Table *table;
    Eval__Report *report;
};

/* ---- arguments ------------------------------------------------------------------------------- */

static bool number(const char *s, double least, double most, double *ret)
{
    char *end;

    *ret = strtod(s, &end);
    return end != s && !*end && *ret >= least && *ret <= most;
}

/* One option with a value; 0, or the exit code. */
static int take(struct eval *e, const char *name, const char *value)
{
    double n = 0;

    if (strcmp(name, "--url") == 0)
        e->url = value;
    else if (strcmp(name, "--password-file") == 0)
        e->password_file = value;
    else if (strcmp(name, "--only") == 0)
        e->only = value;
    else if (strcmp(name, "--fail-under") == 0 && number(value, 0, 100, &n))
        e->fail_under = n;
    else if (strcmp(name, "--timeout") == 0 && number(value, 1, 3600, &n))
        e->timeout_s = (int)n;
    else
        return jv_complain(2, "what is %s %s? See `jarvis eval --help`", name, value);
    return 0;
}

static int parse(struct eval *e, int argc, char **argv)
{
    int code = 0;

    for (int i = 0; i < argc && !code; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            e->json = true;
        } else if (strcmp(argv[i], "--read-only") == 0) {
            e->read_only = true;
        } else if (strncmp(argv[i], "--", 2) == 0) {
            code = i + 1 < argc ? take(e, argv[i], argv[i + 1])
                                : jv_complain(2, "%s lacks its value, or is no option", argv[i]);
            i++;
        } else if (e->file) {
            code = jv_complain(2, "one file at a time, please");
        } else {
            e->file = argv[i];
        }
    }
    if (!code && !e->file)
        code = jv_complain(2, "which file? See `jarvis eval --help`");
    return code;
}

/* ---- files ----------------------------------------------------------------------------------- */

static char *read_file(struct eval *e, const char *path, size_t max, size_t *ret_len)
{
    char *text = jv_arena_alloc(e->arena, max + 1);
    FILE *f = fopen(path, "re");

    *ret_len = f ? fread(text, 1, max + 1, f) : 0;
    if (!f || ferror(f)) {
        jv_complain(2, "%s: %s", path, strerror(errno));
        text = NULL;
    } else if (*ret_len > max) {
        jv_complain(2, "%s is longer than %zu bytes", path, max);
        text = NULL;
    }
    if (f)
        fclose(f);
    return text;
}

static int load_table(struct eval *e)
{
    struct jv_err err = { 0 };
    size_t len;
    const char *text = read_file(e, e->file, max_file, &len);
    int r = JV_OK;

    if (!text)
        return 2;
    e->table = (const void *)jv_json_to_msg(&eval__table__descriptor, text, len,
                                            JV_JSON_SNAKE | JV_JSON_STRICT, e->arena, &err);
    if (e->table)
        r = jv_validate(&e->table->base, &err);
    if (e->table && !r)
        r = eval_check_table(e->table, &err);
    if (!e->table || r)
        return jv_complain(2, "%s: %s%s%s", e->file, err.field, err.field[0] ? ": " : "", err.text);
    return 0;
}

static int load(struct eval *e)
{
    size_t len;
    int code = load_table(e);

    if (!code && e->password_file) {
        e->system.passwords = read_file(e, e->password_file, max_passwords, &len);
        code = e->system.passwords ? 0 : 2;
    }
    if (code || !e->only)
        return code;
    e->has_regex = regcomp(&e->regex, e->only, REG_EXTENDED | REG_NOSUB) == 0;
    return e->has_regex ? 0 : jv_complain(2, "--only is no regular expression");
}

/* ---- the system ------------------------------------------------------------------------------ */

static int probe(struct eval *e, struct jv_err *err)
{
    struct jv_fetch f = { .url = jv_arena_printf(e->arena, "%s/health", e->system.url),
                          .allow = e->system.place,
                          .discard = true,
                          .max_bytes = 64 * 1024,
                          .timeout_ms = probe_ms };
    int r = jv_fetch_run(&f);

    if (r)
        *err = f.err;
    else if (f.status != 200)
        r = jv_err_set(err, JV_UNAVAILABLE, "/health is answered with %ld", f.status);
    jv_fetch_done(&f);
    return r;
}

static int find_system(struct eval *e)
{
    struct eval_system *s = &e->system;
    struct jv_err err = { 0 };
    char *url;

    if (!e->url && !getenv("JARVIS_URL"))
        jv_borrow_env();
    if (!e->url)
        e->url = getenv("JARVIS_URL");
    if (!e->url)
        return jv_complain(2, "nothing is running here; say where with --url");
    s->url = url = jv_arena_strdup(e->arena, e->url);
    for (size_t n = strlen(url); n && url[n - 1] == '/'; n--)
        url[n - 1] = '\0';
    s->arena = e->arena;
    s->timeout_ms = e->timeout_s * 1000;
    (void)!jv_url_check(url, NULL, s->place, &err); /* whoever says the address wants it asked */
    if (!s->place[0])
        return jv_complain(2, "%s: %s", e->url, err.text);
    return probe(e, &err) ? jv_complain(2, "%s: %s", e->url, err.text) : 0;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static void count(Eval__Result *ret, const struct eval_answer *answer)
{
    const Orchestrator__ModelUse *m = answer->reply->model;

    ret->retries += answer->retries;
    ret->calls = m ? m->calls : 0;
    ret->ms = (int32_t)answer->ms;
    ret->degraded = answer->reply->degraded;
    if (!m)
        return;
    ret->input_tokens += m->input_tokens;
    ret->output_tokens += m->output_tokens;
    ret->cost_microusd += m->cost_microusd;
}

/* All questions of a row; *answer is that of the last. */
static int ask_row(struct eval *e, const Eval__Row *row, struct jv_arena *a, Eval__Result *ret,
                   struct eval_answer *answer, struct jv_err *err)
{
    const char *session;
    int r = eval_begin(&e->system, row->person, a, &session, err);

    for (size_t i = 0; !r && i <= row->n_before; i++) {
        const char *question = i < row->n_before ? row->before[i] : row->question;

        r = eval_ask(&e->system, row->person, session, question, a, answer, err);
        if (!r)
            count(ret, answer);
    }
    return r;
}

/* What fails is a wrong answer, and says why. */
static Eval__Result *run_row(struct eval *e, const Eval__Row *row, struct jv_arena *scratch)
{
    Eval__Result *ret = jv_msg_new(&eval__result__descriptor, e->arena);
    struct eval_answer answer = { 0 };
    struct jv_err err = { 0 };

    ret->number = row->number;
    ret->person = row->person;
    ret->question = row->question;
    if (ask_row(e, row, scratch, ret, &answer, &err)) {
        ret->unanswered = true;
        ret->calls = ret->ms = 0; /* of what was asked before it */
        ret->wrong = JV_NEW_ARRAY(e->arena, const char *, 1);
        ret->wrong[ret->n_wrong++] = jv_arena_printf(e->arena, "was not answered: %s", err.text);
        return ret;
    }
    if (answer.reply->model)
        ret->model = jv_arena_strdup(e->arena, answer.reply->model->name);
    eval_judge(e->table, row, answer.reply, e->arena, ret);
    return ret;
}

static bool is_wanted(const struct eval *e, const Eval__Row *row, struct jv_arena *scratch)
{
    return !e->only ||
           regexec(&e->regex,
                   jv_arena_printf(scratch, "%s %s: %s", row->number, row->person, row->question),
                   0, NULL, 0) == 0;
}

static bool is_left_out(const struct eval *e, const Eval__Row *row)
{
    return row->given[0] || (e->read_only && row->n_writes);
}

static void run_rows(struct eval *e)
{
    struct jv_arena *scratch = jv_arena_new(0);

    for (size_t i = 0; i < e->table->n_rows; i++) {
        const Eval__Row *row = e->table->rows[i];
        Eval__Result *r;

        jv_arena_reset(scratch);
        if (!is_wanted(e, row, scratch))
            continue;
        if (is_left_out(e, row)) {
            e->report->total->left_out++;
            continue;
        }
        r = run_row(e, row, scratch);
        if (!e->json && !e->report->n_results)
            eval_say_head();
        e->report->results[e->report->n_results++] = r;
        if (!e->json)
            eval_say_row(r);
    }
    jv_arena_free(scratch);
}

static int run(struct eval *e)
{
    Eval__Total *total;
    size_t len;

    e->report = jv_msg_new(&eval__report__descriptor, e->arena);
    e->report->total = total = jv_msg_new(&eval__total__descriptor, e->arena);
    e->report->results = JV_NEW_ARRAY(e->arena, Eval__Result *, e->table->n_rows + 1);
    run_rows(e);
    eval_total(e->report, e->arena);
    if (!total->rows)
        return jv_complain(2, "no row of %s was asked", e->file);
    if (e->json)
        puts(jv_msg_to_json(&e->report->base, JV_JSON_SNAKE | JV_JSON_DEFAULTS, e->arena, &len));
    else
        eval_say_total(total);
    return 100.0 * total->right < e->fail_under * total->rows ? 1 : 0;
}

int jv_cmd_eval(const struct jv_program *p, int argc, char **argv)
{
    struct eval e = { .arena = jv_arena_new(0), .fail_under = 100, .timeout_s = default_s };
    int code;

    (void)p;
    if (argc && (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0)) {
        puts(help);
        code = 0;
    } else {
        code = parse(&e, argc, argv);
        if (!code)
            code = load(&e);
        if (!code)
            code = find_system(&e);
        if (!code)
            code = run(&e);
        if (e.has_regex)
            regfree(&e.regex);
    }
    jv_arena_free(e.arena);
    return code;
}
