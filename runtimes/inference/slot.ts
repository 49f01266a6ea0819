import { setTimeout as sleep } from 'node:timers/promises'
import { LoadFailure, messageOf } from './errors.ts'
import { log } from './log.ts'
import { type DeathCause, type LoadedGraph, ReplicaDied, ReplicaProcess } from './replica-process.ts'
import { isOutOfMemory, type Job, publicReason, ReplicaQueue } from './replica-queue.ts'
import type { VersionPlan } from './version.ts'

/** What a slot needs from the version that it serves. */
export type SlotOwner = {
  plan: VersionPlan
  emptyFolder: string
  label: string
  memoryLimitBytes: () => number
  timeoutMs: () => number
  canBatch: () => boolean
  /** Checks and warms a fresh replica before it takes traffic. @throws LoadFailure */
  admit: (queue: ReplicaQueue, graph: LoadedGraph) => Promise<void>
  onChange: () => void
  /** Requests that a dead replica still owed and that another one may answer. */
  onOrphans: (jobs: Job[]) => void
}

const loadTimeoutMs = 600_000
/** A replica that lived this long counts as healthy again. */
const healthyMs = 60_000
const firstDelayMs = 250
const maxDelayMs = 30_000
/** From this many deaths in a row on, a version without a living replica counts as failed. */
export const crashLoopCount = 4

/** One place for a replica: keeps a process in it until it is told to stop. */
export class Slot {
  readonly #owner: SlotOwner
  #queue: ReplicaQueue | undefined
  #isStopping = false
  #stop = new AbortController()
  #deaths = 0
  /** The queue while the replica takes traffic. */
  ready: ReplicaQueue | undefined
  lastDeath: DeathCause | undefined

  constructor(owner: SlotOwner) {
    this.#owner = owner
  }

  get isCrashLooping(): boolean {
    return this.#deaths >= crashLoopCount
  }

  get deaths(): number {
    return this.#deaths
  }

  /** Runs until `drain` or `kill`. @throws LoadFailure when the version can never run. */
  async keep(): Promise<void> {
    while (!this.#isStopping) {
      const startedAt = Date.now()
      const cause = await this.#live()
      if (this.#isStopping) return
      if (Date.now() - startedAt > healthyMs) this.#deaths = 0
      this.#deaths++
      this.lastDeath = cause
      this.#owner.onChange()
      await sleep(this.#restartDelayMs(), undefined, { signal: this.#stop.signal }).catch(() => {})
    }
  }

  /** The first restart is immediate: a request that kills a replica should cost the others nothing. */
  #restartDelayMs(): number {
    if (this.#deaths <= 1) return 0
    return Math.min(maxDelayMs, firstDelayMs * 2 ** (this.#deaths - 2)) * (0.75 + Math.random() / 2)
  }

  async #live(): Promise<DeathCause> {
    const { emptyFolder, memoryLimitBytes, timeoutMs, canBatch, label } = this.#owner
    const process = new ReplicaProcess({ emptyFolder, memoryLimitBytes: memoryLimitBytes() })
    this.#queue = new ReplicaQueue(process, timeoutMs, canBatch)
    try {
      const graph = await loadWithin(process, this.#owner.plan, loadTimeoutMs)
      await this.#owner.admit(this.#queue, graph)
    } catch (error) {
      process.kill('stopped')
      if (!this.#isStopping) throw error
      return process.exited
    }
    this.ready = this.#queue
    this.#owner.onChange()
    const cause = await process.exited
    this.ready = undefined
    // The queue settles what was computing when its process died before anything else is handed on.
    await new Promise(setImmediate)
    this.#owner.onOrphans(this.#queue.takeWaiting())
    if (!this.#isStopping) log('warn', 'replica', `a replica of ${label} ended`, { data: { cause }, error: process.stderrTail })
    return cause
  }

  setMemoryLimit(limitBytes: number): void {
    this.#queue?.process.setMemoryLimit(limitBytes)
  }

  /** Takes no more work, finishes what it has, then ends. */
  async drain(): Promise<void> {
    this.#isStopping = true
    this.#stop.abort()
    const queue = this.ready
    this.ready = undefined
    await queue?.idle()
    this.kill()
  }

  kill(): void {
    this.#isStopping = true
    this.#stop.abort()
    this.#queue?.process.kill('stopped')
  }
}

/** @throws LoadFailure with the reason in a sentence. */
async function loadWithin(process: ReplicaProcess, plan: VersionPlan, timeoutMs: number): Promise<LoadedGraph> {
  const timer = setTimeout(() => process.kill('timeout'), timeoutMs)
  try {
    return await process.load(plan.load)
  } catch (error) {
    throw toLoadFailure(error as Error, 'The model could not be loaded')
  } finally {
    clearTimeout(timer)
  }
}

export function toLoadFailure(error: Error, doing: string): LoadFailure {
  if (error instanceof LoadFailure) return error
  if (error instanceof ReplicaDied) {
    if (error.cause === 'memory') return new LoadFailure('memory', `${doing}: it needs more memory than its limit.`)
    if (error.cause === 'timeout') return new LoadFailure('load', `${doing}: it took longer than its time limit.`)
    return new LoadFailure('crash', `${doing}: its process ended unexpectedly.`)
  }
  if (isOutOfMemory(error)) return new LoadFailure('memory', `${doing}: there is not enough memory.`)
  return new LoadFailure('load', `${doing}: ${publicReason(new Error(messageOf(error)))}`)
}
