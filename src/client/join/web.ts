/** What the command asks of web before a runtime starts: whether it may join, and the runtime's own program. */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { z } from 'zod'
import type { JoinOptions } from '#src/client/join/options.ts'
import { joinInfo, runtimeArchive } from '#src/contracts/runtime.ts'
import { withLock } from '#src/launcher/locks.ts'
import { LauncherError } from '#src/launcher/terminal.ts'
import { runTool } from '#src/launcher/tools.ts'

const timeoutMs = 15_000

async function ask(url: string, headers: Record<string, string> = {}): Promise<Response> {
  try {
    return await fetch(url, { headers, signal: AbortSignal.timeout(timeoutMs) })
  } catch (error) {
    const { cause, message } = error as Error & { cause?: Error }
    const reason = cause?.message || message
    throw new LauncherError(
      `${new URL(url).origin} cannot be reached: ${reason}. Is it the address that opens NeuroWeaver in a browser?`,
      69,
    )
  }
}

/** What web said against it, in its own words. */
async function refusal(response: Response): Promise<string> {
  const text = await response.text()
  try {
    return (JSON.parse(text) as { error: { message: string } }).error.message
  } catch {
    return `it answered with ${response.status}, which is not NeuroWeaver's way. Check the address.`
  }
}

async function parsed<T>(response: Response, schema: z.ZodType<T>): Promise<T> {
  if (!response.ok) throw new LauncherError(`${new URL(response.url).origin} refused: ${await refusal(response)}`, 77)
  const body = schema.safeParse(await response.json().catch(() => undefined))
  if (!body.success) throw new LauncherError(`${response.url} is not what NeuroWeaver answers. Check the address.`, 76)
  return body.data
}

/** What shows web that the name is this runtime's own: its digest, and nothing that opens a door. */
function proofOf(stateDir: string): Record<string, string> {
  try {
    const { credential } = JSON.parse(readFileSync(join(stateDir, 'credential.json'), 'utf8')) as { credential: string }
    return { previous_credential_sha256: createHash('sha256').update(credential).digest('hex') }
  } catch {
    return {}
  }
}

/** @throws LauncherError when the token is missing, wrong or for something else, or when the name is another machine's. */
export async function checkJoining({ webUrl, token, kind, name, stateDir }: JoinOptions): Promise<void> {
  const asked = new URLSearchParams({ kind, name, ...proofOf(stateDir) })
  const response = await ask(`${webUrl}/api/runtime/v1/enrol?${asked}`, token ? { authorization: `Bearer ${token}` } : {})
  if (response.status === 401 && !token)
    throw new LauncherError(`No token was given. Put it after --token, or into RUNTIME_TOKEN. ${await refusal(response)}`, 77)
  const info = await parsed(response, joinInfo)
  if (info.name_taken) throw new LauncherError(info.name_taken, 73)
}

async function fetchVerified(webUrl: string, archive: z.infer<typeof runtimeArchive>): Promise<Buffer> {
  const response = await ask(`${webUrl}/dist/${archive.file}`)
  if (!response.ok) throw new LauncherError(`The runtime could not be fetched: ${await refusal(response)}`, 69)
  const content = Buffer.from(await response.arrayBuffer())
  if (createHash('sha256').update(content).digest('hex') !== archive.sha256)
    throw new LauncherError('The runtime that came is not the one that web announced: its SHA-256 differs. Try again.', 76)
  return content
}

/**
 * The runtimes' own programs, of web's version, in a folder named by their digest: fetched when they are not there yet.
 * @returns the folder with `inference` and `training` in it.
 */
export async function fetchProgram({ webUrl, home }: JoinOptions): Promise<string> {
  const archive = await parsed(await ask(`${webUrl}/dist/runtime.json`), runtimeArchive)
  const folder = join(home, `program-${archive.sha256.slice(0, 16)}`)
  if (existsSync(folder)) return folder
  return withLock(`${folder}.lock`, async () => {
    if (existsSync(folder)) return folder
    const content = await fetchVerified(webUrl, archive)
    const fresh = `${folder}.new`
    rmSync(fresh, { recursive: true, force: true })
    mkdirSync(fresh, { recursive: true, mode: 0o700 })
    writeFileSync(join(fresh, 'archive.tgz'), content)
    const unpacked = await runTool('tar', ['-xzf', 'archive.tgz', '--strip-components=1'], { cwd: fresh })
    if (unpacked.status !== 0) throw new LauncherError(`The runtime could not be unpacked: ${unpacked.output.trim()}`)
    rmSync(join(fresh, 'archive.tgz'))
    renameSync(fresh, folder)
    return folder
  })
}

/** This machine's address on the way to web, which is the one that web and its users can most likely reach. */
export function addressTowards(webUrl: string): Promise<string> {
  const { hostname, port, protocol } = new URL(webUrl)
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || (protocol === 'https:' ? 443 : 80)) }, () => {
      const address = socket.localAddress ?? '127.0.0.1'
      socket.destroy()
      resolve(address.replace(/^::ffff:/, ''))
    })
    socket.once('error', (error) => reject(new LauncherError(`${webUrl} cannot be reached: ${error.message}`, 69)))
  })
}
