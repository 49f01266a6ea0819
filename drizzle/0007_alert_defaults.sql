-- Projects that were there before rules were get the ones that a new project begins with.
insert into alert_rules (id, project_id, name, figure, warning, critical, window_minutes, min_requests, for_minutes, cooldown_minutes)
select gen_random_uuid(), projects.id, usual.name, usual.figure, usual.warning, usual.critical, 10, 50, 0, 15
from projects cross join (values
  ('Latency', 'latency_p95', 2000, 5000),
  ('Success rate', 'success_rate', 0.95, 0.9),
  ('Accuracy', 'accuracy', 0.85, 0.75)
) as usual (name, figure, warning, critical)
on conflict do nothing;
