import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { startProduct, until } from '#src/e2e/product.ts'
import { startPostgres } from '#src/launcher/postgres.ts'
import { readBuiltins, toCsv } from '#src/server/services/samples/builtins.ts'
import { uploadBytes } from '#src/testing/demo/upload.ts'
import { type BenchResult, quantile } from './result.ts'

const jobs = 20
const rounds = 200

/** How long a notification takes from one connection to another, in milliseconds: no queue can be faster. */
async function notifyRoundTripMs(): Promise<number> {
  const dir = mkdtempSync(join(tmpdir(), 'neuroweaver-bench-'))
  const postgres = await startPostgres({ dir })
  const [sender, receiver] = [new pg.Client(postgres.adminUrl), new pg.Client(postgres.adminUrl)]
  try {
    await Promise.all([sender.connect(), receiver.connect()])
    await receiver.query('listen bench')
    const times: number[] = []
    for (let round = 0; round < rounds; round++) {
      const heard = once(receiver, 'notification')
      const started = performance.now()
      await sender.query('notify bench')
      await heard
      times.push(performance.now() - started)
    }
    return quantile(times, 0.5)
  } finally {
    await Promise.allSettled([sender.end(), receiver.end()])
    await postgres.stop()
    rmSync(dir, { recursive: true, force: true })
  }
}

/** From the moment a job is created to the first word of its trainer, by the clock of the one machine that they share. */
async function pickUpTimesMs(): Promise<number[]> {
  const product = await startProduct()
  const { client, url, apiKey } = product
  try {
    const { columns, rows } = readBuiltins()
    const uploadId = await uploadBytes(url, apiKey, 'builtins.csv', Buffer.from(toCsv(columns, rows)))
    await client.datasets.create.mutate({ name: 'builtins', files: [{ path: 'builtins.csv', uploadId }] })
    await until(
      'the data set',
      () => client.datasets.get.query({ dataset: 'builtins' }),
      ({ status }) => status === 'ready',
    )
    const times: number[] = []
    for (let index = 0; index < jobs; index++) {
      const started = Date.now()
      const { id } = await client.training.create.mutate({
        recipe: 'tabular-classification',
        dataset: 'builtins',
        columns: { target: 'checks_arguments' },
        modelName: 'pickup',
        hyperParameters: { rounds: 5 },
      })
      await until(
        'the job',
        () => client.training.get.query({ id }),
        ({ status }) => status === 'succeeded',
        120_000,
      )
      const events = await client.training.events.query({ id })
      const first = events.find((event) => event.type === 'state' && !['queued', 'running'].includes(event.state))
      if (first) times.push(Date.parse(first.at) - started)
    }
    return times
  } finally {
    await product.stop()
  }
}

/** Job pick-up: created → the trainer process at work. */
export async function benchPickup(): Promise<BenchResult[]> {
  const floor = await notifyRoundTripMs()
  const times = await pickUpTimesMs()
  return [0.5, 0.99].map((share) => {
    const value = quantile(times, share)
    return { name: `job pick-up p${share * 100}`, value, unit: 'ms', floor, ratio: value / floor }
  })
}
