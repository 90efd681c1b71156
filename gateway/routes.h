/* routes.h -- the HTTP interface as one table: it routes, checks and documents.
 *
 * A row names a method and a path, and the rpc behind it. The request message is made by
 * reflection: members in the path by their names in braces, the query's by theirs, the body is the
 * message as JSON. Rows without an rpc have a handler of their own. A member may have something
 * fixed behind it: "/tasks/{id}:cancel". The first row that fits is taken. What is not here is a
 * file of the web client, or 404. */
#ifndef ROUTES_H
#define ROUTES_H

#include "head.h"

enum { MAX_ROUTE_MEMBERS = 4 };

enum route_flags {
    ROUTE_OPEN = 1 << 0,      /* for everybody; a token is not looked at */
    ROUTE_BODY = 1 << 1,      /* the body is the message */
    ROUTE_A2A = 1 << 2,       /* the A2A protocol's rules; {agent} is not a member */
    ROUTE_STREAM = 1 << 3,    /* may answer as text/event-stream */
    ROUTE_KEYED = 1 << 4,     /* Idempotency-Key is the member idempotency_key */
    ROUTE_CHAT_TIME = 1 << 5, /* takes as long as a chat may */
    ROUTE_OPS = 1 << 6,       /* on the operator's port too */
    ROUTE_HIDDEN = 1 << 7,    /* not in /openapi.json */
    ROUTE_LOCAL = 1 << 8,     /* on the main port only for this machine, and not through a proxy */
};

struct request;

struct route {
    const char *method, *path; /* "/api/sessions/{session_id}" */
    const ProtobufCServiceDescriptor *service;
    const char *rpc;
    void (*handler)(struct request *rq); /* NULL: call the rpc */
    unsigned flags;
    int status;      /* of success; 0: 200 */
    size_t max_body; /* 0: JV_MAX_BODY */
    const char *tag, *summary;
};

extern const struct route routes[]; /* ends with a zero row */
extern const size_t n_routes;

enum route_found { ROUTE_FOUND, ROUTE_NO_PATH, ROUTE_NO_METHOD };

/* The row for a method (HEAD is GET) and a path; its members, in the arena or among the segments,
 * in the order of the pattern. With ROUTE_NO_METHOD, allow[] (of 64 bytes) is the value of the
 * Allow header. */
enum route_found route_find(const char *method, const char *const *segments, size_t n,
                            struct jv_arena *a, const struct route **ret, const char **ret_members,
                            char *allow);
/* Name of the i-th member of a pattern in name (64 bytes); false past the last. */
bool route_member(const struct route *r, size_t i, char *name);
const ProtobufCMethodDescriptor *route_rpc(const struct route *r);

#endif
