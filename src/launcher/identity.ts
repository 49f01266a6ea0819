import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** Fields of /proc/PID/stat after the name, which may itself hold spaces and brackets. */
function statFields(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return 'no-boot-id'
  }
}

function identityByPs(pid: number): string | undefined {
  try {
    return (
      execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim() ||
      undefined
    )
  } catch {
    return undefined
  }
}

/**
 * What tells a process from a later one with the same pid: the boot and the time at which it started.
 * undefined when no such process runs; a zombie does not run.
 */
export function identityOf(pid: number): string | undefined {
  if (process.platform !== 'linux') return identityByPs(pid)
  const fields = statFields(pid)
  if (!fields || fields[0] === 'Z' || fields[0] === 'X') return undefined
  return `${bootId()}:${fields[19]}`
}

/** True while the very process runs that had this identity. */
export const isSameProcess = (pid: number, identity: string): boolean => identityOf(pid) === identity

export const isRunning = (pid: number): boolean => identityOf(pid) !== undefined

/** Sends a signal to a process (or, with a negative pid, to its group) and does not mind that it has gone. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

function listPids(): number[] {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger)
  } catch {
    return []
  }
}

/** Pids of the processes that were started with this `NAME=value` in their environment; Linux only, else none. */
export function pidsWithEnvironment(entry: string): number[] {
  return listPids().filter((pid) => {
    if (pid === process.pid) return false
    try {
      return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(entry) && isRunning(pid)
    } catch {
      return false
    }
  })
}

/** Current folder of a process; Linux only. */
export function folderOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return undefined
  }
}

/** Program and first argument, such as `node server.js`: the short name is "MainThread" for every Node. */
function commandOf(pid: number): string {
  const [program = '', argument] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  return [program, argument]
    .filter(Boolean)
    .map((word) => word?.split('/').pop())
    .join(' ')
}

/** Pid and command of the process that holds a socket; Linux only, and only what this user may see. */
export function holderOfSocket(inode: string): { pid: number; command: string } | undefined {
  for (const pid of listPids()) {
    try {
      const isHolder = readdirSync(`/proc/${pid}/fd`).some((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`) === `socket:[${inode}]`)
      if (isHolder) return { pid, command: commandOf(pid) }
    } catch {
      // Gone meanwhile, or another user's.
    }
  }
  return undefined
}
