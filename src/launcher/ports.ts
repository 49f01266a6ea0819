import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { holderOfSocket } from '#src/launcher/identity.ts'
import { localHost } from '#src/launcher/settings.ts'
import { LauncherError } from '#src/launcher/terminal.ts'

type Refusal = 'EADDRINUSE' | 'EACCES' | 'EADDRNOTAVAIL' | string

/** Tries to listen: the port that was given, or why it cannot be had. */
function tryListen(host: string, port: number): Promise<{ port: number } | { refusal: Refusal }> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve({ refusal: error.code ?? error.message }))
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address()
      const given = typeof address === 'object' && address ? address.port : port
      server.close(() => resolve({ port: given }))
    })
  })
}

/** Ports of other protocols, which fetch and browsers speak no HTTP to (Fetch Standard, "port blocking"): 10080 is one. */
async function isBlocked(host: string, port: number): Promise<boolean> {
  const refusal = await fetch(`http://${localHost(host)}:${port}/`, { method: 'HEAD', signal: AbortSignal.timeout(2_000) }).then(
    () => undefined,
    ({ cause }: { cause?: Error }) => cause?.message,
  )
  return refusal === 'bad port'
}

/** Tries whether web or a runtime can be reached there: nobody listens, and everybody's client goes there. */
async function tryPort(host: string, port: number): ReturnType<typeof tryListen> {
  const outcome = await tryListen(host, port)
  return 'port' in outcome && (await isBlocked(host, outcome.port)) ? { refusal: 'blocked' } : outcome
}

export async function isPortFree(host: string, port: number): Promise<boolean> {
  return 'port' in (await tryListen(host, port))
}

/** A port that nobody listens on at this moment. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  const outcome = await tryListen(host, 0)
  if ('port' in outcome) return outcome.port
  throw new LauncherError(`No port of ${host} can be listened on: ${outcome.refusal}.`)
}

function holderOf(port: number): string {
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    try {
      const rows = readFileSync(table, 'utf8')
        .split('\n')
        .map((line) => line.trim().split(/\s+/))
      const listening = rows.find((row) => row[3] === '0A' && row[1]?.endsWith(`:${hex}`))
      const holder = listening?.[9] ? holderOfSocket(listening[9]) : undefined
      if (holder) return ` by ${holder.command} (pid ${holder.pid})`
    } catch {
      // Not Linux: who it is stays unknown.
    }
  }
  return ''
}

const explanations: Record<string, string> = {
  EACCES: 'needs more rights than this user has (ports below 1024 often do)',
  blocked: 'belongs to another protocol, so that browsers refuse to open it',
}
/** No other port would do. */
const wrongHost = ['EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN', 'EINVAL']

/** What keeps us from listening there, who has it and how to choose another; undefined when nothing does. */
export async function findPortProblem(setting: string, host: string, port: number): Promise<string | undefined> {
  const outcome = await tryPort(host, port)
  return 'port' in outcome ? undefined : sentenceFor(setting, host, port, outcome.refusal)
}

function sentenceFor(setting: string, host: string, port: number, refusal: Refusal): string {
  const sentence = `Port ${port} of ${localHost(host)} ${reasonOf(port, refusal)}.`
  return wrongHost.includes(refusal)
    ? `${sentence}\nCorrect HOST: 127.0.0.1 is for this machine alone, 0.0.0.0 for all of its addresses.`
    : `${sentence}\nChoose another one with ${setting}, for example: ${setting}=${port + 100} npm start`
}

function reasonOf(port: number, refusal: Refusal): string {
  if (wrongHost.includes(refusal)) return 'can not be listened on: this machine has no such address'
  if (refusal === 'EADDRINUSE') return `is in use${holderOf(port)}`
  return explanations[refusal] ?? `is refused: ${refusal}`
}

/** For a command whose options are `--port` and `--host`. @throws LauncherError that says what keeps it from listening there. */
export async function checkPortOption(host: string, port: number): Promise<void> {
  const outcome = await tryPort(host, port)
  if ('port' in outcome) return
  const option = wrongHost.includes(outcome.refusal) ? '--host' : '--port'
  throw new LauncherError(`Port ${port} of ${localHost(host)} ${reasonOf(port, outcome.refusal)}. Choose another with ${option}.`, 69)
}

/**
 * The port to listen on: the wished one, or a free one for 0.
 * @throws LauncherError that says who has it and how to choose another.
 */
export async function claimPort(setting: string, host: string, port: number): Promise<number> {
  const outcome = await tryPort(host, port)
  if ('port' in outcome) return outcome.port
  throw new LauncherError(sentenceFor(setting, host, port, outcome.refusal))
}
