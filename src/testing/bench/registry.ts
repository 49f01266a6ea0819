/** How fast the registry answers, beside a hand-written server on the same database in the same run. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { startTestCluster, urlOf } from '../cluster.ts'
import { startWeb, type TestWeb } from '../web.ts'
import { measureRate, measureTimes, type Target } from './load.ts'
import { seedRegistry } from './registrySeed.ts'
import { type BenchResult, quantile } from './result.ts'

const clients = 8
const rounds = 3
const roundSeconds = 2
const requestsAShape = 400

async function startFloor(databaseUrl: string): Promise<{ port: number; child: ChildProcess }> {
  const script = fileURLToPath(new URL('./floor.ts', import.meta.url))
  const child = spawn(process.execPath, [script], {
    env: { ...process.env, DATABASE_URL: databaseUrl },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(createInterface({ input: child.stdout as NodeJS.ReadableStream }), 'line')) as [string]
  return { port: Number(line), child }
}

const median = (values: number[]) => quantile(values, 0.5)
const round = (value: number, digits: number) => Number(value.toFixed(digits))

/** Rates of several targets, measured by turns, so that what else the machine does falls on each alike. */
async function measureByTurns(targets: Target[]): Promise<number[]> {
  const rates = targets.map((): number[] => [])
  for (const target of targets) await measureRate(target, clients, 1)
  for (let turn = 0; turn < rounds; turn++) {
    for (const [index, target] of targets.entries()) rates[index]?.push(await measureRate(target, clients, roundSeconds))
  }
  return rates.map(median)
}

/** `door` is a request that asks no database: what is left of a get beside it is the query and the answer's making. */
async function measureRates(rest: (path: string) => Target, trpc: Target, floor: Target, id: string): Promise<BenchResult[]> {
  const targets = { floor, 'rest.get': rest(`/models/${id}`), 'trpc.get': trpc, 'rest.door': rest('/me') }
  const [base, ...rates] = (await measureByTurns(Object.values(targets))) as [number, ...number[]]
  return Object.keys(targets)
    .slice(1)
    .map((name, index) => rateOf(`registry.${name}`, rates[index] as number, base))
}

const rateOf = (name: string, value: number, floor: number): BenchResult => ({
  name,
  value: round(value, 0),
  unit: 'requests/s',
  floor: round(floor, 0),
  ratio: round(value / floor, 3),
})

async function measureShapes(rest: (path: string) => Target, ids: string[]): Promise<BenchResult[]> {
  const deepest = await nthCursor(rest, 20)
  const shapes: Record<string, string[]> = {
    'get by id': ids.map((id) => `/models/${id}`),
    'get by name': ids.map((_id, index) => `/models/model-${index * 70 + 1}`),
    'get a version': ids.map((id) => `/models/${id}/versions/2`),
    'list, first page': ['/models?limit=50'],
    'list, page 20 by cursor': [`/models?limit=50&cursor=${deepest}`],
    'list by name': ['/models?limit=50&order_by=name%20asc'],
    'list versions of a long line': ['/models/model-1/versions?limit=50'],
    'search by part of a name': ids.map((_id, index) => `/models?limit=50&q=del-${index * 37 + 100}`),
    'filter by tag': ids.map((_id, index) => `/models?limit=50&filter=${encodeURIComponent(`tags.team = 't${index % 40}'`)}`),
    'filter by metadata': ids.map((_id, index) => `/models?limit=50&filter=${encodeURIComponent(`metadata.data.set = 'd${index % 100}'`)}`),
    'filter by metric': ids.map((_id, index) => `/models?limit=50&filter=${encodeURIComponent(`metrics.accuracy > 0.${900 + index}`)}`),
    'filter by tag, metric and status': ids.map(
      (_id, index) =>
        `/models?limit=50&filter=${encodeURIComponent(`tags.team = 't${index % 40}' and metrics.accuracy > 0.5 and status = 'ready'`)}`,
    ),
  }
  const figures: BenchResult[] = []
  for (const [name, paths] of Object.entries(shapes)) {
    const targets = paths.map(rest)
    await measureTimes(targets, 60)
    const times = await measureTimes(targets, requestsAShape)
    figures.push({
      name: `registry.p99 ${name}`,
      value: round(quantile(times, 0.99), 2),
      unit: 'ms',
      floor: null,
      ratio: null,
    })
  }
  return figures
}

/** The cursor that begins page `n`, as the list before it gives it. */
async function nthCursor(rest: (path: string) => Target, n: number): Promise<string> {
  const { port, path, headers } = rest(`/models?limit=${(n - 1) * 50}`)
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers })
  await answer.arrayBuffer()
  const next = /<([^>]+)>; rel="next"/.exec(answer.headers.get('link') ?? '')?.[1]
  const cursor = next && new URL(next).searchParams.get('cursor')
  if (!cursor) throw new Error(`${path} answered ${answer.status} without a next page`)
  return encodeURIComponent(cursor)
}

/** Rates at eight connections beside the floor, and the 99th percentile of each kind of read at one client, at 10,000 versions. */
export async function benchRegistry(): Promise<BenchResult[]> {
  const dataDir = mkdtempSync(join(tmpdir(), 'neuroweaver-bench-'))
  const stops: (() => unknown)[] = [() => rmSync(dataDir, { recursive: true, force: true })]
  try {
    const cluster = await startTestCluster()
    stops.push(cluster.stop)
    const databaseUrl = urlOf(cluster.adminUrl, cluster.template)
    const ids = await seedRegistry(databaseUrl)
    const web = await startWeb({ databaseUrl, dataDir })
    stops.push(web.stop)
    const floor = await startFloor(databaseUrl)
    stops.push(() => floor.child.kill())
    return await measure(web, floor.port, ids)
  } finally {
    for (const stop of stops.reverse()) await stop()
  }
}

async function measure(web: TestWeb, floorPort: number, ids: string[]): Promise<BenchResult[]> {
  const headers = { authorization: `Bearer ${web.adminKey}` }
  const id = ids[0] as string
  const rest = (path: string): Target => ({ port: web.port, path: `/api/v1${path}`, headers })
  const trpc = { port: web.port, path: `/api/trpc/models.get?input=${encodeURIComponent(JSON.stringify({ model: id }))}`, headers }
  const rates = await measureRates(rest, trpc, { port: floorPort, path: `/models/${id}` }, id)
  return [...rates, ...(await measureShapes(rest, ids))]
}
