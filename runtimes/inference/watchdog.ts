/**
 * Runs in a thread of its own inside a replica, because `session.run` blocks the main one: stops the process when its memory
 * passes the limit, and when the server that started it is gone.
 */
import { parentPort, workerData } from 'node:worker_threads'

/** The signal by which the server recognises a replica that was over its memory limit. */
const overMemorySignal = 'SIGUSR2'
const memoryEveryMs = 50
const parentEveryMs = 500

const { serverPid, ...given } = workerData as { limitBytes: number; serverPid: number }
let { limitBytes } = given

parentPort?.on('message', (message: { limitBytes: number }) => {
  limitBytes = message.limitBytes
})
setInterval(() => {
  if (process.memoryUsage.rss() > limitBytes) process.kill(process.pid, overMemorySignal)
}, memoryEveryMs)
setInterval(() => {
  if (process.ppid !== serverPid) process.kill(process.pid, 'SIGKILL')
}, parentEveryMs)
parentPort?.postMessage('watching')
