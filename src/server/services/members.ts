/** Who belongs to a project, and what they may do there. */
import { and, asc, eq, ne } from 'drizzle-orm'
import type { z } from 'zod'
import type { Member, ProjectRole, removeMember as removeMemberInput, setMember as setMemberInput } from '#src/contracts/access.ts'
import { isUuid } from '#src/contracts/common.ts'
import { db, type Tx, transaction } from '#src/server/db/client.ts'
import { projectMembers, users } from '#src/server/db/schema.ts'
import { AppError } from '#src/server/errors.ts'
import type { Caller } from './access.ts'
import { announceProjects, recordAudit } from './audit.ts'
import { forgetIdentities } from './identities.ts'
import { findOwnProject, findProject, lockProject, type ProjectRow } from './projects.ts'

const columns = {
  userId: users.id,
  email: users.email,
  name: users.name,
  kind: users.kind,
  role: projectMembers.role,
  installationRole: users.role,
  createdAt: projectMembers.createdAt,
}

/** The members of a project, for everybody who may read it. */
export async function listMembers(caller: Caller, project: string): Promise<Member[]> {
  const { row } = await findProject(db(), caller, project)
  const rows = await db()
    .select(columns)
    .from(projectMembers)
    .innerJoin(users, eq(users.id, projectMembers.userId))
    .where(eq(projectMembers.projectId, row.id))
    .orderBy(asc(users.email))
    .limit(1000)
  return rows.map((member) => ({ ...member, createdAt: member.createdAt.toISOString() }))
}

async function findPerson(tx: Tx, ref: string) {
  const [row] = await tx
    .select()
    .from(users)
    .where(isUuid(ref) ? eq(users.id, ref) : eq(users.email, ref.trim().toLowerCase()))
  if (!row)
    throw new AppError('not_found', `There is nobody called "${ref.slice(0, 200)}" here. An admin can add them under Settings → People.`, {
      details: [{ path: 'user', message: 'is not known' }],
    })
  return row
}

const memberOf = (project: ProjectRow, userId: string) => and(eq(projectMembers.projectId, project.id), eq(projectMembers.userId, userId))

/** A private project without an admin of its own could be managed by nobody who belongs to it. */
async function refuseLastAdmin(tx: Tx, project: ProjectRow, userId: string): Promise<void> {
  const { isPrivate } = await lockProject(tx, project)
  if (!isPrivate) return
  const others = await tx.$count(
    projectMembers,
    and(eq(projectMembers.projectId, project.id), eq(projectMembers.role, 'admin'), ne(projectMembers.userId, userId)),
  )
  if (others === 0)
    throw new AppError('conflict', `This is the last admin of the private project "${project.name}". Make another one first.`)
}

/** Makes somebody a member, or changes what they may do. */
export async function setMember(caller: Caller, input: z.infer<typeof setMemberInput>): Promise<Member> {
  const id = await transaction(async (tx) => {
    const project = await findOwnProject(tx, caller, input.project)
    const person = await findPerson(tx, input.user)
    await writeMember(tx, caller, project, person, input.role)
    return person.id
  })
  forgetIdentities()
  const members = await listMembers(caller, input.project)
  return members.find((member) => member.userId === id) as Member
}

/** The row and what is written down of it; whether the caller may is asked before. */
export async function writeMember(
  tx: Tx,
  caller: Caller,
  project: ProjectRow,
  person: { id: string; email: string },
  role: ProjectRole,
): Promise<void> {
  const [before] = await tx.select().from(projectMembers).where(memberOf(project, person.id)).for('update')
  if (before?.role === 'admin' && role !== 'admin') await refuseLastAdmin(tx, project, person.id)
  await tx
    .insert(projectMembers)
    .values({ projectId: project.id, userId: person.id, role })
    .onConflictDoUpdate({ target: [projectMembers.projectId, projectMembers.userId], set: { role } })
  await recordAudit(tx, caller, {
    action: 'project.member',
    targetType: 'project',
    targetId: project.id,
    targetName: project.name,
    ...(before ? { before: { member: person.email, role: before.role } } : {}),
    after: { member: person.email, role },
    projectId: project.id,
  })
  await announceProjects(tx)
}

export async function removeMember(caller: Caller, input: z.infer<typeof removeMemberInput>): Promise<void> {
  await transaction(async (tx) => {
    const project = await findOwnProject(tx, caller, input.project)
    const person = await findPerson(tx, input.user)
    const [before] = await tx.select().from(projectMembers).where(memberOf(project, person.id)).for('update')
    if (!before) throw new AppError('not_found', `${person.email} is no member of "${project.name}".`)
    if (before.role === 'admin') await refuseLastAdmin(tx, project, person.id)
    await tx.delete(projectMembers).where(memberOf(project, person.id))
    await recordAudit(tx, caller, {
      action: 'project.remove_member',
      targetType: 'project',
      targetId: project.id,
      targetName: project.name,
      before: { member: person.email, role: before.role },
      projectId: project.id,
    })
    await announceProjects(tx)
  })
  forgetIdentities()
}
