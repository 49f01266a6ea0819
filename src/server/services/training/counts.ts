import { sql } from 'drizzle-orm'
import { db } from '#src/server/db/client.ts'
import { trainingJobs } from '#src/server/db/schema.ts'

/** How many jobs of the whole installation are in each state. */
export const countJobs = () =>
  db().select({ status: trainingJobs.status, count: sql<number>`count(*)::int` }).from(trainingJobs).groupBy(trainingJobs.status)
