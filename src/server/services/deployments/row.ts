import { and, desc, eq, sql } from 'drizzle-orm'
import { isUuid } from '#src/contracts/common.ts'
import type { Queryable } from '#src/server/db/client.ts'
import { deployments } from '#src/server/db/schema.ts'
import { AppError } from '#src/server/errors.ts'
import type { Caller } from '../access.ts'

export type DeploymentRow = typeof deployments.$inferSelect

/** By id, or by name: then the one that is not stopped, else the last that was. */
export async function findDeploymentRow(on: Queryable, caller: Caller, ref: string, lock = false): Promise<DeploymentRow> {
  const byRef = isUuid(ref) ? eq(deployments.id, ref) : eq(deployments.name, ref)
  const query = on
    .select()
    .from(deployments)
    .where(and(eq(deployments.projectId, caller.project.id), byRef))
    .orderBy(sql`${deployments.status} = 'stopped'`, desc(deployments.createdAt))
    .limit(1)
  const [row] = lock ? await query.for('update') : await query
  if (!row)
    throw new AppError(
      'not_found',
      `There is no deployment "${ref.slice(0, 100)}" in this project. Look at the list of deployments for its name.`,
    )
  return row
}
