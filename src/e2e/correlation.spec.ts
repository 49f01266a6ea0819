/** One correlation id, given to what starts a job and to what asks its model, in the lines of all four processes. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { readBuiltins, toCsv } from '#src/server/services/samples/builtins.ts'
import { uploadBytes } from '#src/testing/demo/upload.ts'
import { type Product, startProduct, until } from './product.ts'

const correlationId = 'from-the-call-to-the-last-process'
type Line = { component: string; message: string; correlationId: string | null; system: string }

test.describe('a correlation id', () => {
  let product: Product
  test.beforeAll(async () => {
    test.setTimeout(300_000)
    product = await startProduct()
  })
  test.afterAll(async () => product?.stop())

  const ask = (path: string, body: unknown) =>
    fetch(`${product.url}${path}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${product.apiKey}`,
        'content-type': 'application/json',
        'x-correlation-id': correlationId,
      },
      body: JSON.stringify(body),
    })

  /** What a process has written under the id; lines that are no JSON are of something that it started. */
  const linesOf = (name: string): Line[] =>
    readFileSync(join(product.dataDir, 'logs', `${name}.log`), 'utf8')
      .split('\n')
      .filter((line) => line.includes(correlationId) && line.startsWith('{'))
      .map((line) => JSON.parse(line) as Line)
  const said = (name: string, message: RegExp) =>
    until(
      `a line of ${name} that says ${message}`,
      async () => linesOf(name).map((line) => line.message),
      (messages) => messages.some((each) => message.test(each)),
    )

  test('is in the lines of web, training, worker and inference', async () => {
    test.setTimeout(300_000)
    const { columns, rows } = readBuiltins()
    const uploadId = await uploadBytes(product.url, product.apiKey, 'builtins.csv', Buffer.from(toCsv(columns, rows)))
    await product.client.datasets.create.mutate({ name: 'builtins', files: [{ path: 'builtins.csv', uploadId }] })
    await until(
      'the data set',
      () => product.client.datasets.get.query({ dataset: 'builtins' }),
      ({ status }) => status === 'ready',
    )

    const started = await ask('/api/v1/training/jobs', {
      recipe: 'tabular-classification',
      dataset: 'builtins',
      columns: { target: 'checks_arguments' },
      model_name: 'followed',
      hyper_parameters: { rounds: 20, early_stopping_rounds: 0 },
    })
    expect(started.status, await started.clone().text()).toBe(201)
    const { id } = (await started.json()) as { id: string }
    const job = await until(
      'the job',
      () => product.client.training.get.query({ id }),
      ({ status }) => !['queued', 'running'].includes(status),
      180_000,
    )
    expect(job.status).toBe('succeeded')
    await said('web', /^POST \/api\/v1\/training\/jobs$/)
    await said('training', /./)
    await said('web', new RegExp(`^POST /api/runtime/v1/training/jobs/${id}/finish`))
    await said('worker', /^verify-upload is done$/)

    const [entry] = (await product.client.audit.list.query({ action: 'version.ready' })).items
    expect(entry).toMatchObject({ source: 'system', correlationId, target: { name: 'followed' } })

    await product.client.deployments.deploy.mutate({ model: 'followed' })
    await until(
      'the deployment',
      () => product.client.deployments.get.query({ deployment: 'followed' }),
      ({ status }) => status === 'ready',
      120_000,
    )
    const { signature } = await product.client.models.version.query({ model: 'followed', version: 1 })
    const inputs = signature?.inputs.map(({ name, datatype }) => ({
      name,
      datatype,
      shape: [1, 1],
      data: [datatype === 'BYTES' ? '' : null],
    }))
    const answered = await ask('/v2/models/followed/infer', { inputs })
    expect([answered.status, answered.headers.get('x-correlation-id')]).toEqual([200, correlationId])
    await said('web', /^POST \/v2\/models\/followed\/infer$/)
    await said('inference', /^POST \/v2\/models\/followed\/infer$/)
  })
})
