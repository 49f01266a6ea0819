import { asc, eq, or, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { createProject as createProjectInput, Project } from '#src/contracts/access.ts'
import { db, isUniqueViolation, transaction } from '#src/server/db/client.ts'
import { newId } from '#src/server/db/ids.ts'
import { projectMembers, projects } from '#src/server/db/schema.ts'
import { AppError } from '#src/server/errors.ts'
import type { Caller } from './access.ts'
import { announce, recordAudit } from './audit.ts'

const view = (row: typeof projects.$inferSelect): Project => ({
  id: row.id,
  name: row.name,
  description: row.description,
  createdAt: row.createdAt.toISOString(),
})

/** The projects that the caller may read: all of them by an installation role, else those one is a member of. */
export async function listProjects(caller: Caller): Promise<Project[]> {
  const isMember = sql`exists (select 1 from ${projectMembers} where ${projectMembers.projectId} = ${projects.id} and ${projectMembers.userId} = ${caller.userId})`
  const where = caller.installation.includes('read') ? undefined : or(isMember, eq(projects.id, caller.project.id))
  const rows = await db().select().from(projects).where(where).orderBy(asc(projects.name)).limit(1000)
  return rows.map(view)
}

export async function createProject(caller: Caller, input: z.infer<typeof createProjectInput>): Promise<Project> {
  try {
    return await transaction(async (tx) => {
      const [row] = await tx
        .insert(projects)
        .values({ id: newId(), ...input })
        .returning()
      if (!row) throw new AppError('internal', 'The project was not created.')
      await recordAudit(tx, caller, { action: 'project.create', targetType: 'project', targetId: row.id, after: input, projectId: row.id })
      await announce(tx, 'project', row.id, row.id)
      return view(row)
    })
  } catch (error) {
    if (isUniqueViolation(error)) throw new AppError('conflict', `There is already a project named "${input.name}". Choose another name.`)
    throw error
  }
}

/** Makes the project that everything lands in when none is named. */
export async function ensureDefaultProject(): Promise<void> {
  await db()
    .insert(projects)
    .values({ id: newId(), name: 'default', description: 'Where things land when no project is named' })
    .onConflictDoNothing()
}
