/**
 * Runs in a thread of its own inside a replica, because `session.run` blocks the main one: stops the process when its memory
 * passes the limit, and when the server that started it is gone.
 */
import { parentPort, workerData } from 'node:worker_threads'

/** The signal by which the server recognises a replica that was over its memory limit. */
const overMemorySignal = 'SIGUSR2'
const memoryEveryMs = 50
const parentEveryMs = 500

let limitBytes = (workerData as { limitBytes: number }).limitBytes
const parentPid = process.ppid

parentPort?.on('message', (message: { limitBytes: number }) => {
  limitBytes = message.limitBytes
})
setInterval(() => {
  if (process.memoryUsage.rss() > limitBytes) process.kill(process.pid, overMemorySignal)
}, memoryEveryMs)
setInterval(() => {
  if (process.ppid !== parentPid) process.kill(process.pid, 'SIGKILL')
}, parentEveryMs)
