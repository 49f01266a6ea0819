/** Who may come in where: every procedure of tRPC, every REST route and every runtime route, asked by everybody, through HTTP. */
import { beforeAll, describe, expect, it } from 'vitest'
import { makeKey, makeProject, makeRuntime, makeUser } from '#src/testing/factories.ts'
import { useRest } from '#src/testing/rest.ts'
import { db } from './db/client.ts'
import { newId } from './db/ids.ts'
import {
  artifactGrants,
  artifacts,
  datasets,
  datasetVersions,
  deployments,
  deploymentTargets,
  models,
  modelVersions,
  trainingJobs,
  uploads,
  versionFiles,
} from './db/schema.ts'
import { routes } from './rest/routes.ts'
import { runtimeRoutes } from './runtime/routes.ts'
import type { Rule } from './services/access.ts'
import { appRouter } from './trpc/root.ts'

const use = useRest()

const people = ['nobody', 'viewer', 'user', 'manager', 'admin', 'read key of an admin', 'training runtime', 'inference runtime'] as const
type Person = (typeof people)[number]

const everyPerson = (outcome: Outcome): Record<Person, Outcome> =>
  Object.fromEntries(people.map((who) => [who, outcome])) as Record<Person, Outcome>
/** 401, 403, or let in: whatever comes after the rule. */
type Outcome = 401 | 403 | 'in'
const signedIn = { ...everyPerson('in'), nobody: 401, 'training runtime': 403, 'inference runtime': 403 } as const
const writers = { ...signedIn, viewer: 403, user: 403, 'read key of an admin': 403 } as const
const admins = { ...writers, manager: 403 } as const
const onlyRuntimes = { ...everyPerson(403), nobody: 401, 'training runtime': 'in', 'inference runtime': 'in' } as const

const expected: Record<Rule, Record<Person, Outcome>> = {
  open: everyPerson('in'),
  'signed-in': signedIn,
  read: signedIn,
  write: writers,
  deploy: writers,
  admin: admins,
  'installation-admin': admins,
  // The rule is open; what it asks for is RUNTIME_TOKEN, which none of these is.
  'runtime-enrol': everyPerson(401),
  runtime: onlyRuntimes,
  'runtime-training': { ...onlyRuntimes, 'inference runtime': 403 },
  'runtime-inference': { ...onlyRuntimes, 'training runtime': 403 },
}

const credentials = {} as Record<Person, string | undefined>
beforeAll(async () => {
  for (const role of ['viewer', 'user', 'manager', 'admin'] as const) credentials[role] = await makeKey(await makeUser(role), 'admin')
  credentials['read key of an admin'] = await makeKey(await makeUser('admin'), 'read')
  credentials['training runtime'] = (await makeRuntime('training')).credential
  credentials['inference runtime'] = (await makeRuntime('inference')).credential
})

const headersOf = (credential: string | undefined): Record<string, string> => (credential ? { authorization: `Bearer ${credential}` } : {})

async function send(
  method: string,
  path: string,
  credential: string | undefined,
  body?: unknown,
): Promise<{ status: number; text: string }> {
  const response = await fetch(`${use.rest.web.url}${path}`, {
    method,
    headers: { ...headersOf(credential), ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(10_000),
  })
  return { status: response.status, text: await response.text() }
}

type Address = { name: string; rule: Rule; isChange: boolean; ask: (credential: string | undefined) => Promise<{ status: number }> }

type Procedure = { _def: { type: 'query' | 'mutation' | 'subscription'; meta?: { rule?: Rule } } }
const procedures = Object.entries(appRouter._def.procedures as unknown as Record<string, Procedure>)

/** No procedure takes a text as its input, so whoever is let in is refused for that and nothing is done. */
const badInput = 'not an input'
const trpcPath = (name: string, isChange: boolean, input: unknown) =>
  `/api/trpc/${name}${isChange ? '' : `?input=${encodeURIComponent(JSON.stringify(input))}`}`

const trpcAddresses = procedures.map(([name, { _def }]): Address => {
  const isChange = _def.type === 'mutation'
  const ask = (who: string | undefined) =>
    send(isChange ? 'POST' : 'GET', trpcPath(name, isChange, badInput), who, isChange ? badInput : undefined)
  return {
    name: `tRPC ${name}`,
    rule: _def.meta?.rule as Rule,
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
    isChange,
    ask: (who) =>
      send(
        route.method,
        `/api/v1${concrete(route.path)}`,
        who,
        ['POST', 'PUT', 'PATCH'].includes(route.method) ? { not_a_field: 1 } : undefined,
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
    isChange: route.method !== 'GET',
    ask: (who) => send(route.method, `/api/runtime/v1${concrete(route.path)}`, who, runtimeBody(route)),
  }),
)

const addresses = [...trpcAddresses, ...restAddresses, ...runtimeAddresses]

describe('every address', () => {
  it('has a rule that this test knows', () => {
    expect(addresses.filter(({ rule }) => !Object.hasOwn(expected, rule)).map(({ name }) => name)).toEqual([])
    expect([trpcAddresses.length > 30, restAddresses.length > 30, runtimeAddresses.length > 10]).toEqual([true, true, true])
  })

  it("that changes something asks for more than the right to read, but for those that change only what is one's own", () => {
    const own = [
      'tRPC me.changePassword',
      'tRPC apiKeys.create',
      'tRPC apiKeys.revoke',
      'POST /api/v1/api-keys',
      'DELETE /api/v1/api-keys/{key}',
      'tRPC deployments.infer',
      'tRPC setup.createAdmin',
    ]
    const weak = addresses.filter(({ isChange, rule }) => isChange && ['open', 'signed-in', 'read'].includes(rule)).map(({ name }) => name)
    expect(weak.sort()).toEqual(own.sort())
  })

  it('is closed to strangers, but for the two that set up the first admin', () => {
    expect(
      addresses
        .filter(({ rule }) => rule === 'open')
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['tRPC setup.createAdmin', 'tRPC setup.status'])
  })

  it.each(addresses)('$name lets in whom its rule names', async ({ rule, ask, name }) => {
    const outcomes: Partial<Record<Person, Outcome>> = {}
    for (const who of people) {
      const { status } = await ask(credentials[who])
      outcomes[who] = status === 401 || status === 403 ? status : 'in'
      expect(status, `${name} as ${who}`).toBeLessThan(500)
    }
    expect(outcomes).toEqual(expected[rule])
  })

  it.each(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'OPTIONS'])(
    'of REST answers %s without a credential with 401 or 405',
    async (method) => {
      for (const route of routes) {
        if (method === 'TRACE') continue
        const { status } = await send(method, `/api/v1${concrete(route.path)}`, undefined)
        expect([401, 405], `${method} ${route.path}`).toContain(status)
      }
    },
  )
})

type Made = {
  project: { id: string; name: string }
  model: string
  dataset: string
  job: string
  deployment: string
  upload: string
  sha256: string
  key: string
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
  return { project, model, dataset, job, deployment, upload, sha256, key: await makeKey(admin, 'admin', project) }
}

describe("another project's things", () => {
  let mine: Made
  let theirs: Made
  beforeAll(async () => {
    mine = await makeProjectWithThings('a')
    theirs = await makeProjectWithThings('b')
  })

  const restBodies: Record<string, unknown> = {
    'PUT /models/{model}/aliases/{alias}': { version: 1 },
    'PUT /deployments/{deployment}/targets': { targets: [{ version: 1, weight: 100 }] },
  }
  const holds = /\{(model|dataset|job|deployment|upload)\}/
  const restThings = routes.filter(({ path }) => holds.test(path)).map((route) => ({ route, name: `${route.method} ${route.path}` }))
  const fill = (path: string, of: Made) =>
    path.replace(
      /\{(\w+)\}/g,
      (_all, name: string) => (of as unknown as Record<string, string>)[name] ?? { ...placeholders, alias: 'champion' }[name] ?? '',
    )

  it.each(restThings)('are not found by id at $name', async ({ route, name }) => {
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
    'deployments.infer': ({ deployment }) => ({ deployment, inputs: [{ name: 'x', datatype: 'FP32', shape: [1], data: [1] }] }),
    'uploads.get': ({ upload: id }) => ({ id }),
  }

  it.each(Object.keys(inputs))('are not found by tRPC %s', async (name) => {
    const isChange = procedures.find(([path]) => path === name)?.[1]._def.type === 'mutation'
    const input = inputs[name]?.(theirs)
    const { status, text } = await send(isChange ? 'POST' : 'GET', trpcPath(name, isChange, input), mine.key, isChange ? input : undefined)
    expect(status, text).toBe(404)
  })

  it('are asked for by every procedure that takes a thing', () => {
    const unasked = ['list', 'create', 'recipes', 'loadSample', 'register', 'onEvents']
    const nouns = /^(models|datasets|training|deployments|uploads)\.(\w+)$/
    const missing = procedures
      .map(([name]) => name)
      .filter((name) => nouns.test(name) && !inputs[name] && !unasked.includes(nouns.exec(name)?.[2] as string))
    expect(missing).toEqual([])
  })

  it('do not come in by a body either', async () => {
    const ask = (path: string, body: unknown, method = 'POST') => send(method, `/api/v1${path}`, mine.key, body)
    expect((await ask('/models/register', { name: 'x', files: [{ path: 'a', upload_id: theirs.upload }] })).status).toBe(404)
    expect((await ask('/models/register', { name: 'x', files: [{ path: 'a', sha256: theirs.sha256 }] })).status).toBe(404)
    expect((await ask('/datasets', { name: 'x', files: [{ path: 'a', upload_id: theirs.upload }] })).status).toBe(404)
    const job = { recipe: 'tabular-regression', model_name: 'x', columns: { target: 'a' } }
    expect((await ask('/training/jobs', { ...job, dataset: theirs.dataset })).status).toBe(404)
    const foreign = { targets: [{ model_id: theirs.model, version: 1, weight: 100 }] }
    expect([404, 409, 422]).toContain((await ask(`/deployments/${mine.deployment}/targets`, foreign, 'PUT')).status)
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
    ] as const) {
      const { text } = await send('GET', `/api/v1${path}`, mine.key)
      expect((JSON.parse(text) as { id: string }[]).map((item) => item.id)).toEqual([mine[id]])
    }
  })
})
