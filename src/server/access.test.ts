/** Who may come in where: every procedure of tRPC, every REST route and every runtime route, asked by everybody, through HTTP. */
import { and, eq } from 'drizzle-orm'
import { beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  type Action,
  type KeyScope,
  type Permission,
  type ProjectRole,
  projectRole,
  projectRolePermissions,
  type Role,
  role,
  rolePermissions,
  scopePermissions,
} from '#src/contracts/access.ts'
import type { RuntimeKind } from '#src/contracts/runtime.ts'
import { addMember, makeKey, makeProject, makeRuntime, makeUser } from '#src/testing/factories.ts'
import { useRest } from '#src/testing/rest.ts'
import { db } from './db/client.ts'
import { newId } from './db/ids.ts'
import {
  alertRules,
  alerts,
  apiKeys,
  artifactGrants,
  artifacts,
  channelDeliveries,
  channels,
  datasets,
  datasetVersions,
  deployments,
  deploymentTargets,
  models,
  modelVersions,
  projects,
  trainingJobs,
  uploads,
  versionFiles,
} from './db/schema.ts'
import { jsonSchemaOf } from './rest/document.ts'
import { routes } from './rest/routes.ts'
import { runtimeRoutes } from './runtime/routes.ts'
import type { Rule } from './services/access.ts'
import { actionsOf, callAction } from './services/actions.ts'
import { appRouter } from './trpc/root.ts'

const use = useRest()

type Person = {
  credential?: string
  /** What they hold in the project that they name, and over the installation. */
  permissions: readonly Permission[]
  installation: readonly Permission[]
  actions?: readonly Action[]
  runtime?: RuntimeKind
  /** Names a private project to which they do not belong. */
  isStranger?: boolean
}
const nothing = { permissions: [], installation: [] } as const
const all = rolePermissions.admin
const byRole = (role: Role) => ({ permissions: rolePermissions[role], installation: rolePermissions[role] })
const byMembership = (role: ProjectRole) => ({ permissions: projectRolePermissions[role], installation: rolePermissions.viewer })
const byScope = (scope: KeyScope) => ({ permissions: scopePermissions[scope], installation: scopePermissions[scope] })
const modelActions = ['models:read', 'models:write'] as const

/** Everybody who asks, in the order of the table's columns. */
const people: Record<string, Person> = {
  nobody: nothing,
  viewer: byRole('viewer'),
  user: byRole('user'),
  manager: byRole('manager'),
  admin: byRole('admin'),
  'project viewer': byMembership('viewer'),
  'project editor': byMembership('editor'),
  'project deployer': byMembership('deployer'),
  'project admin': byMembership('admin'),
  'read key': byScope('read'),
  'write key': byScope('write'),
  'project key': { permissions: all, installation: [] },
  'models key': { ...byScope('admin'), actions: modelActions },
  'calls key': { ...byScope('admin'), actions: callAction },
  stranger: { ...byMembership('admin'), isStranger: true },
  'training runtime': { ...nothing, runtime: 'training' },
  'inference runtime': { ...nothing, runtime: 'inference' },
}
const names = Object.keys(people)

let ownProject: { id: string; name: string }
let privateProject: { id: string; name: string }
beforeAll(async () => {
  ownProject = await makeProject()
  privateProject = await makeProject()
  await db().update(projects).set({ isPrivate: true }).where(eq(projects.id, privateProject.id))
  const show = async (name: string, credential: Promise<string>) => {
    ;(people[name] as Person).credential = await credential
  }
  for (const each of role.options) await show(each, makeKey(await makeUser(each), 'admin'))
  for (const member of projectRole.options) {
    const user = await makeUser('viewer')
    await addMember(ownProject, user, member)
    await show(`project ${member}`, makeKey(user, 'admin'))
    if (member === 'admin') await show('stranger', makeKey(user, 'admin'))
  }
  const admin = await makeUser('admin')
  await show('read key', makeKey(admin, 'read'))
  await show('write key', makeKey(admin, 'write'))
  await show('project key', makeKey(admin, 'admin', ownProject))
  await show('models key', makeKey(admin, 'admin', undefined, modelActions))
  await show('calls key', makeKey(admin, 'admin', undefined, callAction))
  await show(
    'training runtime',
    makeRuntime('training').then(({ credential }) => credential),
  )
  await show(
    'inference runtime',
    makeRuntime('inference').then(({ credential }) => credential),
  )
})

/** Refused, or let in: whatever comes after the rule. A project that is not one's to see is not found, which is a refusal too. */
type Outcome = 401 | 403 | 404 | 'in'

function expectedOf({ rule, actions }: Address, who: string): Outcome {
  const person = people[who] as Person
  if (rule === 'open') return 'in'
  if (!person.credential) return 401
  // What it asks for is RUNTIME_TOKEN, which none of these is, though each is good for something else.
  if (rule === 'runtime-enrol') return 403
  if (person.isStranger) return 404
  if (rule.startsWith('runtime')) return person.runtime && (rule === 'runtime' || rule === `runtime-${person.runtime}`) ? 'in' : 403
  if (person.runtime) return rule === 'upload' && person.runtime === 'training' ? 'in' : 403
  if (person.actions && actions && !actions.some((action) => person.actions?.includes(action))) return 403
  if (rule === 'signed-in') return 'in'
  // Everybody here shows a key.
  if (rule === 'session') return 403
  if (rule === 'installation-admin') return person.installation.includes('admin') ? 'in' : 403
  return person.permissions.includes(rule === 'upload' ? 'write' : (rule as Permission)) ? 'in' : 403
}

const headersOf = (credential: string | undefined): Record<string, string> => (credential ? { authorization: `Bearer ${credential}` } : {})

async function send(
  method: string,
  path: string,
  credential: string | undefined,
  body?: unknown,
  project?: { name: string },
): Promise<{ status: number; text: string }> {
  const response = await fetch(`${use.rest.web.url}${path}`, {
    method,
    headers: {
      ...headersOf(credential),
      ...(project ? { 'x-neuroweaver-project': project.name } : {}),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(10_000),
  })
  return { status: response.status, text: await response.text() }
}

type Asked = { credential?: string; isStranger?: boolean }
type Address = {
  name: string
  /** `upload`: who may write, and runtimes that train. */
  rule: Rule | 'upload'
  /** Any of which a limited key must have. */
  actions: readonly Action[] | null
  isChange: boolean
  ask: (who: Asked) => Promise<{ status: number }>
}
const placeOf = ({ isStranger }: Asked) => (isStranger ? privateProject : ownProject)

type Procedure = {
  _def: { type: 'query' | 'mutation' | 'subscription'; inputs: z.ZodType[]; meta?: { rule?: Rule; actions?: readonly Action[] } }
}
const procedures = Object.entries(appRouter._def.procedures as unknown as Record<string, Procedure>)

/** No procedure takes a text as its input, so whoever is let in is refused for that and nothing is done. */
const badInput = 'not an input'
const trpcPath = (name: string, isChange: boolean, input: unknown) =>
  `/api/trpc/${name}${isChange ? '' : `?input=${encodeURIComponent(JSON.stringify(input))}`}`

const trpcAddresses = procedures.map(([name, { _def }]): Address => {
  const isChange = _def.type === 'mutation'
  const ask = (who: Asked) =>
    send(isChange ? 'POST' : 'GET', trpcPath(name, isChange, badInput), who.credential, isChange ? badInput : undefined, placeOf(who))
  return {
    name: `tRPC ${name}`,
    rule: _def.meta?.rule as Rule,
    actions: _def.meta?.actions ?? actionsOf(name.split('.', 1)[0] as string, isChange),
    isChange,
    ask: _def.type === 'subscription' ? async (who) => refusalInStream(await ask(who)) : ask,
  }
})

/** A stream has begun before its caller is looked at, so the refusal is its only event. */
const refusalInStream = ({ status, text }: { status: number; text: string }) => ({
  status: Number(/"httpStatus":(\d{3})/.exec(text)?.[1] ?? status),
})

const placeholders: Record<string, string> = { version: '1', path: 'file' }
const concrete = (path: string) =>
  path.replace(/\{(\w+)\}/g, (_all, name: string) => placeholders[name] ?? '00000000-0000-7000-8000-000000000000')

const restAddresses = routes.map((route): Address => {
  const isChange = route.method !== 'GET'
  return {
    name: `${route.method} /api/v1${route.path}`,
    rule: route.rule,
    actions: route.actions ?? actionsOf(route.tag, isChange),
    isChange,
    ask: (who) =>
      send(
        route.method,
        `/api/v1${concrete(route.path)}`,
        who.credential,
        ['POST', 'PUT', 'PATCH'].includes(route.method) ? { not_a_field: 1 } : undefined,
        placeOf(who),
      ),
  }
})

const enrolment = {
  kind: 'training',
  name: 'new',
  version: '1',
  protocol: 1,
  boot_id: '00000000-0000-7000-8000-000000000000',
  devices: [],
  capacity: 1,
}
const runtimeBody = ({ method, path }: { method: string; path: string }) =>
  method === 'GET' ? undefined : path === '/enrol' ? enrolment : { not_a_field: 1 }

const runtimeAddresses = runtimeRoutes.map(
  (route): Address => ({
    name: `${route.method} /api/runtime/v1${route.path}`,
    rule: route.rule,
    actions: null,
    isChange: route.method !== 'GET',
    ask: (who) => send(route.method, `/api/runtime/v1${concrete(route.path)}`, who.credential, runtimeBody(route), placeOf(who)),
  }),
)

const upload = '/uploads/00000000-0000-7000-8000-000000000000'
const other = (method: string, path: string, rule: Address['rule'], actions: readonly Action[] | null): Address => ({
  name: `${method} ${path.replace(upload, '/uploads/{upload}')}`,
  rule,
  actions,
  isChange: !['GET', 'HEAD'].includes(method),
  ask: (who) => send(method, path, who.credential, undefined, placeOf(who)),
})
/** The doors that have no table of routes. */
const otherAddresses = [
  other('GET', '/models', 'read', actionsOf('Models', false)),
  other('GET', '/metrics', 'read', ['metrics:read']),
  other('POST', '/uploads', 'upload', actionsOf('uploads', true)),
  ...['HEAD', 'PATCH', 'DELETE'].map((method) => other(method, upload, 'upload', actionsOf('uploads', true))),
  other('GET', '/health', 'open', null),
  other('GET', '/health/live', 'open', null),
  other('GET', '/health/ready', 'open', null),
]

const addresses = [...trpcAddresses, ...restAddresses, ...runtimeAddresses, ...otherAddresses]

async function outcomesOf({ ask, name }: Address): Promise<Record<string, Outcome>> {
  const outcomes = await Promise.all(
    names.map(async (who) => {
      const { status } = await ask(people[who] as Person)
      expect(status, `${name} as ${who}`).toBeLessThan(500)
      const isRefusal = status === 401 || status === 403 || (status === 404 && people[who]?.isStranger)
      return [who, isRefusal ? (status as Outcome) : 'in'] as const
    }),
  )
  return Object.fromEntries(outcomes)
}

const row = (cells: string[]) => `| ${cells.join(' | ')} |`
/** What was met at every address, a line each, so that a change of who may do what is read in a diff. */
const tableOf = (met: Map<string, Record<string, Outcome>>) =>
  [
    'Who may come in where. Written by `npx vitest run src/server/access.test.ts --update`; a limited key needs any of the actions.',
    '`in`: let in by the rule, whatever the input is then taken for. A stranger names a private project of others.',
    '',
    row(['address', 'rule', 'actions', ...names]),
    row(Array.from({ length: names.length + 3 }, () => '---')),
    ...addresses
      .map(({ name, rule, actions }) => row([name, rule, actions?.join(' ') ?? '', ...names.map((who) => String(met.get(name)?.[who]))]))
      .sort(),
    '',
  ].join('\n')

describe('every address', () => {
  const met = new Map<string, Record<string, Outcome>>()

  it('is of a table with many', () => {
    expect([trpcAddresses.length > 30, restAddresses.length > 30, runtimeAddresses.length > 10]).toEqual([true, true, true])
  })

  it("that changes something asks for more than the right to read, but for those that change what is one's own, or ask for the right themselves", () => {
    const own = /^tRPC (me|apiKeys)\.|\/api-keys/
    // The project that they name need not be the one that is open, so the service asks for the right in it.
    const ofProject = /^tRPC (projects|members)\.|\/projects\/\{project\}|tRPC serviceAccounts.create|POST \/api\/v1\/service-accounts/
    const asks = [
      'POST /api/v1/alert-rules/preview',
      'tRPC deployments.ask',
      'tRPC deployments.infer',
      'POST /api/v1/inference',
      'tRPC setup.createAdmin',
    ]
    const isKnown = (name: string) => own.test(name) || ofProject.test(name) || asks.includes(name)
    const weak = addresses.filter(({ isChange, rule }) => isChange && ['open', 'signed-in', 'read'].includes(rule))
    expect(weak.map(({ name }) => name).filter((name) => !isKnown(name))).toEqual([])
  })

  it('is closed to strangers, but for those that set up the first admin and tell that the process lives', () => {
    const open = addresses.filter(({ rule }) => rule === 'open').map(({ name }) => name)
    expect(open.sort()).toEqual(['GET /health', 'GET /health/live', 'GET /health/ready', 'tRPC setup.createAdmin', 'tRPC setup.status'])
  })

  it.each(addresses)('A4, A6, A8: $name lets in whom its rule names', async (address) => {
    const outcomes = await outcomesOf(address)
    met.set(address.name, outcomes)
    expect(outcomes).toEqual(Object.fromEntries(names.map((who) => [who, expectedOf(address, who)])))
  })

  it('stands in the table of permissions as it was met', async () => {
    await expect(tableOf(met)).toMatchFileSnapshot('accessTable.txt')
  })
})

describe('a body', () => {
  const assigned = ['id', 'project_id', 'owner_id', 'user_id', 'role', 'is_admin', 'permissions', 'created_at', 'created_by'] as const
  const withBody = routes.filter(({ body }) => body).map((route) => ({ route, name: `${route.method} ${route.path}` }))

  it.each(withBody)('A7: of $name can not set what is not for it to say', async ({ route }) => {
    const { properties = {} } = jsonSchemaOf(route.body as z.ZodType, 'input') as { properties?: object }
    const foreign = assigned.filter((field) => !Object.hasOwn(properties, field))
    const body = { ...(route.example as object), ...Object.fromEntries(foreign.map((field) => [field, 'admin'])) }
    const { status, text } = await send(route.method, `/api/v1${concrete(route.path)}`, people.admin?.credential, body)
    expect(status, text).toBe(400)
    for (const field of foreign) expect(text).toContain(field)
  })

  it('A7: of tRPC names nothing that is not for it to say, but for the role that an admin gives, and keeps nothing that it does not name', () => {
    const camel = assigned.map((field) => field.replace(/_(\w)/g, (_all, letter: string) => letter.toUpperCase()))
    const given = /^(users\.(create|update)|members\.set|serviceAccounts\.(create|update)) role$/
    const taken = procedures.flatMap(([name, { _def }]) => {
      const input = _def.type === 'mutation' ? _def.inputs[0] : undefined
      if (!input) return []
      const { properties = {} } = jsonSchemaOf(input, 'input') as { properties?: object }
      const known = camel.filter((field) => field !== 'id' && Object.hasOwn(properties, field)).map((field) => `${name} ${field}`)
      return input instanceof z.ZodObject && input.def.catchall ? [...known, `${name} anything`] : known
    })
    expect(taken.filter((one) => !given.test(one))).toEqual([])
    expect(taken.length).toBe(5)
  })

  it('A7: of tRPC that says more is taken without it', async () => {
    const more = { id: newId(), userId: newId(), projectId: ownProject.id, role: 'admin', hash: 'x', createdAt: '2000-01-01T00:00:00Z' }
    const input = { name: 'says more', scope: 'read', ...more }
    expect((await send('POST', '/api/trpc/apiKeys.create', people.viewer?.credential, input)).status).toBe(200)
    const [row] = await db().select().from(apiKeys).where(eq(apiKeys.name, 'says more'))
    expect([
      row?.id === more.id,
      row?.userId === more.userId,
      row?.projectId,
      row?.scope,
      row && row.createdAt.getFullYear() > 2000,
    ]).toEqual([false, false, null, 'read', true])
  })
})

type Made = {
  project: { id: string; name: string }
  model: string
  dataset: string
  job: string
  deployment: string
  upload: string
  sha256: string
  rule: string
  alert: string
  channel: string
  delivery: string
  /** A key of its admin, and the id of another one that the project holds. */
  key: string
  keyId: string
}

/** One of everything, in a project of its own, with a key that is bound to it. */
async function makeProjectWithThings(digit: string): Promise<Made> {
  const project = await makeProject()
  const admin = await makeUser('admin')
  const [model, versionId, dataset, datasetVersionId, job, deployment, upload] = Array.from({ length: 7 }, () => newId()) as [
    string,
    string,
    string,
    string,
    string,
    string,
    string,
  ]
  const sha256 = digit.repeat(64)
  const projectId = project.id
  await db().insert(artifacts).values({ sha256, sizeBytes: 1, format: 'unknown' })
  await db().insert(artifactGrants).values({ projectId, sha256 })
  await db().insert(uploads).values({ id: upload, projectId, userId: admin.id, filename: 'f', sizeBytes: 1, sha256, status: 'ready' })
  await db()
    .insert(models)
    .values({ id: model, projectId, name: `model-${digit}`, latestVersion: 1, lastVersion: 1, status: 'ready', aliases: { champion: 1 } })
  await db()
    .insert(modelVersions)
    .values({
      id: versionId,
      projectId,
      modelId: model,
      version: 1,
      status: 'ready',
      signature: { inputs: [], outputs: [] },
      lineage: { source: 'upload' },
    })
  await db().insert(versionFiles).values({ versionId, path: 'file', sha256, sizeBytes: 1 })
  await db()
    .insert(datasets)
    .values({ id: dataset, projectId, name: `dataset-${digit}`, latestVersion: 1 })
  await db().insert(datasetVersions).values({ id: datasetVersionId, projectId, datasetId: dataset, version: 1, status: 'ready' })
  const spec = {
    recipe: 'tabular-regression' as const,
    dataset,
    columns: {},
    modelName: 'm',
    hyperParameters: {},
    split: { test: 0.2 },
    resources: { device: 'auto' as const, gpus: 0 },
    seed: 0,
  }
  await db().insert(trainingJobs).values({
    id: job,
    projectId,
    name: 'job',
    recipe: 'tabular-regression',
    status: 'succeeded',
    spec,
    device: 'auto',
    datasetVersionId,
    modelName: 'm',
    correlationId: 'c',
  })
  await db()
    .insert(deployments)
    .values({ id: deployment, projectId, name: `deployment-${digit}`, modelId: model, status: 'pending' })
  await db().insert(deploymentTargets).values({ deploymentId: deployment, versionId, weight: 100 })
  const [rule, alert, channel, delivery] = [newId(), newId(), newId(), newId()]
  const usual = { windowMinutes: 10, minRequests: 50, cooldownMinutes: 15 }
  await db()
    .insert(alertRules)
    .values({ id: rule, projectId, name: `rule-${digit}`, figure: 'latency_p95', warning: 1, ...usual })
  await db()
    .insert(alerts)
    .values({ id: alert, projectId, ruleId: rule, severity: 'warning', status: 'firing', threshold: 1, message: `alert of ${digit}` })
  const leads = { kind: 'webhook' as const, target: 'https://example.org', sealedTarget: '', sealedSecret: '' }
  await db()
    .insert(channels)
    .values({ id: channel, projectId, name: `channel-${digit}`, events: [], ...leads })
  await db().insert(channelDeliveries).values({ id: delivery, channelId: channel, event: 'test', payload: {}, status: 'delivered' })
  const key = await makeKey(admin, 'admin', project)
  await makeKey(admin, 'read', project)
  const [other] = await db()
    .select({ id: apiKeys.id })
    .from(apiKeys)
    .where(and(eq(apiKeys.projectId, projectId), eq(apiKeys.scope, 'read')))
  return { project, model, dataset, job, deployment, upload, sha256, rule, alert, channel, delivery, key, keyId: other?.id as string }
}

const tablesOfProjects = [
  models,
  modelVersions,
  datasets,
  datasetVersions,
  trainingJobs,
  deployments,
  uploads,
  alertRules,
  alerts,
  channels,
]
const rowsOf = (projectId: string) =>
  Promise.all(tablesOfProjects.map((table) => db().select().from(table).where(eq(table.projectId, projectId)).orderBy(table.id)))

describe("another project's things", () => {
  let mine: Made
  let theirs: Made
  let before: unknown
  beforeAll(async () => {
    mine = await makeProjectWithThings('a')
    theirs = await makeProjectWithThings('b')
    before = await rowsOf(theirs.project.id)
  })

  const restBodies: Record<string, unknown> = {
    'PUT /models/{model}/aliases/{alias}': { version: 1 },
    'PUT /deployments/{deployment}/targets': { targets: [{ version: 1, weight: 100 }] },
    'POST /performance/models/{model}/switch': { reason: 'test', switch_type: 'immediate' },
    'PUT /projects/{project}/members/{user}': { role: 'viewer' },
    'PUT /alert-rules/{rule}/mute': { minutes: 5 },
  }
  const holds = /\{(model|dataset|job|deployment|upload|project|key|rule|alert|channel|delivery)\}/
  const restThings = routes.filter(({ path }) => holds.test(path)).map((route) => ({ route, name: `${route.method} ${route.path}` }))
  const fill = (path: string, of: Made) =>
    path.replace(
      /\{(\w+)\}/g,
      (_all, name: string) =>
        ({ ...of, ...placeholders, project: of.project.id, key: of.keyId, alias: 'champion', user: 'bootstrap@localhost' })[name] ?? '',
    )

  it.each(restThings)('A6: are not found by id at $name', async ({ route, name }) => {
    const body = ['POST', 'PUT', 'PATCH'].includes(route.method) ? (restBodies[name] ?? {}) : undefined
    expect((await send(route.method, `/api/v1${fill(route.path, theirs)}`, mine.key, body)).status).toBe(404)
  })

  it.each(restThings.filter(({ route }) => route.method === 'GET'))('are there for those whose they are at $name', async ({ route }) => {
    const { status } = await send('HEAD', `/api/v1${fill(route.path, theirs)}`, theirs.key)
    expect(status).toBe(200)
  })

  const inputs: Record<string, (of: Made) => object> = {
    'models.get': ({ model }) => ({ model }),
    'models.update': ({ model }) => ({ model, description: 'x' }),
    'models.delete': ({ model }) => ({ model }),
    'models.versions': ({ model }) => ({ model }),
    'models.version': ({ model }) => ({ model, version: 1 }),
    'models.evaluation': ({ model }) => ({ model, version: 1 }),
    'models.deleteVersion': ({ model }) => ({ model, version: 1 }),
    'models.setAlias': ({ model }) => ({ model, alias: 'a', version: 1 }),
    'models.deleteAlias': ({ model }) => ({ model, alias: 'champion' }),
    'models.aliasHistory': ({ model }) => ({ model }),
    'models.register': ({ upload }) => ({ name: 'taken', files: [{ path: 'a', uploadId: upload }] }),
    'datasets.get': ({ dataset }) => ({ dataset }),
    'datasets.delete': ({ dataset }) => ({ dataset }),
    'datasets.create': ({ sha256 }) => ({ name: 'taken', files: [{ path: 'a', sha256 }] }),
    'training.get': ({ job: id }) => ({ id }),
    'training.cancel': ({ job: id }) => ({ id }),
    'training.events': ({ job: id }) => ({ id }),
    'training.series': ({ job: id }) => ({ id }),
    'training.create': ({ dataset }) => ({ recipe: 'tabular-regression', dataset, modelName: 'taken', columns: { target: 'a' } }),
    'deployments.get': ({ deployment }) => ({ deployment }),
    'deployments.deploy': ({ model }) => ({ model }),
    'deployments.setTargets': ({ deployment }) => ({ deployment, targets: [{ version: 1, weight: 100 }] }),
    'deployments.stop': ({ deployment }) => ({ deployment }),
    'deployments.metrics': ({ deployment }) => ({ deployment }),
    'deployments.traffic': ({ deployment }) => ({ deployment }),
    'deployments.infer': ({ deployment }) => ({ deployment, inputs: [{ name: 'x', datatype: 'FP32', shape: [1], data: [1] }] }),
    'deployments.ask': ({ deployment }) => ({ deployment, prompt: 'x' }),
    'performance.get': ({ model }) => ({ model }),
    'performance.report': ({ model }) => ({ model, accuracyScore: 1 }),
    'performance.setThresholds': ({ model }) => ({ model, minAccuracy: 0.5 }),
    'performance.setBackups': ({ model }) => ({ model, backups: [] }),
    'performance.switch': ({ model }) => ({ model, reason: 'test' }),
    'performance.switches': ({ model }) => ({ model }),
    'performance.cancelSwitch': ({ job: id }) => ({ id }),
    'projects.get': ({ project }) => ({ project: project.name }),
    'projects.update': ({ project }) => ({ project: project.id, description: 'x' }),
    'projects.delete': ({ project }) => ({ project: project.id }),
    'members.list': ({ project }) => ({ project: project.id }),
    'members.set': ({ project }) => ({ project: project.id, user: 'bootstrap@localhost', role: 'viewer' }),
    'members.remove': ({ project }) => ({ project: project.id, user: 'bootstrap@localhost' }),
    'apiKeys.revoke': ({ keyId: id }) => ({ id }),
    'apiKeys.rotate': ({ keyId: id }) => ({ id }),
    'uploads.get': ({ upload: id }) => ({ id }),
    'alerts.get': ({ alert: id }) => ({ id }),
    'alerts.list': ({ deployment }) => ({ deployment }),
    'alerts.acknowledge': ({ alert: id }) => ({ id }),
    'alerts.resolve': ({ alert: id }) => ({ id }),
    'alerts.createRule': ({ channel, deployment }) => ({
      name: 'taken',
      figure: 'latency_p95',
      deployment,
      warning: 1,
      critical: null,
      channelIds: [channel],
    }),
    'alerts.preview': ({ deployment }) => ({
      figure: 'latency_p95',
      deployment,
      warning: 1,
      critical: null,
      windowMinutes: 10,
      minRequests: 1,
    }),
    'alerts.updateRule': ({ rule: id }) => ({ id, name: 'x' }),
    'alerts.muteRule': ({ rule: id }) => ({ id, minutes: 5 }),
    'alerts.deleteRule': ({ rule: id }) => ({ id }),
    'channels.update': ({ channel: id }) => ({ id, name: 'x' }),
    'channels.rotateSecret': ({ channel: id }) => ({ id }),
    'channels.delete': ({ channel: id }) => ({ id }),
    'channels.test': ({ channel: id }) => ({ id }),
    'channels.deliveries': ({ channel: id }) => ({ id }),
    'channels.replay': ({ channel: id, delivery }) => ({ id, delivery }),
  }

  it.each(Object.keys(inputs))('A6: are not found by tRPC %s', async (name) => {
    const isChange = procedures.find(([path]) => path === name)?.[1]._def.type === 'mutation'
    const input = inputs[name]?.(theirs)
    const { status, text } = await send(isChange ? 'POST' : 'GET', trpcPath(name, isChange, input), mine.key, isChange ? input : undefined)
    expect(status, text).toBe(404)
  })

  it('are asked for by every procedure that takes a thing', () => {
    const unasked = ['list', 'create', 'recipes', 'loadSample', 'register', 'onEvents', 'firing', 'rules']
    const nouns = /^(models|datasets|training|deployments|uploads|performance|projects|members|apiKeys|alerts|channels)\.(\w+)$/
    const missing = procedures
      .map(([name]) => name)
      .filter((name) => nouns.test(name) && !inputs[name] && !unasked.includes(nouns.exec(name)?.[2] as string))
    expect(missing).toEqual([])
  })

  it('A6: do not come in by a body either', async () => {
    const ask = (path: string, body: unknown, method = 'POST') => send(method, `/api/v1${path}`, mine.key, body)
    expect((await ask('/models/register', { name: 'x', files: [{ path: 'a', upload_id: theirs.upload }] })).status).toBe(404)
    expect((await ask('/models/register', { name: 'x', files: [{ path: 'a', sha256: theirs.sha256 }] })).status).toBe(404)
    expect((await ask('/datasets', { name: 'x', files: [{ path: 'a', upload_id: theirs.upload }] })).status).toBe(404)
    const job = { recipe: 'tabular-regression', model_name: 'x', columns: { target: 'a' } }
    expect((await ask('/training/jobs', { ...job, dataset: theirs.dataset })).status).toBe(404)
    expect((await ask(`/channels/${mine.channel}/deliveries/${theirs.delivery}/replay`, {})).status).toBe(404)
    const rule = { name: 'x', figure: 'latency_p95', warning: 1 }
    for (const foreign of [{ channels: [theirs.channel] }, { deployment: theirs.deployment }, { model: theirs.model }]) {
      expect((await ask('/alert-rules', { ...rule, ...foreign })).status).toBe(404)
      expect((await ask(`/alert-rules/${mine.rule}`, foreign, 'PATCH')).status).toBe(404)
    }
    const switched = { target_model: theirs.model, reason: 'test', switch_type: 'immediate' }
    expect((await ask(`/performance/models/${mine.model}/switch`, switched)).status).toBe(404)
    const backups = { model: mine.model, backups: [theirs.model] }
    expect((await send('POST', '/api/trpc/performance.setBackups', mine.key, backups)).status).toBe(404)
    const foreign = { targets: [{ model_id: theirs.model, version: 1, weight: 100 }] }
    expect((await ask(`/deployments/${mine.deployment}/targets`, foreign, 'PUT')).status).toBe(404)
    const { text } = await send('GET', `/api/v1/deployments/${mine.deployment}`, mine.key)
    expect(text).not.toContain(theirs.model)
  })

  it('are not reached by naming the other project with a key that has its own', async () => {
    const response = await fetch(`${use.rest.web.url}/api/v1/models`, {
      headers: { authorization: `Bearer ${mine.key}`, 'x-neuroweaver-project': theirs.project.name },
    })
    expect(((await response.json()) as { id: string }[]).map(({ id }) => id)).toEqual([mine.model])
  })

  it('are not in any list', async () => {
    for (const [path, id] of [
      ['/models', 'model'],
      ['/datasets', 'dataset'],
      ['/training/jobs', 'job'],
      ['/deployments', 'deployment'],
      ['/alert-rules', 'rule'],
      ['/alerts', 'alert'],
      ['/channels', 'channel'],
      [`/channels/${mine.channel}/deliveries`, 'delivery'],
    ] as const) {
      const { text } = await send('GET', `/api/v1${path}`, mine.key)
      expect((JSON.parse(text) as { id: string }[]).map((item) => item.id)).toEqual([mine[id]])
    }
  })

  it('A6: are as they were after all that was tried', async () => {
    expect((before as unknown[][]).every((rows) => rows.length === 1)).toBe(true)
    expect(await rowsOf(theirs.project.id)).toEqual(before)
  })
})
