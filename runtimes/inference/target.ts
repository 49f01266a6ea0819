import { setTimeout as sleep } from 'node:timers/promises'
import type { DesiredDeployment, DesiredTarget, ReplicaReport } from '#src/contracts/runtime.ts'
import { type Admission, examine, ParityFailure, warmUp } from './admission.ts'
import type { ArtifactCache } from './artifacts.ts'
import { Backoff } from './control.ts'
import { whyNoCuda } from './devices.ts'
import { InferError, LoadFailure, messageOf } from './errors.ts'
import { log } from './log.ts'
import { type LoadedGraph, ReplicaDied } from './replica-process.ts'
import type { Job, ReplicaQueue } from './replica-queue.ts'
import { Slot, type SlotOwner } from './slot.ts'
import { checkGraph, prepareVersion, type VersionPlan } from './version.ts'

export type TargetContext = { cache: ArtifactCache; emptyFolder: string; onChange: () => void }
type Limits = Pick<DesiredDeployment, 'replicas' | 'device' | 'memory_limit_bytes' | 'timeout_ms'>

/** One version behind a deployment: its replicas and how far they are. */
export class Target {
  readonly desired: DesiredTarget
  readonly #context: TargetContext
  readonly #deployment: { id: string; name: string }
  #limits: Limits
  #slots: Slot[] = []
  #plan: VersionPlan | undefined
  #admission: Admission | undefined
  #admitting: Promise<Admission> | undefined
  #failure: LoadFailure | undefined
  #progress: number | null = null
  readonly #stop = new AbortController()

  constructor(desired: DesiredTarget, deployment: { id: string; name: string }, limits: Limits, context: TargetContext) {
    this.desired = desired
    this.#deployment = deployment
    this.#limits = limits
    this.#context = context
  }

  get label(): string {
    return `${this.#deployment.name} version ${this.desired.version}`
  }

  get deploymentId(): string {
    return this.#deployment.id
  }

  get timeoutMs(): number {
    return this.#limits.timeout_ms
  }

  /** How requests are to be read; known once the files are here. */
  get plan(): VersionPlan | undefined {
    return this.#plan
  }

  get readyReplicas(): number {
    return this.#slots.filter((slot) => slot.ready).length
  }

  get isFailed(): boolean {
    return this.readyReplicas === 0 && this.#currentFailure() !== undefined
  }

  /** Why it does not serve, in a sentence. */
  get reason(): string {
    return this.#currentFailure()?.message ?? 'The model is being loaded.'
  }

  /** Fetches, loads, checks; ends in `ready` or `failed`, and tries a failed download again until it is stopped. */
  async start(): Promise<void> {
    const backoff = new Backoff(1000, 30_000)
    while (!this.#stop.signal.aborted) {
      try {
        this.#plan = await this.#prepare()
        this.#failure = undefined
        return this.scale()
      } catch (error) {
        if (this.#stop.signal.aborted) return
        this.#fail(
          error instanceof LoadFailure ? error : new LoadFailure('download', `The files could not be fetched: ${messageOf(error)}.`),
        )
        if (this.#failure?.code !== 'download') return
      }
      await sleep(backoff.nextMs(), undefined, { signal: this.#stop.signal }).catch(() => {})
    }
  }

  async #prepare(): Promise<VersionPlan> {
    if (this.#limits.device === 'cuda') throw new LoadFailure('resource_unavailable', await whyNoCuda())
    let told = 0
    const plan = await prepareVersion(this.desired, this.#context.cache, this.#stop.signal, (share) => {
      this.#progress = share
      if (share - told < 0.05) return
      told = share
      this.#context.onChange()
    })
    this.#progress = null
    return plan
  }

  update(limits: Limits): void {
    const before = this.#limits
    this.#limits = limits
    if (limits.memory_limit_bytes !== before.memory_limit_bytes)
      for (const slot of this.#slots) slot.setMemoryLimit(limits.memory_limit_bytes)
    this.scale()
  }

  /** Brings the number of replicas to what is wanted. */
  scale(): void {
    if (!this.#plan || this.#failure || this.#stop.signal.aborted) return
    for (const slot of this.#slots.splice(this.#limits.replicas)) void slot.drain()
    while (this.#slots.length < this.#limits.replicas) this.#addSlot(this.#plan)
  }

  #addSlot(plan: VersionPlan): void {
    const slot = new Slot(this.#slotOwner(plan))
    this.#slots.push(slot)
    slot.keep().catch((error) => this.#slotFailed(slot, error as Error))
  }

  #slotOwner(plan: VersionPlan): SlotOwner {
    return {
      plan,
      emptyFolder: this.#context.emptyFolder,
      label: this.label,
      memoryLimitBytes: () => this.#limits.memory_limit_bytes,
      timeoutMs: () => this.#limits.timeout_ms,
      canBatch: () => this.#admission?.canBatch ?? false,
      admit: (queue, graph) => this.#admit(plan, queue, graph),
      onChange: this.#context.onChange,
      onOrphans: (jobs) => this.#adopt(jobs),
    }
  }

  /** The first replica is examined for all of them; every one is warmed. */
  async #admit(plan: VersionPlan, queue: ReplicaQueue, graph: LoadedGraph): Promise<void> {
    checkGraph(plan, graph)
    this.#admitting ??= examine(queue, plan, this.#limits.timeout_ms)
    this.#admission = await this.#admitting
    await warmUp(queue, plan, this.#admission, this.#limits.timeout_ms)
  }

  /** A version that served before and cannot be started again is tried again with all its slots, as after a crash. */
  #slotFailed(slot: Slot, error: Error): void {
    this.#slots = this.#slots.filter((other) => other !== slot)
    if (this.#failure) return
    const failure = error instanceof LoadFailure ? error : new LoadFailure('crash', `A replica could not be started: ${messageOf(error)}.`)
    if (!this.#admission) {
      this.#admitting = undefined
      for (const other of this.#slots.splice(0)) other.kill()
      return this.#fail(failure)
    }
    log('error', 'target', `a replica of ${this.label} could not be started again`, { error: failure.message })
    this.#context.onChange()
    sleep(10_000, undefined, { signal: this.#stop.signal, ref: false }).then(
      () => this.scale(),
      () => {},
    )
  }

  #fail(failure: LoadFailure): void {
    this.#failure = failure
    log('error', 'target', `${this.label} cannot be served`, { data: { reasonCode: failure.code }, error: failure.message })
    this.#context.onChange()
  }

  /** @throws InferError 429 when every replica's queue is full, 503 when none is ready. */
  dispatch(job: Job): void {
    let best: ReplicaQueue | undefined
    for (const { ready } of this.#slots) if (ready && (!best || ready.load < best.load)) best = ready
    if (!best) throw new InferError(503, `"${this.#deployment.name}" is not ready: ${this.reason}`, 2)
    best.push(job)
  }

  #adopt(jobs: Job[]): void {
    for (const job of jobs) {
      try {
        this.dispatch(job)
      } catch {
        job.reject(new ReplicaDied('crash', 'The process that ran the model ended unexpectedly.'))
      }
    }
  }

  #currentFailure(): LoadFailure | undefined {
    if (this.#failure) return this.#failure
    const looping = this.#slots.find((slot) => slot.isCrashLooping)
    if (!looping) return undefined
    return new LoadFailure(
      looping.lastDeath === 'memory' ? 'memory' : 'crash',
      `Its replicas ended ${looping.deaths} times in a row (${looping.lastDeath}).`,
    )
  }

  report(): ReplicaReport {
    const failure = this.#currentFailure()
    const ready = this.readyReplicas
    const parity = this.#admission?.parity ?? (failure instanceof ParityFailure ? failure.parity : null)
    return {
      deployment_id: this.#deployment.id,
      version_id: this.desired.version_id,
      state: ready > 0 ? 'ready' : failure ? 'failed' : 'loading',
      progress: ready > 0 || failure || this.#progress === null ? null : Math.min(1, this.#progress),
      ready_replicas: ready,
      reason_code: failure?.code ?? null,
      reason: failure?.message.slice(0, 2000) ?? null,
      parity,
    }
  }

  /** Finishes what is in flight, then ends the replicas. */
  async drain(): Promise<void> {
    this.#stop.abort()
    await Promise.all(this.#slots.splice(0).map((slot) => slot.drain()))
  }

  kill(): void {
    this.#stop.abort()
    for (const slot of this.#slots) slot.kill()
  }
}
