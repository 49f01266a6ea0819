/** A log sink and an OTLP collector in one, which records what it got and can be slow, wrong or silent. */
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'

export type LogLine = Record<string, unknown> & { id: string; message: string; component: string; correlationId: string | null }
export type Span = {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  kind: number
  attributes: { key: string; value: { stringValue?: string; intValue?: number | string } }[]
}
/** Answers with a status, after so long; or never. */
export type Mood = { status?: number; afterMs?: number } | 'hanging'

export class Collector {
  readonly lines: LogLine[] = []
  readonly spans: Span[] = []
  readonly authorizations = new Set<string | undefined>()
  mood: Mood = {}
  requests = 0
  readonly #server = createServer((req, res) => void this.#take(req, res))
  url = ''

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
    return this
  }

  stop(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  async #take(req: Parameters<typeof buffer>[0] & { url?: string; headers: Record<string, unknown> }, res: ServerResponse): Promise<void> {
    const raw = await buffer(req).catch(() => undefined)
    if (!raw) return
    this.requests++
    const { mood } = this
    if (mood === 'hanging') return
    const body = req.headers['content-encoding'] === 'gzip' ? gunzipSync(raw).toString() : raw.toString()
    if (mood.afterMs) await new Promise((resolve) => setTimeout(resolve, mood.afterMs))
    const status = mood.status ?? 200
    if (status === 200) this.#keep(req, body)
    res.writeHead(status, { 'content-type': 'application/json' }).end('{}')
  }

  #keep(req: { url?: string; headers: Record<string, unknown> }, body: string): void {
    if (req.url !== '/v1/traces') {
      this.authorizations.add(req.headers.authorization as string | undefined)
      for (const line of body.trimEnd().split('\n')) this.lines.push(JSON.parse(line))
      return
    }
    type Export = { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] }
    for (const { scopeSpans } of (JSON.parse(body) as Export).resourceSpans) this.spans.push(...scopeSpans.flatMap(({ spans }) => spans))
  }
}

/** Waits until `find` finds something. */
export async function eventually<T>(find: () => T | Promise<T | undefined> | undefined | false, limitMs = 15_000): Promise<T> {
  for (const deadline = Date.now() + limitMs; ; ) {
    const found = await find()
    if (found) return found
    if (Date.now() > deadline) throw new Error(`not found within ${limitMs} ms: ${find}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
