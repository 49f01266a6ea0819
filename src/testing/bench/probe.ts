/** Asks an address again and again from a thread of its own, whose times are not those that the work of this one takes. */
import { once } from 'node:events'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

const pauseMs = 5

/** Asks `url` while `work` is under way. @returns the time of each answer, in ms. */
export async function probe(url: string, work: () => Promise<void>): Promise<number[]> {
  const thread = new Worker(new URL(import.meta.url), { workerData: url })
  await once(thread, 'message')
  await work().finally(() => thread.postMessage('over'))
  const [times] = (await once(thread, 'message')) as [number[]]
  await once(thread, 'exit')
  return times
}

async function askAllTheWhile(url: string): Promise<void> {
  const times: number[] = []
  let isOver = false
  parentPort?.once('message', () => {
    isOver = true
  })
  while (!isOver) {
    const started = performance.now()
    const { status } = await fetch(url)
    if (status !== 200) throw new Error(`${url} answered ${status}`)
    if (times.push(performance.now() - started) === 1) parentPort?.postMessage('begun')
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
  parentPort?.postMessage(times)
}

if (!isMainThread) await askAllTheWhile(workerData as string)
