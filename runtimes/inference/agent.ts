import { setTimeout as sleep } from 'node:timers/promises'
import { acknowledged, desiredResponse, heartbeatResponse } from '#src/contracts/runtime.ts'
import type { ArtifactCache } from './artifacts.ts'
import { Backoff, type ControlPlane, ControlUnavailable, NameTaken, Unwelcome } from './control.ts'
import { devices } from './devices.ts'
import { messageOf } from './errors.ts'
import { log } from './log.ts'
import type { Metrics } from './metrics.ts'
import type { DeploymentRegistry } from './registry.ts'
import { StateFile } from './state.ts'

const watchMs = 25_000
const settleBeforePruneMs = 60_000

/** Keeps web and this runtime of one mind: heartbeats, the watch on the desired state, and reports of every change. */
export class Agent {
  readonly #control: ControlPlane
  readonly #registry: DeploymentRegistry
  readonly #metrics: Metrics
  readonly #cache: ArtifactCache
  readonly #file: StateFile<ReturnType<typeof desiredResponse.parse>>
  readonly #onUnwelcome: (reason: Unwelcome) => void
  readonly #stop = new AbortController()
  #hasState = false
  #isReporting = false
  #reportAgain = false

  constructor(options: {
    control: ControlPlane
    registry: DeploymentRegistry
    metrics: Metrics
    cache: ArtifactCache
    stateDir: string
    /** Called once when web will never take this process. */
    onUnwelcome: (reason: Unwelcome) => void
  }) {
    this.#onUnwelcome = options.onUnwelcome
    this.#control = options.control
    this.#registry = options.registry
    this.#metrics = options.metrics
    this.#cache = options.cache
    this.#file = new StateFile(options.stateDir, 'desired.json', desiredResponse)
  }

  /** True once some desired state is known, from web or from the last run. */
  get hasState(): boolean {
    return this.#hasState
  }

  /** Takes up the state of the last run, so that a restart serves while web is away. */
  async restore(): Promise<void> {
    const stored = await this.#file.find()
    if (!stored) return
    this.#registry.apply(stored.deployments)
    this.#hasState = true
    log('info', 'agent', 'took up the last known state', { data: { deployments: stored.deployments.length } })
  }

  start(): void {
    void this.#loop('heartbeat', () => this.#heartbeat())
    void this.#loop('watch', this.#watcher())
  }

  /** Runs a step again and again; failures wait longer each time, are told when they are new, and a mistake of ours never ends the loop. */
  async #loop(name: string, step: () => Promise<void>): Promise<void> {
    const backoff = new Backoff(250, 5000)
    let told = ''
    while (!this.#stop.signal.aborted) {
      try {
        await step()
        backoff.reset()
        told = ''
      } catch (error) {
        if (this.#stop.signal.aborted) return
        if (error instanceof Unwelcome) return this.#onUnwelcome(error)
        if (error instanceof NameTaken) {
          await this.#sleep(Math.max(250, error.until - Date.now()))
          continue
        }
        const reason = messageOf(error)
        const isKnown = reason === told || (error instanceof ControlUnavailable && error.status === undefined)
        log(isKnown ? 'debug' : 'warn', 'agent', `${name} failed`, { error: reason })
        told = reason
        await this.#sleep(backoff.nextMs())
      }
    }
  }

  async #heartbeat(): Promise<void> {
    await this.#sendHeartbeat()
    await this.#sleep(this.#control.heartbeatMs * (0.9 + Math.random() * 0.2))
  }

  async #sendHeartbeat(): Promise<void> {
    const found = await devices.list()
    const metrics = this.#metrics.pending()
    const body = {
      boot_id: this.#control.bootId,
      devices: found,
      running: this.#registry.runningReplicas,
      metrics: metrics.slice(0, 5000),
      replicas: this.#registry.reports().slice(0, 5000),
    }
    const askedAt = Date.now()
    const answer = await this.#control.post('/heartbeat', body, heartbeatResponse, { timeoutMs: 10_000 })
    if (answer) this.#control.setClock(answer.server_time, askedAt)
    this.#metrics.acknowledge(body.metrics)
  }

  #watcher(): () => Promise<void> {
    let revision: string | null = null
    return async () => {
      const options = { timeoutMs: watchMs + 10_000, signal: this.#stop.signal }
      const desired = await this.#control.post('/inference/desired', { revision, wait_ms: watchMs }, desiredResponse, options)
      if (!desired) return
      // On disk first: what is served after a crash is never older than what was served before it. A full disk must not stop
      // it from letting go of what is no longer wanted, though.
      await this.#file.save(desired).catch((error) => log('error', 'agent', 'the desired state could not be kept', { error }))
      this.#registry.apply(desired.deployments)
      revision = desired.revision
      this.#hasState = true
      this.#pruneLater()
    }
  }

  #pruneLater(): void {
    setTimeout(() => void this.#cache.prune(this.#registry.digests()), settleBeforePruneMs).unref()
  }

  /** Tells web of a change at once; changes while a report is on its way go together into the next. */
  reportChange(): void {
    this.#reportAgain = true
    if (this.#isReporting || this.#stop.signal.aborted) return
    this.#isReporting = true
    void this.#report().finally(() => {
      this.#isReporting = false
      if (this.#reportAgain) this.reportChange()
    })
  }

  async #report(): Promise<void> {
    await new Promise(setImmediate)
    this.#reportAgain = false
    const body = { boot_id: this.#control.bootId, replicas: this.#registry.reports().slice(0, 5000) }
    // A report that is lost is made good by the next heartbeat.
    await this.#control.post('/inference/replicas', body, acknowledged, { timeoutMs: 5000 }).catch(() => {})
  }

  async #sleep(milliseconds: number): Promise<void> {
    await sleep(milliseconds, undefined, { signal: this.#stop.signal }).catch(() => {})
  }

  /** Ends the loops and hands over the last figures. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await Promise.race([this.#sendHeartbeat().catch(() => {}), sleep(1000, undefined, { ref: false })])
  }
}
