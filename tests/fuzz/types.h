/* types.h -- message types that a fuzzer chooses from by its first byte. Order is kept: corpora
 * depend on it. */
#ifndef FUZZ_TYPES_H
#define FUZZ_TYPES_H

#include <assert.h>
#include <string.h>

#include "jv/wire.h"
#include "unit/wire_scalars.h"

#include "a2a.pb-c.h"
#include "google/protobuf/struct.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "orchestrator.pb-c.h"
#include "registry.pb-c.h"
#include "sessions.pb-c.h"
#include "tickets.pb-c.h"

static const ProtobufCMessageDescriptor *const fuzz_types[] = {
    &a2a__send_message_request__descriptor,
    &a2a__task__descriptor,
    &a2a__agent_card__descriptor,
    &scalars_type,
    &google__protobuf__struct__descriptor,
    &google__protobuf__value__descriptor,
    &google__protobuf__timestamp__descriptor,
    &google__protobuf__any__descriptor,
    &rpc__status__descriptor,
    &a2a__list_tasks_request__descriptor,
    &tickets__list_request__descriptor,
    &registry__register_request__descriptor,
    &registry__export_reply__descriptor,
    &sessions__finish_request__descriptor,
    &orchestrator__chat_event__descriptor,
};

static inline const ProtobufCMessageDescriptor *fuzz_type(uint8_t first)
{
    return fuzz_types[first % JV_COUNT(fuzz_types)];
}

#endif
