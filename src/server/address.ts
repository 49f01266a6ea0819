/** Who is at the other end, and under which name they came: proxies are believed only where a setting names them. */
import type { IncomingMessage } from 'node:http'
import ipaddr from 'ipaddr.js'
import { env } from './env.ts'
import { AppError } from './errors.ts'
import { headerOf } from './http.ts'

const listOf = (setting: string | undefined) =>
  (setting ?? '')
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .filter(Boolean)

function isTrusted(address: string, proxies: readonly string[]): boolean {
  if (!ipaddr.isValid(address)) return false
  const parsed = ipaddr.process(address)
  return proxies.some((entry) => {
    const cidr = ipaddr.isValidCIDR(entry) ? entry : ipaddr.isValid(entry) ? `${entry}/${entry.includes(':') ? 128 : 32}` : undefined
    if (!cidr) return false
    const [range, bits] = ipaddr.parseCIDR(cidr)
    return range.kind() === parsed.kind() && parsed.match([range, bits] as never)
  })
}

/**
 * The address of the caller: of the socket, or, behind proxies that are trusted, the last one in X-Forwarded-For that is not theirs.
 * What a stranger writes into that header counts for nothing.
 */
export function addressOf(req: Pick<IncomingMessage, 'headers'> & { socket?: IncomingMessage['socket'] }): string | null {
  // A page asks through this process itself: it passes on the address that web wrote for it, over whatever a stranger had sent.
  if (!req.socket) return headerOf(req as IncomingMessage, 'x-neuroweaver-address') || null
  const direct = req.socket.remoteAddress
  if (!direct) return null
  const proxies = listOf(env().NEUROWEAVER_TRUSTED_PROXIES)
  if (!isTrusted(direct, proxies)) return direct
  const hops = (headerOf(req as IncomingMessage, 'x-forwarded-for') ?? '').split(',').map((hop) => hop.trim())
  return hops.reverse().find((hop) => ipaddr.isValid(hop) && !isTrusted(hop, proxies)) ?? direct
}

const nameOf = (host: string) =>
  host
    .toLowerCase()
    .replace(/:\d{1,5}$/, '')
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')

let allowed: { key: string; names: Set<string> } | undefined

function allowedNames(): Set<string> {
  const { webUrl, HOST, NEUROWEAVER_ALLOWED_HOSTS: more } = env()
  const key = `${webUrl} ${HOST} ${more}`
  if (allowed?.key !== key)
    allowed = { key, names: new Set([nameOf(new URL(webUrl).host), nameOf(HOST), 'localhost', ...listOf(more).map(nameOf)]) }
  return allowed.names
}

/**
 * Refuses names that are not this installation's: a page elsewhere could point its own name here (DNS rebinding) and read what comes.
 * An address in figures can not be pointed elsewhere by anybody, so it always passes.
 * @throws AppError misdirected, or bad_request for no name or two (RFC 9112, 3.2): a proxy in front may have looked at the other one.
 */
export function refuseOtherHosts(req: IncomingMessage): void {
  const { host } = req.headers
  if (host === undefined) throw new AppError('bad_request', 'A request names the host that it is for.')
  if ((req.headersDistinct.host?.length ?? 0) > 1) throw new AppError('bad_request', 'A request has one Host header. Send it once.')
  const name = nameOf(host)
  if (allowedNames().has(name) || ipaddr.isValid(name)) return
  throw new AppError('misdirected', 'This server does not answer to that host name. An admin can add it with NEUROWEAVER_ALLOWED_HOSTS.')
}
