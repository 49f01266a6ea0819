/** What POST /api/v1/inference adds to the engine behind it: a language model's server, and the inference runtime. */
import { Agent, request } from 'node:http'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { ServerProcess } from '../../../runtimes/inference/testing/server-process.ts'
import { startTestCluster, urlOf } from '../cluster.ts'
import { startLanguageModels } from '../languageModels.ts'
import { registerTextClassifier } from '../textClassifier.ts'
import { startWeb, type TestWeb } from '../web.ts'
import { type BenchResult, quantile } from './result.ts'

const rounds = 500
const warmUp = 100
const prompt = 'a good film'
const agent = new Agent({ keepAlive: true })

type Call = { url: string; key: string; body: unknown }

/** One request over a connection that stays open. @returns milliseconds. */
function timeMs({ url, key, body }: Call): Promise<number> {
  const text = JSON.stringify(body)
  const started = performance.now()
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }
    const call = request(url, { method: 'POST', agent, headers }, (answer) => {
      answer.resume()
      answer.once('end', () =>
        answer.statusCode === 200 ? resolve(performance.now() - started) : reject(new Error(`${url} answered ${answer.statusCode}`)),
      )
    })
    call.once('error', reject)
    call.end(text)
  })
}

/** Direct and through the path by turns, so that whatever else the machine does falls on both. */
async function compare(name: string, direct: Call, through: Call): Promise<BenchResult[]> {
  const times: { direct: number[]; through: number[] } = { direct: [], through: [] }
  for (let round = 0; round < warmUp + rounds; round += 1) {
    const [one, other] = [await timeMs(direct), await timeMs(through)]
    if (round < warmUp) continue
    times.direct.push(one)
    times.through.push(other)
  }
  return [0.5, 0.99].map((share) => {
    const [floor, value] = [quantile(times.direct, share), quantile(times.through, share)]
    return { name: `inference_path_added_${name}_p${share * 100}`, value: value - floor, unit: 'ms', floor, ratio: value / floor }
  })
}

async function rest(web: TestWeb, method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
  const answer = await fetch(`${web.url}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${web.adminKey}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  if (!answer.ok) throw new Error(`${path} answered ${answer.status} ${await answer.text()}`)
  return (await answer.json()) as Record<string, unknown>
}

async function untilReady(web: TestWeb, path: string): Promise<void> {
  for (const deadline = Date.now() + 60_000; (await rest(web, 'GET', path)).status !== 'ready'; await pause(100))
    if (Date.now() > deadline) throw new Error(`${path} did not become ready`)
}

async function deploy(web: TestWeb, name: string): Promise<void> {
  await untilReady(web, `/models/${name}`)
  await rest(web, 'POST', `/models/${name}/deploy`, {})
  await untilReady(web, `/deployments/${name}`)
}

const pathTo = (web: TestWeb, model: string, more: object = {}): Call => ({
  url: `${web.url}/api/v1/inference`,
  key: web.adminKey,
  body: { model, prompt, ...more },
})

async function benchLanguageModel(web: TestWeb): Promise<BenchResult[]> {
  const models = await startLanguageModels(['tiny'])
  if ('reason' in models) return []
  try {
    const url = models.urls.tiny as string
    await rest(web, 'POST', '/models/register', { name: 'writer', external: { url, model: 'tiny', api_key: models.key } })
    await deploy(web, 'writer')
    const body = { model: 'tiny', messages: [{ role: 'user', content: prompt }], max_tokens: 8, logprobs: true }
    return await compare('external', { url: `${url}/v1/chat/completions`, key: models.key, body }, pathTo(web, 'writer', { max_tokens: 8 }))
  } finally {
    await models.stop()
  }
}

async function benchClassifier(web: TestWeb, stateDir: string): Promise<BenchResult[]> {
  const runtime = new ServerProcess({ controlUrl: web.url, stateDir, runtimeToken: web.runtimeToken })
  try {
    await registerTextClassifier(web.url, web.adminKey, 'reviews')
    await deploy(web, 'reviews')
    const body = { inputs: [{ name: 'text', datatype: 'BYTES', shape: [1, 1], data: [prompt] }] }
    return await compare(
      'classifier',
      { url: `${await runtime.url}/v2/models/reviews/infer`, key: web.adminKey, body },
      pathTo(web, 'reviews'),
    )
  } finally {
    runtime.child.kill('SIGKILL')
    await runtime.exited
  }
}

export async function benchInferencePath(): Promise<BenchResult[]> {
  const cluster = await startTestCluster()
  const dir = mkdtempSync(join(tmpdir(), 'neuroweaver-bench-'))
  let web: TestWeb | undefined
  try {
    web = await startWeb({
      databaseUrl: urlOf(cluster.adminUrl, cluster.template),
      dataDir: join(dir, 'data'),
      worker: true,
      env: { NEUROWEAVER_OUTBOUND_ALLOW: '127.0.0.1' },
    })
    return [...(await benchLanguageModel(web)), ...(await benchClassifier(web, join(dir, 'state')))]
  } finally {
    agent.destroy()
    await web?.stop()
    await cluster.stop()
    rmSync(dir, { recursive: true, force: true })
  }
}
