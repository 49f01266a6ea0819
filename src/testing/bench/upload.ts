/** How fast bytes come in, and how much memory that takes, beside a hand-written server in the same run. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type BenchResult, quantile } from './result.ts'
import { digestOf, kill, sendBody, watchMemory } from './uploadParts.ts'
import { appending, createUpload, startTarget, type UploadTarget } from './uploadTarget.ts'

const gibi = 1024 ** 3
const rounds = 3

/** What the disk has room for, three times over; 2 GiB when there is plenty. */
async function sizeThatFits(): Promise<number> {
  const { bavail, bsize } = await statfs(tmpdir())
  const fits = Math.floor((bavail * bsize) / 3 / gibi) * gibi
  return fits >= 2 * gibi ? 2 * gibi : 256 * 1024 ** 2
}

async function startFloor(file: string) {
  const script = fileURLToPath(new URL('./uploadFloor.ts', import.meta.url))
  const child = spawn(process.execPath, [script], { env: { ...process.env, FLOOR_FILE: file }, stdio: ['ignore', 'pipe', 'inherit'] })
  const [port] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  return { url: `http://127.0.0.1:${port}`, stop: () => kill(child) }
}

/** Megabytes (10^6) a second of whatever `send` does with so many bytes. */
async function rateOf(sizeBytes: number, send: () => Promise<void>): Promise<number> {
  const started = performance.now()
  await send()
  return sizeBytes / 1e6 / ((performance.now() - started) / 1000)
}

async function throughFloor(url: string, sizeBytes: number, sha256: string): Promise<void> {
  const { body } = await sendBody(url, 'PUT', {}, sizeBytes)
  if (body !== sha256) throw new Error('the floor kept other bytes')
}

async function throughTus(target: UploadTarget, path: string, sizeBytes: number): Promise<void> {
  const { status, body } = await sendBody(target.url + path, 'PATCH', appending(target, 0), sizeBytes)
  if (status !== 204) throw new Error(`PATCH answered ${status}: ${body}`)
}

async function expectDigest(target: UploadTarget, path: string, sha256: string): Promise<void> {
  const response = await fetch(`${target.url}/api/v1${path}`, { headers: target.headers })
  const upload = (await response.json()) as { sha256: string | null }
  if (upload.sha256 !== sha256) throw new Error(`the upload has the digest ${upload.sha256}`)
}

export async function benchUpload(sizeBytes?: number): Promise<BenchResult[]> {
  const bytes = sizeBytes ?? (await sizeThatFits())
  const sha256 = digestOf(bytes)
  const target = await startTarget()
  const floorFile = join(target.dataDir, 'floor')
  const floor = await startFloor(floorFile)
  const [floors, rates, growths]: [number[], number[], number[]] = [[], [], []]
  try {
    for (let round = 0; round < rounds; round++) {
      floors.push(await rateOf(bytes, () => throughFloor(floor.url, bytes, sha256)))
      rmSync(floorFile)
      const path = await createUpload(target, bytes)
      const { growthMiB, result } = await watchMemory(target.web.pid, () => rateOf(bytes, () => throughTus(target, path, bytes)))
      rates.push(result)
      growths.push(growthMiB)
      await expectDigest(target, path, sha256)
      rmSync(join(target.dataDir, path), { force: true })
    }
  } finally {
    await floor.stop()
    await target.stop()
  }
  const [value, base] = [quantile(rates, 0.5), quantile(floors, 0.5)]
  return [
    {
      name: `upload.rate of ${(bytes / gibi).toFixed(2)} GiB in one PATCH`,
      value: Math.round(value),
      unit: 'MB/s',
      floor: Math.round(base),
      ratio: Number((value / base).toFixed(2)),
    },
    { name: 'upload.memory above idle', value: Math.round(Math.max(...growths)), unit: 'MiB', floor: null, ratio: null },
  ]
}
