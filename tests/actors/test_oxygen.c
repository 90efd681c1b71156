/* test_oxygen.c -- the oxygen agent on a real database: records, calendar days, access, words. */
#include "actors/cases.h"

extern const struct jv_actor oxygen_actor;

#define DENIED JV_PERMISSION_DENIED

#define EXAM_HEAD "| Exam | Deadline | Time left | Urgency |\n|---|---|---|---|\n"
#define VISHAL_EXAMS                                                                               \
    EXAM_HEAD "| Python Advanced Final | 2025-01-15 | 5 days left | **urgent** |\n"                \
              "| Cloud Architecture Cert | 2025-01-20 | 10 days left | upcoming |\n"
#define VISHAL_COURSES                                                                             \
    "\nEnrolled:\n\n- Python Advanced\n- Cloud Architecture\n- Machine Learning\n"                 \
    "\nCompleted:\n\n- Python Basics\n"

TEST(courses)
{
    static const struct call_case cases[] = {
        { VISHAL,
          "get_my_courses",
          "{}",
          0,
          { "\"enrolled\":[\"Python Advanced\",\"Cloud Architecture\",\"Machine Learning\"]",
            "\"completed\":[\"Python Basics\"]", "\"total_enrolled\":3", "\"total_completed\":1" },
          "Excel",
          "You are enrolled in 3 courses and have completed 1.\n" VISHAL_COURSES },
        { HAPPY,
          "get_my_courses",
          "{}",
          0,
          { "[\"Data Science\",\"SQL Mastery\"]", "[\"Excel Basics\",\"Statistics 101\"]" } },
        { ALEX,
          "get_my_courses",
          "{}",
          0,
          { "[\"DevOps Fundamentals\",\"Kubernetes\"]" },
          NULL,
          "You are enrolled in 2 courses and have completed none yet.\n"
          "\nEnrolled:\n\n- DevOps Fundamentals\n- Kubernetes\n" },
        { SARAH,
          "get_my_courses",
          "{}",
          0,
          { "[\"Data Science\",\"Machine Learning\"]", "[\"Python Basics\",\"SQL Basics\"]" } },
        { ADMIN,
          "get_my_courses",
          "{}",
          JV_NOT_FOUND,
          { "you have no learning record yet" },
          "vishal" },
        { ADMIN,
          "get_user_courses",
          "{\"username\":\"VISHAL\"}",
          0,
          { "\"total_enrolled\":3" },
          NULL,
          "vishal is enrolled in 3 courses and has completed 1.\n" VISHAL_COURSES },
        { ADMIN,
          "get_user_courses",
          "{\"username\":\"zed\"}",
          JV_NOT_FOUND,
          { "I know nobody called zed" },
          "vishal" },
        { VISHAL, "get_user_courses", "{\"username\":\"Vishal\"}", 0, { "\"total_enrolled\":3" } },
        { VISHAL, "get_user_courses", "{}", 0, { "\"total_enrolled\":3" } },
        { VISHAL,
          "get_user_courses",
          "{\"username\":\"happy\"}",
          DENIED,
          { "happy", "administrator" },
          "Excel" },
        { VISHAL, "get_user_courses", "{\"username\":\"zoe\"}", DENIED, { "zoe" } },
        { VISHAL, "get_user_courses", "{\"username\":\"' or true --\"}", DENIED },
        { ADMIN, "get_user_courses", "{\"username\":\"' or true --\"}", JV_NOT_FOUND },
    };
    struct stage s = stage_new(&oxygen_actor);

    CHECK_CASES(&s, cases);
    world_free(s.w);
}

TEST(exams)
{
    static const struct call_case cases[] = {
        { VISHAL,
          "get_my_exams",
          "{}",
          0,
          { "\"exam\":\"Python Advanced Final\",\"deadline\":\"2025-01-15\",\"days_remaining\":5,"
            "\"urgency\":\"urgent\"},{\"exam\":\"Cloud Architecture Cert\","
            "\"deadline\":\"2025-01-20\",\"days_remaining\":10,\"urgency\":\"upcoming\"",
            "\"total_pending\":2", "\"urgent_count\":1", "\"overdue_count\":0" },
          NULL,
          "You have 2 pending exams; the next is Python Advanced Final on 2025-01-15, 5 days left."
          "\n\n" VISHAL_EXAMS },
        { HAPPY,
          "get_my_exams",
          "{}",
          0,
          { "\"Data Science Midterm\"", "\"2025-01-12\"", "\"days_remaining\":2", "\"urgent\"" } },
        { ALEX,
          "get_my_exams",
          "{}",
          0,
          { "\"DevOps Quiz\"", "\"2025-01-18\"", "\"days_remaining\":8", "\"upcoming\"",
            "\"urgent_count\":0" } },
        { SARAH,
          "get_my_exams",
          "{}",
          0,
          { "\"total_pending\":0" },
          NULL,
          "You have no pending exams: nothing is due.\n" },
        { ADMIN,
          "get_pending_exams",
          "{\"username\":\"vishal\"}",
          0,
          { "\"total_pending\":2" },
          NULL,
          "vishal has 2 pending exams; the next is Python Advanced Final on 2025-01-15, 5 days "
          "left.\n\n" VISHAL_EXAMS },
        { ADMIN, "get_my_exams", "{}", JV_NOT_FOUND, { "you have no learning record yet" } },
        { HAPPY, "get_pending_exams", "{\"username\":\"vishal\"}", DENIED, { "vishal" }, "Python" },
    };
    struct stage s = stage_new(&oxygen_actor);

    CHECK_CASES(&s, cases);
    /* calendar days: the hour does not matter */
    world_set_wall(s.w, "2025-01-10T12:00:00Z");
    CHECK_CASES(&s, cases);
    world_set_wall(s.w, "2025-01-10T23:59:59.999Z");
    CHECK_CASES(&s, cases);
    world_free(s.w);
}

TEST(courses_in_one_state)
{
    static const struct call_case cases[] = {
        { VISHAL,
          "get_my_courses",
          "{\"state\":\"completed\"}",
          0,
          { "\"enrolled\":[]", "\"completed\":[\"Python Basics\"]", "\"total_enrolled\":3",
            "\"total_completed\":1", "\"state\":\"completed\"" },
          "Python Advanced" },
        { VISHAL,
          "get_user_courses",
          "{\"username\":\"vishal\",\"state\":\"enrolled\"}",
          0,
          { "\"completed\":[]", "\"Python Advanced\"", "\"state\":\"enrolled\"" },
          "Python Basics" },
        { ADMIN,
          "get_user_courses",
          "{\"username\":\"alex\",\"state\":\"completed\"}",
          0,
          { "\"total_enrolled\":2" },
          "Kubernetes" },
        { HAPPY,
          "get_user_courses",
          "{\"username\":\"vishal\",\"state\":\"completed\"}",
          DENIED,
          { "vishal" },
          "Python" },
        { VISHAL, "get_my_courses", "{\"state\":\"dropped\"}", JV_INVALID_ARGUMENT, { "state" } },
        { VISHAL, "get_my_courses", "{\"state\":9}", JV_INVALID_ARGUMENT, { "state" } },
    };
    struct stage s = stage_new(&oxygen_actor);

    CHECK_CASES(&s, cases);
    world_free(s.w);
}

#define DUE(from, until) "{\"due_from\":\"" from "\",\"due_until\":\"" until "\"}"
#define NO_EXAM          "\"pending_exams\":[]"

TEST(some_exams)
{
    static const struct call_case cases[] = {
        { VISHAL,
          "get_my_exams",
          "{\"urgency\":\"urgent\"}",
          0,
          { "Python Advanced Final", "\"total_pending\":2", "\"urgent_count\":1",
            "\"urgency\":\"urgent\"" },
          "Cloud" },
        { VISHAL, "get_my_exams", "{\"urgency\":\"upcoming\"}", 0, { "Cloud" }, "Python" },
        { VISHAL,
          "get_my_exams",
          "{\"urgency\":\"overdue\"}",
          0,
          { NO_EXAM, "\"total_pending\":2", "\"overdue_count\":0" } },
        { ADMIN,
          "get_pending_exams",
          "{\"username\":\"alex\",\"urgency\":\"urgent\"}",
          0,
          { NO_EXAM, "\"total_pending\":1" } },
        /* a day is due from its first moment to its last */
        { VISHAL,
          "get_my_exams",
          DUE("2025-01-13T00:00:00Z", "2025-01-20T00:00:00Z"),
          0,
          { "Python", "\"due_from\":\"2025-01-13T00:00:00Z\"",
            "\"due_until\":\"2025-01-20T00:00:00Z\"" },
          "Cloud" },
        { VISHAL,
          "get_my_exams",
          DUE("2025-01-15T23:59:59Z", "2025-01-20T00:00:01Z"),
          0,
          { "Python", "Cloud" } },
        { VISHAL,
          "get_my_exams",
          "{\"due_from\":\"2025-01-16T00:00:00Z\"}",
          0,
          { "Cloud" },
          "Python" },
        { VISHAL, "get_my_exams", "{\"due_until\":\"2025-01-15T00:00:00Z\"}", 0, { NO_EXAM } },
        { ALEX,
          "get_pending_exams",
          "{\"due_from\":\"2025-01-18T00:00:00Z\",\"urgency\":\"upcoming\"}",
          0,
          { "DevOps Quiz" } },
    };
    struct stage s = stage_new(&oxygen_actor);

    CHECK_CASES(&s, cases);
    world_free(s.w);
}

/* A sentence first, about what was asked for. */
TEST(words_of_some)
{
    static const struct call_case cases[] = {
        { VISHAL, "get_my_courses", "{\"state\":\"completed\"}",
          .said = "You have completed 1 course.\n\nCompleted:\n\n- Python Basics\n" },
        { ALEX, "get_my_courses", "{\"state\":\"completed\"}",
          .said = "You have completed no courses yet; 2 are under way.\n" },
        { ADMIN, "get_user_courses", "{\"username\":\"alex\",\"state\":\"enrolled\"}",
          .said = "alex is enrolled in 2 courses.\n\nEnrolled:\n\n- DevOps Fundamentals\n"
                  "- Kubernetes\n" },
        { VISHAL, "get_my_exams", "{\"urgency\":\"urgent\"}",
          .said = "1 of your 2 pending exams is urgent: Python Advanced Final on 2025-01-15, 5 "
                  "days "
                  "left.\n\n" EXAM_HEAD
                  "| Python Advanced Final | 2025-01-15 | 5 days left | **urgent** |\n" },
        { VISHAL, "get_my_exams", "{\"urgency\":\"overdue\"}",
          .said = "You have no overdue exams. Well done! 2 exams are still to come.\n" },
        { SARAH, "get_my_exams", "{\"urgency\":\"overdue\"}",
          .said = "You have no overdue exams. Well done!\n" },
        { ADMIN, "get_pending_exams", "{\"username\":\"alex\",\"urgency\":\"urgent\"}",
          .said = "alex has no urgent exams. 1 exam is due at another time.\n" },
        { VISHAL, "get_my_exams", DUE("2025-01-13T00:00:00Z", "2025-01-21T00:00:00Z"),
          .said = "Both of your pending exams are due from 2025-01-13 to 2025-01-20; the first is "
                  "Python Advanced Final on 2025-01-15, 5 days left.\n\n" VISHAL_EXAMS },
        { VISHAL, "get_my_exams", DUE("2025-01-20T00:00:00Z", "2025-01-21T00:00:00Z"),
          .said = "1 of your 2 pending exams is due on 2025-01-20: Cloud Architecture Cert on "
                  "2025-01-20, 10 days left.\n\n" EXAM_HEAD
                  "| Cloud Architecture Cert | 2025-01-20 | 10 days left | upcoming |\n" },
        { VISHAL, "get_my_exams", "{\"due_until\":\"2025-01-13T00:00:00Z\"}",
          .said = "You have no exams due up to 2025-01-12. 2 exams are due at another time.\n" },
        { VISHAL, "get_my_exams", "{\"due_from\":\"2025-01-18T00:00:00Z\",\"urgency\":\"urgent\"}",
          .said = "You have no exams that are urgent and due from 2025-01-18 on. 2 exams are due "
                  "at "
                  "another time.\n" },
    };
    struct stage s = stage_new(&oxygen_actor);

    CHECK_CASES(&s, cases);
    world_free(s.w);
}

TEST(bad_filters)
{
    static const struct call_case cases[] = {
        { VISHAL, "get_my_exams", "{\"urgency\":\"soon\"}", JV_INVALID_ARGUMENT, { "urgency" } },
        { VISHAL, "get_my_exams", "{\"urgency\":9}", JV_INVALID_ARGUMENT, { "urgency" } },
        { VISHAL, "get_my_exams", "{\"due_from\":\"\"}", JV_INVALID_ARGUMENT, { "due_from" } },
        { VISHAL,
          "get_my_exams",
          "{\"due_until\":\"2025-01-15\"}",
          JV_INVALID_ARGUMENT,
          { "due_until" } },
        { VISHAL,
          "get_my_exams",
          DUE("2025-01-20T00:00:00Z", "2025-01-13T00:00:00Z"),
          JV_INVALID_ARGUMENT,
          { "due_until" },
          "Python" },
    };
    struct stage s = stage_new(&oxygen_actor);

    CHECK_CASES(&s, cases);
    world_free(s.w);
}

TEST(days_pass)
{
    static const struct {
        const char *now, *days, *urgency, *said;
    } cases[] = {
        { "2025-01-10T23:59:59Z", ":8,", "upcoming", "| 8 days left | upcoming |" },
        { "2025-01-11T00:00:00Z", ":7,", "urgent", "| 7 days left | **urgent** |" },
        { "2025-01-17T12:00:00Z", ":1,", "urgent", "| 1 day left | **urgent** |" },
        { "2025-01-18T00:00:00Z", ":0,", "urgent", "| due today | **urgent** |" },
        { "2025-01-18T23:59:59Z", ":0,", "urgent", "| due today | **urgent** |" },
        { "2025-01-19T00:00:00Z", ":-1,", "overdue", "| overdue by 1 day | **overdue** |" },
        { "2026-11-23T00:00:00Z", ":-674,", "overdue", "| overdue by 674 days | **overdue** |" },
    };
    struct stage s = stage_new(&oxygen_actor);

    for (size_t i = 0; i < JV_COUNT(cases); i++) {
        const char *alex;
        struct world_reply r;

        world_set_wall(s.w, cases[i].now);
        alex = world_person(s.w, "user_003", "alex", "devops"); /* the last token has expired */
        r = world_ask(s.w, alex, "svc.oxygen.MyExams", "{}");
        CHECK_HAS(r.json,
                  jv_arena_printf(world_arena(s.w), "\"days_remaining\"%s\"urgency\":\"%s\"",
                                  cases[i].days, cases[i].urgency));
        r = world_tool(s.w, alex, "oxygen", "get_my_exams", "{}");
        CHECK_HAS(markdown(&s, &r), cases[i].said);
    }
    world_free(s.w);
}

/* Overdue first, then by deadline, those without one last; names are data, not markup. */
TEST(order_and_strange_names)
{
    struct stage s = stage_new(&oxygen_actor);
    struct world_reply r;

    world_sql(s.w, "insert into oxygen.learners values ('zoe')");
    world_sql(s.w, "insert into oxygen.exams values ('zoe', 'Someday', null),"
                   " ('zoe', 'A | B', '2025-01-10'), ('zoe', '<b>Old</b>', '2024-12-31')");
    r = call_agent(&s, ADMIN, "get_pending_exams", "{\"username\":\"zoe\"}");
    CHECK_STR(markdown(&s, &r),
              "zoe has 3 pending exams, 1 of them overdue; the next is A \\| B on 2025-01-10, due "
              "today.\n\n" EXAM_HEAD
              "| &lt;b&gt;Old&lt;/b&gt; | 2024-12-31 | overdue by 10 days | **overdue** |\n"
              "| A \\| B | 2025-01-10 | due today | **urgent** |\n"
              "| Someday | no deadline set | | unscheduled |\n");
    r = call_service(&s, ADMIN, "get_pending_exams", "{\"username\":\"zoe\"}");
    CHECK_HAS(r.json, "\"deadline\":\"\",\"days_remaining\":0,\"urgency\":\"unscheduled\"");
    CHECK_HAS(r.json, "\"urgent_count\":1,\"overdue_count\":1");
    r = call_agent(&s, ADMIN, "get_user_preferences", "{\"username\":\"zoe\"}");
    CHECK_STR(markdown(&s, &r), "zoe has set no learning preferences.\n");
    r = call_agent(&s, ADMIN, "get_learning_summary", "{\"username\":\"zoe\"}");
    CHECK_HAS(markdown(&s, &r), "zoe has completed 0 of 0 courses (0.00 %): Needs Attention.\n");
    world_sql(s.w, "delete from oxygen.learners where username = 'zoe'");
    world_free(s.w);
}

TEST(preferences)
{
    static const struct call_case cases[] = {
        { VISHAL,
          "get_my_preferences",
          "{}",
          0,
          { "[\"programming\",\"cloud\",\"ai\"]" },
          NULL,
          "You prefer to learn about programming, cloud and ai.\n" },
        { HAPPY, "get_my_preferences", "{}", 0, { "[\"data\",\"analytics\",\"visualization\"]" } },
        { ALEX,
          "get_my_preferences",
          "{}",
          0,
          { "[\"devops\",\"automation\",\"infrastructure\"]" } },
        { ADMIN,
          "get_user_preferences",
          "{\"username\":\"sarah\"}",
          0,
          { "[\"data analytics\",\"ai\"]" },
          NULL,
          "sarah prefers to learn about data analytics and ai.\n" },
        { ADMIN, "get_my_preferences", "{}", JV_NOT_FOUND, { "no learning record" } },
        { HAPPY,
          "get_user_preferences",
          "{\"username\":\"vishal\"}",
          DENIED,
          { "vishal" },
          "cloud" },
    };
    struct stage s = stage_new(&oxygen_actor);

    CHECK_CASES(&s, cases);
    world_free(s.w);
}

TEST(summaries)
{
    static const struct call_case cases[] = {
        { VISHAL,
          "get_my_learning_summary",
          "{}",
          0,
          { "\"total_courses\":4", "\"completion_rate\":25", "\"Needs Attention\"",
            "\"total_pending\":2", "\"urgent_count\":1", "[\"programming\",\"cloud\",\"ai\"]",
            "\"Python Basics\"" },
          NULL,
          "You have completed 1 of 4 courses (25.00 %): Needs Attention.\n" VISHAL_COURSES
          "\nPending exams: 2, 1 urgent\n\n" VISHAL_EXAMS
          "\nPreferences: programming, cloud and ai\n" },
        { HAPPY,
          "get_my_learning_summary",
          "{}",
          0,
          { "\"total_courses\":4", "\"completion_rate\":50", "\"On Track\"" } },
        { ALEX,
          "get_my_learning_summary",
          "{}",
          0,
          { "\"total_courses\":2", "\"completion_rate\":0", "\"Needs Attention\"" } },
        { SARAH,
          "get_my_learning_summary",
          "{}",
          0,
          { "\"completion_rate\":50", "\"On Track\"", "\"total_pending\":0" },
          NULL,
          "You have completed 2 of 4 courses (50.00 %): On Track.\n"
          "\nEnrolled:\n\n- Data Science\n- Machine Learning\n"
          "\nCompleted:\n\n- Python Basics\n- SQL Basics\n"
          "\nPending exams: none\n"
          "\nPreferences: data analytics and ai\n" },
        { ADMIN,
          "get_learning_summary",
          "{\"username\":\"Happy\"}",
          0,
          { "\"username\":\"happy\"", "\"completion_rate\":50" } },
        { ADMIN,
          "get_my_learning_summary",
          "{}",
          JV_NOT_FOUND,
          { "you have no learning record yet" },
          "vishal" },
        { ALEX,
          "get_learning_summary",
          "{\"username\":\"vishal\"}",
          DENIED,
          { "vishal" },
          "Python" },
    };
    struct stage s = stage_new(&oxygen_actor);

    CHECK_CASES(&s, cases);
    world_free(s.w);
}

TEST(nobody_without_the_right)
{
    struct stage s = stage_new(&oxygen_actor);

    for (const struct jv_tool *t = oxygen_actor.tools; t->tool; t++) { /* Notices is none */
        struct call_case c = { NOBODY, t->tool, "{}", JV_UNAUTHENTICATED };

        check_case(&s, &c);
        c.who = UNSCOPED;
        c.code = DENIED;
        check_case(&s, &c);
    }
    world_free(s.w);
}

TEST(seeding_again_changes_nothing)
{
    struct stage s;

    world_db_reset(jv_migration_files, jv_seed_files);
    s = stage_new(&oxygen_actor);
    world_sql(s.w, "delete from oxygen.exams where exam = 'DevOps Quiz'");
    world_sql(s.w, "update oxygen.learners set preferences = '{}' where username = 'alex'");
    world_sql(s.w, "delete from oxygen.learners where username = 'happy'");
    world_db(jv_migration_files, jv_seed_files);
    CHECK_STR(world_sql(s.w, "select count(*) from oxygen.exams"), "2");
    CHECK_STR(world_sql(s.w, "select preferences from oxygen.learners where username = 'alex'"),
              "{}");
    CHECK_STR(world_sql(s.w, "select count(*) from oxygen.learners"), "3");
    world_free(s.w);
}

/* The words of the tables, through the planner. */
TEST(plain_words)
{
    static const struct said_case cases[] = {
        { VISHAL, "show my courses", 0, { "Python Advanced", "Machine Learning" } },
        { VISHAL, "what are my pending exams", 0, { "Python Advanced Final", "5 days left" } },
        { ALEX, "show pending exams", 0, { "DevOps Quiz", "8 days left" } },
        { HAPPY, "when is my next exam", 0, { "on 2025-01-12, 2 days left" } },
        { VISHAL, "what are my deadlines", 0, { "2025-01-15", "2025-01-20" } },
        { VISHAL, "what are my learning preferences", 0, { "programming, cloud and ai" } },
        { VISHAL, "show my preferences", 0, { "programming, cloud and ai" } },
        { VISHAL, "show my learning progress", 0, { "25.00 %", "Needs Attention" } },
        { HAPPY, "show my learning summary", 0, { "50.00 %", "On Track" } },
        { VISHAL, "am I on track with my training?", 0, { "Needs Attention" } },
        { ADMIN, "Does vishal have any pending exams?", 0, { "vishal has 2 pending exams" } },
        { ADMIN, "What's vishal working on?", 0, { "vishal has completed 1 of 4" } },
        { VISHAL, "what are happy's courses", DENIED, { "happy" }, "Excel" },
        { ADMIN, "show my courses", JV_NOT_FOUND, { "no learning record" }, "vishal" },
    };
    struct stage s;

    world_db_reset(jv_migration_files, jv_seed_files);
    s = stage_new(&oxygen_actor);
    CHECK_SAID(&s, cases);
    world_free(s.w);
}

TEST_MAIN()
