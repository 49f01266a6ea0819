/** The main job on real data, headless: a data set is uploaded, trained on, deployed and asked over HTTP about rows it never saw. */
import { createClient } from '#src/client/index.ts'
import { holdOut, majorityShare, type Row, readFunctions, target, toCsv, toInputs } from './data.ts'
import { uploadBytes } from './upload.ts'

const origin = process.env.NEUROWEAVER_URL ?? 'http://127.0.0.1:3000'
const apiKey = process.env.NEUROWEAVER_API_KEY ?? ''
const heldShare = 0.2
const seed = 20
/** By how much the model must beat always naming the commonest answer. */
const minimumGain = 0.1
/** By how much the accuracy over HTTP may differ from the one that the job measured. */
const maximumDifference = 0.05
const batchRows = 250
const name = `demo-functions-${Date.now().toString(36)}`
const client = createClient({ url: origin, apiKey })
const percent = (share: number) => `${(share * 100).toFixed(1)} %`

/** Asks again until `isDone`; fails with what it saw last. */
async function until<T>(what: string, ask: () => Promise<T>, isDone: (value: T) => boolean, timeoutMs = 300_000): Promise<T> {
  const deadline = Date.now() + timeoutMs
  while (true) {
    const value = await ask()
    if (isDone(value)) return value
    if (Date.now() > deadline) throw new Error(`${what} took longer than ${timeoutMs / 1000} s: ${JSON.stringify(value).slice(0, 500)}`)
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
}

async function makeDataset(csv: string): Promise<void> {
  const uploadId = await uploadBytes(origin, apiKey, `${name}.csv`, Buffer.from(csv))
  await client.datasets.create.mutate({ name, files: [{ path: `${name}.csv`, uploadId }] })
  const dataset = await until(
    'Reading the data set',
    () => client.datasets.get.query({ dataset: name }),
    ({ status }) => status !== 'pending',
  )
  if (dataset.status !== 'ready') throw new Error(`The data set was rejected: ${dataset.reason}`)
  console.log(`data set    ${dataset.name}: ${dataset.rows} rows, ${dataset.columns.length} columns`)
}

async function train(): Promise<{ accuracy: number; version: number }> {
  const started = await client.training.create.mutate({
    recipe: 'tabular-classification',
    dataset: name,
    columns: { target },
    modelName: name,
    seed,
  })
  const job = await until(
    'Training',
    () => client.training.get.query({ id: started.id }),
    ({ status }) => !['queued', 'running'].includes(status),
  )
  if (job.status !== 'succeeded' || job.version === null) throw new Error(`The job ${job.status}: ${job.reason}`)
  const accuracy = job.metrics.accuracy
  if (typeof accuracy !== 'number') throw new Error('The job measured no accuracy.')
  console.log(`training    ${job.step} steps; accuracy ${percent(accuracy)} on the rows that the job kept back`)
  return { accuracy, version: job.version }
}

async function deploy(): Promise<string> {
  await client.deployments.deploy.mutate({ model: name })
  const deployment = await until(
    'Loading',
    () => client.deployments.get.query({ deployment: name }),
    ({ status }) => ['ready', 'failed', 'degraded'].includes(status),
  )
  if (deployment.status !== 'ready') throw new Error(`The deployment is ${deployment.status}: ${deployment.reason}`)
  console.log(`deployment  ${deployment.endpointUrl}`)
  return deployment.endpointUrl
}

type Answer = { outputs: { name: string; data: string[] }[] }

async function predict(endpoint: string, inputs: readonly { name: string }[], rows: Row[]): Promise<string[]> {
  const response = await fetch(`${endpoint}/infer`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` },
    body: JSON.stringify({ inputs: toInputs(inputs, rows) }),
  })
  if (!response.ok) throw new Error(`${endpoint} answered ${response.status}: ${await response.text()}`)
  const answer = (await response.json()) as Answer
  return answer.outputs.find((output) => output.name === 'label')?.data ?? []
}

async function measure(endpoint: string, version: number, held: Row[]): Promise<number> {
  const { signature } = await client.models.version.query({ model: name, version })
  let right = 0
  for (let start = 0; start < held.length; start += batchRows) {
    const rows = held.slice(start, start + batchRows)
    const labels = await predict(endpoint, signature?.inputs ?? [], rows)
    right += rows.filter((row, index) => row[target] === labels[index]).length
  }
  return right / held.length
}

async function main(): Promise<number> {
  const table = await readFunctions()
  const { kept, held } = holdOut(table.rows, heldShare, seed)
  console.log(`rows        ${kept.length} to upload, ${held.length} held back`)
  await makeDataset(toCsv({ columns: table.columns, rows: kept }))
  const trained = await train()
  const endpoint = await deploy()
  const accuracy = await measure(endpoint, trained.version, held)
  const baseline = majorityShare(held, target)
  const difference = Math.abs(accuracy - trained.accuracy)
  console.log(
    `predictions ${held.length} over HTTP; accuracy ${percent(accuracy)}, majority baseline ${percent(baseline)}, ${percent(difference)} from the job's own`,
  )
  if (accuracy < baseline + minimumGain) console.error(`The accuracy is not ${percent(minimumGain)} above the baseline.`)
  if (difference > maximumDifference) console.error(`The accuracy differs from the job's by more than ${percent(maximumDifference)}.`)
  return accuracy >= baseline + minimumGain && difference <= maximumDifference ? 0 : 1
}

try {
  process.exitCode = await main()
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
}
