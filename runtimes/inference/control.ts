import { createHash, randomUUID } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { z } from 'zod'
import { enrolNameTaken, enrolResponse, protocolVersion, runtimeSilentMs } from '#src/contracts/runtime.ts'
import { traceHeaders } from '#src/telemetry/tracing.ts'
import { devices } from './devices.ts'
import { type Download, download } from './download.ts'
import { messageOf } from './errors.ts'
import { log, requestScope } from './log.ts'
import { StateFile } from './state.ts'

/** Web cannot be reached, or does not take this runtime's word: what is known goes on being used. */
export class ControlUnavailable extends Error {
  /** The HTTP status when web did answer. */
  readonly status: number | undefined
  constructor(message: string, status?: number) {
    super(message)
    this.status = status
  }
}

/** Web will never take this process: it is too old, was removed, or shows what is no runtime token. Another try changes nothing. */
export class Unwelcome extends ControlUnavailable {}

/** Another runtime has this one's name; it may be had when that falls silent. */
export class NameTaken extends ControlUnavailable {
  /** When web is to be asked again, by this machine's clock. */
  readonly until: number
  constructor(message: string, until: number) {
    super(message, 409)
    this.until = until
  }
}

/** What web said, out of its error body. */
function messageIn(text: string): string {
  try {
    return String((JSON.parse(text) as { error: { message: unknown } }).error.message)
  } catch {
    return text.slice(0, 300)
  }
}

function nameTaken(response: Response, text: string): NameTaken | undefined {
  if (response.status !== 409) return undefined
  try {
    const { error } = enrolNameTaken.parse(JSON.parse(text))
    const waitMs = Math.min(Number(response.headers.get('retry-after')) * 1000 || runtimeSilentMs, runtimeSilentMs)
    return new NameTaken(error.message, Date.now() + waitMs * (1 + Math.random() * 0.1))
  } catch {
    return undefined
  }
}

const clockToleranceMs = 5_000

const kept = z.object({ runtime_id: z.string(), credential: z.string(), heartbeat_ms: z.number().int() })
type Credential = z.infer<typeof kept>

export type ControlOptions = {
  controlUrl: string
  runtimeToken: string | undefined
  stateDir: string
  name: string
  version: string
  /** The origin at which callers reach this runtime. */
  url: string
  /** The one at which web does, where that is another. */
  internalUrl?: string | undefined
}

/** The client of `/api/runtime/v1`: it enrols, keeps the credential, and enrols again when web no longer knows it. */
export class ControlPlane {
  readonly bootId: string = randomUUID()
  readonly #options: ControlOptions
  readonly #file: StateFile<Credential>
  #credential: Credential | undefined
  #enrolling: Promise<void> | undefined
  #taken: NameTaken | undefined
  #isReachable: boolean | undefined
  /** Web's clock less this machine's, in milliseconds. */
  #clockOffsetMs = 0

  constructor(options: ControlOptions) {
    this.#options = options
    this.#file = new StateFile(options.stateDir, 'credential.json', kept)
  }

  get heartbeatMs(): number {
    return this.#credential?.heartbeat_ms ?? 5000
  }

  /** The time by web's clock, which is the one that figures are kept by: this machine's may be an hour off. */
  now(): number {
    return Date.now() + this.#clockOffsetMs
  }

  /** Takes web's time from an answer to a question that was sent at `askedAt` by this machine's clock. */
  setClock(serverTime: string, askedAt: number): void {
    const offset = Date.parse(serverTime) - (askedAt + Date.now()) / 2
    if (!Number.isFinite(offset)) return
    const isOff = Math.abs(offset) >= clockToleranceMs
    if (isOff && this.#clockOffsetMs === 0)
      log('warn', 'control', `this machine's clock is ${Math.round(offset / 1000)} s off; web's is used`)
    this.#clockOffsetMs = isOff ? offset : 0
  }

  /** @throws ControlUnavailable when web is away or refuses; NameTaken while another has its name; Unwelcome when web will never take it. */
  async enrol(): Promise<void> {
    this.#enrolling ??= this.#enrol().finally(() => {
      this.#enrolling = undefined
    })
    return this.#enrolling
  }

  async #enrol(): Promise<void> {
    if (this.#taken && this.#taken.until > Date.now()) throw this.#taken
    const stored = await this.#file.find()
    if (!this.#options.runtimeToken) {
      if (!stored || stored.credential === this.#credential?.credential)
        throw new ControlUnavailable('RUNTIME_TOKEN is not set and no credential is kept')
      this.#credential = stored
      return
    }
    // Its own before what the file holds: another runtime of the same folder may have written that.
    const body = await this.#introduction(this.#credential?.credential ?? stored?.credential)
    const response = await this.#fetch('/enrol', { token: this.#options.runtimeToken, body, timeoutMs: 10_000 })
    if (response.ok) {
      this.#taken = undefined
      this.#credential = enrolResponse.parse(await response.json())
      // On a full disk it goes on with what it has in memory; after a restart it enrols again.
      await this.#file.save(this.#credential).catch((error) => log('error', 'control', 'the credential could not be kept', { error }))
      return log('info', 'control', 'enrolled', { data: { runtimeId: this.#credential.runtime_id } })
    }
    const text = await response.text().catch(() => '')
    const taken = nameTaken(response, text)
    if (taken) throw this.#noteTaken(taken)
    const reason = messageIn(text)
    if (response.status === 409 || response.status === 403) throw new Unwelcome(reason)
    // A token that was changed since does not take away a credential that is still good.
    if (stored && stored.credential !== this.#credential?.credential) this.#credential = stored
    else throw new ControlUnavailable(`web refused to enrol this runtime (${response.status}): ${reason}`, response.status)
  }

  /** Told once, however often it is refused after that. */
  #noteTaken(taken: NameTaken): NameTaken {
    if (!this.#taken) log('error', 'control', `${taken.message} It is asked for again until it is free.`)
    this.#taken = taken
    return taken
  }

  async #introduction(previous: string | undefined) {
    return {
      kind: 'inference',
      name: this.#options.name,
      version: this.#options.version,
      protocol: protocolVersion,
      boot_id: this.bootId,
      devices: await devices.list(),
      capacity: Math.max(8, availableParallelism() * 4),
      url: this.#options.url,
      internal_url: this.#options.internalUrl ?? null,
      previous_credential_sha256: previous === undefined ? null : createHash('sha256').update(previous).digest('hex'),
    }
  }

  /**
   * Posts one message.
   * @returns undefined for 204
   * @throws ControlUnavailable for everything that is not a 2xx with a body of that schema.
   */
  async post<T>(
    path: string,
    body: unknown,
    schema: z.ZodType<T>,
    options: { timeoutMs: number; signal?: AbortSignal },
  ): Promise<T | undefined> {
    const response = await this.#authorised(path, { body, ...options })
    if (response.status === 204) return undefined
    const parsed = schema.safeParse(await this.#json(response))
    if (!parsed.success) throw new ControlUnavailable(`web answered ${path} in another form: ${parsed.error.issues[0]?.message}`)
    return parsed.data
  }

  async #json(response: Response): Promise<unknown> {
    try {
      return await response.json()
    } catch (error) {
      throw new ControlUnavailable(`web's answer broke off: ${messageOf(error)}`)
    }
  }

  /**
   * The bytes of an artifact from an offset on (status 206), or from the first where web gives no part of it (200).
   * @param signal must be aborted when they are not taken to their end.
   * @throws ControlUnavailable
   */
  async artifact(sha256: string, from: number, signal: AbortSignal): Promise<Download> {
    if (!this.#credential) await this.enrol()
    let answer = await this.#download(sha256, from, signal)
    if (answer.status === 401) {
      await drop(answer)
      await this.enrol()
      answer = await this.#download(sha256, from, signal)
    }
    if (answer.status === 200 || answer.status === 206) return answer
    await drop(answer)
    throw new ControlUnavailable(`web answered /artifacts/${sha256} with ${answer.status}`, answer.status)
  }

  async #download(sha256: string, from: number, signal: AbortSignal): Promise<Download> {
    const headers: Record<string, string> = { ...this.#headers(this.#credential?.credential ?? '') }
    if (from > 0) headers.range = `bytes=${from}-`
    try {
      return await download(`${this.#options.controlUrl}/api/runtime/v1/artifacts/${sha256}`, headers, signal)
    } catch (error) {
      throw new ControlUnavailable(`web cannot be reached: ${messageOf(error)}`)
    }
  }

  #headers(token: string): Record<string, string> {
    const correlationId = requestScope.getStore()?.correlationId ?? randomUUID()
    return { authorization: `Bearer ${token}`, 'x-correlation-id': correlationId, ...traceHeaders() }
  }

  async #authorised(path: string, request: Omit<FetchRequest, 'token'>): Promise<Response> {
    if (!this.#credential) await this.enrol()
    let response = await this.#fetch(path, { ...request, token: this.#credential?.credential ?? '' })
    if (response.status === 401) {
      await response.body?.cancel()
      await this.enrol()
      response = await this.#fetch(path, { ...request, token: this.#credential?.credential ?? '' })
    }
    if (response.ok) return response
    const text = (await response.text().catch(() => '')).slice(0, 300)
    throw new ControlUnavailable(`web answered ${path} with ${response.status}: ${text}`, response.status)
  }

  async #fetch(path: string, { token, body, timeoutMs, signal }: FetchRequest): Promise<Response> {
    const signals = [signal, timeoutMs > 0 ? AbortSignal.timeout(timeoutMs) : undefined].filter((one) => one !== undefined)
    const headers = this.#headers(token)
    if (body !== undefined) headers['content-type'] = 'application/json'
    const init: RequestInit = { method: body === undefined ? 'GET' : 'POST', headers, signal: AbortSignal.any(signals), redirect: 'error' }
    if (body !== undefined) init.body = JSON.stringify(body)
    try {
      const response = await fetchAgain(`${this.#options.controlUrl}/api/runtime/v1${path}`, init)
      this.#noteReachable(true, '')
      return response
    } catch (error) {
      if (!signal?.aborted) this.#noteReachable(false, messageOf((error as Error).cause ?? error))
      throw new ControlUnavailable(`web cannot be reached: ${messageOf(error)}`)
    }
  }

  #noteReachable(isReachable: boolean, reason: string): void {
    if (isReachable === this.#isReachable) return
    this.#isReachable = isReachable
    if (isReachable) log('info', 'control', 'web is reachable')
    else log('warn', 'control', 'web cannot be reached; serving from the last known state', { error: reason })
  }
}

/** Its connection is closed when nobody takes the body. */
const drop = async ({ pieces }: Download) => void (await pieces[Symbol.asyncIterator]().return?.())

type FetchRequest = { token: string; body?: unknown; timeoutMs: number; signal?: AbortSignal }

/** A kept connection may be closed by the other side at the moment it is used again; every message here may be sent twice. */
async function fetchAgain(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init)
  } catch (error) {
    const code = ((error as Error).cause as { code?: string } | undefined)?.code ?? ''
    if (!['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'].includes(code)) throw error
    return fetch(url, init)
  }
}

/** Waits longer after each failure, with jitter so that many runtimes do not come back at once. */
export class Backoff {
  readonly #firstMs: number
  readonly #maxMs: number
  #failures = 0
  constructor(firstMs: number, maxMs: number) {
    this.#firstMs = firstMs
    this.#maxMs = maxMs
  }

  reset(): void {
    this.#failures = 0
  }

  nextMs(): number {
    const full = Math.min(this.#maxMs, this.#firstMs * 2 ** this.#failures++)
    return full * (0.5 + Math.random() / 2)
  }
}
