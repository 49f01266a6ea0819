/** Accounts of programs: they have keys and project roles like people, and no password. */
import { and, asc, eq, inArray, isNull, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { createServiceAccount as createInput, ServiceAccount, updateServiceAccount as updateInput } from '#src/contracts/access.ts'
import { db, isUniqueViolation, transaction } from '#src/server/db/client.ts'
import { newId } from '#src/server/db/ids.ts'
import { apiKeys, projectMembers, projects, users } from '#src/server/db/schema.ts'
import { AppError } from '#src/server/errors.ts'
import type { Caller } from './access.ts'
import { announce, everywhere, recordAudit } from './audit.ts'
import { forgetIdentities } from './identities.ts'
import { writeMember } from './members.ts'
import { findOwnProject } from './projects.ts'

/** Not the form of an e-mail, so that nobody can sign in as one. */
const accountOf = (name: string) => `service:${name.toLowerCase()}`

async function read(where: ReturnType<typeof eq> | undefined): Promise<ServiceAccount[]> {
  const rows = await db()
    .select()
    .from(users)
    .where(and(eq(users.kind, 'service'), where))
    .orderBy(asc(users.name))
    .limit(1000)
  const ids = rows.map((row) => row.id)
  if (ids.length === 0) return []
  const [memberships, keys] = await Promise.all([
    db()
      .select({ userId: projectMembers.userId, name: projects.name, role: projectMembers.role })
      .from(projectMembers)
      .innerJoin(projects, eq(projects.id, projectMembers.projectId))
      .where(inArray(projectMembers.userId, ids)),
    db()
      .select({ userId: apiKeys.userId, count: sql<number>`count(*)::int`, lastUsedAt: sql<Date | null>`max(${apiKeys.lastUsedAt})` })
      .from(apiKeys)
      .where(and(inArray(apiKeys.userId, ids), isNull(apiKeys.revokedAt)))
      .groupBy(apiKeys.userId),
  ])
  return rows.map((row) => {
    const ofRow = keys.find((key) => key.userId === row.id)
    return {
      id: row.id,
      name: row.name,
      role: row.role,
      isDisabled: row.isDisabled,
      projects: memberships.filter((member) => member.userId === row.id).map(({ name, role }) => ({ name, role })),
      keys: ofRow?.count ?? 0,
      lastUsedAt: ofRow?.lastUsedAt ? new Date(ofRow.lastUsedAt).toISOString() : null,
      createdAt: row.createdAt.toISOString(),
    }
  })
}

export const listServiceAccounts = (): Promise<ServiceAccount[]> => read(undefined)

async function getServiceAccount(id: string): Promise<ServiceAccount> {
  const [account] = await read(eq(users.id, id))
  if (!account) throw new AppError('not_found', 'There is no such service account.')
  return account
}

/**
 * Makes an account for a program: an admin of the installation with any role, a project's admin as a member of that project.
 * @throws AppError forbidden, not_found for the project, conflict for a name that is taken.
 */
export async function createServiceAccount(caller: Caller, input: z.infer<typeof createInput>): Promise<ServiceAccount> {
  const id = newId()
  const isAdmin = caller.installation.includes('admin')
  if (!isAdmin && (!input.project || input.role !== 'viewer'))
    throw new AppError(
      'forbidden',
      'Only an admin of this installation may do this. An admin of a project names it, and leaves the role out.',
    )
  try {
    await transaction(async (tx) => {
      const project = input.project === undefined ? undefined : await findOwnProject(tx, caller, input.project)
      const account = { id, email: accountOf(input.name), name: input.name }
      await tx.insert(users).values({ ...account, kind: 'service', role: input.role })
      await recordAudit(tx, caller, {
        action: 'service_account.create',
        targetType: 'user',
        targetId: id,
        targetName: input.name,
        after: { name: input.name, role: input.role },
        projectId: project?.id ?? null,
      })
      if (project) await writeMember(tx, caller, project, account, input.projectRole)
      await announce(tx, 'user', everywhere, id)
    })
  } catch (error) {
    if (isUniqueViolation(error))
      throw new AppError('conflict', `There is already a service account "${input.name}".`, {
        details: [{ path: 'name', message: 'is taken' }],
      })
    throw error
  }
  return getServiceAccount(id)
}

/** Changes a service account; disabling it refuses its keys within seconds. */
export async function updateServiceAccount(caller: Caller, { id, ...input }: z.infer<typeof updateInput>): Promise<ServiceAccount> {
  await transaction(async (tx) => {
    const [before] = await tx
      .select()
      .from(users)
      .where(and(eq(users.id, id), eq(users.kind, 'service')))
      .for('update')
    if (!before) throw new AppError('not_found', 'There is no such service account.')
    const set = {
      ...(input.role === undefined ? {} : { role: input.role, roleCeiling: before.origin === 'token' ? input.role : null }),
      ...(input.isDisabled === undefined ? {} : { isDisabled: input.isDisabled }),
    }
    if (Object.keys(set).length === 0) return
    await tx.update(users).set(set).where(eq(users.id, id))
    await recordAudit(tx, caller, {
      action: 'service_account.update',
      targetType: 'user',
      targetId: id,
      targetName: before.name,
      before: { role: before.role, isDisabled: before.isDisabled },
      after: { role: input.role ?? before.role, isDisabled: input.isDisabled ?? before.isDisabled },
      projectId: null,
    })
    await announce(tx, 'user', everywhere, id)
  })
  forgetIdentities()
  return getServiceAccount(id)
}
