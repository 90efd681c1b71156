/* card.c -- how the oxygen agent presents itself: its skills. */
#include "oxygen.h"

static const struct jv_skill skills[] = {
    { .id = "courses",
      .name = "Courses and preferences",
      .description = "Lists the courses a person is enrolled in or has completed, and what they "
                     "prefer to learn.",
      .tags = "learning, courses, education, course, training, preference, read",
      .examples = JV_TEXTS("show my courses", "what are my learning preferences") },
    { .id = "exams",
      .name = "Exams and deadlines",
      .description = "Lists a person's pending exams with deadlines and days left, the most urgent "
                     "first.",
      .tags = "learning, exams, education, exam, test, deadline",
      .examples = JV_TEXTS("what are my pending exams", "when is my next exam") },
    { .id = "progress",
      .name = "Learning progress",
      .description = "Sums up how far a person is: courses, completion rate, exams, preferences.",
      .tags = "learning, education, progress, summary, track",
      .examples = JV_TEXTS("show my learning progress", "am I on track with my training?") },
    { 0 },
};

static const struct jv_vocab vocab[] = {
    { "state", "enrolled",
      "enrolled, current, currently, in progress, ongoing, active, signed up, "
      "not completed, not finished, not done, unfinished" },
    { "state", "completed",
      "completed, complete, completion, finished, finish, done, passed, behind me, got through, "
      "ticked off, under my belt, been through, through to end, until end, over finish line, "
      "down and done" },
    { "urgency", "urgent", "urgent, urgently, pressing, very soon, most urgent, urgency" },
    { "urgency", "overdue",
      "overdue, late, past due, past their due date, past deadline, missed, miss, passed, "
      "already over, date over, blow deadline, blew deadline, blown due date, blow due "
      "date, "
      "blown deadline, expired, should have taken, should ve taken, should have sat, should have "
      "done" },
    { "urgency", "upcoming",
      "not urgent, more than a week, more than one week, over a week, further than a week, more "
      "than 7 days, more than seven days, further than 7 days, further away than 7 days, beyond "
      "7 days" },
    { 0 },
};

const struct jv_agent oxygen_card = {
    .name = "OxygenAgent",
    .token = "oxygen",
    .description = "Learning and development platform: courses, exams with deadlines, preferences "
                   "and progress.",
    .skills = skills,
    .vocab = vocab,
};
