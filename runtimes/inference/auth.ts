import { createHash } from 'node:crypto'
import type { z } from 'zod'
import { text } from '#src/contracts/common.ts'
import { countAgainst, countCall, limitHeaders } from '#src/contracts/rate.ts'
import { type introspectRequest, introspectResponse } from '#src/contracts/runtime.ts'
import { type ControlPlane, ControlUnavailable } from './control.ts'
import { InferError } from './errors.ts'

type Verdict = z.infer<typeof introspectResponse>
type Asked = z.infer<typeof introspectRequest>
type Known = { verdict: Verdict; askedAt: number; isRefreshing: boolean; silentUntil: number }

const maxAllowed = 10_000
const maxRefused = 1000
/** A refusal is kept shortly, so that a new key or grant works soon and a storm of bad tokens does not reach web. */
const refusedFreshMs = 1000
/** After web did not answer, stale verdicts are used for this long without asking again. */
const silenceMs = 2000

/** A map that forgets what was not used for longest. */
class Lru<T> {
  readonly #items = new Map<string, T>()
  readonly #size: number
  constructor(size: number) {
    this.#size = size
  }

  find(key: string): T | undefined {
    const item = this.#items.get(key)
    if (item !== undefined) {
      this.#items.delete(key)
      this.#items.set(key, item)
    }
    return item
  }

  put(key: string, item: T): void {
    this.#items.delete(key)
    this.#items.set(key, item)
    if (this.#items.size > this.#size) this.#items.delete(this.#items.keys().next().value as string)
  }

  remove(key: string): void {
    this.#items.delete(key)
  }
}

/**
 * Who may call which deployment, as web says: fresh for `fresh_ms`, and while web is away up to `stale_ms`.
 * Only SHA-256 digests of keys are held or sent; a unified token, whose issuer alone can tell whose it is, is shown to web.
 */
export class Authoriser {
  readonly #control: Pick<ControlPlane, 'post'>
  readonly #allowed = new Lru<Known>(maxAllowed)
  readonly #refused = new Lru<Known>(maxRefused)
  /** When the next call of a limit's subject would be exactly in time, in ms. */
  readonly #due = new Lru<number>(maxAllowed)
  readonly #asking = new Map<string, Promise<Verdict>>()

  constructor(control: Pick<ControlPlane, 'post'>) {
    this.#control = control
  }

  /**
   * @returns headers that tell the caller of the tightest limit; a refusal to somebody who is known has them too.
   * @throws InferError 401, 403 or 404 as web says, 429 for a call too many, 503 when nobody can say.
   */
  async authorise(authorization: string | undefined, deployment: string): Promise<Record<string, string>> {
    const verdict = await this.verdict(authorization, deployment)
    const headers = this.count(verdict)
    const { status } = verdict
    if (status === 200) return headers
    if (status === 401) throw new InferError(401, 'the token is unknown or expired: sign in again or use another API key')
    const refusal = (code: number, message: string) => new InferError(code, message, undefined, headers)
    if (status === 403) throw refusal(403, `this token may not call "${deployment}": ask for deploy or read rights in its project`)
    throw refusal(404, `there is no deployment "${deployment}"`)
  }

  /**
   * Counts a call against each limit that it falls under, of which each runtime keeps its own count.
   * @returns headers that tell the caller of the tightest one. @throws InferError 429, with the same headers
   */
  count({ limits }: Verdict): Record<string, string> {
    const counted = limits.map(({ name, subject, calls_per_minute: perMinute }) => ({ name, subject, perMinute }))
    const told = countAgainst(counted, ({ subject, perMinute }) => {
      const { due, verdict } = countCall(this.#due.find(subject), perMinute, Date.now())
      this.#due.put(subject, due)
      return verdict
    })
    const headers = limitHeaders(told)
    const wait = told?.verdict.retryAfterSeconds
    if (wait === undefined) return headers
    throw new InferError(429, `this ${told?.name} may make ${told?.perMinute} calls a minute: try again in ${wait} s`, wait, headers)
  }

  /** @throws InferError 401 without a token, 503 when web is away and the token is not known. */
  async verdict(authorization: string | undefined, deployment: string): Promise<Verdict> {
    const token = /^Bearer +(\S{1,16384})$/i.exec(authorization ?? '')?.[1]
    if (!token) throw new InferError(401, 'send "Authorization: Bearer <API key>"')
    if (!isName(deployment)) throw new InferError(404, 'there is no deployment of that name')
    const digest = createHash('sha256').update(token).digest('hex')
    const asked: Asked = { token_sha256: digest, deployment, ...(isUnifiedToken(token) ? { token } : {}) }
    const key = `${digest} ${deployment}`
    const now = Date.now()
    const known = this.#allowed.find(key) ?? this.#refused.find(key)
    if (known && now - known.askedAt < freshMs(known)) {
      this.#refreshAhead(known, key, asked, now)
      return known.verdict
    }
    const isStale = known?.verdict.status === 200 && now - known.askedAt < known.verdict.stale_ms
    if (isStale && now < known.silentUntil) return known.verdict
    try {
      return await this.#ask(key, asked)
    } catch (error) {
      if (!(error instanceof ControlUnavailable)) throw error
      if (isStale) {
        known.silentUntil = Date.now() + silenceMs
        return known.verdict
      }
      throw new InferError(503, 'it cannot be checked now whether this token may call: try again', 5)
    }
  }

  /** Asks again in the background from half of the fresh time on, so that a busy caller never waits for web. */
  #refreshAhead(known: Known, key: string, asked: Asked, now: number): void {
    if (known.isRefreshing || known.verdict.status !== 200 || now - known.askedAt < freshMs(known) / 2) return
    known.isRefreshing = true
    this.#ask(key, asked).catch(() => {
      // Asked again when it is no longer fresh.
    })
  }

  #ask(key: string, asked: Asked): Promise<Verdict> {
    const running = this.#asking.get(key)
    if (running) return running
    const asking = this.#introspect(key, asked).finally(() => this.#asking.delete(key))
    this.#asking.set(key, asking)
    return asking
  }

  async #introspect(key: string, asked: Asked): Promise<Verdict> {
    const askedAt = Date.now()
    const verdict = await this.#control.post('/inference/introspect', asked, introspectResponse, {
      timeoutMs: 2000,
    })
    if (!verdict) throw new ControlUnavailable('web did not answer')
    const known = { verdict, askedAt, isRefreshing: false, silentUntil: 0 }
    this.#allowed.remove(key)
    this.#refused.remove(key)
    if (verdict.status === 200) this.#allowed.put(key, known)
    else this.#refused.put(key, known)
    return verdict
  }
}

/** A JWT: three parts, of which the first is a JSON object in base64. */
const isUnifiedToken = (token: string): boolean => token.startsWith('eyJ') && token.split('.').length === 3
const nameText = text(200)
const isName = (value: string): boolean => value === '' || /^[\w.-]{1,200}$/.test(value) || nameText.safeParse(value).success
const freshMs = ({ verdict }: Known): number => (verdict.status === 200 ? verdict.fresh_ms : Math.min(refusedFreshMs, verdict.fresh_ms))
