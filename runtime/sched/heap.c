/* heap.c -- a binary heap of timers; slot_ is the place plus one, 0 when idle. */
#include "sched/heap.h"

#include <stdlib.h>

static bool before(const struct jv_loop_timer *a, const struct jv_loop_timer *b)
{
    return a->at != b->at ? a->at < b->at : a->order_ < b->order_;
}

static void place(struct jv_heap *h, size_t i, struct jv_loop_timer *t)
{
    h->items[i] = t;
    t->slot_ = i + 1;
}

static void up(struct jv_heap *h, size_t i, struct jv_loop_timer *t)
{
    for (; i && before(t, h->items[(i - 1) / 2]); i = (i - 1) / 2)
        place(h, i, h->items[(i - 1) / 2]);
    place(h, i, t);
}

static void down(struct jv_heap *h, size_t i, struct jv_loop_timer *t)
{
    for (;;) {
        size_t child = 2 * i + 1;

        if (child + 1 < h->n && before(h->items[child + 1], h->items[child]))
            child++;
        if (child >= h->n || !before(h->items[child], t))
            break;
        place(h, i, h->items[child]);
        i = child;
    }
    place(h, i, t);
}

void jv_heap_add(struct jv_heap *h, struct jv_loop_timer *t)
{
    if (h->n == h->cap) {
        h->cap = h->cap ? 2 * h->cap : 64;
        h->items = reallocarray(h->items, h->cap, sizeof(struct jv_loop_timer *));
        if (!h->items)
            abort();
    }
    t->order_ = h->started++;
    up(h, h->n++, t);
}

void jv_heap_remove(struct jv_heap *h, struct jv_loop_timer *t)
{
    struct jv_loop_timer *last;
    size_t i = t->slot_;

    if (!i)
        return;
    t->slot_ = 0;
    last = h->items[--h->n];
    if (last == t)
        return;
    down(h, i - 1, last);
    up(h, last->slot_ - 1, last);
}
