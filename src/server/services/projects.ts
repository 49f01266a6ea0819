import { and, asc, count, eq, inArray, ne, not, or, sql } from 'drizzle-orm'
import type { z } from 'zod'
import {
  type createProject as createProjectInput,
  type Permission,
  type Project,
  type ProjectDetail,
  type ProjectRole,
  projectRolePermissions,
  type updateProject as updateProjectInput,
} from '#src/contracts/access.ts'
import { isUuid } from '#src/contracts/common.ts'
import { db, isUniqueViolation, type Queryable, type Tx, transaction } from '#src/server/db/client.ts'
import { newId } from '#src/server/db/ids.ts'
import {
  alertRules,
  apiKeys,
  artifactGrants,
  channels,
  datasets,
  datasetVersions,
  deployments,
  models,
  projectMembers,
  projects,
  trainingJobs,
  uploads,
} from '#src/server/db/schema.ts'
import { AppError } from '#src/server/errors.ts'
import type { Caller } from './access.ts'
import { addUsualRules } from './alerts/rules.ts'
import { announceProjects, recordAudit } from './audit.ts'
import { forgetIdentities } from './identities.ts'

export type ProjectRow = typeof projects.$inferSelect

const view = (row: ProjectRow): Project => ({
  id: row.id,
  name: row.name,
  description: row.description,
  isPrivate: row.isPrivate,
  createdAt: row.createdAt.toISOString(),
})

/** Of a query over projects, where the caller may read: everywhere but in private projects by an installation role, and wherever one is a member. */
export function isVisible(caller: Caller) {
  if (caller.apiKeyId && !caller.installation.includes('read')) return eq(projects.id, caller.project.id)
  if (caller.installation.includes('admin')) return undefined
  const isMember = sql`exists (select 1 from ${projectMembers} where ${projectMembers.projectId} = ${projects.id} and ${projectMembers.userId} = ${caller.userId})`
  const isOpen = caller.installation.includes('read') ? eq(projects.isPrivate, false) : undefined
  return or(isOpen, isMember, eq(projects.id, caller.project.id))
}

/** The projects that the caller may read. */
export async function listProjects(caller: Caller): Promise<Project[]> {
  const rows = await db().select().from(projects).where(isVisible(caller)).orderBy(asc(projects.name)).limit(1000)
  return rows.map(view)
}

const missing = (ref: string) => new AppError('not_found', `There is no project "${ref.slice(0, 100)}" that you may see.`)

/** A project that the caller may see, and what they may do in it. @throws AppError not_found */
export async function findProject(
  on: Queryable,
  caller: Caller,
  ref: string,
): Promise<{ row: ProjectRow; permissions: ProjectDetail['permissions'] }> {
  const byRef = isUuid(ref) ? eq(projects.id, ref) : eq(projects.name, ref)
  const [found] = await on
    .select({ row: projects, memberRole: projectMembers.role })
    .from(projects)
    .leftJoin(projectMembers, and(eq(projectMembers.projectId, projects.id), eq(projectMembers.userId, caller.userId ?? projects.id)))
    .where(and(byRef, isVisible(caller)))
  if (!found) throw missing(ref)
  if (found.row.id === caller.project.id) return { row: found.row, permissions: [...caller.permissions] }
  const permissions = permissionsThere(caller, found.row, found.memberRole)
  if (!permissions.includes('read')) throw missing(ref)
  return { row: found.row, permissions }
}

/** The rights in a project that is not the caller's open one: a key or a token holds no more there than it does here. */
function permissionsThere(caller: Caller, { isPrivate }: ProjectRow, memberRole: ProjectRole | null): Permission[] {
  const general = isPrivate && !caller.installation.includes('admin') ? [] : caller.installation
  const granted = memberRole ? projectRolePermissions[memberRole] : []
  return [...new Set([...general, ...granted.filter((each) => caller.within?.includes(each) ?? true)])]
}

/** A project whose admin the caller is. @throws AppError not_found, forbidden */
export async function findOwnProject(on: Queryable, caller: Caller, ref: string): Promise<ProjectRow> {
  const { row, permissions } = await findProject(on, caller, ref)
  if (!permissions.includes('admin'))
    throw new AppError('forbidden', `Only an admin of the project "${row.name}" may do this. Ask one of them.`)
  return row
}

/** The row as it is now, held until the transaction ends: who its admins are, and whether it is private, changes one at a time. */
export async function lockProject(
  tx: Tx,
  { id, name }: ProjectRow,
  strength: 'no key update' | 'update' = 'no key update',
): Promise<ProjectRow> {
  const [row] = await tx.select().from(projects).where(eq(projects.id, id)).for(strength)
  if (!row) throw missing(name)
  return row
}

async function refuseWithoutAdmin(tx: Tx, { id, name }: ProjectRow): Promise<void> {
  const admins = await tx.$count(projectMembers, and(eq(projectMembers.projectId, id), eq(projectMembers.role, 'admin')))
  if (admins > 0) return
  throw new AppError('conflict', `The project "${name}" has no admin of its own. Make one of its members an admin, then make it private.`, {
    details: [{ path: 'isPrivate', message: 'needs an admin of the project' }],
  })
}

async function countThings(projectId: string): Promise<ProjectDetail['counts']> {
  const of = async (table: typeof models | typeof datasets | typeof trainingJobs | typeof deployments) =>
    (await db().select({ count: count() }).from(table).where(eq(table.projectId, projectId)))[0]?.count ?? 0
  const [ofModels, ofDatasets, jobs] = await Promise.all([of(models), of(datasets), of(trainingJobs)])
  const ofDeployments = await db().$count(deployments, and(eq(deployments.projectId, projectId), ne(deployments.status, 'stopped')))
  return { models: ofModels, datasets: ofDatasets, jobs, deployments: ofDeployments }
}

export async function getProject(caller: Caller, ref: string): Promise<ProjectDetail> {
  const { row, permissions } = await findProject(db(), caller, ref)
  return { ...view(row), permissions, counts: await countThings(row.id) }
}

const taken = (name: string) =>
  new AppError('conflict', `There is already a project named "${name}". Choose another name.`, {
    details: [{ path: 'name', message: 'is taken' }],
  })

/** Makes a project; who makes it is its first admin. */
export async function createProject(caller: Caller, input: z.infer<typeof createProjectInput>): Promise<Project> {
  try {
    return await transaction(async (tx) => {
      const [row] = await tx
        .insert(projects)
        .values({ id: newId(), ...input })
        .returning()
      if (!row) throw new AppError('internal', 'The project was not created.')
      if (caller.userId) await tx.insert(projectMembers).values({ projectId: row.id, userId: caller.userId, role: 'admin' })
      await addUsualRules(tx, row.id)
      await recordAudit(tx, caller, { action: 'project.create', targetType: 'project', targetId: row.id, after: input, projectId: row.id })
      await announceProjects(tx)
      return view(row)
    })
  } catch (error) {
    if (isUniqueViolation(error)) throw taken(input.name)
    throw error
  }
}

const defaultProject = 'default'

/** Changes a project's name, description or privacy. The project that things land in when none is named stays as it is called, and open. */
export async function updateProject(caller: Caller, { project, ...input }: z.infer<typeof updateProjectInput>): Promise<ProjectDetail> {
  try {
    await transaction(async (tx) => {
      const before = await lockProject(tx, await findOwnProject(tx, caller, project))
      const isMoved = (input.name !== undefined && input.name !== defaultProject) || input.isPrivate
      if (before.name === defaultProject && isMoved)
        throw new AppError(
          'conflict',
          'The project "default" keeps its name and stays open, because things land in it when no project is named.',
        )
      const set = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined))
      if (Object.keys(set).length === 0) return
      if (input.isPrivate && !before.isPrivate) await refuseWithoutAdmin(tx, before)
      await tx.update(projects).set(set).where(eq(projects.id, before.id))
      const facts = ({ name, description, isPrivate }: ProjectRow) => ({ name, description, isPrivate })
      await recordAudit(tx, caller, {
        action: 'project.update',
        targetType: 'project',
        targetId: before.id,
        before: facts(before),
        after: { ...facts(before), ...set },
        projectId: before.id,
      })
      await announceProjects(tx)
    })
  } catch (error) {
    if (isUniqueViolation(error)) throw taken(input.name ?? '')
    throw error
  }
  forgetIdentities()
  return getProject(caller, input.name ?? project)
}

const isOpenJob = inArray(trainingJobs.status, ['queued', 'running'])
const isOpenUpload = inArray(uploads.status, ['uploading', 'verifying'])
const madeAJob = sql`exists (select 1 from ${datasetVersions} join ${trainingJobs} on ${trainingJobs.datasetVersionId} = ${datasetVersions.id} where ${datasetVersions.datasetId} = ${datasets.id})`

/** @throws AppError conflict that says what people have to delete or to end first. */
async function refuseWhileHolding(tx: Tx, { id, name }: ProjectRow): Promise<void> {
  const held = [
    { noun: 'models', some: await tx.$count(models, eq(models.projectId, id)), todo: 'Delete them first.' },
    {
      noun: 'training jobs that have not ended',
      some: await tx.$count(trainingJobs, and(eq(trainingJobs.projectId, id), isOpenJob)),
      todo: 'Wait until they have ended, or cancel them first.',
    },
    {
      noun: 'data sets',
      some: await tx.$count(datasets, and(eq(datasets.projectId, id), not(madeAJob))),
      todo: 'Delete them first.',
    },
    {
      noun: 'unfinished uploads',
      some: await tx.$count(uploads, and(eq(uploads.projectId, id), isOpenUpload)),
      todo: 'Wait until they are finished, or have who began them cancel them; what is not finished ends after 7 days.',
    },
  ]
  const first = held.find(({ some }) => some > 0)
  if (first) throw new AppError('conflict', `The project "${name}" still holds ${first.some} ${first.noun}. ${first.todo}`)
}

/** What nobody can delete by itself: jobs that have ended, the data sets that they were made of, and finished uploads. */
async function deleteRest(tx: Tx, { id }: ProjectRow): Promise<{ jobs: number; datasets: number; uploads: number }> {
  const jobs = await tx.delete(trainingJobs).where(eq(trainingJobs.projectId, id)).returning({ id: trainingJobs.id })
  const sets = await tx.delete(datasets).where(eq(datasets.projectId, id)).returning({ id: datasets.id })
  const files = await tx.delete(uploads).where(eq(uploads.projectId, id)).returning({ id: uploads.id })
  await tx.delete(artifactGrants).where(eq(artifactGrants.projectId, id))
  return { jobs: jobs.length, datasets: sets.length, uploads: files.length }
}

/** Deletes a project that nothing is in any more but what has ended. @throws AppError conflict that says what is. */
export async function deleteProject(caller: Caller, ref: string): Promise<void> {
  await transaction(async (tx) => {
    const row = await lockProject(tx, await findOwnProject(tx, caller, ref), 'update')
    if (row.name === defaultProject)
      throw new AppError('conflict', 'The project "default" can not be deleted: things land in it when no project is named.')
    await refuseWhileHolding(tx, row)
    const gone = await deleteRest(tx, row)
    await tx.delete(alertRules).where(eq(alertRules.projectId, row.id))
    await tx.delete(channels).where(eq(channels.projectId, row.id))
    await tx
      .update(apiKeys)
      .set({ revokedAt: sql`coalesce(${apiKeys.revokedAt}, now())`, projectId: null })
      .where(eq(apiKeys.projectId, row.id))
    await tx.delete(projectMembers).where(eq(projectMembers.projectId, row.id))
    await recordAudit(tx, caller, {
      action: 'project.delete',
      targetType: 'project',
      targetId: row.id,
      before: { name: row.name, ...gone },
      projectId: null,
    })
    await tx.delete(projects).where(eq(projects.id, row.id))
    await announceProjects(tx)
  })
  forgetIdentities()
}

/** Makes the project that everything lands in when none is named. */
export async function ensureDefaultProject(): Promise<void> {
  await transaction(async (tx) => {
    const [made] = await tx
      .insert(projects)
      .values({ id: newId(), name: defaultProject, description: 'Where things land when no project is named' })
      .onConflictDoNothing()
      .returning({ id: projects.id })
    if (made) await addUsualRules(tx, made.id)
  })
}
