/* oxygen.c -- the oxygen agent: courses, exams, preferences and progress of learners. */
#include <string.h>

#include "jv/db.h"
#include "jv/wire.h"

#include "oxygen.h"

/* ---- loading: each fills its report from one row, or one row per exam ------------------------ */

/* Whoever may see everybody's often means everybody's; here they are shown one by one. */
static int no_own_record(struct jv_ctx *ctx, const char *what)
{
    struct jv_rows rows;
    int r = JV_OK;

    if (!jv_caller_has(ctx, "oxygen:read:all"))
        return jv_fail(ctx, JV_NOT_FOUND, "you have no learning record yet");
    r = jv_db(ctx, &rows, "select coalesce(min(username), 'somebody') as name from learners");
    if (r)
        return r;
    return jv_fail(ctx, JV_NOT_FOUND,
                   "you have no learning record yet; I can show everybody's %s person by person, "
                   "for example %s's",
                   what, jv_col(&rows, 0, "name"));
}

static int no_record(struct jv_ctx *ctx, const char *username, const char *what)
{
    if (strcmp(username, jv_caller(ctx)->username) == 0)
        return no_own_record(ctx, what);
    return jv_fail(ctx, JV_NOT_FOUND, "%s has no learning record yet", username);
}

/* A learner's row of a view that has the names of the message's members. */
#define LOAD_LEARNER(ctx, view, username, what, msg)                                               \
    load_row((ctx), "select * from " view " where username = $1", (username), (what), &(msg)->base)

static int load_row(struct jv_ctx *ctx, const char *sql, const char *username, const char *what,
                    ProtobufCMessage *msg)
{
    struct jv_rows rows;
    int r;

    r = jv_db(ctx, &rows, sql, jv_text(username));
    if (r)
        return r;
    return rows.n ? jv_row_to_msg(ctx, &rows, 0, msg) : no_record(ctx, username, what);
}

/* The totals are of all courses, whichever are listed. */
static int load_courses(struct jv_ctx *ctx, const char *username, Oxygen__CourseFilter__State state,
                        Oxygen__CourseList *ret)
{
    int r;

    if (!protobuf_c_enum_descriptor_get_value(&oxygen__course_filter__state__descriptor,
                                              (int)state))
        return jv_fail_field(ctx, "state", "is neither enrolled nor completed");
    r = LOAD_LEARNER(ctx, "learning", username, "courses", ret);
    ret->state = state;
    if (state == OXYGEN__COURSE_FILTER__STATE__enrolled)
        ret->n_completed = 0;
    if (state == OXYGEN__COURSE_FILTER__STATE__completed)
        ret->n_enrolled = 0;
    return r;
}

static int load_preferences(struct jv_ctx *ctx, const char *username, Oxygen__PreferenceList *ret)
{
    return LOAD_LEARNER(ctx, "learners", username, "preferences", ret);
}

/* Which exams are asked for. */
struct wanted {
    const char *username;
    Oxygen__Urgency urgency;
    Google__Protobuf__Timestamp *from, *until;
};

/* The two requests have the same members beside the owner. */
#define WANTED(of, req)                                                                            \
    (struct wanted)                                                                                \
    {                                                                                              \
        (of), (req)->urgency, (req)->due_from, (req)->due_until                                    \
    }

/* Counts the exam, and lists it when it is asked for. */
static int add_exam(struct jv_ctx *ctx, const struct jv_rows *rows, size_t row,
                    Oxygen__ExamList *ret)
{
    Oxygen__Exam *exam = jv_msg_new(&oxygen__exam__descriptor, jv_arena(ctx));
    int r;

    r = jv_row_to_msg(ctx, rows, row, &exam->base);
    if (r)
        return r;
    ret->total_pending++;
    ret->urgent_count += exam->urgency == OXYGEN__URGENCY__urgent;
    ret->overdue_count += exam->urgency == OXYGEN__URGENCY__overdue;
    if (jv_col_bool(rows, row, "within") && (!ret->urgency || ret->urgency == exam->urgency))
        ret->pending_exams[ret->n_pending_exams++] = exam;
    return JV_OK;
}

static int read_wanted(struct jv_ctx *ctx, const struct wanted *w, struct jv_range *due,
                       Oxygen__ExamList *ret)
{
    if (!protobuf_c_enum_descriptor_get_value(&oxygen__urgency__descriptor, (int)w->urgency))
        return jv_fail_field(ctx, "urgency", "is not a known urgency");
    ret->username = w->username;
    ret->urgency = w->urgency;
    ret->due_from = w->from;
    ret->due_until = w->until;
    return jv_read_range(ctx, "due", w->from, w->until, due);
}

/* A learner without exams has one row, all null: only who has no record has none. An exam is due on
 * the whole of its day, in UTC. */
static int load_exams(struct jv_ctx *ctx, const struct wanted *w, Oxygen__ExamList *ret)
{
    struct jv_rows rows;
    struct jv_range due;
    int r;

    r = read_wanted(ctx, w, &due, ret);
    if (r)
        return r;
    r = jv_db(ctx, &rows,
              "select exam, to_char(deadline, 'YYYY-MM-DD') as deadline, days as days_remaining,"
              " case when days is null then 'unscheduled' when days < 0 then 'overdue'"
              " when days <= 7 then 'urgent' else 'upcoming' end as urgency,"
              " ($3::timestamptz is null or deadline + 1 > $3 at time zone 'UTC')"
              " and ($4::timestamptz is null or deadline < $4 at time zone 'UTC') as within"
              " from learners left join exams using (username)"
              " cross join lateral"
              " (select deadline - ($2::timestamptz at time zone 'UTC')::date as days) as today"
              " where username = $1 order by deadline nulls last, exam",
              jv_text(w->username), jv_ms(jv_now_ms(ctx)), due.from, due.until);
    if (r)
        return r;
    if (!rows.n)
        return no_record(ctx, w->username, "exams");
    ret->pending_exams = JV_NEW_ARRAY(jv_arena(ctx), Oxygen__Exam *, rows.n);
    for (size_t i = 0; i < rows.n && !jv_col_null(&rows, i, "exam") && !r; i++)
        r = add_exam(ctx, &rows, i, ret);
    return r;
}

static int load_summary(struct jv_ctx *ctx, const char *username, Oxygen__SummaryReport *ret)
{
    struct jv_arena *a = jv_arena(ctx);
    int r;

    ret->courses = jv_msg_new(&oxygen__course_list__descriptor, a);
    ret->exams = jv_msg_new(&oxygen__exam_list__descriptor, a);
    ret->stats = jv_msg_new(&oxygen__stats__descriptor, a);
    r = LOAD_LEARNER(ctx, "learners", username, "progress", ret); /* the name and the preferences */
    if (!r)
        r = load_courses(ctx, username, OXYGEN__COURSE_FILTER__STATE__unspecified, ret->courses);
    if (!r)
        r = load_exams(ctx, &(struct wanted){ .username = username }, ret->exams);
    if (!r)
        r = LOAD_LEARNER(ctx, "progress", username, "progress", ret->stats);
    return r;
}

/* ---- methods: of a person, of the caller ----------------------------------------------------- */

JV_TOOL_FN(courses, Oxygen__CoursesRequest, Oxygen__CourseList)
{
    return load_courses(ctx, req->username, req->state, ret);
}

JV_TOOL_FN(my_courses, Oxygen__MyCoursesRequest, Oxygen__CourseList)
{
    return load_courses(ctx, jv_caller(ctx)->username, req->state, ret);
}

JV_TOOL_FN(exams, Oxygen__ExamsRequest, Oxygen__ExamList)
{
    return load_exams(ctx, &WANTED(req->username, req), ret);
}

JV_TOOL_FN(my_exams, Oxygen__MyExamsRequest, Oxygen__ExamList)
{
    return load_exams(ctx, &WANTED(jv_caller(ctx)->username, req), ret);
}

JV_TOOL_FN(preferences, Oxygen__PersonRequest, Oxygen__PreferenceList)
{
    return load_preferences(ctx, req->username, ret);
}

JV_TOOL_FN(my_preferences, Google__Protobuf__Empty, Oxygen__PreferenceList)
{
    (void)req;
    return load_preferences(ctx, jv_caller(ctx)->username, ret);
}

JV_TOOL_FN(summary, Oxygen__PersonRequest, Oxygen__SummaryReport)
{
    return load_summary(ctx, req->username, ret);
}

JV_TOOL_FN(my_summary, Google__Protobuf__Empty, Oxygen__SummaryReport)
{
    (void)req;
    return load_summary(ctx, jv_caller(ctx)->username, ret);
}

JV_TOOL_FN(notices, Notices__NoticesRequest, Notices__NoticeList)
{
    return oxygen_notices(ctx, req, ret);
}

/* ---- the table ------------------------------------------------------------------------------- */

#define OWN_RECORD JV_ALLOW_SCOPE("oxygen:read")
#define RECORD_OF  JV_ALLOW_OWNER("oxygen:read", "username")

static const struct jv_tool tools[] = {
    JV_TOOL("Courses", courses, .allow = RECORD_OF, .flags = JV_TOOL_READONLY,
            .tool = "get_user_courses", .skill = "courses", .say = oxygen_say_courses,
            .words = "courses, coursework, classes, trainings, training, studying, enrolled, "
                     "enrolments, completed "
                     "courses",
            .examples = JV_TEXTS("show happy's courses", "what courses is alex taking?")),
    JV_TOOL("MyCourses", my_courses, .allow = OWN_RECORD, .flags = JV_TOOL_READONLY,
            .tool = "get_my_courses", .skill = "courses", .say = oxygen_say_courses,
            .words = "my courses, courses, coursework, classes, trainings, training, studying, "
                     "lessons, "
                     "enrolled, "
                     "enrolments, signed up, completed courses",
            .examples = JV_TEXTS("show my courses", "which courses am I enrolled in?",
                                 "what have I completed?")),
    JV_TOOL("Exams", exams, .allow = RECORD_OF, .flags = JV_TOOL_READONLY,
            .tool = "get_pending_exams", .skill = "exams", .say = oxygen_say_exams,
            .words = "exams, pending exams, upcoming exams, tests, certifications, certs, "
                     "examinations, deadlines, exam dates, quiz, quizzes, midterm, midterms, "
                     "finals, due dates, what coming up, anything coming up, sit exam, examined, "
                     "got to sit, has to sit, still to sit",
            .examples = JV_TEXTS("does vishal have any pending exams?", "show alex's deadlines")),
    JV_TOOL("MyExams", my_exams, .allow = OWN_RECORD, .flags = JV_TOOL_READONLY,
            .tool = "get_my_exams", .skill = "exams", .say = oxygen_say_exams,
            .words = "my exams, exams, pending exams, upcoming exams, next exam, tests, "
                     "certifications, certs, examinations, deadlines, my deadlines, due, quiz, "
                     "quizzes, "
                     "midterm, midterms, finals, due dates, what coming up, anything coming up, "
                     "sit exam, examined, got to sit, have to sit, still to sit",
            .examples = JV_TEXTS("what are my pending exams", "when is my next exam",
                                 "what are my deadlines", "show pending exams")),
    JV_TOOL("Preferences", preferences, .allow = RECORD_OF, .flags = JV_TOOL_READONLY,
            .tool = "get_user_preferences", .skill = "courses", .say = oxygen_say_preferences,
            .words = "preferences, learning preferences, interests, learning interests, "
                     "likes to learn, want to learn, prefer to learn, topics",
            .examples = JV_TEXTS("what does sarah prefer to learn?", "show vishal's preferences")),
    JV_TOOL("MyPreferences", my_preferences, .allow = OWN_RECORD, .flags = JV_TOOL_READONLY,
            .tool = "get_my_preferences", .skill = "courses", .say = oxygen_say_preferences,
            .words = "my preferences, preferences, prefs, learning preferences, interests, "
                     "learning interests, prefer to learn, want to learn, topics",
            .examples = JV_TEXTS("what are my learning preferences", "show my preferences")),
    JV_TOOL("Summary", summary, .allow = RECORD_OF, .flags = JV_TOOL_READONLY,
            .tool = "get_learning_summary", .skill = "progress", .say = oxygen_say_summary,
            .words = "learning summary, learning progress, training progress, progress, "
                     "learning, on track, how far, how far with courses, getting on with training, "
                     "getting on with learning, getting on, training going, "
                     "learning going, headway, "
                     "studies, completion rate, working on, busy with, busy, up to, on plate, "
                     "doing at moment, doing right now, doing these days",
            .examples = JV_TEXTS("show alex's learning summary", "is happy on track?",
                                 "what's vishal working on?")),
    JV_TOOL("MySummary", my_summary, .allow = OWN_RECORD, .flags = JV_TOOL_READONLY,
            .tool = "get_my_learning_summary", .skill = "progress", .say = oxygen_say_summary,
            .words = "my progress, summary, learning summary, learning progress, training "
                     "progress, progress, learning, on track, how far, how far with courses, "
                     "getting "
                     "on with training, getting on, training going, "
                     "learning going, headway, studies, completion rate, working on, busy "
                     "with, busy, up to, on plate, doing at moment, doing right now, doing "
                     "these days",
            .examples = JV_TEXTS("show my learning progress", "show my learning summary",
                                 "am I on track with my training?", "what am I working on?",
                                 "how far am I with my courses?")),
    JV_TOOL("Notices", notices, .allow = JV_ALLOW_ACTOR,
            .flags = JV_TOOL_HIDDEN | JV_TOOL_READONLY),
    { 0 },
};

JV_ACTOR(oxygen) = {
    .name = "oxygen",
    .version = "1.0.0",
    .summary = "learning: courses, exams, preferences, progress",
    .service = &oxygen__oxygen__descriptor,
    .tools = tools,
    .agent = &oxygen_card,
    .needs = JV_NEEDS_DB,
};
