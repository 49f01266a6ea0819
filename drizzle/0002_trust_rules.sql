-- Entries written before names were kept get the names of today.
update audit_events set
  actor_name = coalesce((select email from users where id = user_id), (select name from runtimes where id = runtime_id)),
  api_key_name = (select name || ' (' || prefix || '…)' from api_keys where id = api_key_id),
  target_name = coalesce(after->>'name', before->>'name', after->>'email', after->>'filename', before->>'filename'),
  source = case when runtime_id is not null then 'runtime' when api_key_id is not null then 'client' when user_id is not null then 'web' else 'system' end;
--> statement-breakpoint
-- The record is append-only, also for a mistake in the program or a hand at psql; only a superuser or the tables' owner
-- can take the triggers away, and what is changed then breaks the chain of seals.
create or replace function audit_refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
end $$;
--> statement-breakpoint
create or replace trigger audit_events_append_only before update or delete or truncate on audit_events
  for each statement execute function audit_refuse_change();
--> statement-breakpoint
create or replace trigger audit_seals_append_only before update or delete or truncate on audit_seals
  for each statement execute function audit_refuse_change();
--> statement-breakpoint
create or replace function audit_await_seal() returns trigger language plpgsql as $$
begin
  insert into audit_pending (event_id, transaction_id) values (new.id, new.transaction_id);
  return null;
end $$;
--> statement-breakpoint
create or replace trigger audit_events_await_seal after insert on audit_events
  for each row execute function audit_await_seal();
--> statement-breakpoint
insert into audit_pending (event_id, transaction_id) select id, transaction_id from audit_events on conflict do nothing;

--> statement-breakpoint
-- Projects that were there before rules were get the ones that a new project begins with.
insert into alert_rules (id, project_id, name, figure, warning, critical, window_minutes, min_requests, for_minutes, cooldown_minutes)
select gen_random_uuid(), projects.id, usual.name, usual.figure, usual.warning, usual.critical, 10, 50, 0, 15
from projects cross join (values
  ('Latency', 'latency_p95', 2000, 5000),
  ('Success rate', 'success_rate', 0.95, 0.9),
  ('Accuracy', 'accuracy', 0.85, 0.75)
) as usual (name, figure, warning, critical)
on conflict do nothing;
