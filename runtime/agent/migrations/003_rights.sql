-- With which rights a message was sent: its answer is nobody's who has others. NULL: nobody knows.
alter table task_messages add column scope text;
-- The token by which a configuration was made: it ends with the person's tokens of then.
alter table push_configs add column issued bigint not null default 0;
