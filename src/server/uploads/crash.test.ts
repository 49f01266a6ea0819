/** What a killed process and a full disk leave behind. */
import { spawnSync } from 'node:child_process'
import { createHash, randomBytes, randomInt } from 'node:crypto'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { useDatabase } from '#src/testing/database.ts'
import { makeKey, makeUser } from '#src/testing/factories.ts'
import { call } from '#src/testing/uploadDoor.ts'
import { startUploadProcess, type UploadProcess } from '#src/testing/uploadProcess.ts'

const database = useDatabase()
const folder = mkdtempSync(join(tmpdir(), 'neuroweaver-crash-'))
const processes: UploadProcess[] = []
let key: string

beforeAll(async () => {
  key = await makeKey(await makeUser())
})
afterAll(async () => {
  await Promise.all(processes.map((process) => process.kill('SIGKILL')))
  rmSync(folder, { recursive: true, force: true })
})

async function start(prefix: string[] = []): Promise<UploadProcess> {
  const started = await startUploadProcess(database.url, folder, prefix)
  processes.push(started)
  return started
}

const headers = () => ({ authorization: `Bearer ${key}`, 'tus-resumable': '1.0.0' })
const appending = (offset: number) => ({ ...headers(), 'upload-offset': String(offset), 'content-type': 'application/offset+octet-stream' })

async function create(url: string, bytes: number): Promise<string> {
  const metadata = `filename ${Buffer.from('a.bin').toString('base64')}`
  return String(
    (await call(`${url}/uploads`, 'POST', { ...headers(), 'upload-length': String(bytes), 'upload-metadata': metadata })).headers.location,
  )
}
const offsetAt = async (url: string, path: string) => Number((await call(url + path, 'HEAD', headers())).headers['upload-offset'])

/** Sends from an offset until `stopAt` bytes went out, then hands over; resolves when the connection is gone. */
function sendUntil(url: string, path: string, content: Buffer, offset: number, stopAt: number, then: () => Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const req = request(url + path, {
      method: 'PATCH',
      agent: false,
      headers: { ...appending(offset), 'content-length': String(content.length - offset) },
    })
    req.on('error', () => resolve())
    req.on('response', (res) => res.resume().on('end', resolve))
    req.write(content.subarray(offset, stopAt), () => void then().then(resolve))
  })
}

describe('kill -9 in the middle of a PATCH', () => {
  it('loses nothing that was acknowledged, and resumes byte for byte', async () => {
    const content = randomBytes(24_000_000)
    let server = await start()
    const path = await create(server.url, content.length)
    let offset = 0
    for (let cut = 1; cut <= 3; cut++) {
      const stopAt = offset + randomInt(1, Math.floor((content.length - offset) / 2))
      await sendUntil(server.url, path, content, offset, stopAt, () => server.kill('SIGKILL'))
      server = await start()
      const resumed = await offsetAt(server.url, path)
      expect(resumed).toBeGreaterThanOrEqual(offset)
      expect(resumed).toBeLessThanOrEqual(stopAt)
      // A part that is acknowledged, so that the next kill has something to lose.
      const part = content.subarray(resumed, resumed + 1_000_000)
      expect((await call(server.url + path, 'PATCH', appending(resumed), part)).status).toBe(204)
      offset = resumed + part.length
    }
    const rest = await call(server.url + path, 'PATCH', appending(offset), content.subarray(offset))
    expect(rest).toMatchObject({ status: 204, headers: { 'upload-offset': String(content.length) } })
    const staged = readFileSync(join(folder, 'uploads', path.split('/').at(-1) as string))
    expect(createHash('sha256').update(staged).digest('hex')).toBe(createHash('sha256').update(content).digest('hex'))
  })
})

const canMount = spawnSync('unshare', ['-Urm', 'sh', '-c', `mount -t tmpfs -o size=1m none ${folder}`]).status === 0

describe.skipIf(!canMount)('T19: a disk of 16 MB', () => {
  it('answers 507 when it is full, keeps what fitted, and goes on when there is room', async () => {
    const content = randomBytes(9_000_000)
    const server = await start(['unshare', '-Urm', 'sh', '-c', `mount -t tmpfs -o size=16m none ${folder} && exec "$@"`, 'sh'])
    const filler = `/proc/${server.pid}/root${folder}/filler`
    const file = openSync(filler, 'w')
    writeSync(file, Buffer.alloc(12_000_000))
    closeSync(file)
    const path = await create(server.url, content.length)
    const full = await call(server.url + path, 'PATCH', appending(0), content)
    expect(full.status).toBe(507)
    expect(JSON.parse(full.body)).toMatchObject({
      error: { code: 'insufficient_storage', message: expect.stringContaining('disk is full') },
    })
    const offset = await offsetAt(server.url, path)
    expect(offset).toBeGreaterThan(1_000_000)
    expect(offset).toBeLessThan(5_000_000)
    expect((await call(`${server.url}/uploads`, 'OPTIONS', headers())).status).toBe(204)
    rmSync(filler)
    await vi.waitFor(
      async () => expect((await call(server.url + path, 'PATCH', appending(offset), content.subarray(offset))).status).toBe(204),
      20_000,
    )
    const staged = readFileSync(`/proc/${server.pid}/root${folder}/uploads/${path.split('/').at(-1)}`)
    expect(staged.equals(content)).toBe(true)
  })
})
