CREATE TABLE "deployment_traffic" (
	"id" uuid PRIMARY KEY NOT NULL,
	"deployment_id" uuid NOT NULL,
	"at" timestamp (3) with time zone DEFAULT clock_timestamp() NOT NULL,
	"kind" text NOT NULL,
	"targets" jsonb NOT NULL,
	"reason" text,
	"created_by" uuid
);
--> statement-breakpoint
DROP INDEX "alerts_open";--> statement-breakpoint
ALTER TABLE "alerts" ALTER COLUMN "deployment_id" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "alerts" ADD COLUMN "runtime_id" uuid;--> statement-breakpoint
ALTER TABLE "relaycore_outbox" ADD COLUMN "held_until" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "deployment_traffic" ADD CONSTRAINT "deployment_traffic_deployment_id_deployments_id_fk" FOREIGN KEY ("deployment_id") REFERENCES "public"."deployments"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "deployment_traffic" ADD CONSTRAINT "deployment_traffic_created_by_users_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "deployment_traffic_at" ON "deployment_traffic" USING btree ("deployment_id","at" DESC NULLS LAST);--> statement-breakpoint
ALTER TABLE "alerts" ADD CONSTRAINT "alerts_runtime_id_runtimes_id_fk" FOREIGN KEY ("runtime_id") REFERENCES "public"."runtimes"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "alerts_open" ON "alerts" USING btree ("rule_id",coalesce("deployment_id", "runtime_id", "rule_id")) WHERE "alerts"."status" <> 'resolved';
--> statement-breakpoint
-- What was deployed and set by hand before the record began is in the audit log; moves of switches are not, so the present shares follow.
insert into deployment_traffic (id, deployment_id, at, kind, targets, created_by)
  select gen_random_uuid(), d.id, e.at, case e.action when 'deployment.deploy' then 'deployed' else 'set' end, e.after->'targets', u.id
  from audit_events e join deployments d on d.id::text = e.target_id left join users u on u.id = e.user_id
  where e.action in ('deployment.deploy', 'deployment.targets') and jsonb_typeof(e.after->'targets') = 'array';
--> statement-breakpoint
insert into deployment_traffic (id, deployment_id, at, kind, targets)
  select gen_random_uuid(), d.id, now(), 'recorded', jsonb_agg(jsonb_build_object('model', m.name, 'version', v.version, 'weight', t.weight))
  from deployments d join deployment_targets t on t.deployment_id = d.id
    join model_versions v on v.id = t.version_id join models m on m.id = v.model_id
  where d.status <> 'stopped' group by d.id;
--> statement-breakpoint
insert into deployment_traffic (id, deployment_id, at, kind, targets)
  select gen_random_uuid(), id, coalesce(stopped_at, updated_at), 'stopped', '[]' from deployments where status = 'stopped';
