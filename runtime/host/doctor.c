/* doctor.c -- `jarvis doctor`: is all that the environment names as it must be? */
#include "host/doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/settings.h"
#include "host/commands.h"
#include "jv/wire.h"

enum { part_ms = 15000, max_said = 64 << 10, clock_warn_ms = 1000, clock_fail_ms = 5000 };

struct own {
    const char *disk, *ca;
};

const struct jv_setting jv_doctor_settings[] = {
    { "JARVIS_DOCTOR_DISK", "", "folders whose disks must have room, colons between", JV_SET_TEXT,
      offsetof(struct own, disk), 0, 0 },
    { "JARVIS_DOCTOR_CA", "",
      "a file of certificates trusted for JARVIS_PUBLIC_URL besides the system's", JV_SET_TEXT,
      offsetof(struct own, ca), 0, 0 },
    { 0 },
};

int jv_doctor_check(const void *own, struct jv_err *err)
{
    return jv_check_certificates("JARVIS_DOCTOR_CA", ((const struct own *)own)->ca, err);
}

static const struct part {
    const char *name;
    void (*look)(struct jv_doctor *d);
} parts[] = {
    { "settings", jv_doctor_settings_of },
    { "secrets", jv_doctor_secrets },
    { "bus", jv_doctor_bus },
    { "database", jv_doctor_database },
    { "listen", jv_doctor_listen },
    { "public", jv_doctor_public },
    { "disk", jv_doctor_disk },
};

static const char *const verdicts[] = { "ok", "skip", "warn", "FAIL" };

/* ---- what a part says: a line each, in fields ------------------------------------------------ */

void jv_found(struct jv_doctor *d, enum jv_verdict v, const char *check, const char *fmt, ...)
{
    va_list args;
    char *text;

    va_start(args, fmt);
    text = jv_arena_vprintf(d->arena, fmt, args);
    va_end(args);
    jv_scrub(text);
    for (char *p = text; *p; p++)
        if ((unsigned char)*p < ' ')
            *p = ' ';
    fprintf(d->to, "%d\t%s\t%s\n", (int)v, check, text);
    fflush(d->to);
}

void jv_found_clock(struct jv_doctor *d, const char *check, const char *whose, int64_t ahead_ms)
{
    int64_t off = ahead_ms < 0 ? -ahead_ms : ahead_ms;

    jv_found(d,
             off >= clock_fail_ms   ? JV_FAIL
             : off >= clock_warn_ms ? JV_WARN
                                    : JV_OKAY,
             check,
             off >= clock_warn_ms ? "the clock of %s is %lld.%03lld s %s this machine's: keep both "
                                    "by NTP"
                                  : "the clock of %s is %lld.%03lld s %s this machine's",
             whose, (long long)(off / 1000), (long long)(off % 1000),
             ahead_ms < 0 ? "behind" : "before");
}

bool jv_is_set(const char *env)
{
    const char *value = getenv(env);

    return value && *value;
}

/* ---- parts, each in its process -------------------------------------------------------------- */

struct running {
    pid_t pid;
    int fd; /* -1: it has ended */
    char *said;
    size_t len;
    int status;
    bool late;
};

static void be_part(const struct part *part, struct jv_doctor *d, int fd)
{
    d->to = fdopen(fd, "w");
    if (!d->to)
        _exit(1);
    jv_log_init("doctor", JV_LOG_ERROR, d->has_common && d->common.log_json);
    signal(SIGPIPE, SIG_IGN);
    part->look(d);
    fflush(d->to);
    _exit(0);
}

static bool start(struct running *r, const struct part *part, struct jv_doctor *d)
{
    int ends[2];

    *r = (struct running){ .fd = -1, .said = calloc(1, max_said + 1) };
    if (!r->said || pipe2(ends, O_CLOEXEC))
        return false;
    r->pid = fork();
    if (!r->pid)
        be_part(part, d, ends[1]);
    close(ends[1]);
    r->fd = ends[0];
    return r->pid > 0;
}

static void take(struct running *r)
{
    char rest[4096];
    bool room = r->len < max_said;
    ssize_t n = room ? read(r->fd, r->said + r->len, max_said - r->len)
                     : read(r->fd, rest, sizeof(rest));

    if (n < 0 && errno == EINTR)
        return;
    if (n > 0) {
        r->len += room ? (size_t)n : 0;
        return;
    }
    close(r->fd);
    r->fd = -1;
}

static int64_t mono_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Until all have ended or the time is over. */
static void listen_to(struct running *all, size_t n)
{
    int64_t until = mono_ms() + part_ms, left;
    struct pollfd fds[JV_COUNT(parts)];
    size_t open;

    while ((left = until - mono_ms()) > 0) {
        open = 0;
        for (size_t i = 0; i < n; i++) {
            fds[i] = (struct pollfd){ all[i].fd, POLLIN, 0 };
            open += all[i].fd >= 0;
        }
        if (!open)
            return;
        if (poll(fds, n, (int)left) <= 0)
            continue;
        for (size_t i = 0; i < n; i++)
            if (fds[i].revents)
                take(&all[i]);
    }
}

static void finish(struct running *r)
{
    r->late = r->fd >= 0;
    if (r->late) {
        close(r->fd);
        kill(r->pid, SIGKILL);
    }
    while (waitpid(r->pid, &r->status, 0) < 0 && errno == EINTR)
        ;
}

/* ---- what is printed ------------------------------------------------------------------------- */

struct report {
    bool json;
    struct jv_buf buf;
    size_t n[JV_COUNT(verdicts)];
};

static void print(struct report *p, enum jv_verdict v, const char *check, const char *text)
{
    size_t before = p->n[0] + p->n[1] + p->n[2] + p->n[3];

    p->n[v]++;
    if (!p->json) {
        printf("%-4s  %-21s  %s\n", verdicts[v], check, text);
        return;
    }
    jv_buf_str(&p->buf, before ? ",\n" : "\n");
    jv_buf_printf(&p->buf, "  {\"check\":\"%s\",\"result\":\"%s\",\"text\":", check, verdicts[v]);
    jv_json_quote(&p->buf, text, strlen(text));
    jv_buf_char(&p->buf, '}');
}

static void print_part(struct report *p, const struct part *part, struct running *r)
{
    char *rest = r->said, *line;

    while ((line = strsep(&rest, "\n")) && rest) {
        char *verdict = strsep(&line, "\t"), *check = strsep(&line, "\t");

        if (line)
            print(p, (enum jv_verdict)(*verdict - '0'), check, line);
    }
    if (r->late)
        print(p, JV_FAIL, part->name, "has not ended in time: something does not answer");
    else if (!WIFEXITED(r->status) || WEXITSTATUS(r->status))
        print(p, JV_FAIL, part->name, "has ended by itself: this is a defect of doctor");
    free(r->said);
}

static int end(struct report *p)
{
    if (p->json)
        printf("{\"checks\":[%s\n],\n\"ok\":%zu,\"skipped\":%zu,\"warnings\":%zu,\"failures\":%zu}"
               "\n",
               p->buf.data, p->n[JV_OKAY], p->n[JV_SKIP], p->n[JV_WARN], p->n[JV_FAIL]);
    else
        printf("%zu ok, %zu skipped, %zu warnings, %zu failures\n", p->n[JV_OKAY], p->n[JV_SKIP],
               p->n[JV_WARN], p->n[JV_FAIL]);
    return p->n[JV_FAIL] ? 1 : 0;
}

/* ---- the command ----------------------------------------------------------------------------- */

static void read_environment(struct jv_doctor *d)
{
    struct own own = { "", "" };

    jv_borrow_env();
    d->has_common = !jv_common_load(&d->common, NULL);
    d->has_own = !jv_settings_load(jv_doctor_settings, &own, NULL);
    d->disk = own.disk;
    d->ca = own.ca;
}

int jv_cmd_doctor(const struct jv_program *p, int argc, char **argv)
{
    bool json = argc == 1 && strcmp(argv[0], "--json") == 0;
    struct jv_doctor d = { .program = p };
    struct running all[JV_COUNT(parts)];
    struct report report = { .json = json };
    bool ok = true;
    int code;

    if (argc > 1 || (argc && !json))
        return jv_complain(2, "usage: jarvis doctor [--json]");
    d.arena = jv_arena_new(16 << 20);
    report.buf = jv_buf_new(d.arena);
    read_environment(&d);
    fflush(NULL);
    for (size_t i = 0; i < JV_COUNT(parts); i++)
        ok = start(&all[i], &parts[i], &d) && ok;
    listen_to(all, JV_COUNT(parts));
    for (size_t i = 0; i < JV_COUNT(parts); i++) {
        finish(&all[i]);
        print_part(&report, &parts[i], &all[i]);
    }
    code = ok ? end(&report) : jv_complain(1, "doctor cannot start its processes");
    jv_arena_free(d.arena);
    return code;
}
