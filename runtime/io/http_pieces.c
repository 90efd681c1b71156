/* http_pieces.c -- the pieces of an answer between two threads: a buffer that is swapped under a
 * lock.
 */
#include "io/http.h"

#include <stdlib.h>
#include <string.h>

void jv_pieces_init(struct jv_pieces *p, void (*more)(void *arg))
{
    *p = (struct jv_pieces){ .more = more };
    pthread_mutex_init(&p->lock, NULL);
}

void jv_pieces_done(struct jv_pieces *p)
{
    pthread_mutex_destroy(&p->lock);
    free(p->data);
    p->data = NULL;
}

static bool make_room(struct jv_pieces *p, size_t n)
{
    size_t cap = p->cap ? p->cap : 4096;
    char *data;

    while (cap < p->len + n)
        cap *= 2;
    if (cap == p->cap)
        return true;
    data = realloc(p->data, cap);
    if (!data)
        return false;
    p->data = data;
    p->cap = cap;
    return true;
}

static enum jv_put put(struct jv_pieces *p, const char *data, size_t n)
{
    bool first = !p->len;

    p->paused = !first && p->len + n > JV_PIECES_MAX;
    if (p->paused)
        return JV_PUT_FULL;
    if (!make_room(p, n))
        return JV_PUT_NO_MEMORY;
    memcpy(p->data + p->len, data, n);
    p->len += n;
    return first ? JV_PUT_FIRST : JV_PUT_MORE;
}

enum jv_put jv_pieces_put(struct jv_pieces *p, long status, const char *data, size_t n)
{
    enum jv_put r;

    pthread_mutex_lock(&p->lock);
    if (!p->status) /* read without the lock afterwards */
        p->status = status;
    r = put(p, data, n);
    pthread_mutex_unlock(&p->lock);
    return r;
}

char *jv_pieces_take(struct jv_pieces *p, size_t *ret_len, bool *resume)
{
    char *data = NULL;

    pthread_mutex_lock(&p->lock);
    *resume = p->paused;
    *ret_len = p->len;
    if (p->len) {
        data = p->data;
        p->data = NULL;
        p->len = p->cap = 0;
    }
    p->paused = false;
    pthread_mutex_unlock(&p->lock);
    return data;
}
