/* load.c -- many HTTP clients in one thread, for the benchmark: calls in a closed loop, streams,
 * and a crowd that follows one task.
 *
 *     bench_load -p port -c connections -r request-file [-s seconds] -x text [-k times]
 *     bench_load -p port -c connections -r request-file [-s seconds] -f step
 *
 * The file is a whole HTTP/1.1 request; sixteen '@' in it become another number each time. Without
 * -f each connection sends it again as soon as it is answered, until the seconds are over; an
 * answer is good when it is 200 and has the text so many times (1). Prints
 *
 *     RESULT answers microseconds p50 p95 p99 bad events first50 cpu
 *
 * (latencies in microseconds; events are those of streams; first50 is the median until a stream's
 * first event; cpu is what this process itself used). With -f each connection sends it once and
 * reads a stream until its end: READY <microseconds> when all of them had an event, then for each
 * status update "<step> <n> of <m>" that was stamped after that
 *
 *     STEP n stamp-to-first stamp-to-median stamp-to-last first-to-last received
 *
 * (microseconds of the wall clock; stamps have milliseconds) and END <streams ended well> <twice>
 * <cpu>. What was stamped before READY is not counted. Exit code: 0, or 2 when it cannot begin. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CONNECTIONS = 8192, MAX_REQUEST = 16384, HOLE = 16, MAX_STEPS = 64, BATCH = 256 };
enum { BUFFER = 64 << 10, OPENING_AT_ONCE = 64 };

enum body { NO_BODY_YET, BY_LENGTH, BY_CHUNKS };

struct conn {
    int fd;
    bool ended;
    size_t sent;
    char request[MAX_REQUEST];
    char *in; /* what came and is not read yet */
    size_t n_in, max_in;
    enum body body;
    bool is_good, is_stream;
    size_t left; /* of the body, or of this chunk with its line end */
    char *text;  /* a whole body, or a line of a stream */
    size_t n_text, max_text;
    size_t found; /* how often the text was there */
    int64_t began_us, first_us;
    int64_t got[MAX_STEPS]; /* -f: when, by the wall clock */
};

static struct {
    int port, seconds;
    size_t n, times;
    const char *wanted, *step;
    char request[MAX_REQUEST];
    size_t len;
    char *hole[8];
    size_t n_holes;
} wish = { .seconds = 5, .times = 1 };

static struct {
    int poll;
    struct conn *all;
    size_t opened, opening, ready, open; /* opening: of a crowd, without an event so far */
    uint64_t sent;
    int64_t began_us, until_us;
    int64_t *took, *first;
    size_t n_took, n_first, max_took;
    uint64_t bad, events, twice, ended_well;
    int64_t ready_wall_us, stamps[MAX_STEPS];
} run;

/* ---- time ----------------------------------------------------------------------------------- */

static int64_t clock_us(clockid_t id)
{
    struct timespec t;

    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t mono_us(void)
{
    return clock_us(CLOCK_MONOTONIC);
}

static int64_t cpu_us(void)
{
    return clock_us(CLOCK_PROCESS_CPUTIME_ID);
}

/* "2026-11-25T23:47:56.764Z", with any number of digits behind the point; 0: it is none. */
static int64_t stamp_us(const char *s)
{
    struct tm t = { 0 };
    int n = 0;
    double fraction = 0;

    if (sscanf(s, "%d-%d-%dT%d:%d:%d%n", &t.tm_year, &t.tm_mon, &t.tm_mday, &t.tm_hour, &t.tm_min,
               &t.tm_sec, &n) != 6)
        return 0;
    t.tm_year -= 1900;
    t.tm_mon -= 1;
    if (s[n] == '.')
        fraction = strtod(s + n, NULL);
    return (int64_t)timegm(&t) * 1000000 + (int64_t)(fraction * 1e6);
}

static int by_number(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static int64_t share(int64_t *sorted, size_t n, double p)
{
    return n ? sorted[(size_t)((double)(n - 1) * p)] : 0;
}

/* ---- memory --------------------------------------------------------------------------------- */

static void *grown(void *p, size_t *max, size_t want, size_t size)
{
    if (want <= *max)
        return p;
    while (*max < want)
        *max = *max ? 2 * *max : 4096 / size + 1;
    p = realloc(p, *max * size);
    if (!p)
        abort();
    return p;
}

static void note(int64_t took, int64_t first)
{
    if (run.n_took == run.max_took) {
        size_t max = run.max_took;

        run.took = grown(run.took, &run.max_took, run.n_took + 1, sizeof(*run.took));
        run.first = grown(run.first, &max, run.n_took + 1, sizeof(*run.first));
    }
    run.took[run.n_took++] = took;
    if (first)
        run.first[run.n_first++] = first;
}

/* ---- requests ------------------------------------------------------------------------------- */

static bool load_request(const char *path)
{
    FILE *f = fopen(path, "r");
    char *p;

    if (!f)
        return false;
    wish.len = fread(wish.request, 1, sizeof(wish.request) - 1, f);
    fclose(f);
    for (p = wish.request; wish.n_holes < 8 && (p = strstr(p, "@@@@@@@@@@@@@@@@")); p += HOLE)
        wish.hole[wish.n_holes++] = p;
    return wish.len > 0;
}

static void send_more(struct conn *c)
{
    while (c->sent < wish.len) {
        ssize_t n = send(c->fd, c->request + c->sent, wish.len - c->sent, MSG_NOSIGNAL);

        if (n <= 0)
            return;
        c->sent += (size_t)n;
    }
}

static void ask(struct conn *c)
{
    static uint64_t salt;
    char number[HOLE + 1];

    if (!salt)
        salt = (uint64_t)clock_us(CLOCK_REALTIME) << 20;
    snprintf(number, sizeof(number), "%016llx", (unsigned long long)(salt + run.sent++));
    memcpy(c->request, wish.request, wish.len);
    for (size_t i = 0; i < wish.n_holes; i++)
        memcpy(c->request + (wish.hole[i] - wish.request), number, HOLE);
    c->sent = c->found = c->n_text = c->left = 0;
    c->body = NO_BODY_YET;
    c->first_us = 0;
    c->began_us = mono_us();
    send_more(c);
}

static bool open_one(struct conn *c)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)wish.port) };
    struct epoll_event e = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c };
    int one = 1;

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) ||
        (connect(c->fd, (void *)&to, sizeof(to)) && errno != EINPROGRESS) ||
        epoll_ctl(run.poll, EPOLL_CTL_ADD, c->fd, &e))
        return false;
    run.open++;
    run.opening += wish.step != NULL;
    ask(c);
    return true;
}

static void open_some(void)
{
    while (run.opened < wish.n && run.opening < OPENING_AT_ONCE)
        if (!open_one(&run.all[run.opened++]))
            run.bad++;
}

static void had_something(struct conn *c)
{
    if (c->first_us)
        return;
    c->first_us = mono_us();
    if (wish.step)
        run.opening--;
    if (++run.ready == wish.n && wish.step) {
        run.ready_wall_us = clock_us(CLOCK_REALTIME);
        printf("READY %lld\n", (long long)(mono_us() - run.began_us));
        fflush(stdout);
    }
}

static void end_conn(struct conn *c)
{
    if (c->ended)
        return;
    if (wish.step && !c->first_us)
        run.opening--;
    c->ended = true;
    close(c->fd);
    run.open--;
}

/* ---- answers -------------------------------------------------------------------------------- */

static void count_wanted(struct conn *c, const char *s)
{
    while (wish.wanted && (s = strstr(s, wish.wanted))) {
        c->found++;
        s += strlen(wish.wanted);
    }
}

/* An event of the followed task, if it is a step. */
static void note_step(struct conn *c, const char *event)
{
    const char *at = strstr(event, wish.step), *stamp = strstr(event, "\"timestamp\":\"");
    size_t k;

    if (strncmp(event, "{\"statusUpdate\"", 15) != 0 || !at || !stamp)
        return;
    k = strtoul(at + strlen(wish.step), NULL, 10);
    if (k >= MAX_STEPS)
        return;
    run.twice += c->got[k] != 0;
    c->got[k] = clock_us(CLOCK_REALTIME);
    run.stamps[k] = stamp_us(stamp + 13);
}

static void take_line(struct conn *c)
{
    if (strncmp(c->text, "data: ", 6) != 0)
        return;
    run.events++;
    had_something(c);
    count_wanted(c, c->text + 6);
    if (wish.step)
        note_step(c, c->text + 6);
}

static void add_text(struct conn *c, const char *p, size_t n)
{
    c->text = grown(c->text, &c->max_text, c->n_text + n + 1, 1);
    memcpy(c->text + c->n_text, p, n);
    c->n_text += n;
    c->text[c->n_text] = '\0';
}

static void add_body(struct conn *c, const char *p, size_t n)
{
    const char *end;

    while (c->is_stream && (end = memchr(p, '\n', n))) {
        add_text(c, p, (size_t)(end - p));
        take_line(c);
        n -= (size_t)(end + 1 - p);
        p = end + 1;
        c->n_text = 0;
    }
    add_text(c, p, n);
}

/* The head, in place: its lines end with 0 afterwards. */
static void read_head(struct conn *c, char *head)
{
    char *line, *rest = NULL;

    c->is_good = strncmp(head, "HTTP/1.1 200", 12) == 0;
    c->is_stream = false;
    c->body = BY_LENGTH;
    for (line = strtok_r(head, "\r\n", &rest); line; line = strtok_r(NULL, "\r\n", &rest)) {
        if (strncasecmp(line, "Content-Length:", 15) == 0)
            c->left = strtoul(line + 15, NULL, 10);
        else if (strncasecmp(line, "Transfer-Encoding:", 18) == 0)
            c->body = BY_CHUNKS;
        else if (strncasecmp(line, "Content-Type:", 13) == 0)
            c->is_stream = strstr(line, "text/event-stream") != NULL;
    }
}

static void answered(struct conn *c)
{
    if (!c->is_stream)
        count_wanted(c, c->n_text ? c->text : "");
    if (!c->is_good || (wish.wanted && c->found != wish.times))
        run.bad++;
    else if (wish.step)
        run.ended_well++;
    note(mono_us() - c->began_us, c->is_stream && c->first_us ? c->first_us - c->began_us : 0);
    if (wish.step || mono_us() >= run.until_us)
        end_conn(c);
    else
        ask(c);
}

/* Takes one piece off what came; false: it needs more. */
static bool take_piece(struct conn *c, char **at, char *end)
{
    size_t n = (size_t)(end - *at);
    char *line;

    if (c->body == NO_BODY_YET) {
        line = memmem(*at, n, "\r\n\r\n", 4);
        if (!line)
            return false;
        line[3] = '\0';
        read_head(c, *at);
        *at = line + 4;
    } else if (c->left) { /* of a chunk, its line end comes last and is no body */
        size_t take = n < c->left ? n : c->left, tail = c->body == BY_CHUNKS ? 2 : 0;
        size_t body = c->left > tail ? c->left - tail : 0;

        add_body(c, *at, take < body ? take : body);
        *at += take;
        c->left -= take;
    } else {
        line = memmem(*at, n, "\r\n", 2);
        if (!line)
            return false;
        c->left = strtoul(*at, NULL, 16);
        if (!c->left && end - line < 4)
            return false; /* the last one, with an empty line behind it */
        *at = line + (c->left ? 2 : 4);
        c->left += c->left ? 2 : 0;
        if (!c->left)
            answered(c);
        return c->left || *at < end;
    }
    if (c->body == BY_LENGTH && !c->left)
        answered(c);
    return *at < end;
}

static void take(struct conn *c)
{
    char *at = c->in;

    while (!c->ended && take_piece(c, &at, c->in + c->n_in))
        ;
    c->n_in -= (size_t)(at - c->in);
    memmove(c->in, at, c->n_in);
}

static void on_event(struct conn *c, uint32_t events)
{
    ssize_t n = 1;

    if (c->ended)
        return;
    if (events & EPOLLOUT)
        send_more(c);
    while (!c->ended && (events & (EPOLLIN | EPOLLHUP | EPOLLERR))) {
        c->in = grown(c->in, &c->max_in, c->n_in + BUFFER, 1);
        n = recv(c->fd, c->in + c->n_in, BUFFER, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        c->n_in += (size_t)n;
        take(c);
    }
    if (!c->ended && (n == 0 || (n < 0 && errno != EAGAIN))) {
        run.bad++;
        end_conn(c);
    }
}

/* ---- the run -------------------------------------------------------------------------------- */

static void go(void)
{
    struct epoll_event events[BATCH];
    int64_t grace_us = wish.step ? 0 : 10000000;

    run.began_us = mono_us();
    run.until_us = run.began_us + (int64_t)wish.seconds * 1000000;
    open_some();
    while (run.open && mono_us() < run.until_us + grace_us) {
        int n = epoll_wait(run.poll, events, BATCH, 100);

        for (int i = 0; i < n; i++)
            on_event(events[i].data.ptr, events[i].events);
        open_some();
    }
    run.bad += run.open; /* never answered */
}

static void report_calls(void)
{
    qsort(run.took, run.n_took, sizeof(*run.took), by_number);
    qsort(run.first, run.n_first, sizeof(*run.first), by_number);
    printf("RESULT %zu %lld %lld %lld %lld %llu %llu %lld %lld\n", run.n_took,
           (long long)(mono_us() - run.began_us), (long long)share(run.took, run.n_took, 0.5),
           (long long)share(run.took, run.n_took, 0.95),
           (long long)share(run.took, run.n_took, 0.99), (unsigned long long)run.bad,
           (unsigned long long)run.events, (long long)share(run.first, run.n_first, 0.5),
           (long long)cpu_us());
}

static void report_step(size_t k)
{
    int64_t *got = calloc(wish.n, sizeof(*got)), stamp = run.stamps[k];
    size_t n = 0;

    if (!got)
        abort();
    for (size_t i = 0; i < wish.n; i++)
        if (run.all[i].got[k])
            got[n++] = run.all[i].got[k];
    qsort(got, n, sizeof(*got), by_number);
    if (n)
        printf("STEP %zu %lld %lld %lld %lld %zu\n", k, (long long)(got[0] - stamp),
               (long long)(share(got, n, 0.5) - stamp), (long long)(got[n - 1] - stamp),
               (long long)(got[n - 1] - got[0]), n);
    free(got);
}

static void report_steps(void)
{
    for (size_t k = 0; k < MAX_STEPS && run.ready_wall_us; k++)
        if (run.stamps[k] > run.ready_wall_us)
            report_step(k);
    printf("END %llu %llu %lld\n", (unsigned long long)run.ended_well,
           (unsigned long long)run.twice, (long long)cpu_us());
}

static bool parse(int argc, char **argv)
{
    bool loaded = false;
    int o;

    while ((o = getopt(argc, argv, "p:c:r:s:x:k:f:")) != -1) {
        switch (o) {
        case 'p':
            wish.port = atoi(optarg);
            break;
        case 'c':
            wish.n = strtoul(optarg, NULL, 10);
            break;
        case 'r':
            loaded = load_request(optarg);
            break;
        case 's':
            wish.seconds = atoi(optarg);
            break;
        case 'x':
            wish.wanted = optarg;
            break;
        case 'k':
            wish.times = strtoul(optarg, NULL, 10);
            break;
        case 'f':
            wish.step = optarg;
            break;
        default:
            return false;
        }
    }
    return loaded && wish.port > 0 && wish.seconds > 0 && wish.n > 0 && wish.n <= MAX_CONNECTIONS &&
           (wish.wanted || wish.step);
}

int main(int argc, char **argv)
{
    struct rlimit most;

    if (!parse(argc, argv)) {
        fprintf(stderr, "bench_load: the arguments are in load.c\n");
        return 2;
    }
    if (getrlimit(RLIMIT_NOFILE, &most) == 0) {
        most.rlim_cur = most.rlim_max;
        setrlimit(RLIMIT_NOFILE, &most);
    }
    run.poll = epoll_create1(EPOLL_CLOEXEC);
    run.all = calloc(wish.n, sizeof(*run.all));
    if (run.poll < 0 || !run.all)
        return 2;
    go();
    (wish.step ? report_steps : report_calls)();
    return 0;
}
