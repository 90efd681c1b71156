-- Demo learning records, into an empty schema only: what people changed stays so.
with new as (
    insert into learners (username, preferences)
    select demo.*
    from (values
        ('vishal', array['programming', 'cloud', 'ai']),
        ('happy', array['data', 'analytics', 'visualization']),
        ('alex', array['devops', 'automation', 'infrastructure']),
        ('sarah', array['data analytics', 'ai'])
    ) as demo
    where not exists (select from learners)
    on conflict do nothing
    returning username
), taken as (
    insert into courses (username, course, status, position)
    select demo.*
    from (values
        ('vishal', 'Python Basics', 'completed', 1),
        ('vishal', 'Python Advanced', 'enrolled', 2),
        ('vishal', 'Cloud Architecture', 'enrolled', 3),
        ('vishal', 'Machine Learning', 'enrolled', 4),
        ('happy', 'Excel Basics', 'completed', 1),
        ('happy', 'Statistics 101', 'completed', 2),
        ('happy', 'Data Science', 'enrolled', 3),
        ('happy', 'SQL Mastery', 'enrolled', 4),
        ('alex', 'DevOps Fundamentals', 'enrolled', 1),
        ('alex', 'Kubernetes', 'enrolled', 2),
        ('sarah', 'Python Basics', 'completed', 1),
        ('sarah', 'SQL Basics', 'completed', 2),
        ('sarah', 'Data Science', 'enrolled', 3),
        ('sarah', 'Machine Learning', 'enrolled', 4)
    ) as demo (username, course, status, position)
    join new using (username)
)
insert into exams (username, exam, deadline)
select demo.*
from (values
    ('vishal', 'Python Advanced Final', date '2025-01-15'),
    ('vishal', 'Cloud Architecture Cert', date '2025-01-20'),
    ('happy', 'Data Science Midterm', date '2025-01-12'),
    ('alex', 'DevOps Quiz', date '2025-01-18')
) as demo (username, exam, deadline)
join new using (username);
