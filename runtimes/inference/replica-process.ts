import { type ChildProcess, spawn } from 'node:child_process'
import type { Duplex, Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { Datatype } from '#src/contracts/signature.ts'
import { type Header, readFrames, type TypedValue, writeFrame } from './frames.ts'

/** What the graph itself says of an input or an output; `datatype` is null for what is not a tensor. */
export type GraphTensor = { name: string; datatype: Datatype | null; shape: number[] }
export type LocalFile = { path: string; sha256: string }
export type LoadRequest = {
  model: LocalFile
  /** Names of the inputs, in the order in which `run` gets their tensors. */
  inputs: string[]
  text: { tokenizer: LocalFile; config: LocalFile | undefined; maxLength: number; labels: string[] } | undefined
}
export type LoadedGraph = { inputs: GraphTensor[]; outputs: GraphTensor[] }
export type RunResult = { outputs: TypedValue[]; computeUs: number }
export type DeathCause = 'memory' | 'timeout' | 'crash' | 'stopped'

/** The process ended while it owed an answer. */
export class ReplicaDied extends Error {
  override readonly cause: DeathCause
  constructor(cause: DeathCause, detail: string) {
    super(detail)
    this.cause = cause
  }
}

type Waiting = { resolve: (value: { header: Header; tensors: TypedValue[] }) => void; reject: (error: Error) => void }

const sentences: Record<DeathCause, string> = {
  memory: 'The model needed more memory than its limit and was stopped.',
  timeout: 'The model computed longer than its time limit and was stopped.',
  crash: 'The process that ran the model ended unexpectedly.',
  stopped: 'The replica was stopped.',
}

/** The server's side of one replica: starts the process, speaks with it, and knows why it ended. */
export class ReplicaProcess {
  readonly #child: ChildProcess
  readonly #pipe: Duplex
  readonly #waiting = new Map<number, Waiting>()
  #nextId = 1
  #cause: DeathCause | undefined
  #stderrTail = ''
  /** Fulfilled with the cause when the process is gone. */
  readonly exited: Promise<DeathCause>

  constructor(options: { emptyFolder: string; memoryLimitBytes: number }) {
    const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js'
    const file = new URL(`./replica${extension}`, import.meta.url)
    const environment = { PATH: process.env.PATH, LD_LIBRARY_PATH: process.env.LD_LIBRARY_PATH, NODE_ENV: process.env.NODE_ENV }
    // Told who started it: one that comes up after this process was killed would take its new parent for it.
    this.#child = spawn(process.execPath, ['--no-warnings', fileURLToPath(file), String(options.memoryLimitBytes), String(process.pid)], {
      cwd: options.emptyFolder,
      env: environment as NodeJS.ProcessEnv,
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    })
    this.#pipe = this.#child.stdio[3] as unknown as Duplex
    this.#pipe.on('error', () => {})
    readFrames(this.#pipe, (header, tensors) => this.#settle(header, tensors))
    const stderr = this.#child.stderr as Readable
    stderr.on('data', (chunk: Buffer) => {
      this.#stderrTail = (this.#stderrTail + chunk.toString()).slice(-2000)
    })
    this.exited = new Promise((resolve) => {
      this.#child.once('error', () => resolve(this.#ended(null)))
      this.#child.once('exit', (_code, signal) => resolve(this.#ended(signal)))
    })
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** What the process last wrote to its error stream, for the log only. */
  get stderrTail(): string {
    return this.#stderrTail
  }

  get isAlive(): boolean {
    return this.#cause === undefined
  }

  async load(request: LoadRequest): Promise<LoadedGraph> {
    const { header } = await this.#call({ op: 'load', request }, [])
    return header.loaded as LoadedGraph
  }

  /** @throws ReplicaDied, or an Error with onnxruntime's message when the graph could not compute this. */
  async run(tensors: TypedValue[], outputs: string[]): Promise<RunResult> {
    const answer = await this.#call({ op: 'run', outputs }, tensors)
    return { outputs: answer.tensors, computeUs: answer.header.computeUs as number }
  }

  setMemoryLimit(limitBytes: number): void {
    writeFrame(this.#pipe, { op: 'limit', limitBytes })
  }

  kill(cause: DeathCause): void {
    this.#cause ??= cause
    this.#child.kill('SIGKILL')
  }

  #call(header: Header, tensors: TypedValue[]): Promise<{ header: Header; tensors: TypedValue[] }> {
    if (this.#cause) return Promise.reject(new ReplicaDied(this.#cause, sentences[this.#cause]))
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      writeFrame(this.#pipe, { ...header, id }, tensors)
    })
  }

  #settle(header: Header, tensors: TypedValue[]): void {
    const waiting = this.#waiting.get(header.id as number)
    this.#waiting.delete(header.id as number)
    if (typeof header.error === 'string') waiting?.reject(new Error(header.error))
    else waiting?.resolve({ header, tensors })
  }

  #ended(signal: NodeJS.Signals | null): DeathCause {
    this.#cause ??= signal === 'SIGUSR2' ? 'memory' : 'crash'
    for (const { reject } of this.#waiting.values()) reject(new ReplicaDied(this.#cause, sentences[this.#cause]))
    this.#waiting.clear()
    return this.#cause
  }
}
