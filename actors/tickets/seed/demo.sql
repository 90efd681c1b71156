-- Demo tickets, into an empty table only: what people changed or deleted stays so.
insert into tickets (id, operation, username, status, created_at, updated_at)
select demo.*
from (values
    (12301, 'create_ai_key', 'vishal', 'pending',
     timestamptz '2025-01-10 10:00:00Z', timestamptz '2025-01-10 10:00:00Z'),
    (12302, 'create_gitlab_account', 'happy', 'completed',
     '2025-01-09 14:30:00Z', '2025-01-10 16:00:00Z'),
    (12303, 'update_budget', 'vishal', 'in_progress',
     '2025-01-11 09:15:00Z', '2025-01-11 11:30:00Z'),
    (12304, 'vpn_access', 'alex', 'pending',
     '2025-01-12 08:00:00Z', '2025-01-12 08:00:00Z'),
    (12305, 'gpu_allocation', 'sarah', 'approved',
     '2025-01-13 10:30:00Z', '2025-01-13 12:00:00Z')
) as demo
where not exists (select from tickets)
on conflict do nothing;
