import { mkdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { readJson, writeDurably } from '#src/launcher/files.ts'
import { identityOf, isSameProcess } from '#src/launcher/identity.ts'
import { LauncherError } from '#src/launcher/terminal.ts'
import { delay } from '#src/launcher/tools.ts'

const beatMs = 2_000
const staleMs = 20_000

const ownerSchema = z.object({ pid: z.number(), identity: z.string(), host: z.string(), url: z.string() })

function readOwner(path: string): z.infer<typeof ownerSchema> | undefined {
  return ownerSchema.safeParse(readJson(path)).data
}

const ageMs = (path: string): number => Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0)

/** The file is touched as long as its holder lives, which other machines and containers on the same disk can see too. */
function keepFresh(path: string): () => void {
  const beat = setInterval(() => {
    try {
      utimesSync(path, new Date(), new Date())
    } catch {
      // Removed together with its folder.
    }
  }, beatMs)
  beat.unref()
  return () => {
    clearInterval(beat)
    rmSync(path, { force: true })
  }
}

function isHeld(path: string): boolean {
  const owner = readOwner(path)
  if (!owner) return ageMs(path) < staleMs
  // A pid means something on its own machine only; of another one we can know how fresh the file is.
  return owner.host === hostname() ? isSameProcess(owner.pid, owner.identity) : ageMs(path) < staleMs
}

function tryTake(path: string, url: string): boolean {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const owner = { pid: process.pid, identity: identityOf(process.pid) ?? '', host: hostname(), url }
  try {
    writeFileSync(path, JSON.stringify(owner), { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return false
  }
}

function takeOrReplace(path: string, url: string): boolean {
  if (tryTake(path, url)) return true
  if (isHeld(path)) return false
  rmSync(path, { force: true })
  return tryTake(path, url)
}

const otherFolder = 'Stop that one first, or choose another folder: NEUROWEAVER_DATA_DIR=./data-2 PORT=3100 INFERENCE_PORT=3101 npm start'

/**
 * Claims the data folder for this process.
 * @throws LauncherError when a running instance has it.
 * @returns a function that gives it back.
 */
export function lockDataFolder(dataDir: string, url: string, advice = otherFolder): () => void {
  const path = join(dataDir, 'instance.lock')
  if (takeOrReplace(path, url)) return keepFresh(path)
  const owner = readOwner(path)
  const who = owner ? ` (pid ${owner.pid} on ${owner.host}, ${owner.url})` : ''
  throw new LauncherError(`The data folder ${dataDir} is in use by a running NeuroWeaver${who}.\n${advice}`)
}

/** Runs a piece of set-up while no other process runs the same; a killed holder is noticed. */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  while (!takeOrReplace(path, '')) await delay(250)
  const release = keepFresh(path)
  try {
    return await work()
  } finally {
    release()
  }
}

const stampSchema = z.object({ version: z.string() })

const numbersOf = (version: string): number[] => version.split(/[.-]/).slice(0, 3).map(Number)

function isNewer(version: string, than: string): boolean {
  const [ours, theirs] = [numbersOf(than), numbersOf(version)]
  const at = theirs.findIndex((number, index) => number !== ours[index])
  return at >= 0 && (theirs[at] ?? 0) > (ours[at] ?? 0)
}

const stampOf = (dataDir: string): string => join(dataDir, 'installation.json')

/** The version that used a data folder last; undefined for a new one. */
export const readDataVersion = (dataDir: string): string | undefined => stampSchema.safeParse(readJson(stampOf(dataDir))).data?.version

/** Why this version may not touch a data folder: a newer one wrote it, and its shape cannot be known. undefined when it may. */
export function findVersionProblem(dataDir: string, version: string): string | undefined {
  const used = readDataVersion(dataDir)
  if (!used || !isNewer(used, version)) return undefined
  return (
    `The data folder ${dataDir} was last used by NeuroWeaver ${used}; this is ${version}, which is older.\n` +
    `Start version ${used} or newer, or choose another folder with NEUROWEAVER_DATA_DIR.`
  )
}

/**
 * Stamps the folder with our version.
 * @throws LauncherError when a newer one has used it.
 */
export function checkDataVersion(dataDir: string, version: string): void {
  const problem = findVersionProblem(dataDir, version)
  if (problem) throw new LauncherError(problem)
  if (readDataVersion(dataDir) !== version) writeDurably(stampOf(dataDir), `${JSON.stringify({ version })}\n`)
}
