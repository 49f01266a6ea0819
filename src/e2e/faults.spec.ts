/** kill -9 of each process in turn, while a job runs and a deployment serves. */
import { expect, test } from '@playwright/test'
import { readBuiltins, toCsv } from '#src/server/services/samples/builtins.ts'
import { uploadBytes } from '#src/testing/demo/upload.ts'
import { type Product, startProduct, until } from './product.ts'

const isOver = (status: string) => !['queued', 'running'].includes(status)

async function makeDataset({ client, url, apiKey }: Product): Promise<void> {
  const { columns, rows } = readBuiltins()
  // Many times the same, so that a job takes long enough to be killed in its midst.
  const many = Array.from({ length: 5 }, () => rows).flat()
  const uploadId = await uploadBytes(url, apiKey, 'builtins.csv', Buffer.from(toCsv(columns, many)))
  await client.datasets.create.mutate({ name: 'builtins', files: [{ path: 'builtins.csv', uploadId }] })
  await until(
    'the data set',
    () => client.datasets.get.query({ dataset: 'builtins' }),
    ({ status }) => status === 'ready',
  )
}

const startJob = ({ client }: Product, modelName: string, rounds: number) =>
  client.training.create.mutate({
    recipe: 'tabular-classification',
    dataset: 'builtins',
    columns: { target: 'checks_arguments' },
    modelName,
    hyperParameters: { rounds, early_stopping_rounds: 0, learning_rate: 0.01 },
  })

const finishJob = ({ client }: Product, id: string) =>
  until(
    'the job',
    () => client.training.get.query({ id }),
    ({ status }) => isOver(status),
    180_000,
  )

async function infer(product: Product): Promise<number> {
  const response = await fetch(`${product.inferenceUrl}/v2/models/served/infer`, {
    method: 'POST',
    headers: { authorization: `Bearer ${product.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ inputs: await exampleInputs(product) }),
  })
  return response.status
}

let inputs: unknown[] | undefined
async function exampleInputs({ client }: Product): Promise<unknown[]> {
  if (inputs) return inputs
  const { signature } = await client.models.version.query({ model: 'served', version: 1 })
  inputs = signature?.inputs.map(({ name, datatype }) => ({ name, datatype, shape: [1, 1], data: [datatype === 'BYTES' ? '' : null] }))
  return inputs ?? []
}

test.describe('kill -9 of each process while a job runs and a deployment serves', () => {
  test.describe.configure({ mode: 'serial' })
  let product: Product
  let jobId: string

  test.beforeAll(async () => {
    test.setTimeout(300_000)
    product = await startProduct()
    await makeDataset(product)
    const first = await startJob(product, 'served', 20)
    expect(await finishJob(product, first.id)).toMatchObject({ status: 'succeeded' })
    await product.client.deployments.deploy.mutate({ model: 'served' })
    await until(
      'the deployment',
      () => infer(product),
      (status) => status === 200,
    )
  })

  test.afterAll(async () => product?.stop())

  // Training comes early, so that the job has not ended before its turn.
  for (const name of ['web', 'training', 'worker', 'inference', 'postgres']) {
    test(`${name} comes back by itself and no acknowledged change is missing`, async () => {
      test.setTimeout(120_000)
      jobId ??= (await startJob(product, 'survivor', 8_000)).id
      const description = `acknowledged before ${name} was killed`
      await product.client.models.update.mutate({ model: 'served', description })
      if (name === 'training')
        await until(
          'the job under way',
          () => product.client.training.get.query({ id: jobId }),
          ({ status, step }) => status === 'running' && step > 0,
        )
      const before = product.pids()
      process.kill(before[name] as number, 'SIGKILL')

      await until(
        `${name} under a new pid`,
        async () => product.pids()[name],
        (pid) => pid !== undefined && pid !== before[name],
      )
      await until(
        'web',
        async () => (await fetch(`${product.url}/health`)).status,
        (status) => status === 200,
      )
      await until(
        'a prediction',
        () => infer(product),
        (status) => status === 200,
      )
      const model = await until(
        'the registry',
        () => product.client.models.get.query({ model: 'served' }),
        () => true,
      )
      expect(model.description).toBe(description)
      const job = await product.client.training.get.query({ id: jobId })
      expect(['queued', 'running', 'succeeded']).toContain(job.status)
    })
  }

  test('the job ends with one registered version', async () => {
    test.setTimeout(240_000)
    const job = await finishJob(product, jobId)
    expect(job).toMatchObject({ status: 'succeeded', version: 1 })
    // Its runtime was killed in the middle, so the job has proved something only if it was started again.
    expect(job.attempt).toBeGreaterThan(1)
    const versions = await product.client.models.versions.query({ model: 'survivor' })
    expect(versions.items.map(({ version, status }) => ({ version, status }))).toEqual([{ version: 1, status: 'ready' }])
  })
})
