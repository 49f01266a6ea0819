/** Tiny language models behind llama.cpp's own server, for tests of what is asked of other people's servers. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { preparePython } from '#src/launcher/python.ts'

export type LanguageModels = { key: string; urls: Record<string, string>; stop: () => Promise<void> }

const program = fileURLToPath(new URL('./languageModels.py', import.meta.url))
const key = 'key-of-the-language-models'

async function firstAddresses(child: ChildProcess): Promise<Record<string, string>> {
  let said = ''
  child.stderr?.on('data', (chunk) => (said = `${said}${chunk}`.slice(-5_000)))
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    if (line.startsWith('{')) return JSON.parse(line)
  }
  throw new Error(`the language models did not start:\n${said}`)
}

/** @returns a server for each name, or why this machine can run none. */
export async function startLanguageModels(names: string[]): Promise<LanguageModels | { reason: string }> {
  const python = await preparePython()
  if ('reason' in python) return python
  const folder = mkdtempSync(join(tmpdir(), 'neuroweaver-models-'))
  const child = spawn(python.path, [program, folder, key, ...names], { stdio: ['pipe', 'pipe', 'pipe'] })
  const stop = async () => {
    const gone = child.exitCode === null ? once(child, 'exit') : undefined
    child.kill('SIGKILL')
    await gone
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    return { key, urls: await firstAddresses(child), stop }
  } catch (error) {
    await stop()
    throw error
  }
}
