import { join } from 'node:path'
import { z } from 'zod'
import { readJson, writeDurably } from '#src/launcher/files.ts'
import { identityOf, isSameProcess, pidsWithEnvironment, signal } from '#src/launcher/identity.ts'
import { waitUntilGone } from '#src/launcher/processes.ts'

/** Name of the variable that marks every process of one start, and the processes that those start. */
export const instanceVariable = 'NEUROWEAVER_INSTANCE'

const processSchema = z.object({ name: z.string(), pid: z.number(), identity: z.string() })
const runSchema = z.object({ instance: z.string(), processes: z.array(processSchema) })

const runFileOf = (dataDir: string): string => join(dataDir, 'run', 'processes.json')

/** Notes which processes this start runs, so that the next one can tell its leftovers from strangers. */
export function noteProcesses(dataDir: string, instance: string, pids: Record<string, number>): void {
  const processes = Object.entries(pids).flatMap(([name, pid]) => {
    const identity = identityOf(pid)
    return identity ? [{ name, pid, identity }] : []
  })
  writeDurably(runFileOf(dataDir), `${JSON.stringify({ instance, processes })}\n`)
}

/**
 * Stops what a killed launcher left behind. A process is ours when it has the pid and the start time that were noted, or (on Linux)
 * the mark of that start in its environment; no other process is ever touched.
 */
export async function stopLeftovers(dataDir: string): Promise<number> {
  const run = runSchema.safeParse(readJson(runFileOf(dataDir))).data
  if (!run) return 0
  const noted = run.processes.filter(({ pid, identity }) => isSameProcess(pid, identity))
  // The guardian goes first: it is about to do the same, and would stop the Postgres that this start takes over.
  for (const { pid } of noted.filter(({ name }) => name === 'guardian')) signal(pid, 'SIGKILL')
  const leaders = noted.filter(({ name }) => name !== 'guardian').map(({ pid }) => pid)
  const marked = pidsWithEnvironment(`${instanceVariable}=${run.instance}`)
  for (const pid of leaders) signal(pid, 'SIGTERM')
  await waitUntilGone(leaders, 5_000)
  for (const pid of leaders) signal(-pid, 'SIGKILL')
  for (const pid of pidsWithEnvironment(`${instanceVariable}=${run.instance}`)) signal(pid, 'SIGKILL')
  const all = [...new Set([...leaders, ...marked])]
  await waitUntilGone(all, 2_000)
  return all.length
}
