import { EventEmitter } from 'node:events'
import pg from 'pg'
import { createLog } from '#src/server/log.ts'

/** Channels: `nw_change` "kind:projectId:id" · `nw_events` "jobId" · `nw_training` "device" · `nw_desired` "". */
export const channels = ['nw_change', 'nw_events', 'nw_training', 'nw_desired'] as const
export type Channel = (typeof channels)[number]

const log = createLog('listen')
const reconnectMs = 500
const probeMs = 10_000

/**
 * One connection that listens for all of this process. Emits each channel with its payload, and `reconnected` after a gap,
 * in which a notification may have been missed: whoever waits must look at the rows again.
 */
export class Listener extends EventEmitter {
  #client: pg.Client | undefined
  #isClosed = false
  #probe: NodeJS.Timeout | undefined
  readonly #url: string

  constructor(url: string) {
    super()
    this.setMaxListeners(0)
    this.#url = url
  }

  async start(): Promise<void> {
    await this.#connect()
    this.#probe = setInterval(() => void this.#client?.query('select 1').catch((error) => this.#lost(error)), probeMs)
    this.#probe.unref()
  }

  async stop(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#probe)
    await this.#client?.end().catch(() => undefined)
  }

  /** Resolves with true when `channel` speaks (and `isMine` agrees), with false after `timeoutMs` or when `signal` aborts. */
  wait(channel: Channel, timeoutMs: number, signal?: AbortSignal, isMine: (payload: string) => boolean = () => true): Promise<boolean> {
    return new Promise((resolve) => {
      const done = (woken: boolean) => {
        clearTimeout(timer)
        this.off(channel, heard)
        this.off('reconnected', gap)
        signal?.removeEventListener('abort', aborted)
        resolve(woken)
      }
      const heard = (payload: string) => isMine(payload) && done(true)
      const gap = () => done(true)
      const aborted = () => done(false)
      const timer = setTimeout(() => done(false), timeoutMs)
      if (signal?.aborted) return done(false)
      this.on(channel, heard)
      this.on('reconnected', gap)
      signal?.addEventListener('abort', aborted, { once: true })
    })
  }

  async #connect(): Promise<void> {
    const client = new pg.Client({ connectionString: this.#url, keepAlive: true, connectionTimeoutMillis: 5_000, query_timeout: 8_000 })
    client.on('error', (error) => this.#lost(error, client))
    client.on('end', () => this.#lost(new Error('the listening connection ended'), client))
    client.on('notification', ({ channel, payload }) => this.emit(channel, payload ?? ''))
    await client.connect()
    for (const channel of channels) await client.query(`listen ${channel}`)
    this.#client = client
  }

  #lost(error: unknown, client = this.#client): void {
    if (this.#isClosed || client !== this.#client || !client) return
    this.#client = undefined
    log.warn('the listening connection was lost', { error })
    client.removeAllListeners('end')
    void client.end().catch(() => undefined)
    void this.#reconnect()
  }

  async #reconnect(): Promise<void> {
    while (!this.#isClosed && !this.#client) {
      await new Promise((resolve) => setTimeout(resolve, reconnectMs))
      await this.#connect().catch(() => undefined)
    }
    this.emit('reconnected')
  }
}

let shared: Listener | undefined

export async function startListener(url: string): Promise<Listener> {
  shared ??= new Listener(url)
  await shared.start()
  return shared
}

export function listener(): Listener {
  if (!shared) throw new Error('startListener() comes before listener()')
  return shared
}

export async function stopListener(): Promise<void> {
  await shared?.stop()
  shared = undefined
}
