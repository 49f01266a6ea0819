/** Five thousand event streams at once: what they take, how soon all hear of a change, and what it costs when all come back together. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect as connectTo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, db, disconnect, notify } from '#src/server/db/client.ts'
import { startTestCluster, urlOf } from '../cluster.ts'
import { caller, makeKey, makeUser } from '../factories.ts'
import { startWeb, type TestWeb } from '../web.ts'
import { probe } from './probe.ts'
import { type BenchResult, quantile } from './result.ts'

const people = 100
/** Half of what one person may have: those of before may still count when they come back. */
const streamsEach = 50
/** Of every ten streams one is opened and never read. */
const unreadOneIn = 10

type Stream = { socket: Socket; isRead: boolean; heard: (word: string) => Promise<void> }

const mebibytesOf = (pid: number) => Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024

/** @throws Error when the stream is refused, or ends before the word has come. */
function open(web: TestWeb, key: string, isRead: boolean): Stream {
  const socket = connectTo(web.port, '127.0.0.1')
  let text = ''
  let isRefused = false
  let check = () => {}
  socket.on('error', () => undefined)
  socket.on('data', (chunk) => {
    if (text === '') isRefused = !`${chunk}`.startsWith('HTTP/1.1 200')
    text = `${text}${chunk}`.slice(-4_000)
    check()
    if (!isRead && text.includes('event: connected')) socket.pause()
  })
  socket.write(
    `GET /api/trpc/live.changes HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${key}\r\nAccept: text/event-stream\r\n\r\n`,
  )
  const heard = (word: string) =>
    new Promise<void>((resolve, reject) => {
      check = () => {
        if (isRefused) reject(new Error(`a stream was refused: ${text}`))
        if (text.includes(word)) resolve()
      }
      socket.once('close', () => reject(new Error(`a stream ended: ${text.slice(-500)}`)))
      check()
    })
  return { socket, isRead, heard }
}

async function openAll(web: TestWeb, keys: readonly string[]): Promise<Stream[]> {
  const streams = keys.flatMap((key) => Array.from({ length: streamsEach }, (_, place) => open(web, key, place % unreadOneIn !== 0)))
  await Promise.all(streams.map(({ heard }) => heard('event: connected')))
  return streams
}

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const started = performance.now()
  await work()
  return (performance.now() - started) / 1000
}
/** What any load may add to a process, by the rules of the attack list. */
const mostMebibytes = 256
const result = (name: string, value: number, unit: string, floor: number | null = null): BenchResult => ({
  name: `streams: ${name}`,
  value,
  unit,
  floor,
  ratio: floor === null ? null : value / floor,
})

export async function benchStreams(): Promise<BenchResult[]> {
  const cluster = await startTestCluster()
  const databaseUrl = urlOf(cluster.adminUrl, cluster.template)
  const dataDir = mkdtempSync(join(tmpdir(), 'neuroweaver-bench-streams-'))
  connect(databaseUrl, { max: 4 })
  const web = await startWeb({ databaseUrl, dataDir, env: { LOG_LEVEL: 'error' } })
  let streams: Stream[] = []
  try {
    const keys = await Promise.all(Array.from({ length: people }, async () => makeKey(await makeUser('viewer'), 'read')))
    const { project } = await caller(keys[0] as string)
    const before = mebibytesOf(web.pid)
    const opened = await timed(async () => {
      streams = await openAll(web, keys)
    })
    const taken = mebibytesOf(web.pid) - before
    const word = crypto.randomUUID()
    const told = await timed(async () => {
      await notify(db(), 'nw_change', `model:${project.id}:${word}`)
      await Promise.all(streams.filter(({ isRead }) => isRead).map(({ heard }) => heard(word)))
    })
    let stormed = 0
    const health = await probe(`${web.url}/health`, async () => {
      for (const { socket } of streams) socket.removeAllListeners('close').destroy()
      stormed = await timed(async () => {
        streams = await openAll(web, keys)
      })
    })
    return [
      result(`${people * streamsEach} opened`, opened, 's'),
      result('resident memory that they take', taken, 'MiB', mostMebibytes),
      result('a change until all that read have heard of it', told, 's'),
      result('all let go and opened again at once', stormed, 's'),
      result('resident memory after the storm, over none', mebibytesOf(web.pid) - before, 'MiB', mostMebibytes),
      result('/health during the storm, p99', quantile(health, 0.99), 'ms'),
    ]
  } finally {
    for (const { socket } of streams) socket.removeAllListeners('close').destroy()
    await web.stop()
    await disconnect()
    rmSync(dataDir, { recursive: true, force: true })
    await cluster.stop()
  }
}
