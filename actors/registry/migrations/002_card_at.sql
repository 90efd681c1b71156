-- When an agent's card became what it is: updated_at also moves when somebody decides about the agent.
alter table agents add column card_at timestamptz;
update agents set card_at = updated_at where card is not null;
