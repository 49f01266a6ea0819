/** Classifiers of text, as they are asked with a prompt: the runtime answers, over a connection that stays open. */
import { Agent, request } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { z } from 'zod'
import { inferResponse, type Signature } from '#src/contracts/signature.ts'
import { AppError } from '#src/server/errors.ts'
import type { Caller } from '../access.ts'
import { passFor } from '../deployments/calls.ts'
import type { Endpoint } from './lookup.ts'

/** The runtime keeps a connection longer than this, so that none is closed under a request. */
const idleMs = 4_000
const agents = { 'http:': new Agent({ keepAlive: true, timeout: idleMs }), 'https:': new HttpsAgent({ keepAlive: true, timeout: idleMs }) }
const timeoutMs = 30_000
const refusal = z.object({ error: z.string() })

/** One text in, a label and its probabilities out. */
export function isTextClassifier(signature: Signature | null): boolean {
  const outputs = signature?.outputs.map(({ name }) => name) ?? []
  return (
    signature?.inputs.length === 1 &&
    signature.inputs[0]?.datatype === 'BYTES' &&
    outputs.includes('label') &&
    outputs.includes('probabilities')
  )
}

type Label = { response: string; confidence: number | null; version: string }

/** @throws AppError in the runtime's own words, with its status. */
export async function classify(caller: Caller, endpoint: Endpoint, input: string, prompt: string, signal: AbortSignal): Promise<Label> {
  if (!endpoint.runtimeUrl)
    throw new AppError('unavailable', 'No inference runtime is connected just now. Try again when one is.', { retryAfterSeconds: 5 })
  const url = new URL(`${endpoint.runtimeUrl}/v2/models/${endpoint.name}/infer`)
  const body = JSON.stringify({ inputs: [{ name: input, datatype: 'BYTES', shape: [1, 1], data: [prompt] }] })
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    authorization: `Bearer ${passFor(endpoint.deploymentId, caller.email ?? 'a caller')}`,
    'x-correlation-id': caller.correlationId,
  }
  const { status, text } = await post(url, headers, body, AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])).catch((cause) => {
    if (cause?.name === 'TimeoutError' || cause?.cause?.name === 'TimeoutError')
      throw new AppError('gateway_timeout', `${endpoint.name} did not answer within ${timeoutMs / 1000} s. Try again.`, { cause })
    throw new AppError('unavailable', 'The inference runtime does not answer. Try again in a moment.', { cause, retryAfterSeconds: 2 })
  })
  if (status !== 200) throw refusedBy(status, text)
  return labelOf(inferResponse.parse(JSON.parse(text)))
}

function post(
  url: URL,
  headers: Record<string, string | number>,
  body: string,
  signal: AbortSignal,
): Promise<{ status: number; text: string }> {
  const send = url.protocol === 'https:' ? httpsRequest : request
  return new Promise((resolve, reject) => {
    const call = send(url, { method: 'POST', headers, agent: agents[url.protocol as keyof typeof agents], signal }, (answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.once('end', () => resolve({ status: answer.statusCode ?? 502, text: Buffer.concat(chunks).toString('utf8') }))
      answer.once('error', reject)
    })
    call.once('error', reject)
    call.end(body)
  })
}

function refusedBy(status: number, text: string): AppError {
  let said = 'The runtime refused the request.'
  try {
    said = refusal.parse(JSON.parse(text)).error
  } catch {}
  if (status === 429) return new AppError('too_many_requests', said, { retryAfterSeconds: 1 })
  if (status === 400 || status === 413 || status === 422) return new AppError('unprocessable', `prompt: ${said}`)
  if (status === 504) return new AppError('gateway_timeout', said)
  return new AppError('unavailable', said, { retryAfterSeconds: 2 })
}

function labelOf({ outputs, model_version: version }: z.infer<typeof inferResponse>): Label {
  const dataOf = (name: string) => outputs.find((output) => output.name === name)?.data ?? []
  const probabilities = dataOf('probabilities').filter((value) => typeof value === 'number')
  return { response: String(dataOf('label')[0] ?? ''), confidence: probabilities.length > 0 ? Math.max(...probabilities) : null, version }
}
