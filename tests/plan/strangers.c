/* strangers.c -- see strangers.h. */
#include "plan/strangers.h"

#include <stdio.h>
#include <stdlib.h>

#include "jv/agent.h"
#include "jv/wire.h"

/* What an agent keeps: its name, what else it is called, what it is said to be about. */
struct thing {
    const char *name, *words, *about;
};

static const struct thing things[] = {
    { "invoice", "bill from a supplier,payable", "what suppliers charge and when it is paid" },
    { "shipment", "delivery,parcel,consignment", "where goods are on their way" },
    { "vehicle", "car,van,fleet car", "the cars of the fleet and who drives them" },
    { "meeting_room", "room,conference room,boardroom", "rooms and when they are free" },
    { "desk", "workplace,hot desk,seat", "desks that can be booked for a day" },
    { "visitor", "guest,caller at the desk", "who comes to see somebody" },
    { "leave", "holiday,vacation,absence,day off", "days that people are away" },
    { "payslip", "salary slip,wage slip,pay stub", "what people are paid each month" },
    { "candidate", "applicant,job seeker", "people who would like to work here" },
    { "interview", "job talk,hiring meeting", "talks with people who apply" },
    { "contract", "agreement,deal,legal paper", "what was agreed with others, and until when" },
    { "warehouse_item", "stock item,article,goods", "what lies on which shelf" },
    { "customer", "client,account,buyer", "who buys from us" },
    { "lead", "prospect,opportunity", "who may buy from us one day" },
    { "campaign", "marketing action,mailing", "what marketing does and what it brings" },
    { "survey", "poll,questionnaire,feedback form", "questions to many people and their answers" },
    { "incident", "outage,disturbance,failure", "what broke, and how it was mended" },
    { "deployment", "rollout,release to production", "which version runs where" },
    { "server", "host,virtual machine,node", "machines and how they are" },
    { "certificate", "tls certificate,https certificate", "certificates and when they end" },
    { "backup", "snapshot,safety copy", "copies of data and whether they are good" },
    { "firewall_rule", "network rule,port opening", "what may talk to what" },
    { "pipeline", "build,continuous integration job", "builds and tests of software" },
    { "repository", "source repository,codebase", "where source code is kept" },
    { "dataset", "data collection,table of data", "collections of data and their owners" },
    { "dashboard", "chart page,report page", "pages with charts" },
    { "patient", "case in care,inpatient", "people in care" },
    { "appointment", "visit,slot with a doctor", "when somebody sees a doctor" },
    { "prescription", "medicine order,drug order", "medicines for people" },
    { "property", "building,real estate,premises", "buildings and their rooms" },
    { "lease", "tenancy,rental", "who rents what" },
    { "meter_reading", "electricity reading,gauge", "how much energy is used" },
    { "machine", "plant,press,robot", "machines in the hall" },
    { "spare_part", "replacement part,component", "parts that wear" },
    { "inspection", "safety check,site visit", "checks of places and their results" },
    { "risk", "hazard,threat", "what may go wrong" },
    { "audit_finding", "observation,nonconformity", "what auditors have found" },
    { "policy", "guideline,rule book", "rules of the house" },
    { "translation", "language version,localisation", "texts in other languages" },
    { "article", "blog post,press text", "texts for the public" },
    { "photo", "picture,image", "pictures and their rights" },
    { "video", "recording,clip", "films and where they are shown" },
    { "event", "conference,fair,get-together", "gatherings and who comes" },
    { "menu", "canteen dish,meal plan", "what there is to eat" },
    { "parking_space", "parking spot,garage place", "where cars may stand" },
    { "locker", "cabinet,compartment", "lockers and their keys" },
    { "key_card", "door card,access badge", "who can open which door" },
    { "phone_line", "extension,telephone number", "telephone numbers" },
    { "sim_card", "mobile contract,data plan", "mobile telephones" },
    { "software_licence", "licence,subscription seat", "which programs may be used" },
    { "donation", "gift,contribution", "money that is given" },
    { "member", "club member,subscriber", "who belongs to the club" },
    { "match", "game day,fixture", "who plays against whom" },
    { "recipe", "formula,mixture", "how a thing is mixed" },
    { "batch", "lot,charge of production", "what was made together" },
    { "complaint", "claim,grievance", "what people are not content with" },
    { "refund", "money back,repayment", "money that goes back to people" },
    { "voucher", "coupon,gift card", "what gives a discount" },
    { "flight", "air trip,plane connection", "trips by air" },
    { "hotel_booking", "overnight stay,lodging", "where people stay overnight" },
    { "train_connection", "rail trip,railway link", "trips by rail" },
    { "allergy", "intolerance,sensitivity", "what people cannot eat" },
    { "vaccination", "jab,immunisation", "shots against illness" },
    { "tree", "plant in the park,greenery", "trees of the city" },
    { "lamp", "street light,luminaire", "lights in the streets" },
    { "road_work", "construction site,diversion", "where roads are closed" },
    { "tender", "bid,public procurement", "work that is to be given out" },
    { "supplier", "vendor,provider of goods", "who sells to us" },
    { "payment", "bank transfer,remittance", "money that went out or came in" },
    { "loan", "credit,mortgage", "money that is lent" },
    { "share", "stock,security", "papers of other companies" },
    { "exchange_rate", "currency rate,conversion rate", "what money is worth abroad" },
    { "tax_return", "tax declaration,tax form", "what the tax office is told" },
    { "goal", "objective,key result", "what teams want to reach" },
    { "sprint", "iteration,development cycle", "what a team does in two weeks" },
    { "bug", "defect,software fault", "what is wrong in software" },
    { "feature_flag", "toggle,experiment switch", "what is switched on for whom" },
    { "notification_rule", "alert rule,alarm rule", "who is told of what" },
    { "mailbox", "shared mailbox,e-mail address", "mail addresses" },
    { "mentor", "coach,buddy", "who helps whom to settle in" },
    { "skill_profile", "competence profile,abilities", "what people are good at" },
    { "book", "library title,volume", "books of the library" },
    { "thesis", "dissertation,final paper", "what students write at the end" },
    { "lecture", "seminar,class", "what is taught in which hall" },
    { "experiment", "trial,lab test", "what is tried in the laboratory" },
    { "sample", "specimen,probe", "what lies in the laboratory's cold room" },
    { "sensor", "probe,measuring point", "what is measured where" },
    { "drone", "unmanned aircraft,copter", "what flies without a pilot" },
};

/* Called like what our agents have, and yet something else. */
static const struct thing rivals[] = {
    { "purchase_request", "requisition,order request", "what people would like to be bought" },
    { "travel_budget", "travel money,trip budget", "money for trips" },
    { "travel_expense", "trip cost,expense claim", "what trips have cost" },
    { "project_cost", "cost of a project,project spend", "what projects cost" },
    { "support_case", "customer case,service case", "questions that customers have" },
    { "event_ticket", "admission ticket,concert ticket", "tickets for concerts and games" },
    { "language_course", "french course,spanish lessons", "courses in other languages" },
    { "driving_exam", "driving test,licence test", "who may drive a car" },
    { "energy_cost", "power bill,heating bill", "what power and heat cost" },
    { "learning_material", "study guide,textbook", "what to learn from" },
};

static const char *const qualities[] = { "",           "regional ", "internal ", "northern ",
                                         "corporate ", "partner ",  "public ",   "overseas " };
static const char *const states[][4] = { { "draft", "sent", "paid", "disputed" },
                                         { "planned", "running", "halted", "done" },
                                         { "pending", "approved", "rejected", "withdrawn" },
                                         { "free", "reserved", "occupied", "locked" },
                                         { "open", "in_progress", "closed", "archived" },
                                         { "new", "active", "dormant", "lost" } };
static const char *const places[] = { "berlin", "mumbai",  "austin", "leeds",  "osaka",
                                      "lyon",   "toronto", "sydney", "warsaw", "nairobi" };
static const char *const syllables[] = { "zel", "bor", "tam", "quin", "ver", "dax",
                                         "nol", "fim", "sul", "kre",  "pov", "gan" };

struct making {
    struct jv_buf b;
    struct jv_arena *a;
    size_t number, n_tools;
    const char *const *states;
};

/* Every tenth has a thing that is called like one of our agents'. */
static const struct thing *thing_of(size_t number, size_t which)
{
    if (which == 0 && number % 10 == 4)
        return &rivals[number / 10 % JV_COUNT(rivals)];
    return &things[(number * 3 + which + number / JV_COUNT(things) * 7) % JV_COUNT(things)];
}

static const char *spaced(struct jv_arena *a, const char *name)
{
    char *s = jv_arena_strdup(a, name);

    for (char *p = s; *p; p++)
        if (*p == '_')
            *p = ' ';
    return s;
}

/* A word that no other card has: "zelbor17". */
static const char *brand(const struct making *m)
{
    size_t n = JV_COUNT(syllables);

    return jv_arena_printf(m->a, "%s%s%s", syllables[m->number % n], syllables[m->number / n % n],
                           syllables[m->number / n / n % n]);
}

static void member(struct making *m, const char *name, const char *schema, const char *about)
{
    jv_buf_printf(&m->b, "\"%s\":{%s,\"description\":\"%s\"}", name, schema, about);
}

static const char *choice(struct making *m)
{
    return jv_arena_printf(m->a,
                           "\"type\":\"string\",\"enum\":[\"unspecified\",\"%s\",\"%s\",\"%s\",\"%"
                           "s\"]",
                           m->states[0], m->states[1], m->states[2], m->states[3]);
}

/* Its end is written by close_tool(). */
static void open_tool(struct making *m, const char *name, const char *about, const char *words,
                      bool read_only)
{
    jv_buf_printf(&m->b,
                  "%s{\"name\":\"%s\",\"description\":\"%s\",\"skill\":\"all\",\"words\":\"%s\","
                  "\"read_only\":%s",
                  m->n_tools++ ? "," : "", name, about, words, read_only ? "true" : "false");
}

static void examples(struct making *m, const char *one, const char *two)
{
    jv_buf_printf(&m->b, ",\"examples\":[\"%s\",\"%s\"],\"input_schema\":{\"properties\":{", one,
                  two);
}

static void close_tool(struct making *m, const char *required)
{
    jv_buf_printf(&m->b, "},\"required\":[%s]}}", required);
}

#define TEXT(...) jv_arena_printf(m->a, __VA_ARGS__)

/* The three lists: mine, somebody's, all. */
static void lists(struct making *m, const struct thing *t)
{
    static const char *const whose[] = { "my", "user", "all" };
    const char *name = spaced(m->a, t->name);

    for (size_t i = 0; i < JV_COUNT(whose); i++) {
        open_tool(m, TEXT("get_%s_%ss", whose[i], t->name),
                  TEXT("Lists %s %ss: %s.", whose[i], name, t->about),
                  TEXT("%s,%ss,%s", name, name, t->words), true);
        if (i == 1)
            jv_buf_str(&m->b, ",\"owner\":\"username\"");
        examples(m, TEXT("show %s %ss", i == 1 ? "alex's" : whose[i], name),
                 TEXT("which %ss %s %s?", name, i == 0 ? "of mine are" : "are", m->states[0]));
        member(m, "status", choice(m), "How far it is");
        jv_buf_str(&m->b, i == 1 ? "," : "");
        if (i == 1)
            member(m, "username", "\"type\":\"string\"", "Whose");
        close_tool(m, i == 1 ? "\"username\"" : "");
    }
}

static void one(struct making *m, const struct thing *t)
{
    const char *name = spaced(m->a, t->name);

    open_tool(m, TEXT("get_%s", t->name), TEXT("One %s with all its details.", name),
              TEXT("%s,details of %s", name, name), true);
    examples(m, TEXT("show %s 4711", name), TEXT("how is %s 815 doing?", name));
    member(m, TEXT("%s_id", t->name), "\"type\":\"integer\"", "Its number");
    close_tool(m, TEXT("\"%s_id\"", t->name));
}

static void changes(struct making *m, const struct thing *t)
{
    const char *name = spaced(m->a, t->name);

    open_tool(m, TEXT("create_%s", t->name), TEXT("Makes a new %s.", name),
              TEXT("create,new %s,add %s,register", name, name), false);
    examples(m, TEXT("create a new %s", name), TEXT("I need a %s", name));
    member(m, "subject", "\"type\":\"string\"", "What for");
    close_tool(m, "\"subject\"");
    open_tool(m, TEXT("update_%s", t->name), TEXT("Changes the status of a %s.", name),
              TEXT("update,change,mark %s", name), false);
    examples(m, TEXT("mark %s 4711 as %s", name, m->states[1]), TEXT("update %s 4711", name));
    member(m, TEXT("%s_id", t->name), "\"type\":\"integer\"", "Its number");
    jv_buf_char(&m->b, ',');
    member(m, "status", choice(m), "How far it is from now on");
    close_tool(m, TEXT("\"%s_id\"", t->name));
}

/* Of a second thing: what it comes to, all of it or in one place. */
static void sums(struct making *m, const struct thing *t)
{
    const char *name = spaced(m->a, t->name);

    open_tool(m, TEXT("get_%s_report", t->name),
              TEXT("How many %ss there are: %s.", name, t->about),
              TEXT("%s report,%s figures,number of %ss", name, name, name), true);
    examples(m, TEXT("give me the %s report", name), TEXT("how many %ss do we have?", name));
    close_tool(m, "");
    open_tool(m, TEXT("get_site_%ss", t->name), TEXT("The %ss of one site.", name),
              TEXT("%s at a site,site %ss", name, name), true);
    examples(m, TEXT("show the %ss in berlin", name), TEXT("%ss at the leeds site", name));
    member(m, "site", "\"type\":\"string\"", "Which site");
    close_tool(m, "\"site\"");
}

/* Of a third one: what is due. */
static void due(struct making *m, const struct thing *t)
{
    const char *name = spaced(m->a, t->name);

    open_tool(m, TEXT("get_due_%ss", t->name), TEXT("The %ss that are due in a time.", name),
              TEXT("%ss due,upcoming %ss", name, name), true);
    examples(m, TEXT("which %ss are due next week?", name), TEXT("upcoming %ss", name));
    member(m, "due_from", "\"type\":\"string\",\"format\":\"date-time\"", "From when");
    jv_buf_char(&m->b, ',');
    member(m, "due_until", "\"type\":\"string\",\"format\":\"date-time\"", "Until when");
    close_tool(m, "");
    open_tool(m, TEXT("cancel_%s", t->name), TEXT("Takes a %s back.", name),
              TEXT("cancel %s,call off", name), false);
    examples(m, TEXT("cancel %s 4711", name), TEXT("call %s 4711 off", name));
    member(m, TEXT("%s_id", t->name), "\"type\":\"integer\"", "Its number");
    close_tool(m, TEXT("\"%s_id\"", t->name));
}

static void vocabulary(struct making *m)
{
    jv_buf_str(&m->b, "],\"vocabulary\":[");
    for (size_t i = 0; i < 4; i++) {
        const char *place = places[(m->number + i * 3) % JV_COUNT(places)];

        jv_buf_printf(&m->b, "%s{\"member\":\"site\",\"value\":\"%s\",\"words\":\"%s,%s office\"}",
                      i ? "," : "", place, place, place);
    }
    jv_buf_str(&m->b, "]}}]}");
}

static const char *card_text(struct making *m)
{
    const struct thing *t[3] = { thing_of(m->number, 0), thing_of(m->number, 1),
                                 thing_of(m->number, 2) };
    const char *quality = qualities[m->number / 4 % JV_COUNT(qualities)];

    jv_buf_printf(&m->b,
                  "{\"name\":\"%c%sAgent\",\"description\":\"Looks after %s%ss, %ss and %ss: %s, "
                  "with %s.\",\"skills\":[{\"id\":\"all\",\"name\":\"%s%ss\",\"description\":\"%s"
                  "\",\"tags\":[\"%s\",\"%s\",\"%s\"]}],",
                  brand(m)[0] - 'a' + 'A', brand(m) + 1, quality, spaced(m->a, t[0]->name),
                  spaced(m->a, t[1]->name), spaced(m->a, t[2]->name), t[0]->about, brand(m),
                  quality, spaced(m->a, t[0]->name), t[0]->about, spaced(m->a, t[0]->name),
                  spaced(m->a, t[1]->name), brand(m));
    jv_buf_str(&m->b, "\"capabilities\":{\"extensions\":[{\"uri\":\"" JV_TOOLS_EXTENSION
                      "\",\"params\":{\"tools\":[");
    lists(m, t[0]);
    one(m, t[0]);
    changes(m, t[0]);
    sums(m, t[1]);
    due(m, t[2]);
    vocabulary(m);
    jv_buf_char(&m->b, '}');
    return m->b.data;
}

A2a__AgentCard *stranger_card(struct jv_arena *a, size_t number, const char **ret_token)
{
    struct making m = {
        .b = jv_buf_new(a), .a = a, .number = number, .states = states[number % JV_COUNT(states)]
    };
    struct jv_err err = { 0 };
    const char *text = card_text(&m);
    void *card = jv_json_to_msg(&a2a__agent_card__descriptor, text, m.b.len, 0, a, &err);

    if (!card) {
        printf("Bail out! card %zu: %s\n%s\n", number, err.text, text);
        exit(1);
    }
    *ret_token = brand(&m);
    return card;
}
