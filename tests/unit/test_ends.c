/* test_ends.c -- ended sign-ins and people, as a process remembers them; how many records a person
 * may have. */
#include "actor/ends.h"

#include <stdio.h>
#include <string.h>

#include "actor/pace.h"
#include "check.h"

#define NOW  INT64_C(1700000000000)
#define SOON (NOW + 900000)

static bool refused(struct jv_ends *e, const char *user_id, const char *sid, int64_t now)
{
    return jv_ends_has(e, user_id, sid, NOW / 1000, SOON, now);
}

static void end_many(struct jv_ends *e, int n, int64_t until)
{
    char sid[40];

    for (int i = 0; i < n; i++) {
        snprintf(sid, sizeof(sid), "other-%lld-%d", (long long)until, i);
        jv_ends_session(e, sid, until, NOW);
    }
}

TEST(others_ends_undo_nobodys)
{
    struct jv_ends *e = jv_ends_new(JV_MAX_ENDS);

    jv_ends_session(e, "mine", SOON, NOW);
    jv_ends_person(e, "user_001", NOW / 1000, SOON, NOW);
    end_many(e, 50000, SOON + 1);
    CHECK(refused(e, "user_009", "mine", NOW));
    CHECK(refused(e, "user_001", "another", NOW));
    CHECK(!refused(e, "user_009", "another", NOW));
    CHECK(!refused(e, "user_009", "mine", SOON)); /* it has run out */
    CHECK(!jv_ends_has(e, "user_001", "x", NOW / 1000 + 1, SOON, NOW));
    CHECK(!refused(e, "mine", "user_001", NOW)); /* a name is not a sign-in */
    jv_ends_free(e);
}

TEST(what_is_known_grows_only)
{
    struct jv_ends *e = jv_ends_new(16);

    jv_ends_person(e, "user_001", 20, SOON, NOW);
    jv_ends_person(e, "user_001", 10, NOW + 1, NOW);
    CHECK(jv_ends_has(e, "user_001", "s", 20, SOON, SOON - 1));
    CHECK(!jv_ends_has(e, "user_001", "s", 21, SOON, NOW));
    jv_ends_free(e);
}

TEST(a_full_table_refuses_too_much_rather_than_too_little)
{
    struct jv_ends *e = jv_ends_new(100);

    end_many(e, 100, SOON - 1);
    CHECK(!refused(e, "user_009", "mine", NOW));
    jv_ends_session(e, "mine", SOON, NOW);
    CHECK(refused(e, "user_009", "mine", NOW));
    CHECK(refused(e, "user_009", "any", NOW));
    CHECK(!jv_ends_has(e, "user_009", "any", NOW / 1000, SOON + 1, NOW)); /* a newer token */
    jv_ends_free(e);
}

TEST(what_has_run_out_gives_way)
{
    struct jv_ends *e = jv_ends_new(100);

    end_many(e, 100, NOW + 5);
    jv_ends_session(e, "mine", SOON, NOW + 5);
    CHECK(refused(e, "user_009", "mine", NOW + 5));
    CHECK(!refused(e, "user_009", "any", NOW + 5));
    jv_ends_free(e);
}

/* ---- records -------------------------------------------------------------------------------- */

TEST(a_persons_records_have_a_bound)
{
    struct jv_pace *p = jv_pace_new();
    char who[JV_PACE_NAME], user_id[JV_PACE_NAME];
    int had = 0, firsts = 0;
    bool first;

    for (int i = 0; i < 1000; i++) {
        had += jv_pace_lets(p, "happy", "user_002", NOW + i, &first);
        firsts += first;
    }
    CHECK_INT(had, JV_PACE_MOST);
    CHECK_INT(firsts, 1);
    CHECK(jv_pace_lets(p, "vishal", "user_001", NOW, &first));
    CHECK_INT(jv_pace_take(p, who, user_id), 1000 - JV_PACE_MOST);
    CHECK_STR(who, "happy");
    CHECK_STR(user_id, "user_002");
    CHECK_INT(jv_pace_take(p, who, user_id), 0);
    CHECK(jv_pace_lets(p, "happy", "user_002", NOW + JV_PACE_MS, &first));
    CHECK(jv_pace_counts("denied"));
    CHECK(!jv_pace_counts("person_changed"));
    jv_pace_free(p);
}

TEST(many_people_in_a_minute)
{
    struct jv_pace *p = jv_pace_new();
    char user_id[JV_PACE_NAME];
    int had = 0;
    bool first;

    for (int i = 0; i < 5000; i++) {
        snprintf(user_id, sizeof(user_id), "user_%d", i);
        had += jv_pace_lets(p, user_id, user_id, NOW, &first);
    }
    CHECK_INT(had, 5000);
    jv_pace_free(p);
}

TEST_MAIN()
