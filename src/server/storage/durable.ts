import { open } from 'node:fs/promises'

/** Makes names in a folder (created, renamed, removed) outlive a power cut. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

export const codeOf = (error: unknown): string | undefined => (error as { code?: string } | null)?.code

/** The answer of a file operation, or undefined where the file is not there. */
export async function ifPresent<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}
