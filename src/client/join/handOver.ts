/** npm keeps what it once fetched from an address: a command that is not of web's version hands over to the one that is. */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const commandOf = (program: string) => join(program, 'command', 'cli.mjs')

/** True when web's own command is another one than this. */
export function isOutdated(program: string, own = process.argv[1] ?? ''): boolean {
  const command = commandOf(program)
  return existsSync(command) && !readFileSync(command).equals(readFileSync(own))
}

/** Runs web's own command in place of this one. @returns its exit status. */
export function handOver(program: string, signal: AbortSignal): Promise<number> {
  const child = spawn(process.execPath, [commandOf(program), ...process.argv.slice(2)], { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] })
  signal.addEventListener('abort', () => child.kill('SIGTERM'))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? 1))
  })
}

/** The other side of it: a killed parent closes the channel that it opened, and this one stops as if it had been told to. */
export function followParent(): void {
  if (!process.channel) return
  process.channel.unref()
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
}
