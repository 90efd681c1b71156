/* test_plan_words.c -- who is named, and which words and numbers name nobody and nothing. */
#include "plan/asking.h"

#define MINE     "tickets.get_my_tickets"
#define OF(name) "tickets.get_user_tickets(username=" name ")"

/* Nobody has listed them anywhere. */
TEST(new_people_are_found)
{
    static const struct expected list[] = {
        { "nora", "tickets of alex", OF("alex") },
        { "nora", "show Happy's tickets", OF("happy") },
        { "nora", "Will's tickets", OF("will") },
        { "nora", "tickets of user_001", OF("user_001") },
        { "nora", "anna7's tickets", OF("anna7") },
        { "nora", "show x_1's tickets", OF("x_1") },
        { "nora", "mary-jane's tickets", OF("mary-jane") },
        { "nora", "show o.neil's tickets", OF("o.neil") },
        { "nora", "show Jürgen's tickets", OF("jürgen") },
        { "nora", "tickets of 李雷", OF("李雷") },
        { "nora", "Rose's tickets", OF("rose") },
        { "nora", "show Rose tickets", OF("rose") },
        { "nora", "Alex-- tickets", OF("alex") },
        { "nora", "alex ticket", OF("alex") },
        { "nora", "alexs exam", "oxygen.get_pending_exams(username=alex)" },
        { "nora", "tickets of john.smith@example.com", OF("john.smith") },
        { "nora", "O'Brien's tickets", OF("o'brien") },
        { "nora", "bob has tickets?", OF("bob") },
        { "nora", "tickets of jack", OF("jack") },
        { "nora", "tickets raised by robin", OF("robin") },
        { "admin", "which tickets does jack have", OF("jack") },
        { "admin", "alex and jack's tickets", OF("alex") " + " OF("jack") },
        { "admin", "create a ticket for grant to get vpn access",
          "tickets.create_ticket(user=grant,operation=vpn_access)" },
        { "admin", "create a vpn ticket for rose",
          "tickets.create_ticket(user=rose,operation=vpn_access)" },
        { "admin", "my colleague alex has which tickets", OF("alex") },
    };

    check_all(list, JV_COUNT(list));
}

/* Ordinary words, brands, what a program ties together, and signs are nobody. */
TEST(words_are_no_people)
{
    static const struct expected list[] = {
        { "nora", "create a ticket with operation reset_password",
          "tickets.create_my_ticket(operation=reset_password)" },
        { "nora", "submit a request for MATLAB license",
          "tickets.create_my_ticket(operation=MATLAB license)" },
        { "nora", "did I finish Python Basics?", "oxygen.get_my_courses(state=completed)" },
        { "nora", "🎟️ show my tickets 🙏", MINE "()" },
        { "nora", "show my\xe2\x80\x8b tickets", MINE "()" },
        { "nora", "show m\xe2\x80\x8by tickets", MINE "()" },
        { "nora", "give me just the ticket ids", MINE "()" },
        { "nora", "whats my ticket tally", MINE "()" },
        { "nora", "hopeless tickets", MINE "()" },
        { "nora", "tickets of importance", MINE "()" },
        { "nora", "my tickets ordered by urgency", MINE "()" },
        { "nora", "the migration's tickets", MINE "()" },
        { "nora", "I need my timesheet tickets", MINE "()" },
        { "nora", "my tickets nobody's touched yet", MINE "(status=pending)" },
        { "nora", "my colleague happy asked me to show my tickets", MINE "()" },
        { "nora", "show my tickets because alex has it, too", MINE "()" },
        { "nora", "when is the CKA exam", "oxygen.get_my_exams()" },
        { "nora", "AZ-900 exam", "oxygen.get_my_exams()" },
        { "nora", "kubernetes exam", "oxygen.get_my_exams()" },
        { "nora", "hmm my exams", "oxygen.get_my_exams()" },
        { "nora", "my budget pleeease", "finops.get_my_budget()" },
        { "nora", "ooops, tickets", MINE "()" },
    };

    check_all(list, JV_COUNT(list));
}

TEST(numbers_that_count)
{
    static const struct expected list[] = {
        { "nora", "fix the printer on floor 3", "UNKNOWN" },
        { "nora", "1. my tickets 2. my exams", MINE "() + oxygen.get_my_exams()" },
        { "nora", "show my 3 newest tickets", MINE "(order=newest)" },
        { "nora", "my tickets older than 2 days", MINE "(created_until=2025-01-08T00:00:00Z)" },
        { "nora", "what is 2+2?", "UNKNOWN" },
        { "admin", "delete 3 tickets", "ASK tickets.delete_ticket()" },
        { "admin", "approve 2 tickets", "tickets.get_all_tickets()" },
        { "admin", "approve ticket 12304 and 5 more",
          "tickets.update_ticket(ticket_id=12304,status=approved)" },
        { "admin", "delete tickets 1 to 5",
          "ASK tickets.delete_ticket(ticket_id=1) + tickets.delete_ticket(ticket_id=5)" },
        { "nora", "new ticket: 27 inch monitor",
          "tickets.create_my_ticket(operation=27 inch monitor)" },
        { "nora", "I am 24 years old, show my tickets", MINE "()" },
        { "nora", "tickets created 9.1.", MINE "()" },
    };

    check_all(list, JV_COUNT(list));
}

TEST(numbers_that_name)
{
    static const struct expected list[] = {
        { "nora", "ticket 5", "tickets.get_ticket(ticket_id=5)" },
        { "nora", "tickets 1 and 2",
          "tickets.get_ticket(ticket_id=1) + tickets.get_ticket(ticket_id=2)" },
        { "nora", "#7", "tickets.get_ticket(ticket_id=7)" },
        { "nora", "ticket 12,301", "tickets.get_ticket(ticket_id=12301)" },
        { "nora", "ticket no. 8", "tickets.get_ticket(ticket_id=8)" },
        { "admin", "reject 1230", "tickets.update_ticket(ticket_id=1230,status=rejected)" },
        { "nora", "status of 12301", "tickets.get_ticket(ticket_id=12301)" },
        { "admin", "approve 21000000",
          "tickets.update_ticket(ticket_id=21000000,status=approved)" },
    };

    check_all(list, JV_COUNT(list));
}

TEST(more_than_can_be_looked_at)
{
    struct talk t = talk_new("nora");

    ask(&t, "show 12301, 12302, 12303, 12304, 12305, 12306, 12307, 12308");
    CHECK_INT(t.plan.n, 8);
    CHECK(!t.plan.more);
    ask(&t, "show 12301, 12302, 12303, 12304, 12305, 12306, 12307, 12308 and 12309");
    CHECK_INT(t.plan.n, 8);
    CHECK(t.plan.more);
    talk_free(&t);
}

TEST(days_of_a_story)
{
    static const struct expected list[] = {
        { "nora", "she's out today, show alex's tickets", OF("alex") },
        { "nora", "It's Friday and I need my tickets", MINE "()" },
        { "nora", "my tickets, I was sick since Monday", MINE "()" },
        { "nora", "today's standup is over, my exams please", "oxygen.get_my_exams()" },
        { "nora", "today's exams",
          "oxygen.get_my_exams(due_from=2025-01-10T00:00:00Z,due_until=2025-01-11T00:00:00Z)" },
        { "nora", "I'm away from Monday to Friday, which exams do I have then?",
          "oxygen.get_my_exams(due_from=2025-01-13T00:00:00Z,due_until=2025-01-18T00:00:00Z)" },
        { "nora", "tickets created on Monday",
          MINE "(created_from=2025-01-06T00:00:00Z,created_until=2025-01-07T00:00:00Z)" },
        { "nora", "tickets created on February 30", MINE "()" },
        { "nora", "exams except those before Monday",
          "oxygen.get_my_exams(due_from=2025-01-13T00:00:00Z)" },
        { "nora", "exams, but not next week", "oxygen.get_my_exams()" },
        { "nora", "happy friday! my tickets?", MINE "()" },
        { "nora", "every Friday I write a report, my tickets please", MINE "()" },
        { "nora", "tomorrow is there some exam for me?",
          "oxygen.get_my_exams(due_from=2025-01-11T00:00:00Z,due_until=2025-01-12T00:00:00Z)" },
        { "nora", "this month I have which exams?",
          "oxygen.get_my_exams(due_from=2025-01-01T00:00:00Z,due_until=2025-02-01T00:00:00Z)" },
        { "nora", "tickets created since 10/01/2025, i.e. 10th of January",
          MINE "(created_from=2025-01-10T00:00:00Z)" },
    };

    check_all(list, JV_COUNT(list));
}

TEST(slips)
{
    static const struct expected list[] = {
        { "nora", "show my compleetd tickets", MINE "(status=completed)" },
        { "nora", "my tickets that are closd", MINE "(status=closed)" },
        { "nora", "cost of gpc", "finops.get_cloud_cost(provider=gcp)" },
        { "nora", "what does EC 2 cost", "finops.get_service_cost(service_name=ec2)" },
        { "nora", "compuet cost", "finops.get_service_cost(service_name=compute)" },
        { "nora", "coursewise, what do I have", "oxygen.get_my_courses()" },
        { "nora", "i wanna see my tickets", MINE "()" },
        { "nora", "my exams nxet week",
          "oxygen.get_my_exams(due_from=2025-01-13T00:00:00Z,due_until=2025-01-20T00:00:00Z)" },
    };

    check_all(list, JV_COUNT(list));
}

TEST_MAIN()
