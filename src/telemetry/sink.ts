/** Sends log lines to an HTTP address in batches. The product never waits for it. A line may come twice, when an answer is lost: its id tells. */
import { once } from 'node:events'
import { type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'

export type SinkOptions = {
  url: string
  token?: string | undefined
  /** A batch goes out when it has so many lines, or when its first line is so old. */
  batchLines?: number
  batchMs?: number
  /** What may wait in memory while the sink is away; the oldest lines go first. */
  bufferLines?: number
  bufferBytes?: number
  timeoutMs?: number
  firstRetryMs?: number
  /** Told once what was lost when the sink takes lines again. @returns the line that says so. */
  describeLoss: (lines: number) => string
}

const pack = promisify(gzip)
const slowestRetryMs = 30_000
/** The sink will never take this batch: to send it again would hold up all that come after it. */
const isFinal = (status: number) => status === 400 || status === 413 || status === 415 || status === 422

export class LogSink {
  readonly #options: Required<SinkOptions>
  #waiting: string[] = []
  #bytes = 0
  #lost = 0
  #failures = 0
  #timer: NodeJS.Timeout | undefined
  #sending: Promise<void> | undefined

  constructor(options: SinkOptions) {
    const defaults = {
      token: undefined,
      batchLines: 500,
      batchMs: 1_000,
      bufferLines: 20_000,
      bufferBytes: 16 * 1024 * 1024,
      timeoutMs: 10_000,
      firstRetryMs: 500,
    }
    this.#options = { ...defaults, ...options } as Required<SinkOptions>
  }

  push(line: string): void {
    this.#waiting.push(line)
    this.#bytes += line.length
    if (this.#waiting.length > this.#options.bufferLines || this.#bytes > this.#options.bufferBytes) this.#dropOldest()
    if (this.#sending) return
    if (this.#failures === 0 && this.#waiting.length >= this.#options.batchLines) this.#send()
    else this.#wake(this.#options.batchMs)
  }

  /** Sends what waits, for at most so long: for a process that is about to end. */
  async flush(limitMs: number): Promise<void> {
    const deadline = Date.now() + limitMs
    while (this.#waiting.length > 0 && Date.now() < deadline) {
      if (this.#failures > 0 && !this.#sending) return
      this.#send()
      await Promise.race([this.#sending, new Promise((resolve) => setTimeout(resolve, deadline - Date.now()).unref())])
    }
  }

  /** A tenth at once, so that a full buffer does not move all of its lines at each new one. */
  #dropOldest(): void {
    const dropped = this.#waiting.splice(0, Math.max(1, Math.ceil(this.#waiting.length / 10)))
    this.#lost += dropped.length
    for (const line of dropped) this.#bytes -= line.length
  }

  #wake(ms: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#send()
    }, ms)
    this.#timer.unref()
  }

  #send(): void {
    if (this.#sending || this.#waiting.length === 0) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#sending = this.#sendBatch().finally(() => {
      this.#sending = undefined
      if (this.#waiting.length > 0) this.#wake(this.#pauseMs())
    })
  }

  #pauseMs(): number {
    const { firstRetryMs, batchMs, batchLines } = this.#options
    if (this.#failures > 0) return Math.min(slowestRetryMs, firstRetryMs * 2 ** (this.#failures - 1)) * (0.5 + Math.random() / 2)
    return this.#waiting.length >= batchLines ? 0 : batchMs
  }

  async #sendBatch(): Promise<void> {
    const batch = this.#waiting.splice(0, this.#options.batchLines)
    const size = batch.reduce((sum, line) => sum + line.length, 0)
    this.#bytes -= size
    const lost = this.#lost
    this.#lost = 0
    const lines = lost > 0 ? [this.#options.describeLoss(lost), ...batch] : batch
    const outcome = await this.#post(lines).catch(() => 'failed' as const)
    if (outcome === 'taken') this.#failures = 0
    else if (outcome === 'refused') this.#lost += lost + batch.length
    else {
      this.#failures++
      this.#lost += lost
      this.#waiting.unshift(...batch)
      this.#bytes += size
      if (this.#waiting.length > this.#options.bufferLines) this.#dropOldest()
    }
  }

  async #post(lines: string[]): Promise<'taken' | 'refused' | 'failed'> {
    const { url, token, timeoutMs } = this.#options
    // The fastest level: lines are alike, so that more work saves little.
    const body = await pack(`${lines.join('\n')}\n`, { level: 1 })
    const status = await post(url, body, {
      headers: {
        'content-type': 'application/x-ndjson',
        'content-encoding': 'gzip',
        'content-length': body.length,
        ...(token ? { authorization: `Bearer ${token}` } : {}),
      },
      signal: AbortSignal.timeout(timeoutMs),
    })
    if (status >= 200 && status < 300) return 'taken'
    return isFinal(status) ? 'refused' : 'failed'
  }
}

/** By the plain client, on a connection that is kept: `fetch` takes several times its processor time. @returns the answer's status. */
async function post(url: string, body: Buffer, options: RequestOptions): Promise<number> {
  const request = (url.startsWith('https:') ? requestHttps : requestHttp)(url, { method: 'POST', ...options })
  request.end(body)
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  response.resume()
  await once(response, 'end')
  return response.statusCode ?? 0
}
