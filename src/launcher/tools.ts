import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

export type ToolResult = { status: number; output: string }
export type ToolOptions = SpawnOptions & { onLine?: (line: string) => void; shouldStream?: boolean }

const running = new Set<ChildProcess>()
const keptOutput = 400_000

/**
 * Runs a program to its end and collects what it prints (the last 400 kB of both streams together).
 * A program that cannot be started ends with status 127 and the reason as its output.
 */
export function runTool(command: string, args: string[], options: ToolOptions = {}): Promise<ToolResult> {
  const { onLine, shouldStream, ...spawnOptions } = options
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...spawnOptions })
    running.add(child)
    let output = ''
    const take = (chunk: Buffer) => {
      if (shouldStream) process.stdout.write(chunk)
      const text = chunk.toString()
      output = (output + text).slice(-keptOutput)
      if (onLine) for (const line of text.split('\n')) if (line.trim()) onLine(line.trim())
    }
    child.stdout?.on('data', take)
    child.stderr?.on('data', take)
    const finish = (status: number) => {
      running.delete(child)
      resolve({ status, output })
    }
    child.once('error', (error) => {
      output += error.message
      finish(127)
    })
    child.once('close', (code) => finish(code ?? 137))
  })
}

let isStopping = false

/** Whether what fails now was told to. */
export const areToolsStopped = (): boolean => isStopping

/** Stops what `runTool` is running: the person asked to stop in the middle of a set-up step. */
export function stopTools(): void {
  isStopping = true
  for (const child of running) child.kill('SIGTERM')
}

/** Path of a program on PATH, like `command -v`. */
export function which(name: string): string | undefined {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, name)
    try {
      accessSync(path, constants.X_OK)
      return path
    } catch {
      // Not in this folder.
    }
  }
  return undefined
}

export const isRoot = (): boolean => process.getuid?.() === 0

export const delay = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Asks until the answer is defined; undefined when the time is over. */
export async function waitFor<T>(ask: () => T | undefined | Promise<T | undefined>, limitMs: number, everyMs = 50): Promise<T | undefined> {
  const deadline = performance.now() + limitMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (performance.now() > deadline) return undefined
    await delay(everyMs)
  }
}
