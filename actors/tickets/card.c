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
    { "operation", "create_ai_key", "ai key, api key, ai api key, ai api key access, key for ai" },
    { "operation", "create_gitlab_account", "gitlab account, git account" },
    { "operation", "update_budget", "budget update, update budget, budget increase, more budget" },
    { "operation", "vpn_access", "vpn, vpn access" },
    { "operation", "vpn_setup", "vpn setup, set up vpn" },
    { "operation", "gpu_allocation", "gpu, gpu allocation, gpu access" },
    { "operation", "gitlab_access", "gitlab, gitlab access" },
    { "operation", "laptop_approval", "laptop, laptop approval, notebook" },
    { "status", "pending", "pending, open, waiting, outstanding, not started" },
    { "status", "in_progress", "in progress, ongoing, started, being worked on" },
    { "status", "approved", "approved, approve, granted" },
    { "status", "completed", "completed, complete, done, closed, close, finished, resolved" },
    { "status", "rejected", "rejected, reject, refused, declined" },
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
