-- Learning records: a learner's preferences, courses and exams.
create table learners (
    username text primary key check (username <> '' and username = lower(username)),
    preferences text[] not null default '{}'
);

create table courses (
    username text not null references learners on delete cascade,
    course text not null check (length(course) between 1 and 200),
    status text not null check (status in ('enrolled', 'completed')),
    position integer not null default 0, -- in the order in which they were taken up
    primary key (username, course)
);

create table exams (
    username text not null references learners on delete cascade,
    exam text not null check (length(exam) between 1 and 200),
    deadline date, -- null: none is set
    primary key (username, exam)
);

-- A learner's courses by status.
create view learning as
select username, preferences, enrolled, completed,
       cardinality(enrolled) as total_enrolled,
       cardinality(completed) as total_completed
from learners as l
cross join lateral (
    select array(select course from courses as c
                 where c.username = l.username and status = 'enrolled'
                 order by position, course) as enrolled,
           array(select course from courses as c
                 where c.username = l.username and status = 'completed'
                 order by position, course) as completed
) as lists;

-- How far a learner is, in the words of Stats. Half of the courses done is on track.
create view progress as
select username, total as total_courses,
       coalesce(round(100.0 * total_completed / nullif(total, 0), 2), 0) as completion_rate,
       case when total > 0 and 2 * total_completed >= total then 'On Track'
            else 'Needs Attention' end as status
from (
    select username, total_completed, total_enrolled + total_completed as total from learning
) as sums;
