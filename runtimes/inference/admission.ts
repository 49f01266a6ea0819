import type { Parity } from '#src/contracts/manifest.ts'
import type { TensorSpec } from '#src/contracts/signature.ts'
import { mergeInputs, splitOutputs } from './batch.ts'
import { arrayTypes, elementCount, type NumericArray, toHalfBits } from './datatypes.ts'
import { LoadFailure } from './errors.ts'
import type { TypedValue } from './frames.ts'
import { checkParity } from './parity.ts'
import { ReplicaDied } from './replica-process.ts'
import type { Answer, ReplicaQueue } from './replica-queue.ts'
import { toLoadFailure } from './slot.ts'
import { zeroInputs } from './tensors.ts'
import type { VersionPlan } from './version.ts'

/** What a version's first replica showed, for the others to go by. */
export type Admission = { parity: Parity | null; canBatch: boolean; trial: TypedValue[] | undefined }

const warmUpRuns = 3
/** Sizes tried for the free dimensions of an uploaded graph, until one of them computes. */
const trialSizes = [1, 2, 4, 8, 16, 32, 64, 128, 224]

/** Sends a request straight to one replica, past the choice of a target. */
export function compute(queue: ReplicaQueue, inputs: TypedValue[], outputs: string[], timeoutMs: number): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const now = performance.now()
    queue.push({ inputs, outputs, enqueuedAt: now, deadline: now + timeoutMs, isCancelled: false, isAlone: true, resolve, reject })
  })
}

/**
 * The gate before traffic: the golden cases where the version has them, else a request of zeros.
 * @throws LoadFailure `parity`, or why no request could be computed
 */
export async function examine(queue: ReplicaQueue, plan: VersionPlan, timeoutMs: number): Promise<Admission> {
  const outputs = plan.signature.outputs.map((spec) => spec.name)
  const run = async (inputs: TypedValue[], names: string[] = outputs) => (await compute(queue, inputs, names, timeoutMs)).outputs
  const parity = plan.golden ? await checkParity(plan.golden, plan, run) : null
  if (parity && !parity.passed) throw new ParityFailure(parity)
  const trial = await findTrial(plan, run, parity !== null)
  const canBatch = await mayBatch(plan, run, trial)
  return { parity, canBatch, trial }
}

export class ParityFailure extends LoadFailure {
  readonly parity: Parity
  constructor(parity: Parity) {
    super('parity', `The model does not give the answers that it gave when it was trained: ${parity.reason ?? 'they differ'}.`)
    this.parity = parity
  }
}

type Run = (inputs: TypedValue[]) => Promise<TypedValue[]>

async function findTrial(plan: VersionPlan, run: Run, isProven: boolean): Promise<TypedValue[] | undefined> {
  let failure: Error | undefined
  for (const size of trialSizes) {
    const inputs = zeroInputs(plan.signature.inputs, 1, size)
    try {
      await run(inputs)
      return inputs
    } catch (error) {
      if (error instanceof ReplicaDied) throw toLoadFailure(error, 'A trial request of zeros failed')
      failure ??= error as Error
    }
    if (!plan.signature.inputs.some((spec) => spec.shape.slice(1).includes(-1))) break
  }
  if (isProven) return undefined
  throw toLoadFailure(failure as Error, 'A trial request of zeros failed')
}

/** Warms a replica so that its first caller does not pay for first allocations. */
export async function warmUp(queue: ReplicaQueue, plan: VersionPlan, { trial, canBatch }: Admission, timeoutMs: number): Promise<void> {
  if (!trial) return
  const outputs = plan.signature.outputs.map((spec) => spec.name)
  const requests = [...new Array(warmUpRuns).fill(trial), ...(canBatch ? [mergeInputs(new Array(8).fill(trial))] : [])] as TypedValue[][]
  for (const inputs of requests) {
    await compute(queue, inputs, outputs, timeoutMs).catch((error) => {
      if (error instanceof ReplicaDied) throw toLoadFailure(error, 'The warm-up failed')
    })
  }
}

/**
 * A free first dimension is usually the batch, but an uploaded graph may mean time by it, or normalise over it.
 * So rows are computed alone and together, and only where both agree may requests of different callers share a run.
 */
async function mayBatch(plan: VersionPlan, run: Run, trial: TypedValue[] | undefined): Promise<boolean> {
  const { inputs, outputs } = plan.signature
  if (![...inputs, ...outputs].every((spec) => spec.shape[0] === -1)) return false
  if (plan.kind !== 'graph') return true
  if (!trial) return false
  const rows = [1, 2, 3, 4].map((seed) => trial.map((value, index) => varied(value, inputs[index] as TensorSpec, seed)))
  try {
    const alone: TypedValue[][] = []
    for (const row of rows) alone.push(await run(row))
    const together = splitOutputs(
      await run(mergeInputs(rows)),
      rows.map(() => 1),
    )
    return together?.every((values, row) => values.every((value, index) => isClose(value, alone[row]?.[index]))) ?? false
  } catch (error) {
    if (error instanceof ReplicaDied) throw toLoadFailure(error, 'A trial request failed')
    return false
  }
}

/** The same form with other values: numbers in 0..1 for floats, 0 and 1 for integers, which index safely. */
function varied({ datatype, shape }: TypedValue, spec: TensorSpec, seed: number): TypedValue {
  const count = elementCount(shape)
  const noise = (index: number) => Math.abs(Math.sin(seed * 12.9898 + index * 78.233)) % 1
  if (datatype === 'BYTES')
    return { datatype, shape, data: Array.from({ length: count }, (_, index) => spec.hint?.categories?.[(seed + index) % 2] ?? `${seed}`) }
  if (datatype === 'FP16') return { datatype, shape, data: toHalfBits(Array.from({ length: count }, (_, index) => noise(index))) }
  const data = new arrayTypes[datatype](count)
  for (let index = 0; index < count; index++) {
    const value = noise(index)
    if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[index] = BigInt(Math.round(value))
    else data[index] = datatype.startsWith('FP') ? value : Math.round(value)
  }
  return { datatype, shape, data }
}

function isClose(left: TypedValue, right: TypedValue | undefined): boolean {
  if (!right || left.shape.join() !== right.shape.join()) return false
  const isFloat = left.datatype === 'FP32' || left.datatype === 'FP64'
  if (!isFloat) return [...left.data].every((value, index) => value === right.data[index])
  return [...(left.data as NumericArray)].every((value, index) => isNear(Number(value), Number(right.data[index])))
}

const isNear = (left: number, right: number): boolean =>
  Object.is(left, right) || Math.abs(left - right) <= 1e-4 * Math.max(1, Math.abs(left), Math.abs(right))
