/** What the command asks of web before a runtime starts: whether it may join, and the runtime's own program. */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { z } from 'zod'
import type { JoinOptions } from '#src/client/join/options.ts'
import { joinInfo, runtimeArchive } from '#src/contracts/runtime.ts'
import { withLock } from '#src/launcher/locks.ts'
import { LauncherError } from '#src/launcher/terminal.ts'
import { runTool } from '#src/launcher/tools.ts'

const timeoutMs = 15_000
const isItTheAddress = 'Is it the address that opens NeuroWeaver in a browser?'
const unknownAuthority =
  'its certificate is of an authority that this machine does not know. Name the file with the certificate of that authority in ' +
  'NODE_EXTRA_CA_CERTS, in front of the command; npm and the runtime read it too.'

/** Codes of OpenSSL as Node passes them on, and what to do about them. */
const explanations: Record<string, string> = {
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS. Does its address begin with http://?',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS. Does its address begin with http://?',
  DEPTH_ZERO_SELF_SIGNED_CERT: unknownAuthority,
  SELF_SIGNED_CERT_IN_CHAIN: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name. Give the address with the name that is in it.',
  CERT_HAS_EXPIRED: "its certificate has expired, or this machine's clock is wrong.",
  CERT_NOT_YET_VALID: "its certificate is not valid yet, or this machine's clock is wrong.",
}

/** A redirect is not followed: the runtimes follow none either, since it would take their credential elsewhere. */
async function ask(url: string, headers: Record<string, string> = {}): Promise<Response> {
  const { origin } = new URL(url)
  const response = await fetch(url, { headers, redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) }).catch((error: Error) => {
    const { code = '', message } = (error.cause ?? error) as { code?: string; message: string }
    throw new LauncherError(`${origin} cannot be reached: ${explanations[code] ?? `${message.trim()}. ${isItTheAddress}`}`, 69)
  })
  const location = response.status >= 300 && response.status < 400 ? response.headers.get('location') : null
  if (!location) return response
  throw new LauncherError(`${origin} leads to ${new URL(location, url).origin}. Give that address.`, 69)
}

const errorBody = z.object({ error: z.object({ message: z.string() }) })

/** What web said against it, in its own words. */
async function refusal(response: Response): Promise<string> {
  const said = errorBody.safeParse(await response.json().catch(() => undefined))
  if (said.success) return said.data.error.message
  return `it answered with ${response.status}, which is not NeuroWeaver's way. ${isItTheAddress}`
}

async function parsed<T>(response: Response, schema: z.ZodType<T>): Promise<T> {
  if (!response.ok) throw new LauncherError(`${new URL(response.url).origin} refused: ${await refusal(response)}`, 77)
  const body = schema.safeParse(await response.json().catch(() => undefined))
  if (!body.success)
    throw new LauncherError(`What ${new URL(response.url).origin} says is not what NeuroWeaver answers. ${isItTheAddress}`, 76)
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
