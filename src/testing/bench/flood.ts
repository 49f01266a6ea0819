/** Asks at an even rate from a thread of its own: in this one its answers would be read between those that are timed. */
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { Connection } from './load.ts'

type Flood = { port: number; key: string; perSecond: number }
type Seen = { refused: number; admitted: number; perSecond: number }

const connections = 20

/** @returns a way to stop it, which tells how often it was refused and let in. */
export async function startFlood(flood: Flood): Promise<{ stop: () => Promise<Seen> }> {
  const thread = new Worker(new URL(import.meta.url), { workerData: flood })
  await once(thread, 'message')
  return {
    async stop() {
      thread.postMessage('over')
      const [seen] = (await once(thread, 'message')) as [Seen]
      return seen
    },
  }
}

async function askUntilTold({ port, key, perSecond }: Flood): Promise<void> {
  const request = `GET /api/v1/me HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nauthorization: Bearer ${key}\r\n\r\n`
  const seen = { refused: 0, admitted: 0 }
  let isOver = false
  parentPort?.once('message', () => {
    isOver = true
  })
  const started = performance.now()
  const everyMs = (1000 * connections) / perSecond
  const send = async (index: number) => {
    const connection = await Connection.open(port)
    for (let count = 0; !isOver; count++) {
      const { status } = await connection.send(request)
      if (status === 429) seen.refused += 1
      else seen.admitted += 1
      const waitMs = started + (index / connections + count) * everyMs - performance.now()
      if (waitMs > 1) await pause(waitMs)
    }
    connection.close()
  }
  parentPort?.postMessage('begun')
  await Promise.all(Array.from({ length: connections }, (_, index) => send(index)))
  parentPort?.postMessage({ ...seen, perSecond: (seen.refused + seen.admitted) / ((performance.now() - started) / 1000) })
}

if (!isMainThread) await askUntilTold(workerData as Flood)
