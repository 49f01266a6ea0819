/** A stand-in for RelayCore that holds every call to the wire form, keeps what it got, and can be slow, down or wrong. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'

const numbers = z.record(z.string(), z.number())
const time = z.iso.datetime()

/** The bodies of the contract, field by field: one more or one less is answered 400. */
const bodies = {
  provider: z.strictObject({
    service_name: z.literal('neuroweaver'),
    service_type: z.literal('model_provider'),
    version: z.string(),
    endpoint: z.url(),
    capabilities: z.array(z.string()),
    specializations: z.array(z.string()),
    health_check_endpoint: z.literal('/health'),
    registration_timestamp: time,
  }),
  register: z.strictObject({
    model_id: z.uuid(),
    name: z.string(),
    provider: z.literal('neuroweaver'),
    specialization: z.array(z.string()),
    endpoint: z.url(),
    cost_per_token: z.number(),
    max_tokens: z.number(),
    capabilities: z.array(z.string()),
    performance_metrics: numbers,
  }),
  performance: z.strictObject({ model_id: z.uuid(), performance_metrics: numbers, updated_at: time }),
  status: z.strictObject({
    model_id: z.uuid(),
    status: z.enum(['ready', 'degraded', 'switched', 'failed']),
    reason: z.string(),
    timestamp: time,
  }),
}
type Kind = keyof typeof bodies | 'remove' | 'analytics' | 'health'

const routes: [method: string, path: RegExp, kind: Kind][] = [
  ['GET', /^\/health$/, 'health'],
  ['POST', /^\/api\/v1\/providers\/register$/, 'provider'],
  ['POST', /^\/api\/v1\/models\/register$/, 'register'],
  ['DELETE', /^\/api\/v1\/models\/([0-9a-f-]{36})$/, 'remove'],
  ['PUT', /^\/api\/v1\/models\/([0-9a-f-]{36})\/performance$/, 'performance'],
  ['POST', /^\/api\/v1\/models\/([0-9a-f-]{36})\/status$/, 'status'],
  ['GET', /^\/api\/v1\/models\/([0-9a-f-]{36})\/analytics$/, 'analytics'],
]

export type Got = {
  kind: Kind
  modelId: string | null
  body: Record<string, unknown>
  status: number
  at: number
  correlationId: string | undefined
}
type Call = Pick<Got, 'kind' | 'modelId'>
/** How the next calls are answered: `wrong` with these statuses, one a call; `holds` are taken, and get no answer; `misses` get 404. */
export type Mood = {
  slowMs?: number
  wrong?: number[]
  holds?: (call: Call) => boolean
  misses?: (call: Call, isKnown: boolean) => boolean
}

export class RelayCoreDouble {
  readonly got: Got[] = []
  mood: Mood = {}
  readonly #key: string
  readonly #known = new Set<string>()
  #server: Server | undefined
  #port = 0

  constructor(key: string) {
    this.#key = key
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  /** Starts it, on the port that it had before if it was down in between. */
  async up(): Promise<void> {
    const server = createServer((req, res) => void this.#answer(req, res))
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve))
    this.#port = (server.address() as AddressInfo).port
    this.#server = server
  }

  async down(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    server?.closeAllConnections()
    await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()))
  }

  /** Loses a model that it was told of, or every one, as a router does that keeps them in memory. */
  forget(modelId?: string): void {
    if (modelId === undefined) this.#known.clear()
    else this.#known.delete(modelId)
  }

  /** What it took of a model, in order, without the calls that it answered with an error. */
  of(modelId: string): Got[] {
    return this.got.filter((call) => call.modelId === modelId && call.status < 300)
  }

  async #answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of req) chunks.push(chunk as Buffer)
    if (this.mood.slowMs) await new Promise((resolve) => setTimeout(resolve, this.mood.slowMs))
    const path = req.url ?? '/'
    const route = routes.find(([method, pattern]) => method === req.method && pattern.test(path))
    const [status, body, got] = this.#judge(req, route, Buffer.concat(chunks).toString('utf8'))
    const isHeld = got !== undefined && this.mood.holds?.(got) === true
    if (got) this.got.push({ ...got, status, at: Date.now(), correlationId: req.headers['x-correlation-id'] as string | undefined })
    if (isHeld) return
    res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }

  #judge(
    req: IncomingMessage,
    route: (typeof routes)[number] | undefined,
    text: string,
  ): [number, unknown, Omit<Got, 'status' | 'at' | 'correlationId'>?] {
    if (!route) return [404, { error: `there is no ${req.method} ${req.url}` }]
    const [, pattern, kind] = route
    if (kind === 'health') return [200, { status: 'ok' }]
    const parsed = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
    const modelId = pattern.exec(req.url ?? '')?.[1] ?? (typeof parsed.model_id === 'string' ? parsed.model_id : null)
    const got = { kind, modelId, body: parsed }
    if (req.headers.authorization !== `Bearer ${this.#key}`) return [401, { error: 'unknown key' }, got]
    const wrong = this.mood.wrong?.shift()
    if (wrong) return [wrong, { error: 'as was asked' }, got]
    if (this.mood.misses?.(got, this.#known.has(modelId ?? ''))) return [404, { error: 'unknown model' }, got]
    if (kind === 'analytics' && !this.#known.has(modelId ?? '')) return [404, { error: 'unknown model' }, got]
    if (kind === 'analytics') return [200, { model_id: modelId, requests: 12, success_rate: 0.98 }, got]
    const schema = kind === 'remove' ? undefined : bodies[kind]
    const checked = schema?.safeParse(parsed)
    if (checked && !checked.success) return [400, { error: checked.error.message }, got]
    if (kind === 'register') this.#known.add(modelId ?? '')
    if (kind === 'remove') this.#known.delete(modelId ?? '')
    return [200, { success: true }, got]
  }
}
