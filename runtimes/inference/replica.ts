/**
 * One replica: a process that holds one model in onnxruntime and answers batches over file descriptor 3.
 * It has no network, no credential and no state; the server may kill it at any moment.
 */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { Socket } from 'node:net'
import { Worker } from 'node:worker_threads'
import type { InferenceSession, Tensor } from 'onnxruntime-node'
import type { Datatype } from '#src/contracts/signature.ts'
import { fromHalfBits, type NumericArray } from './datatypes.ts'
import { type Header, readFrames, type TypedValue, writeFrame } from './frames.ts'
import type { GraphTensor, LoadRequest } from './replica-process.ts'
import type { TextEncoder } from './tokenizer.ts'

// With Float16Array in place onnxruntime-node 1.30 rejects every half-precision tensor; without it halves travel as Uint16Array.
delete (globalThis as { Float16Array?: unknown }).Float16Array
const ort = await import('onnxruntime-node')

const datatypeOf: Record<string, Datatype> = {
  bool: 'BOOL',
  uint8: 'UINT8',
  uint16: 'UINT16',
  uint32: 'UINT32',
  uint64: 'UINT64',
  int8: 'INT8',
  int16: 'INT16',
  int32: 'INT32',
  int64: 'INT64',
  float16: 'FP16',
  float32: 'FP32',
  float64: 'FP64',
  string: 'BYTES',
}
const typeOf = Object.fromEntries(Object.entries(datatypeOf).map(([type, datatype]) => [datatype, type])) as Record<Datatype, Tensor.Type>

type Loaded = { session: InferenceSession; request: LoadRequest; encoder: TextEncoder | undefined }
let loaded: Loaded | undefined

const pipe = new Socket({ fd: 3, readable: true, writable: true })
const watchdogFile = new URL(`./watchdog${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)
const [limitBytes, serverPid] = process.argv.slice(2).map(Number)
const watchdog = new Worker(watchdogFile, { workerData: { limitBytes, serverPid } })
const isWatched = once(watchdog, 'message')

// The server decides when a replica ends; a Ctrl-C in its terminal reaches the whole group.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => {})
pipe.on('close', () => process.exit(0))
pipe.on('error', () => process.exit(0))
try {
  // Where the machine runs out of memory, the kernel shall take a replica and not the server.
  writeFileSync('/proc/self/oom_score_adj', '800')
} catch {}

readFrames(pipe, (header, tensors) => {
  handle(header, tensors).catch((error: Error) => writeFrame(pipe, { id: header.id, error: error.message }))
})

async function handle(header: Header, tensors: TypedValue[]): Promise<void> {
  // Loading and computing block this thread, so that they wait for the one that stops them.
  await isWatched
  if (header.op === 'limit') return watchdog.postMessage({ limitBytes: header.limitBytes })
  if (header.op === 'load') return writeFrame(pipe, { id: header.id, loaded: await load(header.request as LoadRequest) })
  const started = process.hrtime.bigint()
  const outputs = await run(tensors, header.outputs as string[])
  const computeUs = Number(process.hrtime.bigint() - started) / 1000
  writeFrame(pipe, { id: header.id, computeUs }, outputs)
}

/** Models are loaded from bytes, in an empty working folder, so that no graph can point at another file. */
async function load(request: LoadRequest): Promise<{ inputs: GraphTensor[]; outputs: GraphTensor[] }> {
  const session = await ort.InferenceSession.create(readChecked(request.model), {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    logSeverityLevel: 4,
  })
  loaded = { session, request, encoder: await encoderOf(request) }
  return { inputs: session.inputMetadata.map(describe), outputs: session.outputMetadata.map(describe) }
}

async function encoderOf({ text }: LoadRequest): Promise<TextEncoder | undefined> {
  if (!text) return undefined
  const { TextEncoder } = await import('./tokenizer.ts')
  const json = JSON.parse(readChecked(text.tokenizer).toString('utf8')) as object
  const config = text.config ? (JSON.parse(readChecked(text.config).toString('utf8')) as object) : {}
  return new TextEncoder(json, config, text.maxLength)
}

function readChecked(file: { path: string; sha256: string }): Buffer {
  const bytes = readFileSync(file.path)
  if (createHash('sha256').update(bytes).digest('hex') !== file.sha256) throw new Error('a file changed after it was checked')
  return bytes
}

function describe(value: InferenceSession.ValueMetadata): GraphTensor {
  if (!value.isTensor) return { name: value.name, datatype: null, shape: [] }
  return {
    name: value.name,
    datatype: datatypeOf[value.type] ?? null,
    shape: value.shape.map((size) => (typeof size === 'number' ? size : -1)),
  }
}

function run(tensors: TypedValue[], outputs: string[]): Promise<TypedValue[]> {
  if (!loaded) throw new Error('no model is loaded')
  return loaded.encoder ? runText(loaded, loaded.encoder, tensors, outputs) : runGraph(loaded, tensors, outputs)
}

const toTensor = ({ datatype, shape, data }: TypedValue): Tensor =>
  new ort.Tensor(typeOf[datatype] as 'float32', data as Float32Array, shape)
const fromTensor = ({ type, dims, data }: Tensor): TypedValue => ({
  datatype: datatypeOf[type] as Datatype,
  shape: [...dims],
  data: data as NumericArray | string[],
})

async function runGraph({ session, request }: Loaded, tensors: TypedValue[], outputs: string[]): Promise<TypedValue[]> {
  const feeds: Record<string, Tensor> = Object.create(null)
  for (const [index, tensor] of tensors.entries()) feeds[request.inputs[index] as string] = toTensor(tensor)
  const results = await session.run(feeds, outputs)
  return outputs.map((name) => fromTensor(results[name] as Tensor))
}

async function runText(
  { session, request }: Loaded,
  encoder: TextEncoder,
  [texts]: TypedValue[],
  outputs: string[],
): Promise<TypedValue[]> {
  const { inputIds, attentionMask, length } = encoder.encode(texts?.data as string[])
  const shape = [inputIds.length / length, length]
  const known: Record<string, BigInt64Array> = { input_ids: inputIds, attention_mask: attentionMask }
  const feeds: Record<string, Tensor> = {}
  // Some encoders also take token_type_ids, which is all zeros for a single text.
  for (const name of session.inputNames) feeds[name] = new ort.Tensor('int64', known[name] ?? new BigInt64Array(inputIds.length), shape)
  const { logits } = await session.run(feeds, ['logits'])
  const scores = logits?.type === 'float16' ? fromHalfBits(logits.data as unknown as Uint16Array) : (logits?.data as Float32Array)
  const results = classify(scores, request.text?.labels ?? [])
  return outputs.map((name) => results[name as 'label' | 'probabilities'])
}

/** Softmax of logits [texts, labels], row-major. */
function classify(logits: Float32Array, labels: string[]): Record<'label' | 'probabilities', TypedValue> {
  const classes = labels.length
  const rows = logits.length / classes
  if (!Number.isInteger(rows)) throw new Error(`the graph's logits do not fit ${classes} labels`)
  const probabilities = new Float32Array(logits.length)
  const label: string[] = []
  for (let row = 0; row < rows; row++) {
    const scores = logits.subarray(row * classes, (row + 1) * classes)
    const largest = scores.reduce((left, right) => Math.max(left, right), -Infinity)
    const exponentials = Array.from(scores, (score) => Math.exp(score - largest))
    const sum = exponentials.reduce((left, right) => left + right, 0)
    probabilities.set(
      exponentials.map((value) => value / sum),
      row * classes,
    )
    label.push(labels[scores.indexOf(largest)] ?? '')
  }
  return {
    label: { datatype: 'BYTES', shape: [rows, 1], data: label },
    probabilities: { datatype: 'FP32', shape: [rows, classes], data: probabilities },
  }
}
