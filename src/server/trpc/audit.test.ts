/** Every mutation that the router knows leaves an entry: asked here, or by the REST address that calls the same service. */
import { randomBytes } from 'node:crypto'
import { beforeAll, expect, it } from 'vitest'
import { eq } from 'drizzle-orm'
import { db } from '#src/server/db/client.ts'
import { newId } from '#src/server/db/ids.ts'
import { auditEvents, sessions } from '#src/server/db/schema.ts'
import { operationIdOf } from '#src/server/rest/document.ts'
import { routes } from '#src/server/rest/routes.ts'
import { makeKey, makeRuntime, makeUser, type TestUser } from '#src/testing/factories.ts'
import { useRest } from '#src/testing/rest.ts'
import { appRouter } from './root.ts'

/** The same service stands behind these addresses; that each leaves an entry is tested where all addresses are asked. */
const twins: Record<string, string> = {
  'models.register': 'postModelsRegister',
  'models.update': 'patchModelsModel',
  'models.delete': 'deleteModelsModel',
  'models.deleteVersion': 'deleteModelsModelVersionsVersion',
  'models.setAlias': 'putModelsModelAliasesAlias',
  'models.deleteAlias': 'deleteModelsModelAliasesAlias',
  'datasets.create': 'postDatasets',
  'datasets.delete': 'deleteDatasetsDataset',
  'training.create': 'postTrainingJobs',
  'training.cancel': 'postTrainingJobsJobCancel',
  'deployments.deploy': 'postModelsModelDeploy',
  'deployments.setTargets': 'putDeploymentsDeploymentTargets',
  'deployments.stop': 'deleteDeploymentsDeployment',
  'apiKeys.create': 'postApiKeys',
  'apiKeys.revoke': 'deleteApiKeysKey',
  'apiKeys.rotate': 'postApiKeysKeyRotate',
  'projects.create': 'postProjects',
  'projects.update': 'patchProjectsProject',
  'projects.delete': 'deleteProjectsProject',
  'members.set': 'putProjectsProjectMembersUser',
  'members.remove': 'deleteProjectsProjectMembersUser',
  'serviceAccounts.create': 'postServiceAccounts',
  'serviceAccounts.update': 'patchServiceAccountsAccount',
}

/** Why nothing is written down. */
const changesNothing: Record<string, string> = {
  'deployments.infer': 'asks a model',
}

const use = useRest()
const password = 'correct-horse-battery'
let person: TestUser
let runtime: string
let ownKey: string
let sessionId: string

beforeAll(async () => {
  person = await makeUser('viewer')
  runtime = (await makeRuntime()).id
  ownKey = await makeKey(person, 'admin')
  sessionId = newId()
  const session = { userId: person.id, origin: 'local' as const, expiresAt: new Date(Date.now() + 3_600_000) }
  await db()
    .insert(sessions)
    .values([
      { id: sessionId, ...session },
      { id: newId(), ...session },
      { id: newId(), ...session },
    ])
})

type Asked = { input?: () => unknown; key?: () => string | null }
const asked: Record<string, Asked> = {
  'setup.createAdmin': { input: () => ({ email: 'first@example.test', name: 'First', password }), key: () => null },
  // A new password ends all sessions, so these come first.
  'me.revokeSession': { input: () => ({ id: sessionId }), key: () => ownKey },
  'me.revokeOtherSessions': { key: () => ownKey },
  'users.create': { input: () => ({ email: 'new@example.test', name: 'New', password, role: 'viewer' }) },
  'users.update': { input: () => ({ id: person.id, name: 'Renamed', password }) },
  'me.changePassword': { input: () => ({ current: password, next: `${password}-2` }), key: () => ownKey },
  'users.endSessions': { input: () => ({ id: person.id }) },
  'users.resetPassword': { input: () => ({ id: person.id }) },
  'datasets.loadSample': { input: () => ({}) },
  'runtimes.drain': { input: () => ({ id: runtime, isDraining: true }) },
  'runtimes.remove': { input: () => ({ id: runtime }) },
}

it.each(Object.entries(asked))('%s leaves an entry', async (path, { input, key }) => {
  const correlationId = randomBytes(8).toString('hex')
  const bearer = key ? key() : use.rest.web.adminKey
  const response = await fetch(`${use.rest.web.url}/api/trpc/${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-correlation-id': correlationId,
      ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }),
    },
    ...(input ? { body: JSON.stringify(input()) } : {}),
  })
  expect(response.status, await response.text()).toBe(200)
  const entries = await db().select().from(auditEvents).where(eq(auditEvents.correlationId, correlationId))
  expect(entries.length).toBeGreaterThan(0)
  for (const entry of entries) expect(JSON.stringify(entry)).not.toContain(password)
})

it('no mutation is left out', () => {
  const procedures = appRouter._def.procedures as unknown as Record<string, { _def: { type: string } }>
  const mutations = Object.keys(procedures).filter((path) => procedures[path]?._def.type === 'mutation')
  const known = { ...twins, ...changesNothing, ...asked }
  expect(mutations.filter((path) => !(path in known))).toEqual([])
  expect(Object.keys(known).filter((path) => !mutations.includes(path))).toEqual([])
  const operations = new Set(routes.filter(({ method }) => method !== 'GET').map(operationIdOf))
  expect(Object.values(twins).filter((operation) => !operations.has(operation))).toEqual([])
})
