import { limits } from '#src/contracts/common.ts'
import { batchKey, mergeInputs, rowsOf, splitOutputs } from './batch.ts'
import { InferError } from './errors.ts'
import type { TypedValue } from './frames.ts'
import { ReplicaDied, type ReplicaProcess } from './replica-process.ts'

export type Answer = { outputs: TypedValue[]; queueUs: number; computeUs: number }

/** One request on its way through a replica. Times are `performance.now()` milliseconds. */
export type Job = {
  inputs: TypedValue[]
  /** Names of the outputs that are asked for. */
  outputs: string[]
  enqueuedAt: number
  deadline: number
  /** The caller is gone: no answer is owed. */
  isCancelled: boolean
  /** Runs alone, because it shared a batch that failed. */
  isAlone: boolean
  resolve: (answer: Answer) => void
  reject: (error: Error) => void
}

const maxBatchRows = 32

/**
 * The bounded queue before one replica. A batch is whatever queued while the last one ran: nothing waits for company.
 */
export class ReplicaQueue {
  readonly process: ReplicaProcess
  readonly #timeoutMs: () => number
  readonly #canBatch: () => boolean
  #waiting: Job[] = []
  #running: Job[] = []
  #onIdle: (() => void) | undefined

  constructor(process: ReplicaProcess, timeoutMs: () => number, canBatch: () => boolean) {
    this.process = process
    this.#timeoutMs = timeoutMs
    this.#canBatch = canBatch
  }

  /** Requests waiting or computing. */
  get load(): number {
    return this.#waiting.length + this.#running.length
  }

  get isFull(): boolean {
    return this.#waiting.length >= limits.replicaQueue
  }

  /** @throws InferError 429 when the queue is full. */
  push(job: Job): void {
    if (this.isFull) throw new InferError(429, 'the model is busy: its queue is full', 1)
    this.#waiting.push(job)
    if (this.#running.length === 0) this.#next()
  }

  /** Fulfilled when nothing waits or computes. */
  idle(): Promise<void> {
    if (this.load === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#onIdle = resolve
    })
  }

  /** Hands out what waits, for another replica to take. */
  takeWaiting(): Job[] {
    const jobs = this.#waiting
    this.#waiting = []
    return jobs
  }

  #next(): void {
    // What waits before a dead process is handed to another one by `takeWaiting`.
    if (!this.process.isAlive) {
      this.#running = []
      return this.#onIdle?.()
    }
    this.#running = this.#takeBatch()
    if (this.#running.length > 0) void this.#run(this.#running)
    else if (this.#waiting.length === 0) this.#onIdle?.()
  }

  #takeBatch(): Job[] {
    this.#waiting = this.#waiting.filter(isStillWanted)
    const first = this.#waiting.shift()
    if (!first) return []
    if (first.isAlone || this.#waiting.length === 0 || !this.#canBatch()) return [first]
    return [first, ...this.#companions(first)]
  }

  #companions(first: Job): Job[] {
    const key = keyOf(first)
    let rows = rowsOf(first.inputs)
    const taken = this.#waiting.filter((job) => {
      if (job.isAlone || rows + rowsOf(job.inputs) > maxBatchRows || keyOf(job) !== key) return false
      rows += rowsOf(job.inputs)
      return true
    })
    if (taken.length > 0) this.#waiting = this.#waiting.filter((job) => !taken.includes(job))
    return taken
  }

  async #run(batch: Job[]): Promise<void> {
    const startedAt = performance.now()
    const timer = setTimeout(() => this.process.kill('timeout'), this.#timeoutMs())
    try {
      const result = await this.process.run(mergeInputs(batch.map((job) => job.inputs)), (batch[0] as Job).outputs)
      this.#answer(batch, result.outputs, result.computeUs, startedAt)
    } catch (error) {
      this.#fail(batch, error as Error)
    } finally {
      clearTimeout(timer)
      this.#next()
    }
  }

  #answer(batch: Job[], outputs: TypedValue[], computeUs: number, startedAt: number): void {
    const queueUs = (job: Job) => (startedAt - job.enqueuedAt) * 1000
    if (batch.length === 1) return (batch[0] as Job).resolve({ outputs, computeUs, queueUs: queueUs(batch[0] as Job) })
    const parts = splitOutputs(
      outputs,
      batch.map((job) => rowsOf(job.inputs)),
    )
    if (!parts) return this.#runAlone(batch)
    for (const [index, job] of batch.entries()) job.resolve({ outputs: parts[index] as TypedValue[], computeUs, queueUs: queueUs(job) })
  }

  /** One bad row fails a whole batch, so each of its requests is tried by itself; a dead replica's owner does that elsewhere. */
  #fail(batch: Job[], error: Error): void {
    if (batch.length > 1) return this.#runAlone(batch)
    batch[0]?.reject(error)
  }

  #runAlone(batch: Job[]): void {
    const now = performance.now()
    for (const job of batch) {
      job.isAlone = true
      job.deadline = Math.max(job.deadline, now + this.#timeoutMs())
    }
    this.#waiting.unshift(...batch)
  }
}

const keyOf = (job: Job): string => `${batchKey(job.inputs)}|${job.outputs.join(',')}`

function isStillWanted(job: Job): boolean {
  if (job.isCancelled) {
    job.reject(new InferError(499, 'the caller went away'))
    return false
  }
  if (performance.now() < job.deadline) return true
  job.reject(new InferError(504, 'the request waited longer than its time limit', 1))
  return false
}

/** What a caller is told when a graph or its process failed. */
export function toInferError(error: Error): InferError {
  if (error instanceof InferError) return error
  if (error instanceof ReplicaDied) return new InferError(error.cause === 'timeout' ? 504 : 503, error.message, 1)
  if (isOutOfMemory(error)) return new InferError(507, 'the model needs more memory for this request than there is')
  return new InferError(400, `the model could not compute this request: ${publicReason(error)}`)
}

export const isOutOfMemory = (error: Error): boolean =>
  /bad_alloc|bad allocation|failed to allocate|out of memory|array buffer allocation/i.test(error.message)

/** onnxruntime's messages name source files and nodes; only the reason is the caller's business. */
export function publicReason(error: Error): string {
  const reason = /Status Message: ([\s\S]*)/.exec(error.message)?.[1] ?? error.message
  return reason
    .replaceAll(/(?:\/[\w.+-]+){2,}(?::\d+)?/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .slice(0, 300)
}
