/**
 * Runs in a thread of its own inside a replica, because `session.run` blocks the main one: stops the process when its memory
 * passes the limit, and when the server that started it is gone.
 */
import { parentPort, workerData } from 'node:worker_threads'

/** The signal by which the server recognises a replica that was over its memory limit. */
const overMemorySignal = 'SIGUSR2'
const memoryEveryMs = 50
const parentEveryMs = 500

const given = workerData as { limitBytes: number; serverPid: number }
let { limitBytes } = given

function checkMemory(): void {
  if (process.memoryUsage.rss() > limitBytes) process.kill(process.pid, overMemorySignal)
}

parentPort?.on('message', (message: { limitBytes: number }) => {
  limitBytes = message.limitBytes
})
setInterval(checkMemory, memoryEveryMs)
setInterval(() => {
  if (process.ppid !== given.serverPid) process.kill(process.pid, 'SIGKILL')
}, parentEveryMs)
// A small model is loaded before the first interval ends: a limit below what the bare process takes is found before that.
checkMemory()
parentPort?.postMessage('watching')
