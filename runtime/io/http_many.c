/* http_many.c -- many fetches at once: one thread that does nothing but libcurl's multi interface.
 *
 * A thread, and not the loop's descriptors: curl's clock is real, the loop's may be virtual, and
 * TLS handshakes must not hold up messages. */
#include "io/http.h"
#include "io/http_transfer.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

enum { poll_ms = 1000, kept_connections = 32 };

struct item {
    struct item *next;        /* among the new or the running ones: the thread's */
    struct item *next_out;    /* the loop's */
    struct jv_fetches *owner; /* NULL: nobody is to be told */
    struct jv_loop *loop;
    struct jv_transfer transfer;
    struct jv_fetch *f;
    struct jv_pieces *pieces;
    void (*done)(void *arg);
    void *arg;
    atomic_bool cancelled, resumed;
};

struct jv_fetches {
    struct jv_loop *loop;
    CURLM *multi;
    pthread_t thread;
    pthread_mutex_t lock; /* of added and closing */
    struct item *added, **added_end;
    bool closing;
    struct item *running; /* the thread's */
    struct item *out;     /* the loop's: added, not yet told */
    size_t n_out;
};

/* ---- the thread ----------------------------------------------------------------------------- */

static void tell(void *arg);
static void tell_more(void *arg);

/* There are pieces again; posted before the end, so the item is still there. */
static void arrived(struct jv_transfer *t)
{
    struct item *i = (struct item *)((char *)t - offsetof(struct item, transfer));

    jv_loop_post(i->loop, tell_more, i);
}

static void finish(struct item *i)
{
    jv_transfer_free(&i->transfer);
    jv_loop_post(i->loop, tell, i);
}

static void stop(struct jv_fetches *fs, struct item **at)
{
    struct item *i = *at;

    *at = i->next;
    curl_multi_remove_handle(fs->multi, i->transfer.c);
    finish(i);
}

static void begin(struct jv_fetches *fs, struct item *i)
{
    if (jv_transfer_begin(&i->transfer, i->f)) {
        finish(i);
        return;
    }
    i->transfer.pieces = i->pieces;
    i->transfer.arrived = arrived;
    if (curl_multi_add_handle(fs->multi, i->transfer.c)) {
        jv_err_set(&i->f->err, JV_UNAVAILABLE, "no memory to fetch the address");
        finish(i);
        return;
    }
    i->next = fs->running;
    fs->running = i;
}

/* False when it is time to end. */
static bool begin_added(struct jv_fetches *fs)
{
    struct item *i, *next;
    bool closing;

    pthread_mutex_lock(&fs->lock);
    i = fs->added;
    fs->added = NULL;
    fs->added_end = &fs->added;
    closing = fs->closing;
    pthread_mutex_unlock(&fs->lock);
    for (; i; i = next) {
        next = i->next;
        begin(fs, i);
    }
    return !closing;
}

static void stop_cancelled(struct jv_fetches *fs, bool all)
{
    for (struct item **at = &fs->running; *at;) {
        if (all || atomic_load(&(*at)->cancelled)) {
            jv_err_set(&(*at)->f->err, JV_CANCELLED, "cancelled");
            stop(fs, at);
        } else {
            at = &(*at)->next;
        }
    }
}

/* Those that are held up no longer. What libcurl had in its hands is put at once: it may fail here,
 * and nowhere else. */
static void go_on(struct jv_fetches *fs)
{
    for (struct item **at = &fs->running; *at;) {
        struct item *i = *at;
        CURLcode code = CURLE_OK;

        if (atomic_exchange(&i->resumed, false))
            code = curl_easy_pause(i->transfer.c, CURLPAUSE_CONT);
        if (code) {
            jv_transfer_end(&i->transfer, code);
            stop(fs, at);
        } else {
            at = &i->next;
        }
    }
}

/* Those whose next byte was due. Returns in how many ms the next one is. */
static int stop_late(struct jv_fetches *fs)
{
    int64_t now = jv_transfer_mono_ms(), soonest = now + poll_ms;

    for (struct item **at = &fs->running; *at;) {
        struct jv_transfer *t = &(*at)->transfer;

        if (t->due && t->due <= now) {
            jv_transfer_late(t);
            stop(fs, at);
            continue;
        }
        if (t->due && t->due < soonest)
            soonest = t->due;
        at = &(*at)->next;
    }
    return (int)(soonest - now);
}

static void stop_ended(struct jv_fetches *fs)
{
    const CURLMsg *m;
    int left;

    while ((m = curl_multi_info_read(fs->multi, &left))) {
        CURLcode code = m->data.result;
        struct item **at = &fs->running;

        if (m->msg != CURLMSG_DONE)
            continue;
        while ((*at)->transfer.c != m->easy_handle)
            at = &(*at)->next;
        jv_transfer_end(&(*at)->transfer, code);
        stop(fs, at);
    }
}

static void *work(void *arg)
{
    struct jv_fetches *fs = arg;
    int running;

    while (begin_added(fs)) {
        stop_cancelled(fs, false);
        go_on(fs);
        curl_multi_perform(fs->multi, &running);
        stop_ended(fs);
        curl_multi_poll(fs->multi, NULL, 0, stop_late(fs), NULL);
    }
    stop_cancelled(fs, true);
    return NULL;
}

/* ---- the loop's side ------------------------------------------------------------------------ */

static void forget(struct jv_fetches *fs, const struct item *i)
{
    struct item **at = &fs->out;

    while (*at != i)
        at = &(*at)->next_out;
    *at = i->next_out;
    fs->n_out--;
}

static void tell(void *arg)
{
    struct item *i = arg;

    jv_loop_release(i->loop);
    if (i->owner) {
        forget(i->owner, i);
        i->f->status = i->transfer.status;
        i->done(i->arg);
    }
    free(i);
}

static void tell_more(void *arg)
{
    const struct item *i = arg;

    if (i->owner)
        i->pieces->more(i->arg);
}

/* Signals are for the loop's thread. */
struct jv_fetches *jv_fetches_new(struct jv_loop *l)
{
    struct jv_fetches *fs = calloc(1, sizeof(*fs));
    sigset_t all, old;

    if (!fs)
        abort();
    jv_need_curl();
    fs->loop = l;
    fs->added_end = &fs->added;
    fs->multi = curl_multi_init();
    curl_multi_setopt(fs->multi, CURLMOPT_MAXCONNECTS, (long)kept_connections);
    pthread_mutex_init(&fs->lock, NULL);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    if (!fs->multi || pthread_create(&fs->thread, NULL, work, fs))
        abort();
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return fs;
}

struct jv_fetches *jv_fetches_free(struct jv_fetches *fs)
{
    if (!fs)
        return NULL;
    pthread_mutex_lock(&fs->lock);
    fs->closing = true;
    pthread_mutex_unlock(&fs->lock);
    curl_multi_wakeup(fs->multi);
    pthread_join(fs->thread, NULL);
    for (struct item *i = fs->out; i; i = i->next_out)
        i->owner = NULL;
    curl_multi_cleanup(fs->multi);
    pthread_mutex_destroy(&fs->lock);
    free(fs);
    return NULL;
}

bool jv_fetches_add(struct jv_fetches *fs, struct jv_fetch *f, struct jv_pieces *p,
                    void (*done)(void *arg), void *arg)
{
    struct item *i;

    if (fs->n_out >= JV_FETCH_MANY)
        return false;
    i = calloc(1, sizeof(*i));
    if (!i)
        abort();
    i->owner = fs;
    i->loop = fs->loop;
    i->f = f;
    i->pieces = p;
    i->done = done;
    i->arg = arg;
    i->next_out = fs->out;
    fs->out = i;
    fs->n_out++;
    jv_loop_hold(fs->loop);
    pthread_mutex_lock(&fs->lock);
    *fs->added_end = i;
    fs->added_end = &i->next;
    pthread_mutex_unlock(&fs->lock);
    curl_multi_wakeup(fs->multi);
    return true;
}

static struct item *find(const struct jv_fetches *fs, const struct jv_fetch *f)
{
    struct item *i = fs->out;

    while (i && i->f != f)
        i = i->next_out;
    return i;
}

void jv_fetches_cancel(struct jv_fetches *fs, const struct jv_fetch *f)
{
    struct item *i = find(fs, f);

    if (i)
        atomic_store(&i->cancelled, true);
    curl_multi_wakeup(fs->multi);
}

void jv_fetches_resume(struct jv_fetches *fs, const struct jv_fetch *f)
{
    struct item *i = find(fs, f);

    if (i)
        atomic_store(&i->resumed, true);
    curl_multi_wakeup(fs->multi);
}
