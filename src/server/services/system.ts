import { readFileSync } from 'node:fs'

const packageFile = new URL('../../../package.json', import.meta.url)

export const programVersion: string = (JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string }).version

/** Why this machine runs no training runtime, when the launcher found that it can not. */
export const trainingMissing = (): string | null => process.env.NEUROWEAVER_NO_PYTHON ?? null
