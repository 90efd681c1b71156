/* card.c -- how the tickets agent presents itself: skills, and what people call things. */
#include "tickets.h"

static const struct jv_skill skills[] = {
    { .id = "lookup",
      .name = "Look up tickets",
      .description = "Lists IT operations tickets and shows where each one stands.",
      .tags = "tickets, it, operations, ticket, request, issue, status, read, list",
      .examples = JV_TEXTS("show my tickets", "what's the status of ticket 12301?") },
    { .id = "change",
      .name = "Create and change tickets",
      .description = "Opens tickets for access, keys, accounts and equipment, and changes them.",
      .tags = "tickets, it, operations, ticket, request, vpn, gitlab, access, create, update",
      .examples = JV_TEXTS("create a ticket for vpn access", "I need a new laptop") },
    { 0 },
};

static const struct jv_vocab vocab[] = {
    { "operation", "create_ai_key",
      "ai key, api key, ai api key, ai api key access, key for ai, key for ai api, ai access" },
    { "operation", "create_gitlab_account", "gitlab account, git account" },
    { "operation", "update_budget",
      "budget update, update budget, budget increase, more budget, bigger budget, raise budget" },
    { "operation", "vpn_access", "vpn, vpn access, access to vpn, access via vpn" },
    { "operation", "vpn_setup", "vpn setup, set up vpn, vpn set up" },
    { "operation", "gpu_allocation",
      "gpu, gpu allocation, gpu access, gpu allocated, allocation of gpu, graphics card" },
    { "operation", "gitlab_access", "gitlab, gitlab access, access to gitlab" },
    { "operation", "laptop_approval", "laptop, laptop approval, notebook, new computer" },
    { "status", "open",
      "open, active, unresolved, unfinished, outstanding, unsolved, incomplete, unclosed, "
      "not finished, not closed, not done, not resolved, not completed, not solved, not sorted, "
      "not settled, not dealt with, not fixed, not wrapped up, still to do, loose ends, hanging "
      "in, "
      "still waiting on, left to do, left to finish, still to finish, still to "
      "close, still to resolve, still to wrap up, still to sort, not reach "
      "end, owe, still owe, "
      "awaiting completion, awaiting resolution, still going, still running, "
      "yet to finished, yet to closed, yet to done, yet to resolved, still to done" },
    { "status", "pending",
      "pending, waiting, queued, unstarted, untouched, not started, not begun, "
      "not picked up, not touched, not looked at, not working on, waiting to be picked up, "
      "waiting to be started, waiting to start, waiting in line, yet to be started, yet to start, "
      "to be started, to be picked up, still to start, nobody started, nobody touched, reopen, "
      "reopened" },
    { "status", "in_progress",
      "in progress, ongoing, started, begun, being worked, being worked on, being processed, "
      "processing, "
      "being handled, under way, underway, in work, in works, somebody working on, "
      "someone working on, people working on, they working on, wip, work going on, in flight, in "
      "hand, someone on, somebody on, someone busy with, somebody busy with, someone is on, "
      "being dealt with, being looked at, on the go, in motion, rolled up sleeves, start working "
      "on, start work on" },
    { "status", "approved",
      "approved, approve, approval, granted, green light, accepted, sign off, signed off, accept, "
      "accepting, thumbs up, blessing" },
    { "status", "closed",
      "closed, no longer open, not open, not active, over and done, over and done with" },
    { "status", "completed",
      "completed, complete, completion, done, closed, close, finished, finish, resolved, "
      "resolve, solved, wrapped up, over finish line, through to end, reached end, sorted, "
      "settled, dealt with, taken care of, tick off, ticked "
      "off, put to bed" },
    { "status", "rejected",
      "rejected, reject, refused, declined, decline, turned down, turn down, deny, denied" },
    { "order", "newest",
      "newest, latest, most recent, most recently, recent most, last, youngest, freshest" },
    { "order", "oldest", "oldest, earliest, longest" },
    { 0 },
};

const struct jv_agent tickets_card = {
    .name = "TicketsAgent",
    .token = "tickets",
    .description =
            "IT operations ticket management: look up, create and change tickets for access, "
            "keys, accounts and equipment.",
    .skills = skills,
    .vocab = vocab,
};
