/* wire_help.h -- what the tests of wire/ share: an arena, hex, all linked message types. */
#ifndef WIRE_HELP_H
#define WIRE_HELP_H

#include "check.h"
#include "jv/wire.h"

#include "a2a.pb-c.h"
#include "auth.pb-c.h"
#include "finops.pb-c.h"
#include "google/protobuf/struct.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "orchestrator.pb-c.h"
#include "oxygen.pb-c.h"
#include "registry.pb-c.h"
#include "sessions.pb-c.h"
#include "tickets.pb-c.h"

static struct jv_arena *arena;

static inline void fresh_arena(void)
{
    if (!arena)
        arena = jv_arena_new(64 << 20);
    jv_arena_reset(arena);
}

__attribute__((destructor)) static void drop_arena(void)
{
    arena = jv_arena_free(arena);
}

static inline const char *hex(const void *p, size_t n)
{
    char *out = jv_arena_alloc(arena, 2 * n + 1);

    for (size_t i = 0; i < n; i++)
        snprintf(out + 2 * i, 3, "%02x", ((const unsigned char *)p)[i]);
    return out;
}

static inline size_t unhex(const char *s, unsigned char *out)
{
    size_t n = 0;
    unsigned byte;

    for (; sscanf(s, "%2x", &byte) == 1; s += 2)
        out[n++] = (unsigned char)byte;
    return n;
}

static inline const char *packed_hex(const ProtobufCMessage *msg)
{
    size_t n;
    const uint8_t *bytes = jv_pack(msg, arena, &n);

    return hex(bytes, n);
}

/* Every message type that a service takes or gives, and all within. */
static const ProtobufCMessageDescriptor *all_types[512];
static size_t n_all_types;

static inline void collect_type(const ProtobufCMessageDescriptor *d)
{
    for (size_t i = 0; i < n_all_types; i++)
        if (all_types[i] == d)
            return;
    if (n_all_types < JV_COUNT(all_types))
        all_types[n_all_types++] = d;
    for (unsigned i = 0; i < d->n_fields; i++)
        if (d->fields[i].type == PROTOBUF_C_TYPE_MESSAGE)
            collect_type(d->fields[i].descriptor);
}

static inline void collect_types(void)
{
    static const ProtobufCServiceDescriptor *const services[] = {
        &a2a__a2_aservice__descriptor,   &auth__auth__descriptor,
        &finops__finops__descriptor,     &orchestrator__orchestrator__descriptor,
        &orchestrator__chat__descriptor, &oxygen__oxygen__descriptor,
        &registry__registry__descriptor, &sessions__sessions__descriptor,
        &tickets__tickets__descriptor,
    };

    for (size_t i = 0; i < JV_COUNT(services); i++)
        for (unsigned j = 0; j < services[i]->n_methods; j++) {
            collect_type(services[i]->methods[j].input);
            collect_type(services[i]->methods[j].output);
        }
    collect_type(&rpc__status__descriptor);
    collect_type(&orchestrator__chat_event__descriptor);
    collect_type(&registry__heartbeat__descriptor);
}

#endif
