/**
 * Keeps asking an installation while docker/check.sh takes its containers away. Plain JavaScript for any Node from 20 on.
 *   node docker/requests.mjs ask FILE          until SIGTERM: two kinds of request, each with its outcome as a line of FILE
 *   node docker/requests.mjs judge FILE PART   what failed, and whether it may have; ends with 1 when it may not
 * `inference`: tensors to the runtime's own port, twenty times a second. `change`: an alias a second to web, which must not be lost.
 */
import { appendFileSync, readFileSync } from 'node:fs'

const { NEUROWEAVER_URL: web, NEUROWEAVER_INFERENCE_URL: inference, NEUROWEAVER_API_KEY: key, DEPLOYMENT: name } = process.env
const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** @returns the status, or the system's word for why there was none. */
async function ask(url, init) {
  try {
    const response = await fetch(url, { ...init, headers, signal: AbortSignal.timeout(10_000) })
    await response.arrayBuffer()
    return String(response.status)
  } catch (error) {
    return error.cause?.code ?? error.cause?.message ?? error.name
  }
}

const isGood = (outcome) => /^2\d\d$/.test(outcome)

/** Missing values are values: a row of them fits every signature. */
function emptyRow(inputs) {
  return JSON.stringify({
    inputs: inputs.map(({ name, datatype }) => ({ name, datatype, shape: [1, 1], data: [datatype === 'BYTES' ? '' : null] })),
  })
}

async function keepAsking(file) {
  const about = await (await fetch(`${inference}/v2/models/${name}`, { headers })).json()
  const body = emptyRow(about.inputs)
  let isStopping = false
  process.on('SIGTERM', () => (isStopping = true))
  const note = (kind, outcome, rest) => appendFileSync(file, `${JSON.stringify({ at: Date.now(), kind, outcome, ...rest })}\n`)
  const repeat = async (everyMs, work) => {
    while (!isStopping) await Promise.all([work(), pause(everyMs)])
  }
  let count = 0
  await Promise.all([
    repeat(50, async () => note('inference', await ask(`${inference}/v2/models/${name}/infer`, { method: 'POST', body }))),
    repeat(1000, async () => {
      const alias = `a${Date.now().toString(36)}-${count++}`
      const url = `${web}/api/v1/models/${name}/aliases/${alias}`
      note('change', await ask(url, { method: 'PUT', body: '{"version":1}' }), { alias })
    }),
  ])
}

/** What may answer for a part that is away: no connection, one that breaks, or 503. Anything else is a fault. */
const awayOutcomes = /^(503|ECONNREFUSED|ECONNRESET|EPIPE|UND_ERR_SOCKET|other side closed)$/
/** Which kinds of request each part may take with it. Inference goes on without the control plane. */
const mayFail = { inference: ['inference'], web: ['change'], db: ['change'], worker: [], training: [] }

const countBy = (words) => [...new Set(words)].map((word) => `${words.filter((other) => other === word).length} × ${word}`)

async function judge(file, part) {
  const lines = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const model = await (await fetch(`${web}/api/v1/models/${name}`, { headers })).json()
  const problems = []
  for (const kind of ['inference', 'change']) {
    const all = lines.filter((line) => line.kind === kind)
    const failed = all.filter((line) => !isGood(line.outcome))
    const span = failed.length ? `, within ${((failed.at(-1).at - failed[0].at) / 1000).toFixed(1)} s` : ''
    console.log(
      `    ${kind}: ${all.length - failed.length} of ${all.length} well${failed.length ? `; ${countBy(failed.map((line) => line.outcome)).join(', ')}${span}` : ''}`,
    )
    if (failed.length && !mayFail[part].includes(kind)) problems.push(`${kind} failed although only ${part} was away`)
    if (failed.some((line) => !awayOutcomes.test(line.outcome)))
      problems.push(`${kind} was answered otherwise than by 503 or a broken connection`)
    if (!isGood(all.at(-1)?.outcome ?? '')) problems.push(`${kind} did not come back`)
  }
  const promised = lines.filter((line) => line.kind === 'change' && isGood(line.outcome)).map((line) => line.alias)
  const lost = promised.filter((alias) => model.aliases?.[alias] !== 1)
  console.log(`    ${promised.length} changes were acknowledged, ${lost.length} of them are lost`)
  if (lost.length) problems.push('acknowledged changes are lost')
  for (const problem of problems) console.log(`    FAULT: ${problem}`)
  process.exit(problems.length ? 1 : 0)
}

const [verb, file, part] = process.argv.slice(2)
await (verb === 'ask' ? keepAsking(file) : judge(file, part))
