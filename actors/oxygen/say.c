/* say.c -- learning records in words. */
#include "jv/say.h"

#include "oxygen.h"

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

void oxygen_say_courses(struct jv_ctx *ctx, struct jv_buf *md, const void *req, const void *ret)
{
    const Oxygen__CourseList *list = ret;

    (void)req;
    jv_say_who(md, list->username, jv_caller(ctx)->username, "You are", "is");
    jv_buf_str(md, " enrolled in ");
    jv_say_count(md, list->total_enrolled, "course", "courses");
    jv_buf_str(md, list->total_completed ? " and completed " : " and completed none yet");
    if (list->total_completed)
        jv_buf_printf(md, "%d", (int)list->total_completed);
    jv_buf_str(md, ".\n");
    say_course_lists(md, list);
}

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

void oxygen_say_exams(struct jv_ctx *ctx, struct jv_buf *md, const void *req, const void *ret)
{
    const Oxygen__ExamList *list = ret;

    (void)req;
    jv_say_who(md, list->username, jv_caller(ctx)->username, "You have ", "has ");
    jv_say_count(md, list->total_pending, "pending exam", "pending exams");
    if (list->n_pending_exams) {
        jv_buf_str(md, "; first comes ");
        jv_say_text(md, list->pending_exams[0]->exam);
        jv_buf_str(md, ", ");
        say_when(md, list->pending_exams[0], ", ");
    }
    jv_buf_str(md, ".\n");
    say_exam_table(md, list);
}

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
