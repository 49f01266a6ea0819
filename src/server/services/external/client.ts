/** What is asked of an OpenAI-compatible server, and what its answers mean. */
import { z } from 'zod'
import type { External } from '#src/contracts/external.ts'
import { AppError } from '#src/server/errors.ts'
import { type OutboundAnswer, outboundFetch } from '#src/server/outbound.ts'

export type Server = Pick<External, 'url' | 'model' | 'timeoutMs'> & { apiKey: string | undefined }
type Completion = { text: string; confidence: number | null }
type Message = { role: 'system' | 'user'; content: string }

const maxAnswerBytes = 16 * 1024 * 1024
const probeTimeoutMs = 5_000

const completion = z.object({
  choices: z
    .array(
      z.object({
        message: z.object({ content: z.string().nullable() }),
        logprobs: z
          .object({ content: z.array(z.object({ logprob: z.number() })).nullish() })
          .nullish()
          .catch(undefined),
      }),
    )
    .min(1),
})
const modelList = z.object({ data: z.array(z.object({ id: z.string() })) })
const refusal = z.object({ error: z.union([z.string(), z.object({ message: z.string() })]) })

/** `https://host` and `https://host/v1` mean the same; `https://host/v1beta/openai` is taken as it is. */
function addressOf(url: string, path: string): string {
  const base = url.replace(/\/+$/, '')
  const hasVersion = /\/v\d[^/]*(\/|$)/.test(new URL(base).pathname)
  return `${base}${hasVersion ? '' : '/v1'}${path}`
}

/** The context as the server is told it: one system message with a `name: value` line for each entry, values that are no text as JSON. */
export function messagesOf(prompt: string, context: Record<string, unknown> | undefined): Message[] {
  const lines = Object.entries(context ?? {}).map(
    ([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  const system: Message[] = lines.length > 0 ? [{ role: 'system', content: `Context:\n${lines.join('\n')}` }] : []
  return [...system, { role: 'user', content: prompt }]
}

/** exp of the mean log-probability of the answer's tokens, 0..1; null where the server gave none. */
function confidenceOf(logprobs: readonly { logprob: number }[] | null | undefined): number | null {
  if (!logprobs || logprobs.length === 0) return null
  const mean = logprobs.reduce((sum, { logprob }) => sum + logprob, 0) / logprobs.length
  return Math.min(1, Math.exp(mean))
}

const parsed = (answer: OutboundAnswer): unknown => {
  try {
    return JSON.parse(answer.body.toString('utf8'))
  } catch {
    return undefined
  }
}

/** What the server said of its refusal, without the key, which some repeat. */
function said(answer: OutboundAnswer, { apiKey }: Server): string {
  const found = refusal.safeParse(parsed(answer))
  if (!found.success) return `it answered ${answer.status}`
  const { error } = found.data
  const text = typeof error === 'string' ? error : error.message
  return (apiKey ? text.replaceAll(apiKey, '…') : text).slice(0, 300)
}

const hostOf = ({ url }: Server) => new URL(url).host
const broken = (server: Server, what: string, cause?: unknown) =>
  new AppError('bad_gateway', `The model's server at ${hostOf(server)} ${what}`, { cause })

function refusedBy(answer: OutboundAnswer, server: Server): AppError {
  const { status } = answer
  if (status === 401 || status === 403)
    return broken(server, 'does not accept the key that this version was registered with. Register a version with a good one.')
  if (status === 404)
    return broken(server, `does not know ${server.model}, or has no chat completions at this address: ${said(answer, server)}`)
  if (status === 429) {
    const seconds = Number(answer.headers['retry-after'])
    return new AppError('too_many_requests', `The model's server at ${hostOf(server)} has too much to do: ${said(answer, server)}`, {
      retryAfterSeconds: Number.isFinite(seconds) ? Math.min(3600, Math.max(1, Math.ceil(seconds))) : 2,
    })
  }
  if (status >= 300 && status < 400)
    return broken(server, 'answers with a redirect, which is not followed, so that the key goes nowhere else.')
  if (status >= 500) return broken(server, `failed: ${said(answer, server)}`)
  return new AppError('unprocessable', `The model's server at ${hostOf(server)} refused the request: ${said(answer, server)}`)
}

function awayOf(error: unknown, server: Server, timeoutMs: number): AppError {
  if (error instanceof AppError) return broken(server, `may not be reached from here: ${error.message}`, error)
  const message = error instanceof Error ? error.message : ''
  if (message.startsWith('no answer within'))
    return new AppError(
      'gateway_timeout',
      `The model's server at ${hostOf(server)} did not answer within ${timeoutMs / 1000} s. Try again, or ask for fewer tokens.`,
      {
        cause: error,
      },
    )
  if (message.startsWith('the answer')) return broken(server, `gave an answer that can not be taken: ${message}.`, error)
  return new AppError('unavailable', `The model's server at ${hostOf(server)} does not answer. Try again in a moment.`, {
    cause: error,
    retryAfterSeconds: 2,
  })
}

type Ask = { method: 'GET' | 'POST'; path: string; body?: unknown; timeoutMs: number; signal?: AbortSignal }

async function ask(server: Server, { method, path, body, timeoutMs, signal }: Ask): Promise<OutboundAnswer> {
  try {
    return await outboundFetch(addressOf(server.url, path), {
      method,
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(server.apiKey ? { authorization: `Bearer ${server.apiKey}` } : {}),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      timeoutMs,
      maxBytes: maxAnswerBytes,
      maxRedirects: 0,
      keepsAlive: true,
      ...(signal ? { signal } : {}),
    })
  } catch (error) {
    throw awayOf(error, server, timeoutMs)
  }
}

/** Addresses whose server refused to give log-probabilities: asked again without, they still answer. */
const withoutLogprobs = new Set<string>()
const maxRemembered = 1_000

/**
 * One chat completion.
 * @throws AppError bad_gateway, gateway_timeout, unavailable, too_many_requests or unprocessable, with a sentence that says which server and why.
 */
export async function complete(server: Server, messages: Message[], maxTokens: number, signal?: AbortSignal): Promise<Completion> {
  const key = `${server.url} ${server.model}`
  const hasLogprobs = !withoutLogprobs.has(key)
  const body = { model: server.model, messages, max_tokens: maxTokens, ...(hasLogprobs ? { logprobs: true } : {}) }
  const answer = await ask(server, {
    method: 'POST',
    path: '/chat/completions',
    body,
    timeoutMs: server.timeoutMs,
    ...(signal ? { signal } : {}),
  })
  if (hasLogprobs && [400, 422].includes(answer.status) && /logprobs/i.test(said(answer, server))) {
    if (withoutLogprobs.size >= maxRemembered) withoutLogprobs.clear()
    withoutLogprobs.add(key)
    return complete(server, messages, maxTokens, signal)
  }
  if (answer.status !== 200) throw refusedBy(answer, server)
  const found = completion.safeParse(parsed(answer))
  if (!found.success) throw broken(server, 'gave an answer that is no chat completion.', found.error)
  const choice = found.data.choices[0]
  return { text: choice?.message.content ?? '', confidence: confidenceOf(choice?.logprobs?.content) }
}

/**
 * Asks whether the server is there, takes the key and has the model; one that lists no models is asked for a single token.
 * @throws AppError that says what is wrong.
 */
export async function probe(server: Server): Promise<void> {
  const timeoutMs = Math.min(server.timeoutMs, probeTimeoutMs)
  const answer = await ask(server, { method: 'GET', path: '/models', timeoutMs })
  if ([404, 405, 501].includes(answer.status)) return void (await complete({ ...server, timeoutMs }, messagesOf('Hello', undefined), 1))
  if (answer.status !== 200) throw refusedBy(answer, server)
  const found = modelList.safeParse(parsed(answer))
  if (!found.success) throw broken(server, 'gave a list of models that can not be read; it does not speak the OpenAI protocol.')
  const ids = found.data.data.map(({ id }) => id)
  if (ids.length > 0 && !ids.includes(server.model))
    throw broken(server, `has no model "${server.model}"; it has ${ids.slice(0, 5).join(', ').slice(0, 300)}.`)
}
