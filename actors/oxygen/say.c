/* say.c -- learning records in words. */
#include <strings.h>

#include "jv/say.h"

#include "oxygen.h"

/* ---- courses --------------------------------------------------------------------------------- */

static void say_items(struct jv_buf *md, const char *title, size_t n, const char *const *items)
{
    if (!n)
        return;
    jv_buf_printf(md, "\n%s:\n\n", title);
    for (size_t i = 0; i < n; i++) {
        jv_buf_str(md, "- ");
        jv_say_text(md, items[i]);
        jv_buf_char(md, '\n');
    }
}

static void say_course_lists(struct jv_buf *md, const Oxygen__CourseList *list)
{
    say_items(md, "Enrolled", list->n_enrolled, list->enrolled);
    say_items(md, "Completed", list->n_completed, list->completed);
}

/* "You are enrolled in 3 courses and have completed 1" */
static void say_enrolled(struct jv_buf *md, const Oxygen__CourseList *list, const char *reader)
{
    jv_say_who(md, list->username, reader, "You are", "is");
    jv_buf_str(md, " enrolled in ");
    jv_say_count(md, list->total_enrolled, "course", "courses");
    if (list->state)
        return;
    jv_buf_str(md, strcasecmp(list->username, reader) == 0 ? " and have completed "
                                                           : " and has completed ");
    if (list->total_completed)
        jv_buf_printf(md, "%d", (int)list->total_completed);
    else
        jv_buf_str(md, "none yet");
}

/* "You have completed 1 course", "You have completed no courses yet; 2 are under way" */
static void say_completed(struct jv_buf *md, const Oxygen__CourseList *list, const char *reader)
{
    jv_say_who(md, list->username, reader, "You have", "has");
    jv_buf_str(md, " completed ");
    jv_say_count(md, list->total_completed, "course", "courses");
    if (list->total_completed)
        return;
    jv_buf_str(md, " yet");
    if (list->total_enrolled)
        jv_buf_printf(md, "; %d %s under way", (int)list->total_enrolled,
                      list->total_enrolled == 1 ? "is" : "are");
}

void oxygen_say_courses(struct jv_ctx *ctx, struct jv_buf *md, const void *req, const void *ret)
{
    const Oxygen__CourseList *list = ret;
    const char *reader = jv_caller(ctx)->username;

    (void)req;
    if (list->state == OXYGEN__COURSE_FILTER__STATE__completed)
        say_completed(md, list, reader);
    else
        say_enrolled(md, list, reader);
    jv_buf_str(md, ".\n");
    say_course_lists(md, list);
}

/* ---- exams ----------------------------------------------------------------------------------- */

/* "2025-01-15, 5 days left", "no deadline set" */
static void say_when(struct jv_buf *md, const Oxygen__Exam *e, const char *between)
{
    if (e->urgency == OXYGEN__URGENCY__unscheduled) {
        jv_buf_str(md, "no deadline set");
        return;
    }
    jv_say_text(md, e->deadline);
    jv_buf_str(md, between);
    jv_say_days(md, e->days_remaining);
}

static const char *urgency_words(Oxygen__Urgency urgency)
{
    switch (urgency) {
    case OXYGEN__URGENCY__urgent:
        return "**urgent**";
    case OXYGEN__URGENCY__overdue:
        return "**overdue**";
    case OXYGEN__URGENCY__upcoming:
        return "upcoming";
    default:
        return "unscheduled";
    }
}

static void say_exam_row(struct jv_buf *md, const Oxygen__Exam *e)
{
    jv_buf_str(md, "| ");
    jv_say_text(md, e->exam);
    jv_buf_str(md, " | ");
    say_when(md, e, " | ");
    if (e->urgency == OXYGEN__URGENCY__unscheduled)
        jv_buf_str(md, " |");
    jv_buf_printf(md, " | %s |\n", urgency_words(e->urgency));
}

static void say_exam_table(struct jv_buf *md, const Oxygen__ExamList *list)
{
    if (!list->n_pending_exams)
        return;
    jv_buf_str(md, "\n| Exam | Deadline | Time left | Urgency |\n|---|---|---|---|\n");
    for (size_t i = 0; i < list->n_pending_exams; i++)
        say_exam_row(md, list->pending_exams[i]);
}

/* "Python Advanced Final on 2025-01-15, 5 days left" */
static void say_exam(struct jv_buf *md, const Oxygen__Exam *e)
{
    jv_say_text(md, e->exam);
    jv_buf_str(md, e->urgency == OXYGEN__URGENCY__unscheduled ? ", " : " on ");
    say_when(md, e, ", ");
}

/* The first that is still to come: they are sorted by deadline. */
static const Oxygen__Exam *next_of(const Oxygen__ExamList *list)
{
    for (size_t i = 0; i < list->n_pending_exams; i++)
        if (list->pending_exams[i]->urgency != OXYGEN__URGENCY__overdue)
            return list->pending_exams[i];
    return NULL;
}

/* "You have 2 pending exams, 1 of them overdue; the next is ..." */
static void say_all_exams(struct jv_buf *md, const Oxygen__ExamList *list, const char *reader)
{
    const Oxygen__Exam *next = next_of(list);

    jv_say_who(md, list->username, reader, "You have ", "has ");
    jv_say_count(md, list->total_pending, "pending exam", "pending exams");
    if (!list->total_pending)
        jv_buf_str(md, ": nothing is due");
    if (list->overdue_count && list->overdue_count == list->total_pending)
        jv_buf_str(md, ", overdue");
    else if (list->overdue_count)
        jv_buf_printf(md, ", %d of them overdue", (int)list->overdue_count);
    if (next) {
        jv_buf_str(md, list->total_pending == 1 ? ": " : "; the next is ");
        say_exam(md, next);
    }
    jv_buf_char(md, '.');
}

/* "urgent and due from 2025-01-13 to 2025-01-19" */
static void say_limits(struct jv_buf *md, const Oxygen__ExamList *list)
{
    const ProtobufCEnumValue *v =
            protobuf_c_enum_descriptor_get_value(&oxygen__urgency__descriptor, (int)list->urgency);

    if (list->urgency)
        jv_buf_str(md, v ? v->name : "unknown");
    if (!list->due_from && !list->due_until)
        return;
    jv_buf_str(md, list->urgency ? " and due " : "due ");
    jv_say_span(md, list->due_from ? list->due_from->seconds : INT64_MIN,
                list->due_until ? list->due_until->seconds : INT64_MAX);
}

/* "1 of your 2 pending exams is", "Both of your pending exams are", "Your only pending exam is" */
static void say_which_of_all(struct jv_buf *md, const Oxygen__ExamList *list, const char *reader)
{
    size_t n = list->n_pending_exams;
    bool all = n == (size_t)list->total_pending;

    if (all && n == 1) {
        jv_say_whose(md, list->username, reader, "Your");
        jv_buf_str(md, " only pending exam is ");
        return;
    }
    if (all)
        jv_buf_str(md, n == 2 ? "Both" : "All");
    else
        jv_buf_printf(md, "%zu", n);
    jv_buf_str(md, " of ");
    jv_say_whose(md, list->username, reader, "your");
    if (!all || n > 2)
        jv_buf_printf(md, " %d", (int)list->total_pending);
    jv_buf_printf(md, " pending exams %s ", n == 1 ? "is" : "are");
}

/* "1 of your 2 pending exams is urgent: Python Advanced Final on 2025-01-15, 5 days left." */
static void say_some_exams(struct jv_buf *md, const Oxygen__ExamList *list, const char *reader)
{
    say_which_of_all(md, list, reader);
    say_limits(md, list);
    jv_buf_str(md, list->n_pending_exams == 1 ? ": " : "; the first is ");
    say_exam(md, list->pending_exams[0]);
    jv_buf_char(md, '.');
}

/* "You have no overdue exams. Well done! 2 exams are still to come." */
static void say_none(struct jv_buf *md, const Oxygen__ExamList *list, const char *reader)
{
    bool ranged = list->due_from || list->due_until;
    bool fine = !ranged && list->urgency == OXYGEN__URGENCY__overdue;

    jv_say_who(md, list->username, reader, "You have no ", "has no ");
    if (ranged) {
        jv_buf_str(md, list->urgency ? "exams that are " : "exams ");
        say_limits(md, list);
    } else {
        say_limits(md, list);
        jv_buf_str(md, " exams");
    }
    jv_buf_str(md, fine ? ". Well done!" : ".");
    if (!list->total_pending)
        return;
    jv_buf_char(md, ' ');
    jv_say_count(md, list->total_pending, "exam is", "exams are");
    jv_buf_str(md, fine ? " still to come." : " due at another time.");
}

void oxygen_say_exams(struct jv_ctx *ctx, struct jv_buf *md, const void *req, const void *ret)
{
    const Oxygen__ExamList *list = ret;
    const char *reader = jv_caller(ctx)->username;

    (void)req;
    if (!list->urgency && !list->due_from && !list->due_until)
        say_all_exams(md, list, reader);
    else if (list->n_pending_exams)
        say_some_exams(md, list, reader);
    else
        say_none(md, list, reader);
    jv_buf_char(md, '\n');
    say_exam_table(md, list);
}

/* ---- preferences and progress ---------------------------------------------------------------- */

void oxygen_say_preferences(struct jv_ctx *ctx, struct jv_buf *md, const void *req, const void *ret)
{
    const Oxygen__PreferenceList *list = ret;
    const char *reader = jv_caller(ctx)->username;

    (void)req;
    if (!list->n_preferences) {
        jv_say_who(md, list->username, reader, "You have", "has");
        jv_buf_str(md, " set no learning preferences.\n");
        return;
    }
    jv_say_who(md, list->username, reader, "You prefer", "prefers");
    jv_buf_str(md, " to learn about ");
    jv_say_list(md, list->n_preferences, list->preferences);
    jv_buf_str(md, ".\n");
}

static void say_exam_counts(struct jv_buf *md, const Oxygen__ExamList *exams)
{
    jv_buf_str(md, "\nPending exams: ");
    if (!exams->total_pending)
        jv_buf_str(md, "none");
    else
        jv_buf_printf(md, "%d", (int)exams->total_pending);
    if (exams->urgent_count)
        jv_buf_printf(md, ", %d urgent", (int)exams->urgent_count);
    if (exams->overdue_count)
        jv_buf_printf(md, ", %d overdue", (int)exams->overdue_count);
    jv_buf_char(md, '\n');
}

void oxygen_say_summary(struct jv_ctx *ctx, struct jv_buf *md, const void *req, const void *ret)
{
    const Oxygen__SummaryReport *s = ret;

    (void)req;
    jv_say_who(md, s->username, jv_caller(ctx)->username, "You have", "has");
    jv_buf_printf(md, " completed %d of %d courses (", (int)s->courses->total_completed,
                  (int)s->stats->total_courses);
    jv_say_percent(md, s->stats->completion_rate);
    jv_buf_str(md, "): ");
    jv_say_text(md, s->stats->status);
    jv_buf_str(md, ".\n");
    say_course_lists(md, s->courses);
    say_exam_counts(md, s->exams);
    say_exam_table(md, s->exams);
    if (s->n_preferences) {
        jv_buf_str(md, "\nPreferences: ");
        jv_say_list(md, s->n_preferences, s->preferences);
        jv_buf_char(md, '\n');
    }
}
