/* test_plan_match.c -- which tools, for which wishes: what is denied, listed, shared, told. */
#include "plan/asking.h"

#define MINE(a)    "tickets.get_my_tickets(" a ")"
#define OF(n)      "tickets.get_user_tickets(username=" n ")"
#define CLOUD(p)   "finops.get_cloud_cost(provider=" p ")"
#define SERVICE(s) "finops.get_service_cost(service_name=" s ")"
#define EXAMS(a)   "oxygen.get_my_exams(" a ")"
#define COURSES(a) "oxygen.get_my_courses(" a ")"

TEST(what_is_denied_is_left_out)
{
    static const struct expected list[] = {
        { "vishal", "all my tickets except the completed ones", MINE("status=open") },
        { "vishal", "my tickets that are not pending",
          MINE("status=in_progress") " + " MINE("status=approved") " + " MINE(
                  "status=completed") " + " MINE("status=rejected") },
        { "vishal", "which of my tickets are neither pending nor approved",
          MINE("status=in_progress") " + " MINE("status=completed") " + " MINE("status=rejected") },
        { "vishal", "costs excluding AWS", CLOUD("gcp") " + " CLOUD("azure") },
        { "vishal", "cost of all clouds but not AWS", CLOUD("gcp") " + " CLOUD("azure") },
        { "vishal", "show all costs except aws and gcp", CLOUD("azure") },
        { "vishal", "only gcp without vault", CLOUD("gcp") },
        { "vishal", "my tickets, not alex's", MINE("") },
        { "vishal", "everyone's tickets except alex's", "tickets.get_all_tickets()" },
        { "vishal", "don't show me finished tickets, only open ones", MINE("status=open") },
        { "vishal", "my tickets other than the vpn ones", MINE("") },
        { "vishal", "all my courses but not the completed ones", COURSES("state=enrolled") },
        { "vishal", "Finished ones or not, show my courses", COURSES("") },
        { "vishal", "exams that aren't urgent", EXAMS("urgency=upcoming") },
        { "vishal", "my tickets but not the rejected or completed ones",
          MINE("status=pending") " + " MINE("status=in_progress") " + " MINE("status=approved") },
        { "vishal", "skip the courses, I only want the exams", EXAMS("") },
        { "vishal", "not my tickets but my courses", COURSES("") },
    };

    check_all(list, JV_COUNT(list));
}

TEST(what_is_denied_changes_nothing)
{
    static const struct expected list[] = {
        { "admin", "mark ticket 12303 as closed",
          "tickets.update_ticket(ticket_id=12303,status=completed)" },
        { "admin", "is ticket 12303 closed", "tickets.get_ticket(ticket_id=12303)" },
        { "admin", "why is 12301 not approved yet?", "tickets.get_ticket(ticket_id=12301)" },
        { "vishal", "closed tickets of mine", MINE("status=closed") },
        { "vishal", "my completed tickets", MINE("status=completed") },
    };

    check_all(list, JV_COUNT(list));
}

TEST(of_several_wishes_none_is_lost)
{
    static const struct expected list[] = {
        { "vishal", "Courses and tickets under my name", COURSES("") " + " MINE("") },
        { "vishal", "tickets exams budget courses",
          MINE("") " + " EXAMS("") " + finops.get_my_budget() + " COURSES("") },
        { "vishal", "exams left and tickets filed, mine", EXAMS("") " + " MINE("") },
        { "vishal", "what AWS sets us back and also my own tickets", CLOUD("aws") " + " MINE("") },
        { "vishal", "preferences and progress of mine",
          "oxygen.get_my_preferences() + oxygen.get_my_learning_summary()" },
        { "admin", "vishal and alex tickets", OF("vishal") " + " OF("alex") },
        { "admin", "vishal and happy: tickets and exams",
          OF("vishal") " + " OF("happy") " + oxygen.get_pending_exams(username=vishal) + "
                                         "oxygen.get_pending_exams(username=happy)" },
        { "admin", "how many open tickets do vishal and sarah have",
          "tickets.get_user_tickets(username=vishal,status=open) + "
          "tickets.get_user_tickets(username=sarah,status=open)" },
        { "admin", "compare alex's and sarah's budgets",
          "finops.get_user_budget(username=alex) + finops.get_user_budget(username=sarah)" },
        { "admin", "compare my budget with sarah's",
          "finops.get_my_budget() + finops.get_user_budget(username=sarah)" },
        { "vishal", "compare s3 with storage", SERVICE("s3") " + " SERVICE("storage") },
        { "vishal", "what costs us more, aws or azure", CLOUD("aws") " + " CLOUD("azure") },
        { "vishal", "exams and tickets due this week",
          EXAMS("due_from=2025-01-06T00:00:00Z,due_until=2025-01-13T00:00:00Z") " + " MINE(
                  "created_from=2025-01-06T00:00:00Z,created_until=2025-01-13T00:00:00Z") },
    };

    check_all(list, JV_COUNT(list));
}

TEST(values_belong_to_what_they_stand_beside)
{
    static const struct expected list[] = {
        { "vishal", "the pending ones among my tickets", MINE("status=pending") },
        { "vishal", "my tickets, pending ones that is", MINE("status=pending") },
        { "vishal", "did anyone look at my budget ticket?", MINE("operation=update_budget") },
        { "vishal", "tickets about budget", MINE("operation=update_budget") },
        { "vishal", "what exams must I have done by 18 January",
          EXAMS("due_until=2025-01-19T00:00:00Z") },
        { "vishal", "On Azure, how much goes into the storage service?",
          "finops.get_service_cost(service_name=storage,provider=azure)" },
        { "vishal", "Rank our cloud providers from least to most expensive.",
          "finops.get_all_clouds_cost(order=cheapest)" },
        { "vishal", "which cloud service is the cheapest one we have",
          "finops.get_cost_breakdown(order=cheapest)" },
        { "vishal", "how is my budget sliced", "finops.get_my_cost_allocation()" },
        { "vishal", "how much of my budget is left and how is it split",
          "finops.get_my_budget() + finops.get_my_cost_allocation()" },
        { "vishal", "Is anything of mine being worked on? Tickets, I mean.",
          MINE("status=in_progress") },
    };

    check_all(list, JV_COUNT(list));
}

TEST(a_story_adds_nothing)
{
    static const struct expected list[] = {
        { "vishal", "order me a chair", "UNKNOWN" },
        { "vishal", "I need more storage", "UNKNOWN" },
        { "vishal", "What exams do I still have to take? New year, new notebook.", EXAMS("") },
        { "vishal",
          "HR wants to know how many hours a week I should be given for learning, so which courses "
          "am I enrolled in?",
          COURSES("state=enrolled") },
        { "vishal", "my friend alex has three tickets and now I wonder how many I have", MINE("") },
        { "vishal", "Since alex told me about his exams I'm curious: when are mine?", EXAMS("") },
        { "vishal",
          "For the forecast I'm working on I need one number from you, namely what we are paying "
          "for AWS.",
          CLOUD("aws") },
        { "vishal",
          "I have been reading our cloud invoices all morning; anyway, show me my tickets",
          MINE("") },
        { "admin", "Pull up the tickets vishal has raised", OF("vishal") },
        { "vishal", "We spoke about vpn and gitlab all day long. Show my courses.", COURSES("") },
        { "happy",
          "I'm standing in for vishal while he is off sick and I've been asked for two things, "
          "vishal's tickets and the costs that we have at AWS, so please show me both",
          OF("vishal") " + " CLOUD("aws") },
    };

    check_all(list, JV_COUNT(list));
}

TEST_MAIN()
