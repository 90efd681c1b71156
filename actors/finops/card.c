/* card.c -- how the finops agent presents itself: skills, and what people call things. */
#include "finops.h"

static const struct jv_skill skills[] = {
    { .id = "costs",
      .name = "Cloud costs",
      .description = "Says what the clouds cost in all, per provider and per service, with "
                     "percentages.",
      .tags = "costs, finops, cloud, cost, spend, service, provider, aws, gcp, azure, breakdown",
      .examples = JV_TEXTS("what is our total cloud cost", "show AWS cost",
                           "which cloud provider is most expensive?") },
    { .id = "budgets",
      .name = "Budgets and allocations",
      .description = "Says what a person may spend in a month, what is spent and left, and how it "
                     "is divided among the providers.",
      .tags = "finops, cloud, budget, allocation, spend, left, limit",
      .examples = JV_TEXTS("show my budget", "show my cost allocation") },
    { 0 },
};

static const struct jv_vocab vocab[] = {
    { "provider", "aws", "aws, amazon, amazon web services" },
    { "provider", "gcp", "gcp, google, google cloud, google cloud platform" },
    { "provider", "azure", "azure, microsoft, microsoft azure, microsoft cloud" },
    { "service_name", "ec2", "ec2, elastic compute cloud" },
    { "service_name", "s3", "s3, s3 storage, simple storage service" },
    { "service_name", "dynamodb", "dynamodb, dynamo, dynamo db" },
    { "service_name", "compute", "compute, compute engine" },
    { "service_name", "vault", "vault" },
    { "service_name", "firestore", "firestore, fire store" },
    { "service_name", "storage", "storage, blob storage" },
    { "service_name", "ai_studio", "ai studio, aistudio, ai_studio" },
    { "order", "costliest",
      "costliest, most expensive, priciest, dearest, biggest, highest, largest, most, top, "
      "cost most, costs most, most money" },
    { "order", "cheapest",
      "cheapest, least expensive, least costly, most affordable, lowest, smallest, least, "
      "least money, most low, most cheap, the less" },
    { 0 },
};

const struct jv_agent finops_card = {
    .name = "FinOpsAgent",
    .token = "finops",
    .description = "Cloud financial operations and cost analytics: what the clouds cost, and "
                   "people's budgets.",
    .skills = skills,
    .vocab = vocab,
};
