/** Private projects, their members, the accounts of programs, and what keys are limited to: through HTTP, by those concerned. */
import { createHash } from 'node:crypto'
import { eq } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import type { ProjectRole, Role } from '#src/contracts/access.ts'
import { db } from '#src/server/db/client.ts'
import { newId } from '#src/server/db/ids.ts'
import { deployments, models, uploads } from '#src/server/db/schema.ts'
import { eventually } from '#src/testing/collector.ts'
import { addMember, caller, makeKey, makeProject, makeRuntime, makeUser, type TestUser } from '#src/testing/factories.ts'
import { makeReadyDataset, makeReadyUpload } from '#src/testing/rows.ts'
import { useRest } from '#src/testing/rest.ts'

const use = useRest()
type Named = { name: string }[]
const statusOf = async (method: string, path: string, key: string, body?: unknown) =>
  (await use.rest.ask(method, path, { key, body })).status
const madeId = async (path: string, body: object, key?: string) =>
  (await use.rest.ask('POST', path, { body, ...(key ? { key } : {}) })).body as { id: string; key: string }

async function person(role: Role): Promise<{ user: TestUser; key: string }> {
  const user = await makeUser(role)
  return { user, key: await makeKey(user, 'admin') }
}

async function memberOf(project: { id: string }, role: ProjectRole) {
  const made = await person('viewer')
  await addMember(project, made.user, role)
  return made
}

describe('a private project', () => {
  it('is there for its members and admins alone, in every list and by every name', async () => {
    const lead = await person('manager')
    const made = await use.rest.ask('POST', '/projects', { body: { name: 'secret', is_private: true } })
    const { id } = made.body as { id: string }
    expect(made.body).toMatchObject({ name: 'secret', is_private: true })
    expect(await statusOf('GET', '/projects/secret', lead.key)).toBe(404)
    expect(await statusOf('GET', `/projects/${id}`, lead.key)).toBe(404)
    expect(((await use.rest.ask('GET', '/projects', { key: lead.key })).body as Named).map(({ name }) => name)).toEqual(['default'])
    const headers = { 'x-neuroweaver-project': 'secret' }
    expect((await use.rest.ask('GET', '/models', { key: lead.key, headers })).status).toBe(404)
    expect(await statusOf('POST', '/api-keys', lead.key, { name: 'k', scope: 'read', project: 'secret' })).toBe(404)

    await use.rest.ask('PUT', `/projects/secret/members/${lead.user.email}`, { body: { role: 'viewer' } })
    expect((await use.rest.ask('GET', '/models', { key: lead.key, headers })).status).toBe(200)
    const register = { name: 'm', files: [{ path: 'a', upload_id: newId() }] }
    // What a manager may do in open projects is not what this one grants.
    expect((await use.rest.ask('POST', '/models/register', { key: lead.key, headers, body: register })).status).toBe(403)
    expect(await statusOf('GET', '/projects/secret', use.rest.web.adminKey)).toBe(200)
  })

  it('keeps one admin of its own', async () => {
    const project = await makeProject()
    const first = await memberOf(project, 'admin')
    const second = await person('viewer')
    const of = (user: TestUser) => `/projects/${project.name}/members/${user.id}`
    expect(await statusOf('PATCH', `/projects/${project.name}`, first.key, { is_private: true })).toBe(200)
    expect(await statusOf('DELETE', of(first.user), first.key)).toBe(409)
    expect(await statusOf('PUT', of(first.user), first.key, { role: 'viewer' })).toBe(409)
    expect(await statusOf('PUT', of(second.user), first.key, { role: 'admin' })).toBe(200)
    expect(await statusOf('DELETE', of(first.user), first.key)).toBe(204)
    expect(await statusOf('GET', `/projects/${project.name}`, first.key)).toBe(404)
    expect(await statusOf('GET', `/projects/${project.name}`, second.key)).toBe(200)
  })

  it('keeps one admin of its own when its admins go at the same moment', async () => {
    for (let round = 0; round < 5; round++) {
      const project = await makeProject()
      const [first, second] = [await memberOf(project, 'admin'), await memberOf(project, 'admin')]
      expect(await statusOf('PATCH', `/projects/${project.name}`, first.key, { is_private: true })).toBe(200)
      const of = (user: TestUser) => `/projects/${project.name}/members/${user.id}`
      const statuses = await Promise.all([
        statusOf('DELETE', of(first.user), first.key),
        statusOf('PUT', of(second.user), second.key, { role: 'viewer' }),
      ])
      expect(statuses).toContain(409)
      const members = (await use.rest.ask('GET', `/projects/${project.name}/members`)).body as { role: ProjectRole }[]
      expect(members.filter(({ role }) => role === 'admin')).toHaveLength(1)
    }
  })

  it('is not made of one without an admin of its own', async () => {
    const project = await makeProject()
    const { user } = await memberOf(project, 'editor')
    const close = () => use.rest.ask('PATCH', `/projects/${project.name}`, { body: { is_private: true } })
    expect(await close()).toMatchObject({
      status: 409,
      body: { error: { message: expect.stringContaining('Make one of its members an admin') } },
    })
    await use.rest.ask('PUT', `/projects/${project.name}/members/${user.id}`, { body: { role: 'admin' } })
    expect((await close()).status).toBe(200)
    expect((await close()).status).toBe(200)
  })
})

describe('a project', () => {
  const asked: [string, string, object | undefined][] = [
    ['PATCH', '', { description: 'x' }],
    ['PUT', '/members/bootstrap@localhost', { role: 'viewer' }],
    ['DELETE', '/members/bootstrap@localhost', undefined],
    ['DELETE', '', undefined],
  ]
  it.each([
    ['project viewer', 403],
    ['project editor', 403],
    ['project deployer', 403],
    ['manager', 403],
    ['viewer', 403],
    ['project admin', 200],
    ['admin', 200],
  ] as const)('is managed by its admins: %s is answered %i', async (who, status) => {
    const project = await makeProject()
    const [, role] = who.split(' ')
    const { key } = role ? await memberOf(project, role as ProjectRole) : await person(who as Role)
    expect(await statusOf('GET', `/projects/${project.id}`, key)).toBe(200)
    for (const [method, path, body] of asked)
      expect(await statusOf(method, `/projects/${project.id}${path}`, key, body), `${method} ${path}`).toBe(
        method === 'DELETE' && status === 200 ? 204 : status,
      )
  })

  it('is deleted when nothing is in it, and says what is', async () => {
    const project = await makeProject()
    const { key } = await memberOf(project, 'admin')
    const bound = (await madeId('/api-keys', { name: 'k', scope: 'read', project: project.name }, key)).key
    await db().insert(models).values({ id: newId(), projectId: project.id, name: 'kept' })
    const refused = await use.rest.ask('DELETE', `/projects/${project.name}`, { key })
    expect(refused).toMatchObject({ status: 409, body: { error: { message: expect.stringContaining('1 models') } } })
    await db().delete(models)
    expect(await statusOf('DELETE', `/projects/${project.name}`, key)).toBe(204)
    expect(await statusOf('GET', '/me', bound)).toBe(401)
    expect(await statusOf('DELETE', '/projects/default', use.rest.web.adminKey)).toBe(409)
    expect(await statusOf('PATCH', '/projects/default', use.rest.web.adminKey, { is_private: true })).toBe(409)
  })
})

describe('a project that was worked in', () => {
  const refusal = (text: string) => ({ status: 409, body: { error: { message: expect.stringContaining(text) } } })

  it('is deleted with the jobs that have ended and what they were made of', async () => {
    const project = await makeProject()
    const { user, key } = await memberOf(project, 'admin')
    const inProject = { key, headers: { 'x-neuroweaver-project': project.name } }
    const dataset = await makeReadyDataset(await caller(user, project.name))
    const body = { recipe: 'tabular-classification', dataset, columns: { target: 'left' }, model_name: 'churn' }
    const { id: job } = (await use.rest.ask('POST', '/training/jobs', { ...inProject, body })).body as { id: string }
    const remove = () => use.rest.ask('DELETE', `/projects/${project.name}`, { key })
    expect(await remove()).toMatchObject(refusal('cancel them first'))
    expect((await use.rest.ask('POST', `/training/jobs/${job}/cancel`, inProject)).status).toBe(200)
    expect((await use.rest.ask('DELETE', `/datasets/${dataset}`, inProject)).status).toBe(409)
    expect((await remove()).status).toBe(204)
    const [entry] = (await use.rest.ask('GET', `/audit/events?action=project.delete&target=${project.id}`)).body as { before: object }[]
    expect(entry?.before).toMatchObject({ name: project.name, jobs: 1, datasets: 1 })
  })

  it('is deleted with finished uploads, but not with those under way, nor with data sets that can go by themselves', async () => {
    const project = await makeProject()
    const { user, key } = await memberOf(project, 'admin')
    const at = await caller(user, project.name)
    const headers = { 'x-neuroweaver-project': project.name }
    const remove = () => use.rest.ask('DELETE', `/projects/${project.name}`, { key })
    await makeReadyUpload(at)
    const dataset = await makeReadyDataset(at)
    expect(await remove()).toMatchObject(refusal('1 data sets'))
    expect((await use.rest.ask('DELETE', `/datasets/${dataset}`, { key, headers })).status).toBe(204)
    const open = { id: newId(), projectId: project.id, userId: user.id, filename: 'a.csv', sizeBytes: 10, status: 'uploading' as const }
    await db().insert(uploads).values(open)
    expect(await remove()).toMatchObject(refusal('1 unfinished uploads'))
    await db().delete(uploads).where(eq(uploads.id, open.id))
    expect((await remove()).status).toBe(204)
  })
})

describe('a service account', () => {
  it('has keys and project roles and no password, and ends with all its keys', async () => {
    const project = await makeProject()
    const account = await madeId('/service-accounts', { name: 'nightly' })
    expect(await statusOf('POST', '/service-accounts', use.rest.web.adminKey, { name: 'Nightly' })).toBe(409)
    const { key } = await madeId('/api-keys', { name: 'k', scope: 'write', service_account: account.id })
    const headers = { 'x-neuroweaver-project': project.name }
    const register = () => use.rest.ask('POST', '/models/register', { key, headers, body: {} }).then(({ status }) => status)
    expect(await register()).toBe(403)
    await use.rest.ask('PUT', `/projects/${project.name}/members/${account.id}`, { body: { role: 'editor' } })
    expect(await register()).toBe(400)
    const listed = (await use.rest.ask('GET', '/service-accounts')).body as { name: string; keys: number; projects: object[] }[]
    expect(listed).toMatchObject([{ name: 'nightly', keys: 1, projects: [{ name: project.name, role: 'editor' }] }])
    expect(await statusOf('PATCH', `/service-accounts/${account.id}`, use.rest.web.adminKey, { is_disabled: true })).toBe(200)
    expect(await register()).toBe(401)
  })

  it("is made, and given keys, by a project's admin for that project alone", async () => {
    const project = await makeProject()
    const { key } = await memberOf(project, 'admin')
    const make = (body: object, by = key) => statusOf('POST', '/service-accounts', by, { name: 'weekly', ...body })
    expect(await make({})).toBe(403)
    expect(await make({ project: project.name, role: 'manager' })).toBe(403)
    expect(await make({ project: 'default' })).toBe(403)
    expect(await make({ project: project.name }, (await memberOf(project, 'deployer')).key)).toBe(403)
    const account = await madeId('/service-accounts', { name: 'weekly', project: project.name }, key)
    const keyFor = (id: string, of?: string) => ({ name: 'k', scope: 'write', service_account: id, ...(of ? { project: of } : {}) })
    expect(await statusOf('POST', '/api-keys', key, keyFor(account.id))).toBe(403)
    const other = await madeId('/service-accounts', { name: 'elsewhere' })
    expect(await statusOf('POST', '/api-keys', key, keyFor(other.id, project.name))).toBe(404)
    const made = await madeId('/api-keys', keyFor(account.id, project.name), key)
    expect((await use.rest.ask('GET', '/me', { key: made.key })).body).toMatchObject({
      project: { name: project.name },
      permissions: ['read', 'write'],
    })
    expect(await statusOf('GET', '/service-accounts', key)).toBe(403)
  })
})

describe('a key', () => {
  it('that is limited to actions makes no wider one', async () => {
    const limited = await madeId('/api-keys', { name: 'k', scope: 'write', actions: ['administration:write', 'models:read'] })
    const make = (body: object) => statusOf('POST', '/api-keys', limited.key, { name: 'k', scope: 'write', ...body })
    expect(await make({})).toBe(403)
    expect(await make({ actions: ['models:write'] })).toBe(403)
    expect(await make({ actions: ['models:read'] })).toBe(201)
    expect(await statusOf('GET', '/models', limited.key)).toBe(200)
    expect(await statusOf('GET', '/datasets', limited.key)).toBe(403)
  })

  it('that has a limit of calls and an end makes, and rotates, none without them', async () => {
    type Made = { id: string; key: string; rate_limit_per_minute: number | null; expires_at: string | null }
    const owner = await makeUser('manager')
    const first = await makeKey(owner, 'write')
    const free = await madeId('/api-keys', { name: 'free', scope: 'write' }, first)
    const limits = { rate_limit_per_minute: 100, expires_in_days: 10 }
    const parent = (await use.rest.ask('POST', '/api-keys', { key: first, body: { name: 'k', scope: 'write', ...limits } })).body as Made
    const make = (body: object) => use.rest.ask('POST', '/api-keys', { key: parent.key, body: { name: 'child', scope: 'write', ...body } })
    expect((await make({})).body).toMatchObject({ rate_limit_per_minute: 100, expires_at: parent.expires_at })
    expect((await make({ rate_limit_per_minute: 101 })).status).toBe(403)
    expect((await make({ expires_in_days: 11 })).status).toBe(403)
    const narrower = (await make({ rate_limit_per_minute: 5, expires_in_days: 9 })).body as Made
    expect(narrower.rate_limit_per_minute).toBe(5)
    expect(Date.parse(String(narrower.expires_at))).toBeLessThan(Date.parse(String(parent.expires_at)))
    expect(await statusOf('POST', `/api-keys/${free.id}/rotate`, parent.key, {})).toBe(403)
    expect(await statusOf('POST', `/api-keys/${parent.id}/rotate`, parent.key, {})).toBe(201)
  })

  it('of a service account for one project does not tell of those for another', async () => {
    const [mine, theirs] = [await makeProject(), await makeProject()]
    const account = await madeId('/service-accounts', { name: 'of-two' })
    const bound = []
    for (const project of [mine, theirs]) {
      await use.rest.ask('PUT', `/projects/${project.name}/members/${account.id}`, { body: { role: 'editor' } })
      bound.push(await madeId('/api-keys', { name: 'k', scope: 'write', service_account: account.id, project: project.name }))
    }
    const listed = await use.rest.ask('GET', '/api-keys', { key: bound[0]?.key ?? '' })
    expect((listed.body as { id: string; project: string }[]).map(({ id, project }) => [id, project])).toEqual([[bound[0]?.id, mine.name]])
  })

  it('for a project that its owner has lost is told without the name of that project', async () => {
    const project = await makeProject()
    await memberOf(project, 'admin')
    const { user, key } = await memberOf(project, 'editor')
    await madeId('/api-keys', { name: 'k', scope: 'read', project: project.name }, key)
    const projectsOf = async () =>
      ((await use.rest.ask('GET', '/api-keys', { key })).body as { project: string }[]).map((each) => each.project)
    expect(await projectsOf()).toEqual([project.name, null])
    await use.rest.ask('PATCH', `/projects/${project.name}`, { body: { name: `${project.name}-new`, is_private: true } })
    await use.rest.ask('DELETE', `/projects/${project.id}/members/${user.id}`)
    expect(await projectsOf()).toEqual([project.id, null])
  })

  it('stands in the record with whose it is, how many calls it takes and when it ends', async () => {
    const account = await madeId('/service-accounts', { name: 'robot' })
    const body = { name: 'k', scope: 'read', service_account: account.id, rate_limit_per_minute: 7, expires_in_days: 3 }
    const made = (await use.rest.ask('POST', '/api-keys', { body })).body as { id: string; expires_at: string }
    const events = (await use.rest.ask('GET', `/audit/events?action=api_key.create&target=${made.id}`)).body as { after: object }[]
    expect(events[0]?.after).toMatchObject({ serviceAccount: 'robot', rateLimitPerMinute: 7, expiresAt: made.expires_at })
  })

  it('that only calls models opens only the deployments that it names', async () => {
    const project = await makeProject()
    const model = newId()
    await db().insert(models).values({ id: model, projectId: project.id, name: 'm' })
    for (const name of ['first', 'second'])
      await db().insert(deployments).values({ id: newId(), projectId: project.id, name, modelId: model, status: 'ready' })
    const { credential } = await makeRuntime('inference')
    const introspection = async (body: object, deployment: string) => {
      const { key } = await madeId('/api-keys', { name: 'k', scope: 'read', ...body })
      const token_sha256 = Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(key))).toString('hex')
      const answer = await fetch(`${use.rest.web.url}/api/runtime/v1/inference/introspect`, {
        method: 'POST',
        headers: { authorization: `Bearer ${credential}`, 'content-type': 'application/json' },
        body: JSON.stringify({ token_sha256, deployment }),
      })
      return (await answer.json()) as { status: number; limits: object[] }
    }
    const introspect = async (body: object, deployment: string) => (await introspection(body, deployment)).status
    const calls = { actions: ['inference:call'] }
    expect(await introspect(calls, 'first')).toBe(200)
    expect(await introspect({ ...calls, deployments: ['first'] }, 'first')).toBe(200)
    expect(await introspect({ ...calls, deployments: ['first'] }, 'second')).toBe(403)
    expect(await introspect({ actions: ['models:read'] }, 'first')).toBe(403)
    expect(await introspect({ ...calls, project: 'default' }, 'first')).toBe(404)
    // The runtime holds to a key's limit, whether it may call or not.
    expect((await introspection(calls, 'first')).limits).toEqual([])
    for (const deployment of ['first', 'none'])
      expect((await introspection({ ...calls, rate_limit_per_minute: 2 }, deployment)).limits).toMatchObject([
        { name: 'key', calls_per_minute: 2 },
      ])
  })

  it('that calls models falls under the limits of its owner and of the project that the model is in', async () => {
    const { credential } = await makeRuntime('inference')
    const project = await makeProject()
    const model = newId()
    await db().insert(models).values({ id: model, projectId: project.id, name: 'm' })
    await db().insert(deployments).values({ id: newId(), projectId: project.id, name: 'limited', modelId: model, status: 'ready' })
    const owner = await makeUser('manager')
    const key = await makeKey(owner, 'read')
    const none = { per_address: null, per_user: null, per_key: null, per_project: null }
    await use.rest.ask('PUT', '/limits', { body: { ...none, per_user: 50_000, per_project: 60_000 } })
    const limits = await eventually(async () => {
      const answer = await fetch(`${use.rest.web.url}/api/runtime/v1/inference/introspect`, {
        method: 'POST',
        headers: { authorization: `Bearer ${credential}`, 'content-type': 'application/json' },
        body: JSON.stringify({ token_sha256: createHash('sha256').update(key).digest('hex'), deployment: 'limited' }),
      })
      const { limits: found } = (await answer.json()) as { limits: object[] }
      return found.length > 0 ? found : undefined
    })
    await use.rest.ask('PUT', '/limits', { body: none })
    expect(limits).toEqual([
      { name: 'user', subject: `u:${owner.id}`, calls_per_minute: 50_000 },
      { name: 'project', subject: `p:${project.id}`, calls_per_minute: 60_000 },
    ])
  })

  it('is followed by another with the same rights, and goes on for the hours of overlap', async () => {
    const old = await madeId('/api-keys', { name: 'k', scope: 'read', actions: ['models:read'], expires_in_days: 30 })
    const next = (await use.rest.ask('POST', `/api-keys/${old.id}/rotate`, { body: { overlap_hours: 1 } })).body as { key: string }
    expect(next).toMatchObject({ name: 'k', scope: 'read', actions: ['models:read'] })
    expect([await statusOf('GET', '/models', old.key), await statusOf('GET', '/models', next.key)]).toEqual([200, 200])
    const listed = (await use.rest.ask('GET', '/api-keys')).body as { id: string; expires_at: string }[]
    const leftMs = Date.parse(listed.find(({ id }) => id === old.id)?.expires_at ?? '') - Date.now()
    expect(leftMs).toBeGreaterThan(3_500_000)
    expect(leftMs).toBeLessThan(3_700_000)
    const { id, key } = await madeId('/api-keys', { name: 'gone', scope: 'read' })
    await use.rest.ask('POST', `/api-keys/${id}/rotate`, { body: { overlap_hours: 0 } })
    expect(await statusOf('GET', '/models', key)).toBe(401)
  })
})
