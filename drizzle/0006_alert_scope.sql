ALTER TABLE "alert_rules" ADD COLUMN "model_id" uuid;--> statement-breakpoint
ALTER TABLE "alert_rules" ADD COLUMN "for_minutes" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "alert_rules" ADD CONSTRAINT "alert_rules_model_id_models_id_fk" FOREIGN KEY ("model_id") REFERENCES "public"."models"("id") ON DELETE cascade ON UPDATE no action;