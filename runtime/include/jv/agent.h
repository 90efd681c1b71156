/* agent.h -- an agent is an actor with a card: skills, a vocabulary, and tools.
 *
 * Its tools are the methods of its service that are not JV_TOOL_HIDDEN. The runtime serves the
 * A2A service for it on jarvis.a2a.<token>.*: a message with a tool call runs that tool; a message
 * with text is resolved to tool calls by the planner (plan.h). The same access rules hold on
 * either way. The reply is a Message with Markdown (the tool's say()) and a data part with the
 * result.
 *
 * A tool call is a data part of media type JV_TOOL_CALL_TYPE:
 *     {"tool": "get_ticket", "arguments": {"ticket_id": 12301}}
 * and its result a data part of media type JV_TOOL_RESULT_TYPE:
 *     {"tool": "get_ticket", "result": {...the reply message...}}
 * The card announces both as the extension JV_TOOLS_EXTENSION, whose params list every tool:
 *     {"tools": [{"name", "description", "skill", "words", "examples", "read_only", "confirm",
 *                 "owner", "scope", "input_schema"}],
 *      "vocabulary": [{"member", "value", "words"}]}
 */
#ifndef JV_AGENT_H
#define JV_AGENT_H

#include "jv/actor.h"

struct Google__Protobuf__Struct;

#define JV_TOOLS_EXTENSION  "urn:jarvis:a2a:tools:v1"
#define JV_TOOL_CALL_TYPE   "application/vnd.jarvis.tool-call+json"
#define JV_TOOL_RESULT_TYPE "application/vnd.jarvis.tool-result+json"

/* Examples in a table: .examples = JV_TEXTS("show my tickets", "which requests are open?") */
#define JV_TEXTS(...) ((const char *const[]){ __VA_ARGS__, NULL })

struct jv_skill {
    const char *id, *name, *description;
    const char *tags;            /* comma-separated */
    const char *const *examples; /* NULL-terminated */
};

/* What people call a value of a request member: { "provider", "aws", "aws, amazon" }. Any tool of
 * the agent that has the member can take it. */
struct jv_vocab {
    const char *member, *value, *words;
};

struct jv_agent {
    const char *name;  /* "TicketsAgent", as on the wire */
    const char *token; /* "tickets", as in subjects */
    const char *description;
    const struct jv_skill *skills; /* ends with a zero row; at least one */
    const struct jv_vocab *vocab;  /* optional, likewise */
    /* For an agent without tools of its own (Jarvis): answer a text with Markdown and, if there is
     * any, data for programs. May wait. */
    int (*answer)(struct jv_ctx *ctx, const char *text, struct jv_buf *md,
                  struct Google__Protobuf__Struct **ret_data);
};

#endif
