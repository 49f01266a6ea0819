/** A prompt for a model by name: to the server behind an external version, or to a classifier of text. */
import type { InferenceAnswer, InferenceRequest } from '#src/contracts/external.ts'
import { env } from '#src/server/env.ts'
import { AppError, toAppError } from '#src/server/errors.ts'
import type { Caller } from '../access.ts'
import { complete, messagesOf } from '../external/client.ts'
import { recordCall } from '../external/figures.ts'
import { noteOutcome, takePlace } from '../external/guard.ts'
import { serverOf } from '../external/state.ts'
import { classify, isTextClassifier } from './classify.ts'
import { type Endpoint, findEndpoint, type InferenceTarget, unknownName } from './lookup.ts'

type ExternalTarget = InferenceTarget & { external: NonNullable<InferenceTarget['external']> }

/**
 * @param signal aborts when the caller has gone away: the model's server is then not kept busy any longer.
 * @throws AppError not_found for an unknown name, conflict for a model that is not deployed, bad_request for one that takes no prompt,
 * unavailable until it is ready, too_many_requests over a limit, bad_gateway and gateway_timeout for what the model's server did.
 */
export async function askModel(caller: Caller, input: InferenceRequest, signal: AbortSignal): Promise<InferenceAnswer> {
  const started = performance.now()
  const endpoint = await findEndpoint(caller, input.model)
  if (caller.callable && !caller.callable.includes(endpoint.name)) throw unknownName(input.model)
  const answer = isExternal(endpoint.targets)
    ? await askExternal(endpoint, endpoint.targets, input, signal)
    : await askClassifier(caller, endpoint, input, signal)
  return { ...answer, durationMs: performance.now() - started }
}

const isExternal = (targets: InferenceTarget[]): targets is ExternalTarget[] => targets.some(({ external }) => external !== null)

const notReady = ({ name, status, reason }: Endpoint, why = reason) =>
  new AppError('unavailable', `${name} is ${status}${why ? `: ${why}` : '. Try again in a moment.'}`, { retryAfterSeconds: 2 })

type Answer = Omit<InferenceAnswer, 'durationMs'>

async function askClassifier(caller: Caller, endpoint: Endpoint, { prompt }: InferenceRequest, signal: AbortSignal): Promise<Answer> {
  const signature = endpoint.targets[0]?.signature ?? null
  if (!isTextClassifier(signature)) {
    const address = `${endpoint.runtimeUrl ?? env().webUrl}/v2/models/${endpoint.name}/infer`
    throw new AppError('bad_request', `model: ${endpoint.name} takes tensors, not a prompt. Use the inference protocol: POST ${address}`, {
      details: [{ path: 'model', message: 'takes tensors, not a prompt' }],
    })
  }
  // While a version loads, the one before it may serve still: only the runtime knows.
  if (endpoint.status === 'failed' || endpoint.status === 'stopped') throw notReady(endpoint)
  const { version, ...rest } = await classify(caller, endpoint, signature?.inputs[0]?.name ?? 'text', prompt, signal)
  const target = endpoint.targets.find((one) => String(one.version) === version) ?? endpoint.targets[0]
  return { ...rest, modelVersion: version, specialization: target?.specialization ?? null }
}

/** By weight, among those whose server is well: the others' share goes to them. */
function choose(endpoint: Endpoint, targets: readonly ExternalTarget[]): ExternalTarget {
  const able = targets.filter(({ weight, state }) => weight > 0 && state === 'ready')
  let left = Math.random() * able.reduce((sum, { weight }) => sum + weight, 0)
  for (const target of able) {
    left -= target.weight
    if (left < 0) return target
  }
  throw notReady(endpoint, targets.find(({ reason }) => reason)?.reason ?? endpoint.reason)
}

async function askExternal(endpoint: Endpoint, targets: ExternalTarget[], input: InferenceRequest, signal: AbortSignal): Promise<Answer> {
  const target = choose(endpoint, targets)
  const { versionId, external } = target
  const started = performance.now()
  const record = (status: number) => recordCall(endpoint.deploymentId, versionId, status, performance.now() - started)
  try {
    const leave = takePlace(versionId, external)
    try {
      const maxTokens = Math.min(input.maxTokens ?? external.maxTokens, external.maxTokens)
      const { text, confidence } = await complete(serverOf(target), messagesOf(input.prompt, input.context), maxTokens, signal)
      record(200)
      await noteOutcome(versionId)
      return { response: text, confidence, modelVersion: String(target.version), specialization: target.specialization }
    } finally {
      leave()
    }
  } catch (error) {
    // A caller who has gone away says nothing of the server.
    if (signal.aborted) throw error
    const app = toAppError(error)
    record(app.status)
    await noteOutcome(versionId, app)
    throw app
  }
}
