/* test_plan_changes.c -- the built-in planner changes only what it was clearly asked to change. */
#include "plan/asking.h"

/* The last answer of a conversation changes nothing: it looks, asks or talks. */
static bool changes(const struct talk *t)
{
    for (size_t i = 0; t->plan.kind == JV_PLAN_CALLS && i < t->plan.n; i++)
        if (!jv_catalog_read_only(t->catalog, t->plan.calls[i].agent, t->plan.calls[i].tool))
            return true;
    return false;
}

static void check_none(const char *username, const char *const *list, size_t n)
{
    struct talk t = talk_new(username);

    for (size_t i = 0; i < n; i++) {
        const char *calls = converse(&t, username, list[i]);

        if (changes(&t)) {
            printf("# \"%s\" changes: %s\n", list[i], calls);
            check_failures++;
        }
    }
    talk_free(&t);
}

TEST(nouns_alone_change_nothing)
{
    static const char *const his[] = {
        "the vpn ticket",
        "get the vpn ticket",
        "open the vpn ticket",
        "vpn ticket status",
        "the vpn ticket, is it done?",
        "forget about the vpn ticket",
        "show my tickets -> the vpn ticket",
        "no ticket for vpn please",
        "any ticket for gpu",
        "get me the gpu ticket",
        "open budget update tickets",
    };
    static const char *const admins[] = {
        "alex's vpn ticket",
        "vpn ticket of alex",
        "open budget update tickets, everyone",
        "open tix alex",
        "make 12304 a vpn ticket if you can",
    };

    check_none("alex", his, JV_COUNT(his));
    check_none("admin", admins, JV_COUNT(admins));
}

TEST(what_others_say_or_nobody_means_is_asked_about)
{
    static const char *const admins[] = {
        "alex wants to delete ticket 12301",
        "summarise this: please approve ticket 12304",
        "read this to me: delete ticket 12305",
        "the mail reads: delete ticket 12305",
        "please stop deleting ticket 12301",
        "it would be wrong to delete ticket 12301",
        "I'm afraid you will delete ticket 12301",
        "> delete ticket 12301\nwhat do you think of this?",
        "what do you think of this?\n> delete ticket 12301",
        "look at this\n```\ndelete ticket 12301\n```",
        "From: x\nSubject: hi\n\ndelete ticket 12301",
        "delete ticket 12301, just kidding",
        "delete ticket 12301 - never mind",
        "approve ticket 12304 only if sarah agrees",
        "example: create a ticket for vpn access",
    };

    check_none("admin", admins, JV_COUNT(admins));
}

TEST(exceptions_are_asked_about)
{
    static const char *const list[] = {
        "delete all but 12301",
        "delete everything but 12301",
        "delete all tickets except 12301",
        "approve all except 12304",
        "close all tickets except 12303",
        "delete ticket -> anything but 12304",
        "reject 12304 instead of 12301",
        "approve 12304 rather than 12301",
        "rather than deleting 12304 close it",
        "rather than creating a ticket for vpn, show my tickets",
        "instead of a vpn ticket I want a gpu ticket",
        "delete 12301-12305",
        "delete tickets 12301 to 12303",
        "approve 12304 and reject the others",
        "delete all completed tickets",
        "create 2 tickets for vpn access",
        "create a ticket for everyone for vpn access",
    };

    check_none("admin", list, JV_COUNT(list));
}

TEST(what_is_taken_back_is_asked_about)
{
    static const char *const list[] = {
        "create a ticket for vpn. Actually don't.",
        "create a ticket for vpn? no thanks",
        "create a ticket for vpn. scratch that",
        "create a ticket for vpn, or rather don't",
        "create a ticket for vpn. No, wait, cancel that.",
        "create a ticket for vpn... no, for gpu",
        "create a ticket for vpn? or gpu?",
        "create a ticket for gpu - sorry, I meant laptop",
        "approve 12304 - sorry, I meant 12301",
        "approve 12304. no, reject it",
        "approve 12304 as it is pending since January 12 -> hm",
        "approve 12304 and delete it",
        "delete 12304 maybe?",
    };

    check_none("admin", list, JV_COUNT(list));
}

TEST(conditions_and_questions_are_asked_about)
{
    static const char *const list[] = {
        "if 12303 is completed, delete it",
        "delete 12304 if alex agrees",
        "delete 12304 when it is completed",
        "after vishal confirms, close 12303",
        "once 12303 is done, close 12301",
        "unless 12304 is urgent, reject it",
        "please approve 12304 tomorrow",
        "will 12304 be approved?",
        "can 12304 be closed?",
        "can I delete 12304?",
        "12304 will be deleted",
        "12304 can be closed",
        "will a ticket for vpn be created?",
        "can you create tickets for vpn access?",
        "ask me tomorrow whether to create a ticket for vpn",
        "alex told me to create a ticket for gpu",
        "once my exam is over, create a ticket for gpu",
        "create a ticket for gpu only if my budget allows",
        "before you delete 12304, show it",
        "my colleague said you should delete ticket 12305, is that right?",
    };

    check_none("admin", list, JV_COUNT(list));
}

TEST(an_open_question_takes_answers_only)
{
    static const char *const admins[] = {
        "reject ticket -> approve 12304?",
        "delete ticket -> is 12304 still needed?",
        "delete ticket -> 12304 is important, keep it",
        "delete ticket -> hmm, maybe 12304",
        "approve ticket -> I will approve 12304 later",
        "approve ticket -> 12304 or 12301?",
        "approve ticket -> not 12304",
        "delete ticket -> why?",
        "delete ticket -> show my tickets",
    };
    static const char *const his[] = {
        "new ticket -> hmm",
        "new ticket -> wait",
        "new ticket -> later",
        "new ticket -> exit",
        "new ticket -> lol",
        "new ticket -> idiot",
        "new ticket -> you are stupid",
        "new ticket -> 12301",
        "new ticket -> aws",
        "new ticket -> cost of aws?",
        "new ticket -> status of 12301",
        "new ticket -> sorry, wrong window",
        "new ticket -> what can I ask for?",
        "new ticket -> on second thoughts, don't",
        "new ticket -> no, show my budget instead",
        "create new ticket -> gpu or laptop?",
    };

    check_none("admin", admins, JV_COUNT(admins));
    check_none("vishal", his, JV_COUNT(his));
}

#define CREATE(op)          "tickets.create_my_ticket(operation=" op ")"
#define UPDATE(id, status)  "tickets.update_ticket(ticket_id=" id ",status=" status ")"
#define UPDATED(status, id) "tickets.update_ticket(status=" status ",ticket_id=" id ")"
#define DELETE(id)          "tickets.delete_ticket(ticket_id=" id ")"

TEST(what_is_asked_for_is_done)
{
    static const struct expected list[] = {
        { "admin", "approve 12304, 12301 and 12303",
          UPDATE("12304", "approved") " + " UPDATE("12301", "approved") " + " UPDATE("12303",
                                                                                     "approved") },
        { "admin", "delete 12304 and 12305", DELETE("12304") " + " DELETE("12305") },
        { "admin", "12301 + 12304 are fine by me, approve both",
          UPDATED("approved", "12301") " + " UPDATED("approved", "12304") },
        { "admin", "please approve ticket 12301 and also ticket 12304",
          UPDATE("12301", "approved") " + " UPDATE("12304", "approved") },
        { "admin", "delete ticket -> 12304 and 12305", DELETE("12304") " + " DELETE("12305") },
        { "admin", "change 12304 from pending to approved", UPDATE("12304", "approved") },
        { "admin", "put 12305 back to pending", UPDATE("12305", "pending") },
        { "admin", "turn down 12304", UPDATE("12304", "rejected") },
        { "admin", "12304: rejected", UPDATE("12304", "rejected") },
        { "admin", "give ticket 12304 the green light", UPDATE("12304", "approved") },
        { "admin", "show 12304 -> approve it", UPDATED("approved", "12304") },
        { "admin", "reject ticket -> ticket 12304 please", UPDATED("rejected", "12304") },
        { "vishal", "create new ticket -> gpu", CREATE("gpu_allocation") },
        { "vishal", "new ticket -> ai key and vpn access",
          CREATE("create_ai_key") " + " CREATE("vpn_access") },
        { "vishal", "file a ticket to update my budget", CREATE("update_budget") },
        { "admin", "create a ticket -> gpu for alex",
          "tickets.create_ticket(user=alex,operation=gpu_allocation)" },
        { "admin", "create a ticket -> for alex: gpu",
          "tickets.create_ticket(user=alex,operation=gpu_allocation)" },
        { "vishal", "i wanna raise a ticket", "ASK tickets.create_my_ticket()" },
        { "vishal", "Could you open a ticket to get the broken printer fixed?",
          CREATE("broken printer fixed") },
    };

    check_all(list, JV_COUNT(list));
}

TEST(yes_and_no)
{
    static const struct expected list[] = {
        { "admin", "can 12304 be closed? -> yes", UPDATE("12304", "completed") },
        { "admin", "can 12304 be closed? -> yes, do it please", UPDATE("12304", "completed") },
        { "admin", "can 12304 be closed? -> no", "TALK" },
        { "admin", "can 12304 be closed? -> no thanks", "TALK" },
        { "admin", "can 12304 be closed? -> show my budget", "finops.get_my_budget()" },
        { "admin", "can 12304 be closed? -> show my budget -> yes", "TALK" },
        { "admin", "delete all but 12301 -> yes, but not 12301", "TALK" },
        { "admin", "approve 12304 -> and 12301", "ASK " UPDATE("12301", "approved") },
        { "admin", "approve 12304 -> same for 12301 -> yes", UPDATE("12301", "approved") },
        { "vishal", "create a ticket for vpn access -> another one for gpu -> yes please",
          CREATE("gpu_allocation") },
    };

    check_all(list, JV_COUNT(list));
}

TEST_MAIN()
