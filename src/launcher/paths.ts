import { resolve } from 'node:path'

/** Root of the repository. */
export const root = resolve(import.meta.dirname, '../..')

/** What can be made again: Python environments, locks of set-up steps. Git ignores it. */
export const cacheDir = resolve(root, '.cache')

/** Path of a file of the repository. */
export const inRoot = (...parts: string[]): string => resolve(root, ...parts)

/** Path of a command that a package brings. */
export const packageBin = (name: string): string => resolve(root, 'node_modules', '.bin', name)
