/* arena.c -- memory that dies together: blocks, limit, deferred calls, protobuf-c's allocator. */
#include "jv/base.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* AddressSanitizer sees reads of what a reset has taken back. */
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
__attribute__((noinline)) static void poison(void *p, size_t n)
{
    __asan_poison_memory_region(p, n);
}
static void unpoison(void *p, size_t n)
{
    __asan_unpoison_memory_region(p, n);
}
#else
static void poison(void *p, size_t n)
{
    (void)p;
    (void)n;
}
#define unpoison poison
#endif

enum {
    align_to = _Alignof(max_align_t),
    first_block = 8 * 1024,
    largest_block = 256 * 1024,
};

struct block {
    struct block *next;
    size_t size, used; /* of data */
    _Alignas(max_align_t) char data[];
};

struct defer {
    struct defer *next;
    void (*fn)(void *);
    void *arg;
};

struct jv_arena {
    struct block *first; /* the first made; kept on reset */
    struct block *last;  /* the one that serves; its chain goes from new to old through next */
    size_t next_size;
    size_t limit, used;
    bool overflowed;
    struct defer *defers;
    ProtobufCAllocator pb;
};

static void die(const char *why)
{
    fprintf(stderr, "jarvis: %s\n", why);
    abort();
}

static struct block *block_new(size_t size)
{
    struct block *b = malloc(sizeof(*b) + size);

    if (!b)
        die("out of memory");
    b->next = NULL;
    b->size = size;
    b->used = 0;
    poison(b->data, size);
    return b;
}

static void block_free(struct block *b)
{
    unpoison(b->data, b->size);
    free(b);
}

static void *pb_alloc(void *arena, size_t size)
{
    return jv_arena_alloc(arena, size);
}

static void pb_free(void *arena, void *p)
{
    (void)arena;
    (void)p;
}

struct jv_arena *jv_arena_new(size_t limit)
{
    struct jv_arena *a = calloc(1, sizeof(*a));

    if (!a)
        die("out of memory");
    a->first = a->last = block_new(first_block);
    a->next_size = 2 * first_block;
    a->limit = limit;
    a->pb = (ProtobufCAllocator){ pb_alloc, pb_free, a };
    return a;
}

static void run_defers(struct jv_arena *a)
{
    while (a->defers) {
        struct defer *d = a->defers;

        a->defers = d->next;
        d->fn(d->arg);
    }
}

void jv_arena_reset(struct jv_arena *a)
{
    run_defers(a);
    while (a->last) {
        struct block *b = a->last;

        a->last = b->next;
        if (b != a->first)
            block_free(b);
    }
    a->last = a->first;
    a->last->used = 0;
    a->last->next = NULL;
    poison(a->last->data, a->last->size);
    a->next_size = 2 * first_block;
    a->used = 0;
    a->overflowed = false;
}

struct jv_arena *jv_arena_free(struct jv_arena *a)
{
    if (!a)
        return NULL;
    jv_arena_reset(a);
    block_free(a->first);
    free(a);
    return NULL;
}

bool jv_arena_overflowed(const struct jv_arena *a)
{
    return a->overflowed;
}

size_t jv_arena_used(const struct jv_arena *a)
{
    return a->used;
}

static void account(struct jv_arena *a, size_t size)
{
    a->used += size;
    if (!a->limit || a->used <= a->limit)
        return;
    a->overflowed = true;
    if (a->used / 2 > a->limit)
        die("a message used twice the memory it may");
}

/* A block of its own goes behind the one that serves, so that the rest of that is not lost. */
static struct block *block_for(struct jv_arena *a, size_t size)
{
    struct block *b = a->last;

    if (b->size - b->used >= size)
        return b;
    if (size > a->next_size / 4) {
        b = block_new(size);
        b->next = a->last->next;
        a->last->next = b;
        return b;
    }
    b = block_new(a->next_size);
    b->next = a->last;
    a->last = b;
    if (a->next_size < largest_block)
        a->next_size *= 2;
    return b;
}

void *jv_arena_alloc(struct jv_arena *a, size_t size)
{
    size_t rounded;
    struct block *b;
    char *p;

    if (size > SIZE_MAX / 4)
        die("an impossible amount of memory was asked for");
    rounded = (size + align_to - 1) / align_to * align_to;
    if (!rounded)
        rounded = align_to;
    account(a, rounded);
    b = block_for(a, rounded);
    p = b->data + b->used;
    b->used += rounded;
    unpoison(p, size ? size : 1);
    return memset(p, 0, size);
}

void *jv_arena_memdup(struct jv_arena *a, const void *p, size_t size)
{
    void *copy = jv_arena_alloc(a, size);

    if (size)
        memcpy(copy, p, size);
    return copy;
}

char *jv_arena_strdup(struct jv_arena *a, const char *s)
{
    return s ? jv_arena_strndup(a, s, strlen(s)) : NULL;
}

char *jv_arena_strndup(struct jv_arena *a, const char *s, size_t n)
{
    size_t len = strnlen(s, n);
    char *copy = jv_arena_alloc(a, len + 1);

    memcpy(copy, s, len);
    return copy;
}

char *jv_arena_printf(struct jv_arena *a, const char *fmt, ...)
{
    va_list args;
    char *s;

    va_start(args, fmt);
    s = jv_arena_vprintf(a, fmt, args);
    va_end(args);
    return s;
}

char *jv_arena_vprintf(struct jv_arena *a, const char *fmt, va_list args)
{
    va_list again;
    char *s;
    int n;

    va_copy(again, args);
    n = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    assert(n >= 0);
    s = jv_arena_alloc(a, (size_t)n + 1);
    vsnprintf(s, (size_t)n + 1, fmt, args);
    return s;
}

void jv_arena_defer(struct jv_arena *a, void (*fn)(void *), void *arg)
{
    struct defer *d = JV_NEW(a, struct defer);

    *d = (struct defer){ a->defers, fn, arg };
    a->defers = d;
}

ProtobufCAllocator *jv_arena_pb(struct jv_arena *a)
{
    return &a->pb;
}
