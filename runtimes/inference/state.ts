import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { z } from 'zod'

/** Replaces a file so that a crash leaves either the old bytes or the new ones; readable by this user alone. */
export async function writeAtomic(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const temporary = `${path}.${process.pid}.tmp`
  await rm(temporary, { force: true })
  const file = await open(temporary, 'wx', 0o600)
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, path)
  await syncFolder(dirname(path))
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** What is kept over restarts. An unreadable file counts as none: web gives both again. */
export class StateFile<T> {
  readonly path: string
  readonly #schema: z.ZodType<T>
  constructor(stateDir: string, name: string, schema: z.ZodType<T>) {
    this.path = join(stateDir, name)
    this.#schema = schema
  }

  async find(): Promise<T | undefined> {
    const content = await readFile(this.path, 'utf8').catch(() => undefined)
    if (content === undefined) return undefined
    try {
      return this.#schema.parse(JSON.parse(content))
    } catch {
      return undefined
    }
  }

  save(value: T): Promise<void> {
    return writeAtomic(this.path, JSON.stringify(value))
  }
}
