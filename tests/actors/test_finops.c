/* test_finops.c -- the finops agent on a real database: every figure, access, bad input, words. */
#include "actors/cases.h"

extern const struct jv_actor finops_actor;

#define DENIED JV_PERMISSION_DENIED

#define TOTAL_SENTENCE                                                                             \
    "All clouds together cost USD 36,605.50; AWS is the most expensive: USD 15,234.50 (41.62 "     \
    "%).\n"
#define SERVICES_OF(provider)                                                                      \
    "| Service | Cost | Share of " provider " | Share of all |\n|---|---:|---:|---:|\n"
#define AWS_TABLE                                                                                  \
    SERVICES_OF("AWS")                                                                             \
    "| ec2 | USD 8,500.00 | 55.79 % | 23.22 % |\n"                                                 \
    "| s3 | USD 4,234.50 | 27.80 % | 11.57 % |\n"                                                  \
    "| dynamodb | USD 2,500.00 | 16.41 % | 6.83 % |\n"
#define GCP_TABLE                                                                                  \
    SERVICES_OF("GCP")                                                                             \
    "| compute | USD 7,200.00 | 57.83 % | 19.67 % |\n"                                             \
    "| vault | USD 3,250.75 | 26.11 % | 8.88 % |\n"                                                \
    "| firestore | USD 2,000.00 | 16.06 % | 5.46 % |\n"
#define AZURE_TABLE                                                                                \
    SERVICES_OF("Azure")                                                                           \
    "| storage | USD 5,420.25 | 60.76 % | 14.81 % |\n"                                             \
    "| ai_studio | USD 3,500.00 | 39.24 % | 9.56 % |\n"

TEST(all_costs)
{
    static const struct call_case cases[] = {
        { VISHAL,
          "get_all_clouds_cost",
          "{}",
          0,
          { "\"total_cents\":\"3660550\"", "\"aws\"", "\"1523450\"", "\"percentage\":41.62",
            "\"percentage\":34.01", "\"percentage\":24.37", "\"USD\"" },
          NULL,
          TOTAL_SENTENCE "\n| Provider | Cost | Share | Services |\n|---|---:|---:|---|\n"
                         "| AWS | USD 15,234.50 | 41.62 % | ec2, s3, dynamodb |\n"
                         "| GCP | USD 12,450.75 | 34.01 % | compute, vault, firestore |\n"
                         "| Azure | USD 8,920.25 | 24.37 % | storage, ai_studio |\n" },
        { HAPPY,
          "get_cost_breakdown",
          "{}",
          0,
          { "\"percent_of_provider\":55.79", "\"percent_of_total\":23.22",
            "\"percent_of_provider\":27.8", "\"percent_of_total\":6.83",
            "\"percent_of_provider\":39.24", "\"percent_of_total\":9.56", "\"service_count\":2" },
          NULL,
          "All clouds together cost USD 36,605.50; the biggest driver is ec2 on AWS: USD 8,500.00 "
          "(23.22 %).\n\n"
          "| Provider | Service | Cost | Share of provider | Share of all |\n"
          "|---|---|---:|---:|---:|\n"
          "| **AWS** | **all** | USD 15,234.50 | 100.00 % | 41.62 % |\n"
          "| | ec2 | USD 8,500.00 | 55.79 % | 23.22 % |\n"
          "| | s3 | USD 4,234.50 | 27.80 % | 11.57 % |\n"
          "| | dynamodb | USD 2,500.00 | 16.41 % | 6.83 % |\n"
          "| **GCP** | **all** | USD 12,450.75 | 100.00 % | 34.01 % |\n"
          "| | compute | USD 7,200.00 | 57.83 % | 19.67 % |\n"
          "| | vault | USD 3,250.75 | 26.11 % | 8.88 % |\n"
          "| | firestore | USD 2,000.00 | 16.06 % | 5.46 % |\n"
          "| **Azure** | **all** | USD 8,920.25 | 100.00 % | 24.37 % |\n"
          "| | storage | USD 5,420.25 | 60.76 % | 14.81 % |\n"
          "| | ai_studio | USD 3,500.00 | 39.24 % | 9.56 % |\n" },
    };
    struct stage s = stage_new(&finops_actor);
    struct world_reply vishal, happy;

    CHECK_CASES(&s, cases);
    vishal = call_service(&s, VISHAL, "get_all_clouds_cost", "{}");
    happy = call_service(&s, HAPPY, "get_all_clouds_cost", "{}");
    CHECK_STR(vishal.json, happy.json);
    world_free(s.w);
}

#define AT(list, name) "\"" list "\":[{\"" name "\":"

TEST(costs_in_order)
{
    static const char *const tools[] = { "get_all_clouds_cost", "get_cost_breakdown" };
    struct stage s = stage_new(&finops_actor);

    for (size_t i = 0; i < JV_COUNT(tools); i++) {
        const struct call_case cases[] = {
            { ALEX,
              tools[i],
              "{\"order\":\"cheapest\"}",
              0,
              { AT("providers", "provider") "\"azure\"", AT("services", "name") "\"ai_studio\"",
                AT("services", "name") "\"dynamodb\"", "\"order\":\"cheapest\"",
                "\"total_cents\":\"3660550\"" } },
            { ALEX,
              tools[i],
              "{\"order\":\"costliest\"}",
              0,
              { AT("providers", "provider") "\"aws\"", AT("services", "name") "\"ec2\"",
                AT("services", "name") "\"storage\"", "\"order\":\"costliest\"" } },
            { ALEX, tools[i], "{}", 0, { AT("providers", "provider") "\"aws\"" } },
            { ALEX, tools[i], "{\"order\":\"best\"}", JV_INVALID_ARGUMENT, { "order" } },
            { ALEX, tools[i], "{\"order\":3}", JV_INVALID_ARGUMENT, { "order" } },
            { ALEX, tools[i], "{\"provider\":\"aws\"}", JV_INVALID_ARGUMENT, { "provider" } },
        };

        CHECK_CASES(&s, cases);
    }
    world_free(s.w);
}

/* In an order the sentence names what was asked for. */
TEST(words_of_an_order)
{
    struct stage s = stage_new(&finops_actor);
    struct world_reply r;

    r = call_agent(&s, ALEX, "get_all_clouds_cost", "{\"order\":\"cheapest\"}");
    CHECK_STR(markdown(&s, &r),
              "Azure is the cheapest cloud: USD 8,920.25, 24.37 % of USD 36,605.50 in all.\n\n"
              "| Provider | Cost | Share | Services |\n|---|---:|---:|---|\n"
              "| Azure | USD 8,920.25 | 24.37 % | ai_studio, storage |\n"
              "| GCP | USD 12,450.75 | 34.01 % | firestore, vault, compute |\n"
              "| AWS | USD 15,234.50 | 41.62 % | dynamodb, s3, ec2 |\n");
    r = call_agent(&s, ALEX, "get_all_clouds_cost", "{\"order\":\"costliest\"}");
    CHECK_HAS(markdown(&s, &r), "AWS is the most expensive cloud: USD 15,234.50, 41.62 % of USD "
                                "36,605.50 in all.\n\n");
    r = call_agent(&s, ALEX, "get_cost_breakdown", "{\"order\":\"costliest\"}");
    CHECK_HAS(markdown(&s, &r),
              "ec2 on AWS is the most expensive service: USD 8,500.00, 23.22 % of "
              "USD 36,605.50 in all.\n\n"
              "| Service | Provider | Cost | Share of provider | Share of all |\n"
              "|---|---|---:|---:|---:|\n"
              "| ec2 | AWS | USD 8,500.00 | 55.79 % | 23.22 % |\n"
              "| compute | GCP | USD 7,200.00 | 57.83 % | 19.67 % |\n"
              "| storage | Azure | USD 5,420.25 | 60.76 % | 14.81 % |\n");
    r = call_agent(&s, ALEX, "get_cost_breakdown", "{\"order\":\"cheapest\"}");
    CHECK_HAS(markdown(&s, &r), "firestore on GCP is the cheapest service: USD 2,000.00, 5.46 %");
    CHECK_HAS(markdown(&s, &r), "| firestore | GCP | USD 2,000.00 | 16.06 % | 5.46 % |\n"
                                "| dynamodb | AWS | USD 2,500.00 | 16.41 % | 6.83 % |\n");
    world_free(s.w);
}

TEST(one_provider)
{
    static const struct call_case cases[] = {
        { ALEX,
          "get_cloud_cost",
          "{\"provider\":\"aws\"}",
          0,
          { "\"total_cents\":\"1523450\"", "\"850000\"", "\"423450\"", "\"250000\"",
            "\"service_count\":3" },
          "compute",
          "AWS costs USD 15,234.50, 41.62 % of all clouds; the biggest driver is ec2 with "
          "USD 8,500.00 (55.79 %).\n\n" AWS_TABLE },
        { VISHAL,
          "get_cloud_cost",
          "{\"provider\":\"GCP\"}",
          0,
          { "\"1245075\"", "\"720000\"", "\"325075\"", "\"200000\"" },
          "ec2",
          "GCP costs USD 12,450.75, 34.01 % of all clouds; the biggest driver is compute with "
          "USD 7,200.00 (57.83 %).\n\n" GCP_TABLE },
        { VISHAL,
          "get_cloud_cost",
          "{\"provider\":\" Azure \"}",
          0,
          { "\"892025\"", "\"542025\"", "\"350000\"" },
          "ec2",
          "Azure costs USD 8,920.25, 24.37 % of all clouds; the biggest driver is storage with "
          "USD 5,420.25 (60.76 %).\n\n" AZURE_TABLE },
        { VISHAL,
          "get_cloud_cost",
          "{\"provider\":\"oracle\"}",
          JV_NOT_FOUND,
          { "oracle", "aws, gcp, azure" } },
        { VISHAL, "get_cloud_cost", "{\"provider\":\"a\"}", JV_NOT_FOUND, { "aws, gcp, azure" } },
        { VISHAL, "get_cloud_cost", "{\"provider\":\"aws' or '1'='1\"}", JV_NOT_FOUND },
        { VISHAL, "get_cloud_cost", "{\"provider\":\"%\"}", JV_NOT_FOUND },
        { VISHAL, "get_cloud_cost", "{}", JV_INVALID_ARGUMENT, { "provider" } },
        { VISHAL, "get_cloud_cost", "{\"provider\":\"\"}", JV_INVALID_ARGUMENT, { "provider" } },
        { VISHAL, "get_cloud_cost", "{\"provider\":\" _\"}", JV_INVALID_ARGUMENT },
        { VISHAL, "get_cloud_cost", "{\"provider\":7}", JV_INVALID_ARGUMENT, { "provider" } },
    };
    struct stage s = stage_new(&finops_actor);

    CHECK_CASES(&s, cases);
    world_free(s.w);
}

#define ALL_SERVICES "ai_studio, compute, dynamodb, ec2, firestore, s3, storage, vault"

TEST(one_service)
{
    static const struct call_case cases[] = {
        { VISHAL,
          "get_service_cost",
          "{\"service_name\":\"compute\"}",
          0,
          { "\"total_cents\":\"720000\"", "\"gcp\"", "\"percentage_of_provider\":57.83" },
          "aws",
          "compute on GCP costs USD 7,200.00, 57.83 % of GCP.\n" },
        { VISHAL,
          "get_service_cost",
          "{\"service_name\":\"AI Studio\"}",
          0,
          { "\"ai_studio\"", "\"350000\"", "39.24" },
          NULL,
          "ai_studio on Azure costs USD 3,500.00, 39.24 % of Azure.\n" },
        { VISHAL, "get_service_cost", "{\"service_name\":\"ai-studio\"}", 0, { "\"350000\"" } },
        { VISHAL,
          "get_service_cost",
          "{\"service_name\":\"S3\",\"provider\":\"AWS\"}",
          0,
          { "\"423450\"" },
          "firestore" },
        { VISHAL,
          "get_service_cost",
          "{\"service_name\":\"s3\",\"provider\":\"gcp\"}",
          JV_NOT_FOUND,
          { "s3", "compute, firestore, vault" },
          "ec2" },
        { VISHAL,
          "get_service_cost",
          "{\"service_name\":\"s3\",\"provider\":\"oracle\"}",
          JV_NOT_FOUND,
          { "oracle", "aws, gcp, azure" } },
        { VISHAL,
          "get_service_cost",
          "{\"service_name\":\"lambda\"}",
          JV_NOT_FOUND,
          { "lambda", ALL_SERVICES } },
        /* exact names only */
        { VISHAL, "get_service_cost", "{\"service_name\":\"s\"}", JV_NOT_FOUND, { ALL_SERVICES } },
        { VISHAL, "get_service_cost", "{\"service_name\":\"stor\"}", JV_NOT_FOUND },
        { VISHAL, "get_service_cost", "{\"service_name\":\"%\"}", JV_NOT_FOUND },
        { VISHAL, "get_service_cost", "{\"service_name\":\"s3'; drop table costs; --\"}",
          JV_NOT_FOUND },
        { VISHAL,
          "get_service_cost",
          "{\"service_name\":\"\"}",
          JV_INVALID_ARGUMENT,
          { "service_name" } },
        { VISHAL, "get_service_cost", "{}", JV_INVALID_ARGUMENT, { "service_name" } },
    };
    struct stage s = stage_new(&finops_actor);

    CHECK_CASES(&s, cases);
    world_free(s.w);
}

TEST(a_service_on_two_providers)
{
    struct stage s = stage_new(&finops_actor);
    struct world_reply r;

    world_sql(s.w, "insert into finops.costs values ('aws', 'vault', 1000)");
    r = call_agent(&s, VISHAL, "get_service_cost", "{\"service_name\":\"vault\"}");
    CHECK_STR(markdown(&s, &r), "vault costs USD 3,260.75 in all.\n\n"
                                "| Provider | Cost | Share of the provider |\n|---|---:|---:|\n"
                                "| AWS | USD 10.00 | 0.07 % |\n"
                                "| GCP | USD 3,250.75 | 26.11 % |\n");
    world_sql(s.w, "delete from finops.costs where provider = 'aws' and service = 'vault'");
    world_free(s.w);
}

TEST(budgets)
{
    static const struct call_case cases[] = {
        { VISHAL,
          "get_my_budget",
          "{}",
          0,
          { "\"monthly_budget_cents\":\"50000\"", "\"current_spend_cents\":\"35000\"",
            "\"remaining_cents\":\"15000\"", "\"utilization_percent\":70", "\"within_budget\"",
            "\"engineering\",\"ai_research\"", "\"alerts_enabled\":true", "\"USD\"" },
          NULL,
          "You have USD 150.00 left of a monthly budget of USD 500.00: 70.00 % is spent, within "
          "budget.\n\n"
          "- Spent: USD 350.00 (70.00 %)\n- Status: within budget\n"
          "- Departments: engineering and ai_research\n- Alerts: on\n" },
        { ALEX,
          "get_my_budget",
          "{}",
          0,
          { "\"30000\"", "\"20000\"", "\"10000\"", "66.67", "\"within_budget\"", "\"devops\"" } },
        { SARAH,
          "get_my_budget",
          "{}",
          0,
          { "\"40000\"", "\"38000\"", "\"2000\"", ":95", "\"near_limit\"",
            "\"alerts_enabled\":false" },
          NULL,
          "You have USD 20.00 left of a monthly budget of USD 400.00: 95.00 % is spent, near "
          "limit. If you need more, ask for a *budget update* ticket.\n\n"
          "- Spent: USD 380.00 (95.00 %)\n- Status: near limit\n"
          "- Departments: data_science and ml\n- Alerts: off\n" },
        { HAPPY,
          "get_my_budget",
          "{}",
          JV_NOT_FOUND,
          { "you have no budget yet", "FinOps administrator" } },
    };
    struct stage s = stage_new(&finops_actor);

    CHECK_CASES(&s, cases);
    world_free(s.w);
}

TEST(budgets_of_a_person)
{
    static const struct call_case cases[] = {
        { ADMIN,
          "get_user_budget",
          "{\"username\":\"Sarah\"}",
          0,
          { "\"38000\"", "\"sarah\"" },
          NULL,
          "sarah has USD 20.00 left of a monthly budget of USD 400.00: 95.00 % is spent, near "
          "limit.\n\n"
          "- Spent: USD 380.00 (95.00 %)\n- Status: near limit\n"
          "- Departments: data_science and ml\n- Alerts: off\n" },
        { ADMIN, "get_user_budget", "{\"username\":\"zoe\"}", JV_NOT_FOUND, { "zoe" }, "sarah" },
        { VISHAL, "get_user_budget", "{}", 0, { "\"35000\"" } },
        { VISHAL, "get_user_budget", "{\"username\":\"VISHAL\"}", 0, { "\"35000\"" } },
        { VISHAL,
          "get_user_budget",
          "{\"username\":\"sarah\"}",
          DENIED,
          { "sarah", "administrator" },
          "380" },
        { VISHAL, "get_user_budget", "{\"username\":\"zoe\"}", DENIED, { "zoe" } },
    };
    struct stage s = stage_new(&finops_actor);

    CHECK_CASES(&s, cases);
    world_free(s.w);
}

/* The status turns exactly at 80 and at 100 percent. */
TEST(budget_limits)
{
    static const struct {
        const char *monthly, *spent, *status, *percent;
    } cases[] = {
        { "10000", "7999", "within_budget", ":79.99" },
        { "10000", "8000", "near_limit", ":80" },
        { "100000", "99999", "near_limit", ":100" },
        { "10000", "10000", "over_budget", ":100" },
        { "10000", "12345", "over_budget", ":123.45" },
        { "0", "0", "within_budget", ":0" },
        { "0", "1", "over_budget", ":0" },
    };
    struct stage s = stage_new(&finops_actor);
    struct jv_arena *a = world_arena(s.w);

    for (size_t i = 0; i < JV_COUNT(cases); i++) {
        struct world_reply r;

        world_sql(s.w, jv_arena_printf(a,
                                       "insert into finops.budgets values ('zoe', %s, %s, '{}')"
                                       " on conflict (username) do update set"
                                       " monthly_cents = %s, spent_cents = %s",
                                       cases[i].monthly, cases[i].spent, cases[i].monthly,
                                       cases[i].spent));
        r = call_service(&s, ADMIN, "get_user_budget", "{\"username\":\"zoe\"}");
        CHECK_HAS(r.json, cases[i].status);
        CHECK_HAS(r.json, jv_arena_printf(a, "\"utilization_percent\"%s", cases[i].percent));
    }
    world_sql(s.w, "delete from finops.budgets where username = 'zoe'");
    world_free(s.w);
}

TEST(allocations)
{
    static const struct call_case cases[] = {
        { ALEX,
          "get_my_cost_allocation",
          "{}",
          0,
          { "\"total_allocated_cents\":\"20000\"", "\"gcp\"", "\"10000\"", "\"percentage\":50",
            "\"percentage\":25" },
          NULL,
          "You have USD 200.00 allocated, the largest part for GCP: USD 100.00 (50.00 %). Spending "
          "is within the budget: USD 100.00 left.\n\n"
          "| Provider | Allocated | Share |\n|---|---:|---:|\n"
          "| GCP | USD 100.00 | 50.00 % |\n"
          "| AWS | USD 50.00 | 25.00 % |\n"
          "| Azure | USD 50.00 | 25.00 % |\n" },
        { VISHAL, "get_my_cost_allocation", "{}", 0, { "\"35000\"", "42.86", "28.57" } },
        { SARAH, "get_my_cost_allocation", "{}", 0, { "\"38000\"", "52.63", "26.32", "21.05" } },
        { HAPPY, "get_my_cost_allocation", "{}", JV_NOT_FOUND, { "FinOps administrator" } },
        { ADMIN,
          "get_user_cost_allocation",
          "{\"username\":\"vishal\"}",
          0,
          { "\"vishal\"" },
          NULL,
          "vishal has USD 350.00 allocated, the largest part for GCP: USD 150.00 (42.86 %). "
          "Spending is within the budget: USD 150.00 left.\n\n"
          "| Provider | Allocated | Share |\n|---|---:|---:|\n"
          "| GCP | USD 150.00 | 42.86 % |\n"
          "| AWS | USD 100.00 | 28.57 % |\n"
          "| Azure | USD 100.00 | 28.57 % |\n" },
        { VISHAL,
          "get_user_cost_allocation",
          "{\"username\":\"alex\"}",
          DENIED,
          { "alex", "administrator" },
          "20000" },
    };
    struct stage s = stage_new(&finops_actor);

    CHECK_CASES(&s, cases);
    world_free(s.w);
}

TEST(over_at_and_without_an_allocation)
{
    struct stage s = stage_new(&finops_actor);
    struct world_reply r;

    world_sql(s.w, "insert into finops.budgets values ('zoe', 10000, 12000), ('max', 500, 500)");
    r = call_agent(&s, ADMIN, "get_user_budget", "{\"username\":\"zoe\"}");
    CHECK_STR(markdown(&s, &r), "zoe is USD 20.00 over a monthly budget of USD 100.00: 120.00 % is "
                                "spent, over budget.\n\n"
                                "- Spent: USD 120.00 (120.00 %)\n- Status: over budget\n"
                                "- Departments: none\n- Alerts: on\n");
    r = call_agent(&s, ADMIN, "get_user_cost_allocation", "{\"username\":\"zoe\"}");
    CHECK_STR(markdown(&s, &r),
              "zoe has USD 0.00 allocated. Spending is over the budget by USD 20.00.\n");
    r = call_agent(&s, ADMIN, "get_user_cost_allocation", "{\"username\":\"max\"}");
    CHECK_STR(markdown(&s, &r), "max has USD 0.00 allocated. Spending is exactly at the budget.\n");
    world_sql(s.w, "delete from finops.budgets where username in ('zoe', 'max')");
    world_free(s.w);
}

TEST(nobody_without_the_right)
{
    struct stage s = stage_new(&finops_actor);

    for (const struct jv_tool *t = finops_actor.tools; t->tool; t++) { /* Notices is none */
        struct call_case c = { NOBODY, t->tool, "{}", JV_UNAUTHENTICATED };

        if (strcmp(t->method, "CloudCost") == 0)
            c.arguments = "{\"provider\":\"aws\"}";
        if (strcmp(t->method, "ServiceCost") == 0)
            c.arguments = "{\"service_name\":\"s3\"}";
        check_case(&s, &c);
        c.who = UNSCOPED;
        c.code = DENIED;
        check_case(&s, &c);
    }
    world_free(s.w);
}

TEST(no_costs_at_all)
{
    struct stage s;
    struct world_reply r;

    world_db_reset(jv_migration_files, NULL);
    s = stage_new(&finops_actor);
    world_sql(s.w, "delete from finops.costs");
    r = call_agent(&s, VISHAL, "get_all_clouds_cost", "{}");
    CHECK_STR(markdown(&s, &r), "No costs are recorded yet.\n");
    r = call_service(&s, VISHAL, "get_cloud_cost", "{\"provider\":\"aws\"}");
    CHECK_INT(r.code, JV_NOT_FOUND);
    CHECK_STR(r.text, "no costs are recorded");
    r = call_service(&s, VISHAL, "get_service_cost", "{\"service_name\":\"s3\"}");
    CHECK_STR(r.text, "no costs are recorded");
    world_sql(s.w, "insert into finops.costs values ('aws', 's3', 0)");
    r = call_service(&s, VISHAL, "get_cloud_cost", "{\"provider\":\"aws\"}");
    CHECK_HAS(r.json, "\"percentage\":0");
    world_free(s.w);
}

TEST(seeding_again_changes_nothing)
{
    struct stage s;

    world_db_reset(jv_migration_files, jv_seed_files);
    s = stage_new(&finops_actor);
    world_sql(s.w, "update finops.costs set cost_cents = 1 where service = 's3'");
    world_sql(s.w, "delete from finops.budgets where username = 'alex'");
    world_sql(s.w, "update finops.budgets set spent_cents = 7 where username = 'sarah'");
    world_db(jv_migration_files, jv_seed_files);
    CHECK_STR(world_sql(s.w, "select sum(cost_cents) from finops.costs"), "3237101");
    CHECK_STR(world_sql(s.w, "select count(*) from finops.budgets"), "2");
    CHECK_STR(world_sql(s.w, "select count(*) from finops.allocations"), "6");
    CHECK_STR(world_sql(s.w, "select spent_cents from finops.budgets where username = 'sarah'"),
              "7");
    world_free(s.w);
}

/* The words of the tables, through the planner. */
TEST(plain_words)
{
    static const struct said_case cases[] = {
        { VISHAL, "what is our total cloud cost", 0, { "36,605.50" } },
        { VISHAL, "Which cloud provider is most expensive?", 0, { "AWS", "15,234.50" } },
        { VISHAL, "show AWS cost", 0, { "15,234.50", "ec2", "s3", "dynamodb" }, "12,450.75" },
        { VISHAL, "What are our AWS costs?", 0, { "15,234.50", "2,500.00" } },
        { VISHAL, "what's our AWS spending?", 0, { "15,234.50" }, "12,450.75" },
        { VISHAL, "how much do we pay for google cloud?", 0, { "12,450.75" }, "15,234.50" },
        { VISHAL, "How much do we spend on GCP compute?", 0, { "7,200.00", "57.83 %" } },
        { VISHAL, "how much is s3?", 0, { "4,234.50" }, "8,500.00" },
        { VISHAL, "what does ai studio cost?", 0, { "3,500.00" } },
        { VISHAL, "Give me a complete cost breakdown", 0, { "ec2", "vault", "ai_studio" } },
        { VISHAL, "show GCP breakdown", 0, { "12,450.75", "firestore" }, "15,234.50" },
        { VISHAL, "show oracle cloud cost", JV_NOT_FOUND, { "aws, gcp, azure" } },
        { VISHAL, "how much is lambda (service cost)", JV_NOT_FOUND, { "lambda", "ec2" } },
        { VISHAL, "show my budget", 0, { "500.00", "350.00", "150.00", "70.00 %" } },
        { SARAH, "what is my budget status?", 0, { "near limit" } },
        { HAPPY, "show my budget", JV_NOT_FOUND, { "FinOps administrator" } },
        { ALEX, "show my cost allocation", 0, { "USD 200.00", "50.00 %", "25.00 %" } },
        { ADMIN, "show sarah's budget", 0, { "sarah", "380.00" } },
        { VISHAL, "show sarah's budget", DENIED, { "sarah" }, "380" },
    };
    struct stage s;

    world_db_reset(jv_migration_files, jv_seed_files);
    s = stage_new(&finops_actor);
    CHECK_SAID(&s, cases);
    world_free(s.w);
}

TEST_MAIN()
