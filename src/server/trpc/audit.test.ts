/** Every mutation that the router knows leaves an entry: asked here, or by the REST address that calls the same service. */
import { randomBytes } from 'node:crypto'
import { beforeAll, expect, it } from 'vitest'
import { eq } from 'drizzle-orm'
import { db } from '#src/server/db/client.ts'
import { newId } from '#src/server/db/ids.ts'
import {
  alertRules,
  alerts,
  auditEvents,
  channelDeliveries,
  deployments,
  modelSwitches,
  models,
  relaycoreOutbox,
  sessions,
  users,
} from '#src/server/db/schema.ts'
import { operationIdOf } from '#src/server/rest/document.ts'
import { routes } from '#src/server/rest/routes.ts'
import { caller, makeCookie, makeRuntime, makeUser, type TestUser } from '#src/testing/factories.ts'
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
  'performance.setThresholds': 'putPerformanceModelsModelThresholds',
  'performance.switch': 'postPerformanceModelsModelSwitch',
  'system.setLimits': 'putLimits',
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
  'deployments.ask': 'asks a model',
  'performance.report': 'reports figures, many a minute, which are kept themselves',
  'channels.test': 'sends a trial, which stands among the deliveries',
}

const secret = 's'.repeat(40)
const use = useRest({ env: { NEXTAUTH_SECRET: secret } })
const password = 'correct-horse-battery'
let person: TestUser
let runtime: string
let sessionId: string
const [modelId, deploymentId, switchId, ruleId, alertId] = [newId(), newId(), newId(), newId(), newId()]
let outbox: number[]
let channelId: string

/** A model that is moved, a rule that has fired, and messages that were given up. */
async function makeWatched(): Promise<void> {
  const projectId = (await caller(person)).project.id
  await db().insert(models).values({ id: modelId, projectId, name: 'watched', latestVersion: 0 })
  await db().insert(deployments).values({ id: deploymentId, projectId, name: 'watched', modelId, status: 'ready' })
  const moving = { targetModelId: modelId, targetVersionId: newId(), reason: 'test', status: 'moving' as const, correlationId: 'test' }
  await db()
    .insert(modelSwitches)
    .values({ id: switchId, projectId, modelId, ...moving, type: 'gradual', before: [], steps: [], durationSeconds: 60 })
  const rule = { figure: 'latency_p95' as const, critical: 5000, windowMinutes: 10, minRequests: 50, cooldownMinutes: 15 }
  await db()
    .insert(alertRules)
    .values({ id: ruleId, projectId, name: 'watch', ...rule })
  const firing = { severity: 'critical' as const, status: 'firing' as const, threshold: 5000, message: 'slow' }
  await db()
    .insert(alerts)
    .values({ id: alertId, projectId, ruleId, deploymentId, ...firing })
  const failed = { kind: 'performance' as const, payload: {}, status: 'refused' as const, correlationId: 'test' }
  const rows = await db().insert(relaycoreOutbox).values([failed, failed]).returning({ seq: relaycoreOutbox.seq })
  outbox = rows.map(({ seq }) => seq)
}

beforeAll(async () => {
  person = await makeUser('viewer')
  await makeWatched()
  runtime = (await makeRuntime()).id
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

async function makeDelivery(): Promise<string> {
  const id = newId()
  await db().insert(channelDeliveries).values({ id, channelId, event: 'alert.firing', payload: {}, status: 'failed' })
  return id
}

type Asked = { input?: () => unknown; isNobody?: boolean; isPerson?: boolean; keep?: (data: never) => void }

/** Of the key of an admin, of nobody, or of a person's browser. */
async function headersOf({ isNobody, isPerson }: Asked): Promise<Record<string, string>> {
  const [row] = await db().select().from(users).where(eq(users.id, person.id))
  if (isPerson) return makeCookie(row as TestUser, secret)
  return isNobody ? {} : { authorization: `Bearer ${use.rest.web.adminKey}` }
}

const asked: Record<string, Asked> = {
  'setup.createAdmin': { input: () => ({ email: 'first@example.test', name: 'First', password }), isNobody: true },
  // A new password ends all sessions, so these come first.
  'me.revokeSession': { input: () => ({ id: sessionId }), isPerson: true },
  'me.revokeOtherSessions': { isPerson: true },
  'users.create': { input: () => ({ email: 'new@example.test', name: 'New', password, role: 'viewer' }) },
  'users.update': { input: () => ({ id: person.id, name: 'Renamed', password }) },
  'me.changePassword': { input: () => ({ current: password, next: `${password}-2` }), isPerson: true },
  'users.endSessions': { input: () => ({ id: person.id }) },
  'users.resetPassword': { input: () => ({ id: person.id }) },
  'performance.setBackups': { input: () => ({ model: modelId, backups: [] }) },
  'performance.cancelSwitch': { input: () => ({ id: switchId }) },
  'relaycore.resend': { input: () => ({ seq: outbox[0] }) },
  'relaycore.drop': { input: () => ({ seq: outbox[1] }) },
  'alerts.createRule': { input: () => ({ name: 'slow', figure: 'latency_p95', warning: 2000, critical: 5000 }) },
  'alerts.updateRule': { input: () => ({ id: ruleId, warning: 1000 }) },
  'alerts.muteRule': { input: () => ({ id: ruleId, minutes: 5 }) },
  'alerts.acknowledge': { input: () => ({ id: alertId }) },
  'alerts.resolve': { input: () => ({ id: alertId }) },
  'alerts.deleteRule': { input: () => ({ id: ruleId }) },
  'channels.create': {
    input: () => ({ name: 'fresh', kind: 'webhook', target: 'https://1.1.1.1/hook' }),
    keep: (data: { channel: { id: string } }) => {
      channelId = data.channel.id
    },
  },
  'channels.update': { input: () => ({ id: channelId, name: 'renamed' }) },
  'channels.rotateSecret': { input: () => ({ id: channelId }) },
  'channels.replay': { input: async () => ({ id: channelId, delivery: await makeDelivery() }) },
  'channels.delete': { input: () => ({ id: channelId }) },
  'datasets.loadSample': { input: () => ({}) },
  'runtimes.drain': { input: () => ({ id: runtime, isDraining: true }) },
  'runtimes.remove': { input: () => ({ id: runtime }) },
}

it.each(Object.entries(asked))('%s leaves an entry', async (path, asking) => {
  const { input, keep } = asking
  const correlationId = randomBytes(8).toString('hex')
  const response = await fetch(`${use.rest.web.url}/api/trpc/${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-correlation-id': correlationId,
      ...(await headersOf(asking)),
    },
    ...(input ? { body: JSON.stringify(await input()) } : {}),
  })
  const text = await response.text()
  expect(response.status, text).toBe(200)
  keep?.(JSON.parse(text).result.data as never)
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
