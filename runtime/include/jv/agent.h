/* agent.h -- an agent is an actor with a card: skills, a vocabulary, and tools.
 *
 * Its tools are the methods of its service that are not JV_TOOL_HIDDEN. The runtime serves the
 * A2A service for it on jarvis.a2a.<token>.*: a message with a tool call runs that tool; a message
 * with text is resolved to tool calls by the planner (plan.h). The same access rules hold on
 * either way. The answer is Markdown (the tool's say()) and a data part with the result: a Message
 * when nothing was changed, a Task with an artifact otherwise (task.h has the rules).
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

struct A2a__Message;

/* What an agent says about a message before anything is kept. */
struct jv_receipt {
    const char *context_id; /* the conversation it belongs to; NULL: the message's, or a new one */
    bool direct;            /* a Message will do: no task is made */
};

enum jv_agent_flags {
    JV_AGENT_OPEN = 1 << 0,        /* for everybody, without a token: the conformance agent alone */
    JV_AGENT_NO_STREAM = 1 << 1,   /* does not offer streaming */
    JV_AGENT_NO_PUSH = 1 << 2,     /* nor push notifications */
    JV_AGENT_NO_EXTENDED = 1 << 3, /* nor an extended card */
    JV_AGENT_REPEATS = 1 << 4,     /* the same messageId again is another message */
};

/* An extension of the protocol that the card announces. */
struct jv_extension {
    const char *uri, *description;
    bool required; /* whoever does not name it in A2A-Extensions is refused */
};

struct jv_agent {
    const char *name;  /* "TicketsAgent", as on the wire */
    const char *token; /* "tickets", as in subjects */
    const char *description;
    const struct jv_skill *skills;         /* ends with a zero row; at least one */
    const struct jv_vocab *vocab;          /* optional, likewise */
    const struct jv_extension *extensions; /* optional, likewise; besides the tools' own */
    unsigned flags;
    /* For an agent without tools of its own (Jarvis): takes a message and answers it with the
     * functions of task.h. May wait. It sees what came as it came: any part, any number. */
    int (*answer)(struct jv_ctx *ctx, const struct A2a__Message *in);
    /* Optional, beside answer(): looks at a message that begins a task before anything is kept. May
     * wait and may fail. */
    int (*receive)(struct jv_ctx *ctx, const struct A2a__Message *in, struct jv_receipt *ret);
};

#endif
