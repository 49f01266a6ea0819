/** Rows that most tests need, with the least that makes them valid. */
import { randomBytes } from 'node:crypto'
import { encode } from 'next-auth/jwt'
import type { Action, KeyScope, Project, ProjectRole, Role } from '#src/contracts/access.ts'
import type { RuntimeKind } from '#src/contracts/runtime.ts'
import { db } from '#src/server/db/client.ts'
import { newId } from '#src/server/db/ids.ts'
import { apiKeys, projectMembers, projects, runtimes, sessions, users } from '#src/server/db/schema.ts'
import { type Caller, identify, sha256Of } from '#src/server/services/access.ts'

export type TestUser = typeof users.$inferSelect

let count = 0

export async function makeUser(role: Role = 'manager', values: Partial<typeof users.$inferInsert> = {}): Promise<TestUser> {
  const email = `user-${++count}-${randomBytes(3).toString('hex')}@example.test`
  const [row] = await db()
    .insert(users)
    .values({ id: newId(), email, name: `User ${count}`, role, ...values })
    .returning()
  return row as TestUser
}

export async function makeProject(name = `project-${randomBytes(5).toString('hex')}`): Promise<Omit<Project, 'createdAt'>> {
  const row = { id: newId(), name, description: '', isPrivate: false }
  await db().insert(projects).values(row)
  return row
}

export const addMember = async (project: { id: string }, user: { id: string }, role: ProjectRole) =>
  void (await db().insert(projectMembers).values({ projectId: project.id, userId: user.id, role }))

/** A key of a user, as its owner sees it once; `project` binds it to that project alone. */
export async function makeKey(
  user: { id: string },
  scope: KeyScope = 'write',
  project?: { id: string },
  actions?: readonly Action[],
): Promise<string> {
  const key = `nwk_${randomBytes(32).toString('base64url')}`
  await db()
    .insert(apiKeys)
    .values({
      id: newId(),
      userId: user.id,
      projectId: project?.id ?? null,
      name: 'test',
      prefix: key.slice(0, 10),
      hash: sha256Of(key),
      scope,
      actions: actions ? [...actions] : null,
    })
  return key
}

/** An enrolled runtime: its id, and the credential that it calls with. */
export async function makeRuntime(
  kind: RuntimeKind = 'training',
  values: Partial<typeof runtimes.$inferInsert> = {},
): Promise<{ id: string; credential: string }> {
  const id = newId()
  const credential = `nwr_${randomBytes(32).toString('base64url')}`
  await db()
    .insert(runtimes)
    .values({ id, kind, name: `${kind}-${id.slice(-6)}`, version: '0.0.0', credentialHash: sha256Of(credential), ...values })
  return { id, credential }
}

/** A browser session of a user, as its cookie names it. */
export async function makeSession(user: TestUser): Promise<{ id: string; userId: string; epoch: number }> {
  const id = newId()
  await db()
    .insert(sessions)
    .values({ id, userId: user.id, origin: 'local', expiresAt: new Date(Date.now() + 3_600_000) })
  return { id, userId: user.id, epoch: user.sessionEpoch }
}

/** The headers with which a page of a signed-in user asks a server that has this secret. */
export async function makeCookie(user: TestUser, secret: string): Promise<Record<string, string>> {
  const { id, userId, epoch } = await makeSession(user)
  const cookie = `neuroweaver.session=${await encode({ token: { sub: userId, epoch, sid: id }, secret })}`
  return { cookie, 'sec-fetch-site': 'same-origin' }
}

/**
 * Who the server takes for the caller: a user with a session, or the bearer of a key or a runtime's credential.
 * @param project name or id; `default` when it is left out.
 */
export async function caller(who: TestUser | string, project?: string): Promise<Caller> {
  const credentials = typeof who === 'string' ? { bearer: who } : { session: await makeSession(who) }
  return identify({ ...credentials, project, correlationId: randomBytes(8).toString('hex'), address: '127.0.0.1' })
}
