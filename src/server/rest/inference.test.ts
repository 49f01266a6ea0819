/** POST /inference: language models behind llama.cpp's own server, and a classifier of text behind the real inference runtime. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { db } from '#src/server/db/client.ts'
import { auditEvents, modelVersions, runtimes } from '#src/server/db/schema.ts'
import { caller } from '#src/testing/factories.ts'
import { type LanguageModels, startLanguageModels } from '#src/testing/languageModels.ts'
import { ModelServer } from '#src/testing/modelServer.ts'
import { useRest } from '#src/testing/rest.ts'
import { makeArtifact } from '#src/testing/rows.ts'
import { registerTextClassifier } from '#src/testing/textClassifier.ts'
import { ServerProcess } from '../../../runtimes/inference/testing/server-process.ts'

const use = useRest({ worker: true, env: { NEUROWEAVER_OUTBOUND_ALLOW: '127.0.0.1' } })
type Answer = { response: string; confidence: number | null; model_version: string; specialization: string | null }
type Deployment = { id: string; status: string; reason: string | null; endpoint_url: string }
type Chat = { messages: { role: string; content: string }[]; max_tokens: number; logprobs: boolean; model: string }
type Completion = { choices: { message: { content: string }; logprobs: { content: { logprob: number }[] } }[] }

const started = await startLanguageModels(['tiny-a', 'tiny-b'])
const isHere = 'urls' in started
const models = started as LanguageModels
let first: ModelServer
let second: ModelServer

beforeAll(async () => {
  if (!isHere) return
  first = await new ModelServer(models.urls['tiny-a'] as string).start()
  second = await new ModelServer(models.urls['tiny-b'] as string).start()
})
afterAll(async () => {
  if (isHere) await Promise.all([models.stop(), first.stop(), second.stop()])
})

const register = (name: string, external: object, more: object = {}) =>
  use.rest.ask('POST', '/models/register', { body: { name, external, ...more } })
const behind = (server: ModelServer, model: string, limits: object = {}) => ({ url: server.url, model, api_key: models.key, ...limits })
const statusOf = (name: string, is: string) => use.rest.until<Deployment>(`/deployments/${name}`, ({ status }) => status === is)
const ask = (model: string, more: object = {}) => use.rest.ask('POST', '/inference', { body: { model, prompt: 'the cat sat on', ...more } })

async function deploy(name: string, external: object, is = 'ready'): Promise<Deployment> {
  expect((await register(name, external, { specialization: 'words' })).status).toBe(201)
  expect((await use.rest.ask('POST', `/models/${name}/deploy`)).status).toBe(202)
  return statusOf(name, is)
}

describe.skipIf(!isHere)('a language model behind an OpenAI-compatible server', () => {
  beforeAll(() => deploy('writer', behind(first, 'tiny-a', { max_tokens: 12 })))

  it('answers with the mean probability of its own tokens, under a limit of its own', async () => {
    const { status, body } = await ask('writer', { context: { customer: 'Ada', orders: [7, 9] }, max_tokens: 400 })
    expect(status).toBe(200)
    const answer = body as Answer
    const {
      body: sent,
      answer: got,
      headers,
    } = first.asked.at(-1) as unknown as { body: Chat; answer: Completion; headers: { authorization: string } }
    expect(sent).toMatchObject({ model: 'tiny-a', max_tokens: 12, logprobs: true })
    expect(sent.messages).toEqual([
      { role: 'system', content: 'Context:\ncustomer: Ada\norders: [7,9]' },
      { role: 'user', content: 'the cat sat on' },
    ])
    expect(headers.authorization).toBe(`Bearer ${models.key}`)
    const tokens = got.choices[0]?.logprobs.content ?? []
    expect(tokens.length).toBeGreaterThan(1)
    const mean = tokens.reduce((sum, { logprob }) => sum + logprob, 0) / tokens.length
    expect(answer.confidence).toBeCloseTo(Math.exp(mean), 12)
    expect(answer).toMatchObject({ response: got.choices[0]?.message.content, model_version: '1', specialization: 'words' })
  })

  it('is found by the name of its model too, and its figures are those of any other', async () => {
    expect((await use.rest.ask('POST', '/models/writer/deploy', { body: { name: 'writer-two' } })).status).toBe(202)
    await statusOf('writer-two', 'ready')
    const model = (await use.rest.ask('GET', '/models/writer')).body as { id: string }
    expect((await ask(model.id)).status).toBe(200)
    for (let count = 0; count < 3; count += 1) expect((await ask('writer-two', { max_tokens: 1 })).status).toBe(200)
    type Bucket = { version: number; requests: number; errors: number; latency_ms: { p50: number | null } }
    const buckets = await use.rest.until<Bucket[]>(
      '/deployments/writer-two/metrics',
      (all) => all.reduce((sum, { requests }) => sum + requests, 0) >= 3,
    )
    expect(buckets[0]).toMatchObject({ version: 1, errors: 0, latency_ms: { p50: expect.any(Number) } })
    const { body } = await use.rest.ask('GET', '/deployments/writer-two')
    expect((body as Deployment).endpoint_url).toBe(`${use.rest.web.url}/api/v1/inference`)
  })

  it('keeps its key to itself', async () => {
    const said = await use.rest.ask('GET', '/models/writer/versions/1')
    expect(said.body).toMatchObject({
      files: [],
      external: { url: first.url, model: 'tiny-a', max_tokens: 12, state: 'ready', reason: null },
    })
    const [row] = await db().select().from(modelVersions).where(eq(modelVersions.format, 'external'))
    const record = await db().select().from(auditEvents).where(eq(auditEvents.action, 'model.register'))
    expect(`${said.text}${JSON.stringify([row, record])}`).not.toContain(models.key)
    expect(row?.sealedKey).toMatch(/^v1\./)
    expect(record[0]?.after).toMatchObject({ external: { hasKey: true } })
  })

  it('is asked by those alone whose key says so', async () => {
    const body = { model: 'writer', prompt: 'hello', max_tokens: 1 }
    const asked = async (limits: object) => {
      const made = await use.rest.ask('POST', '/api-keys', { body: { name: 'limited', scope: 'read', ...limits } })
      const { key } = made.body as { key: string }
      return (await use.rest.ask('POST', '/inference', { key, body })).status
    }
    expect(await asked({ actions: ['inference:call'], deployments: ['writer'] })).toBe(200)
    expect(await asked({ actions: ['models:read'] })).toBe(403)
    expect(await asked({ deployments: ['another'] })).toBe(404)
    expect((await use.rest.ask('POST', '/inference', { key: null, body })).status).toBe(401)
  })

  it('refuses what the server refuses, in its words, and is none the worse', async () => {
    const refused = await ask('writer', { prompt: 'cat '.repeat(2000) })
    expect(refused.status).toBe(422)
    expect(refused.text).toMatch(/exceeds the available context size/)
    expect((await ask('writer')).status).toBe(200)
  })

  it('shares requests by weight, and moves to another version', async () => {
    await deploy('shared', behind(first, 'tiny-a', { max_tokens: 1 }))
    await register('shared', behind(second, 'tiny-b', { max_tokens: 1 }))
    const share = (targets: object[]) => use.rest.ask('PUT', '/deployments/shared/targets', { body: { targets } })
    expect(
      (
        await share([
          { version: 1, weight: 70 },
          { version: 2, weight: 30 },
        ])
      ).status,
    ).toBe(200)
    await use.rest.until<{ external: { state: string } }>('/models/shared/versions/2', ({ external }) => external.state === 'ready')
    await statusOf('shared', 'ready')
    const asked = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const versions: string[] = []
        for (let count = 0; count < 12; count += 1) versions.push(((await ask('shared')).body as Answer).model_version)
        return versions
      }),
    )
    const ofSecond = asked.flat().filter((version) => version === '2').length / 120
    expect(ofSecond).toBeGreaterThan(0.12)
    expect(ofSecond).toBeLessThan(0.5)
    expect((await share([{ version: 2, weight: 100 }])).status).toBe(200)
    await expect.poll(async () => ((await ask('shared')).body as Answer).model_version).toBe('2')
    const after = await Promise.all(Array.from({ length: 10 }, () => ask('shared')))
    expect(new Set(after.map(({ body }) => (body as Answer).model_version))).toEqual(new Set(['2']))
  })

  it('takes no more requests than it may', async () => {
    await deploy('limited', behind(first, 'tiny-a', { max_tokens: 1, requests_per_minute: 2 }))
    const statuses = [await ask('limited'), await ask('limited'), await ask('limited')]
    expect(statuses.map(({ status }) => status)).toEqual([200, 200, 429])
    expect(Number(statuses[2]?.headers.get('retry-after'))).toBeGreaterThan(0)
    await deploy('narrow', behind(second, 'tiny-b', { max_concurrent: 1, timeout_ms: 500 }))
    second.mode = 'hang'
    const [one, other] = (await Promise.all([ask('narrow'), ask('narrow')])).map(({ status }) => status).sort()
    second.mode = 'pass'
    expect([one, other]).toEqual([429, 504])
  })

  it('lets its server go when the caller goes away', async () => {
    second.mode = 'hang'
    const before = second.abandoned
    await deploy('patient', behind(second, 'tiny-b'))
    const gone = new AbortController()
    const call = fetch(`${use.rest.web.url}/api/v1/inference`, {
      method: 'POST',
      headers: { authorization: `Bearer ${use.rest.web.adminKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'patient', prompt: 'hello' }),
      signal: gone.signal,
    }).catch(() => undefined)
    setTimeout(() => gone.abort(), 200)
    await call
    await expect.poll(() => second.abandoned).toBe(before + 1)
    second.mode = 'pass'
  })
})

describe.skipIf(!isHere)('a server that does not do as it should', () => {
  it.each([
    ['fails', 'fail', 502, /failed: out of memory/],
    ['redirects', 'redirect', 502, /redirect, which is not followed/],
    ['answers nonsense', 'nonsense', 502, /no chat completion/],
    ['never ends', 'flood', 502, /longer than/],
    ['does not answer', 'hang', 504, /did not answer within 1.5 s/],
  ] as const)('%s', async (what, mode, status, sentence) => {
    const name = what.replaceAll(' ', '-')
    await deploy(name, behind(second, 'tiny-b', { timeout_ms: 1_500 }))
    second.mode = mode
    const answer = await ask(name)
    second.mode = 'pass'
    expect(answer.status).toBe(status)
    expect(answer.text).toMatch(sentence)
    expect(second.asked.some(({ path }) => path === '/elsewhere')).toBe(false)
  })

  it('is left alone after five failures, and taken again when it is back', async () => {
    const server = await new ModelServer(models.urls['tiny-b'] as string).start()
    await deploy('flaky', behind(server, 'tiny-b'))
    await server.stop()
    const statuses = []
    for (let count = 0; count < 5; count += 1) statuses.push((await ask('flaky')).status)
    expect(new Set(statuses)).toEqual(new Set([503]))
    expect((await statusOf('flaky', 'degraded')).reason).toMatch(/5 requests in a row failed|does not answer/)
    const refused = await ask('flaky')
    expect(refused.status).toBe(503)
    expect(refused.headers.get('retry-after')).toBe('2')
    await server.start()
    await statusOf('flaky', 'ready')
    expect((await ask('flaky')).status).toBe(200)
    await server.stop()
  })

  it('fails its deployment with the reason when it never answered', async () => {
    const wrongKey = await deploy('wrong-key', { ...behind(first, 'tiny-a'), api_key: 'no-such-key' }, 'failed')
    expect(wrongKey.reason).toMatch(/does not accept the key/)
    expect((await deploy('wrong-model', behind(first, 'tiny-z'), 'failed')).reason).toMatch(/has no model "tiny-z"; it has tiny-a/)
    expect((await deploy('nobody', { url: 'http://127.0.0.1:9', model: 'x' }, 'failed')).reason).toMatch(/does not answer/)
    expect((await ask('nobody')).status).toBe(503)
  })
})

describe('what may not be registered', () => {
  it.each([
    ['http://10.1.2.3/v1', /private or loopback/],
    ['http://127.0.0.2/v1', /private or loopback/],
    ['http://169.254.169.254/v1', /never reached/],
    ['http://[::ffff:10.0.0.1]/v1', /private or loopback/],
    ['file:///etc/passwd', /http/],
    ['https://user:secret@example.org', /must not carry a user/],
    ['https://example.org/v1?key=1', /must have no/],
  ])('%s', async (url, sentence) => {
    const { status, text, body } = await register('elsewhere', { url, model: 'm' })
    expect(status).toBe(400)
    expect(text).toMatch(sentence)
    expect(body).toMatchObject({ error: { details: [{ path: 'external.url' }] } })
  })

  it('both files and a server, or neither, or a key that no header holds', async () => {
    const external = { url: 'https://example.org', model: 'm' }
    expect((await register('both', external, { files: [{ path: 'a.onnx', sha256: 'a'.repeat(64) }] })).status).toBe(400)
    expect((await use.rest.ask('POST', '/models/register', { body: { name: 'neither' } })).status).toBe(400)
    expect((await register('odd', { ...external, api_key: 'a\nb' })).text).toMatch(/external.api_key/)
    expect((await use.rest.ask('GET', '/models/odd')).status).toBe(404)
  })
})

describe('models of our own', () => {
  const stateDir = mkdtempSync(join(tmpdir(), 'neuroweaver-inference-'))
  let runtime: ServerProcess
  beforeAll(() => {
    runtime = new ServerProcess({ controlUrl: use.rest.web.url, stateDir, runtimeToken: use.rest.web.runtimeToken })
  })
  afterAll(async () => {
    runtime.child.kill('SIGKILL')
    await runtime.exited
    rmSync(stateDir, { recursive: true, force: true })
  })

  it('answers 404 for a name that means nothing, 409 for a model that is not deployed, 400 for one that takes tensors', async () => {
    expect((await ask('nothing')).status).toBe(404)
    const sha256 = await makeArtifact(await caller(use.rest.web.adminKey))
    await use.rest.ask('POST', '/models/register', { body: { name: 'table', files: [{ path: 'model.onnx', sha256 }] } })
    expect((await ask('table')).status).toBe(409)
    await use.rest.ask('POST', '/models/table/deploy')
    const refused = await ask('table')
    expect(refused.status).toBe(400)
    expect(refused.text).toMatch(/takes tensors, not a prompt.*\/v2\/models\/table\/infer/)
  })

  it('labels a text, with the probability of the label', async () => {
    await registerTextClassifier(use.rest.web.url, use.rest.web.adminKey, 'reviews')
    await use.rest.until<{ status: string }>('/models/reviews', ({ status }) => status === 'ready')
    await use.rest.ask('POST', '/models/reviews/deploy')
    await statusOf('reviews', 'ready')
    const { body } = await ask('reviews', { prompt: 'a good film' })
    expect(body).toMatchObject({ response: 'positive', model_version: '1', specialization: null })
    expect((body as Answer).confidence).toBeCloseTo(1 / (1 + Math.exp(-1)), 5)
  })

  it("holds to a key's calls a minute, whichever way they come", async () => {
    const { body } = await use.rest.ask('POST', '/api-keys', { body: { name: 'two a minute', scope: 'read', rate_limit_per_minute: 2 } })
    const headers = { authorization: `Bearer ${(body as { key: string }).key}`, 'content-type': 'application/json' }
    const direct = ((await use.rest.ask('GET', '/deployments/reviews')).body as Deployment).endpoint_url
    const through = `${use.rest.web.url}${new URL(direct).pathname}`
    const infer = async (url: string) => {
      const inputs = [{ name: 'text', shape: [1, 1], datatype: 'BYTES', data: ['a good film'] }]
      const answer = await fetch(`${url}/infer`, { method: 'POST', headers, body: JSON.stringify({ inputs }) })
      return { status: answer.status, retryAfter: Number(answer.headers.get('retry-after')), body: await answer.json() }
    }
    expect([(await infer(through)).status, (await infer(direct)).status]).toEqual([200, 200])
    for (const url of [through, direct])
      expect(await infer(url)).toEqual({
        status: 429,
        retryAfter: expect.closeTo(30, -1),
        body: { error: expect.stringMatching(/^this key may make 2 calls a minute/) },
      })
  })

  it('answers from the old version while the new one loads', async () => {
    await registerTextClassifier(use.rest.web.url, use.rest.web.adminKey, 'reviews')
    await use.rest.until<{ status: string }>('/models/reviews/versions/2', ({ status }) => status === 'ready')
    expect((await use.rest.ask('POST', '/models/reviews/deploy', { body: { version: 2 } })).status).toBe(202)
    const answers: string[] = []
    await expect
      .poll(
        async () => {
          const { status, body } = await ask('reviews', { prompt: 'a good film' })
          answers.push(`${status} ${(body as Answer).model_version}`)
          return answers.at(-1)
        },
        { timeout: 30_000, interval: 20 },
      )
      .toBe('200 2')
    expect([...new Set(answers)]).toEqual(['200 1', '200 2'])
  })

  it('says that it is not ready while no version has loaded, and when to come back', async () => {
    await db().update(runtimes).set({ removedAt: new Date() })
    await use.rest.ask('POST', '/models/reviews/deploy', { body: { name: 'early', version: 1 } })
    const refused = await ask('early')
    expect(refused.status).toBe(503)
    expect(refused.headers.get('retry-after')).toBeTruthy()
  })
})
