/** A web process of its own, with a key, on a database and a folder that go away with it. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startTestCluster, urlOf } from '../cluster.ts'
import { freePort } from '../ports.ts'
import { type Process, startProcess } from './uploadParts.ts'

export type UploadTarget = {
  url: string
  dataDir: string
  headers: Record<string, string>
  web: Process
  /** Starts web anew on the same address, after it was killed. */
  restart: () => Promise<void>
  startWorker: () => Promise<void>
  stop: () => Promise<void>
}

const answers = (url: string) =>
  fetch(url).then(
    (response) => response.ok,
    () => false,
  )

export async function startTarget(): Promise<UploadTarget> {
  const cluster = await startTestCluster()
  const dataDir = mkdtempSync(join(tmpdir(), 'neuroweaver-upload-'))
  const port = await freePort()
  const key = `bench-${randomBytes(24).toString('base64url')}`
  const env = {
    DATABASE_URL: urlOf(cluster.adminUrl, cluster.template),
    PORT: String(port),
    NEUROWEAVER_DATA_DIR: dataDir,
    NEUROWEAVER_NO_PAGES: '1',
    NEUROWEAVER_BOOTSTRAP_API_KEY: key,
    RUNTIME_TOKEN: randomBytes(24).toString('base64url'),
    NEXTAUTH_SECRET: randomBytes(32).toString('base64url'),
  }
  const url = `http://127.0.0.1:${port}`
  const startWeb = () => startProcess('web', env, () => answers(`${url}/health`))
  let worker: Process | undefined
  const target: UploadTarget = {
    url,
    dataDir,
    headers: { authorization: `Bearer ${key}`, 'tus-resumable': '1.0.0' },
    web: await startWeb(),
    restart: async () => {
      target.web = await startWeb()
    },
    startWorker: async () => {
      worker = await startProcess('worker', env, async () => true)
    },
    stop: async () => {
      await Promise.all([target.web.kill(), worker?.kill()])
      await cluster.stop()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
  return target
}

export async function createUpload(target: UploadTarget, sizeBytes: number): Promise<string> {
  const metadata = `filename ${Buffer.from('bench.bin').toString('base64')}`
  const response = await fetch(`${target.url}/uploads`, {
    method: 'POST',
    headers: { ...target.headers, 'upload-length': String(sizeBytes), 'upload-metadata': metadata },
  })
  if (response.status !== 201) throw new Error(`the upload was not made: ${response.status} ${await response.text()}`)
  return String(response.headers.get('location'))
}

export const appending = (target: UploadTarget, offset: number): Record<string, string> => ({
  ...target.headers,
  'upload-offset': String(offset),
  'content-type': 'application/offset+octet-stream',
})

export async function offsetOf(target: UploadTarget, path: string): Promise<number> {
  const response = await fetch(target.url + path, { method: 'HEAD', headers: target.headers })
  if (response.status !== 200) throw new Error(`HEAD answered ${response.status}`)
  return Number(response.headers.get('upload-offset'))
}
