/** 5 GiB into a real web process that is killed three times on the way; the worker then finds them whole. */
import { setTimeout as pause } from 'node:timers/promises'
import type { BenchResult } from './result.ts'
import { digestOf, sendBody, watchMemory } from './uploadParts.ts'
import { appending, createUpload, offsetOf, startTarget, type UploadTarget } from './uploadTarget.ts'

const sizeBytes = 5 * 1024 ** 3
const cuts = [0.2, 0.45, 0.8]

type Tally = { lostBytes: number; growthMiB: number; seconds: number }

/** Sends from where the server is; kills it when `stopAt` bytes are out, or lets it finish when that is the end. */
async function sendFrom(target: UploadTarget, path: string, stopAt: number, tally: Tally): Promise<void> {
  const offset = await offsetOf(target, path)
  let isKilled: Promise<void> | undefined
  const onSent = (at: number) => {
    if (at >= stopAt && stopAt < sizeBytes) isKilled ??= target.web.kill()
  }
  const started = performance.now()
  const { growthMiB } = await watchMemory(target.web.pid, () =>
    sendBody(target.url + path, 'PATCH', appending(target, offset), sizeBytes, offset, onSent).catch((error) => {
      if (!isKilled) throw error
    }),
  ).catch(() => ({ growthMiB: 0 }))
  await isKilled
  tally.seconds += (performance.now() - started) / 1000
  tally.growthMiB = Math.max(tally.growthMiB, growthMiB)
  if (!isKilled) return
  await target.restart()
  tally.lostBytes = Math.max(tally.lostBytes, stopAt - (await offsetOf(target, path)))
}

async function settled(target: UploadTarget, path: string): Promise<{ status: string; sha256: string }> {
  for (;;) {
    const upload = (await (await fetch(`${target.url}/api/v1${path}`, { headers: target.headers })).json()) as {
      status: string
      sha256: string
    }
    if (['ready', 'rejected'].includes(upload.status)) return upload
    await pause(100)
  }
}

export async function benchUpload5Gib(): Promise<BenchResult[]> {
  const target = await startTarget()
  const tally: Tally = { lostBytes: 0, growthMiB: 0, seconds: 0 }
  try {
    const path = await createUpload(target, sizeBytes)
    for (const share of [...cuts, 1]) await sendFrom(target, path, Math.floor(sizeBytes * share), tally)
    const started = performance.now()
    await target.startWorker()
    const { status, sha256 } = await settled(target, path)
    if (status !== 'ready' || sha256 !== digestOf(sizeBytes)) throw new Error(`the upload ended as ${status} with ${sha256}`)
    const figure = (name: string, value: number, unit: string): BenchResult => ({
      name: `upload-5gib.${name}`,
      value: Math.round(value),
      unit,
      floor: null,
      ratio: null,
    })
    return [
      figure('rate over three kills', sizeBytes / 1e6 / tally.seconds, 'MB/s'),
      figure('most sent again after a kill', tally.lostBytes / 1024 ** 2, 'MiB'),
      figure('memory above idle', tally.growthMiB, 'MiB'),
      figure('verified after', (performance.now() - started) / 1000, 's'),
    ]
  } finally {
    await target.stop()
  }
}
