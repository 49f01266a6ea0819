/**
 * Calls to addresses that people give: webhooks, external models. Private and loopback addresses are refused unless a setting names
 * them, link-local and metadata addresses always; the check is made when an address is entered and again on the very address that
 * the connection is opened to, so that a name which changes its mind between the two gains nothing.
 */
import { lookup as resolveName } from 'node:dns/promises'
import {
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  validateHeaderName,
  validateHeaderValue,
} from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { pipeline, type Readable } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import ipaddr from 'ipaddr.js'
import { traced } from '#src/telemetry/tracing.ts'
import { env } from './env.ts'
import { AppError } from './errors.ts'

export type OutboundRequest = {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  headers?: Record<string, string>
  body?: string | Buffer
  /** For the whole exchange, redirects included. */
  timeoutMs?: number
  /** Of the answer's body, after decompression; a longer one is an error. */
  maxBytes?: number
  maxRedirects?: 0 | 1 | 2 | 3
  signal?: AbortSignal
  /** Keeps the connection open for a further call to the same host: for calls that come one after another. */
  keepsAlive?: boolean
}
export type OutboundAnswer = { status: number; headers: Record<string, string | undefined>; body: Buffer; url: string }

const defaults = { timeoutMs: 10_000, maxBytes: 1024 * 1024 }
const metadataNames = new Set(['metadata.google.internal', 'metadata.goog', 'metadata'])
/** Where clouds answer with credentials, beside the link-local range; that of Azure (168.63.129.16) is in a public one. */
const metadataAddresses = new Set(['100.100.100.200', '168.63.129.16', '192.0.0.192', 'fd00:ec2::254'])
/** Prefixes that carry an IPv4 address in their last or middle bytes (RFC 4291 2.5.5.1, RFC 6052, RFC 7915, RFC 3056). */
const carriers: [string, number][] = [
  ['::/96', 12],
  ['64:ff9b::/96', 12],
  ['::ffff:0:0:0/96', 12],
  ['64:ff9b:1::/48', 12],
  ['2002::/16', 2],
]

type Address = ipaddr.IPv4 | ipaddr.IPv6

/** The address itself, and the IPv4 address that it may carry. */
function meaningsOf(text: string): Address[] {
  const address = ipaddr.process(text)
  if (address.kind() === 'ipv4') return [address]
  const carrier = carriers.find(([range]) => address.match(ipaddr.parseCIDR(range) as [ipaddr.IPv6, number]))
  if (!carrier) return [address]
  const bytes = address.toByteArray().slice(carrier[1], carrier[1] + 4)
  return [address, ipaddr.fromByteArray(bytes)]
}

const isNever = (address: Address) => address.range() === 'linkLocal' || metadataAddresses.has(address.toString())

function allowances(): string[] {
  return (env().NEUROWEAVER_OUTBOUND_ALLOW ?? '')
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .filter(Boolean)
}

function isWithin(address: Address, entry: string): boolean {
  const bare = entry.replace(/^\[|\]$/g, '')
  if (ipaddr.isValid(bare)) return ipaddr.process(bare).toString() === address.toString()
  if (!ipaddr.isValidCIDR(entry)) return false
  const [range, bits] = ipaddr.parseCIDR(entry)
  return range.kind() === address.kind() && address.match([range, bits] as never)
}

/** Why an address may not be reached, or undefined when it may. `host` is the name that led to it. */
function refusalOf(text: string, host: string): string | undefined {
  const meanings = meaningsOf(text)
  if (meanings.some(isNever)) return 'is a link-local or metadata address, which is never reached from here'
  const allowed = allowances()
  if (allowed.includes(host) || meanings.some((address) => allowed.some((entry) => isWithin(address, entry)))) return undefined
  if (meanings.every((address) => address.range() === 'unicast')) return undefined
  return 'is a private or loopback address; an administrator can allow it with NEUROWEAVER_OUTBOUND_ALLOW'
}

const refused = (message: string) => new AppError('bad_request', `url: ${message}`, { details: [{ path: 'url', message }] })

const hostOf = (url: URL) =>
  url.hostname
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase()

/** @throws AppError bad_request for what is no plain http or https address, or a literal one that may not be reached. */
function parseOutboundUrl(text: string): URL {
  if (!URL.canParse(text)) throw refused('is not an address. Give one like https://example.org/path')
  const url = new URL(text)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw refused('must begin with http:// or https://')
  if (url.username || url.password) throw refused('must not carry a user or a password')
  const host = hostOf(url)
  if (metadataNames.has(host)) throw refused('names a metadata service, which is never reached from here')
  const refusal = isIP(host) ? refusalOf(host, host) : undefined
  if (refusal) throw refused(refusal)
  return url
}

/**
 * Checks an address when it is entered: its form, and every address that its name stands for just now. A name that cannot be
 * resolved yet is taken, because each connection checks again.
 * @throws AppError bad_request that says what is wrong with it.
 */
export async function checkOutboundUrl(text: string): Promise<URL> {
  const url = parseOutboundUrl(text)
  const host = hostOf(url)
  if (isIP(host)) return url
  const found = await resolveName(host, { all: true }).catch(() => [])
  const refusal = found.map(({ address }) => refusalOf(address, host)).find((reason) => reason !== undefined)
  if (refusal) throw refused(`${host} ${refusal}`)
  return url
}

/** A resolver for a connection: one bad address among several is enough to refuse, since any of them may be taken. */
const guardedLookup =
  (resolve: typeof resolveName): LookupFunction =>
  (host, options, done) => {
    resolve(host, { all: true }).then(
      (found) => {
        const name = host.replace(/\.$/, '').toLowerCase()
        const refusal = found.map(({ address }) => refusalOf(address, name)).find((reason) => reason !== undefined)
        if (refusal) return done(refused(`${name} ${refusal}`) as NodeJS.ErrnoException, '', 4)
        const first = found[0]
        if (!first) return done(Object.assign(new Error(`${name} has no address`), { code: 'ENOTFOUND' }), '', 4)
        if (options.all) return done(null, found)
        done(null, first.address, first.family)
      },
      (error) => done(error, '', 4),
    )
  }

function checkHeaders(headers: Record<string, string>): void {
  for (const [name, value] of Object.entries(headers)) {
    try {
      validateHeaderName(name)
      validateHeaderValue(name, value)
    } catch {
      throw new AppError('bad_request', `headers.${name.slice(0, 100)}: holds characters that a header can not.`)
    }
  }
}

type Hop = {
  url: URL
  method: string
  headers: Record<string, string>
  body: string | Buffer | undefined
  signal: AbortSignal
  keepsAlive: boolean
}

/** Their connections are all opened by `open`, so each was checked. Left alone they close before most servers close them. */
const idleMs = 4_000
const agents = {
  'http:': new HttpAgent({ keepAlive: true, timeout: idleMs }),
  'https:': new HttpsAgent({ keepAlive: true, timeout: idleMs }),
}

function open({ url, method, headers, body, signal, keepsAlive }: Hop, resolve: typeof resolveName): Promise<IncomingMessage> {
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest
  const outgoing: OutgoingHttpHeaders = { 'accept-encoding': 'identity', ...headers }
  return new Promise((done, fail) => {
    const agent = keepsAlive ? agents[url.protocol as keyof typeof agents] : false
    const call = send(url, { method, headers: outgoing, lookup: guardedLookup(resolve), signal, agent }, done)
    call.once('error', fail)
    call.end(body)
  })
}

function decoded(answer: IncomingMessage): Readable {
  const encoding = answer.headers['content-encoding']
  if (!encoding || encoding === 'identity') return answer
  const decoders = { gzip: createGunzip, deflate: createInflate, br: createBrotliDecompress }
  const decoder = decoders[encoding as keyof typeof decoders]
  if (!decoder) throw new Error(`the answer came in an encoding that was not asked for: ${encoding.slice(0, 50)}`)
  // Unlike pipe it carries an answer that breaks off on to the decoder, whose reader learns of it there.
  return pipeline(answer, decoder(), () => {})
}

async function readCapped(answer: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of decoded(answer) as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > maxBytes) {
      answer.destroy()
      throw new Error(`the answer is longer than ${maxBytes} bytes`)
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

const isRedirect = (status: number) => [301, 302, 303, 307, 308].includes(status)

function nextHop(hop: Hop, status: number, location: string): Hop {
  const url = parseOutboundUrl(URL.canParse(location, hop.url) ? new URL(location, hop.url).href : location)
  const becomesGet = status === 303 || ((status === 301 || status === 302) && hop.method === 'POST')
  // What opens one origin is no business of another.
  const headers = url.origin === hop.url.origin ? hop.headers : { accept: hop.headers.accept ?? '*/*' }
  return { ...hop, url, headers, method: becomesGet ? 'GET' : hop.method, body: becomesGet ? undefined : hop.body }
}

/**
 * Calls an address that somebody gave.
 * @param resolve finds the addresses of a name; each is checked before the connection is made to it.
 * @throws AppError bad_request when the address may not be reached; Error when it does not answer in time, or with too much.
 */
export async function outboundFetch(
  text: string,
  options: OutboundRequest = {},
  resolve: typeof resolveName = resolveName,
): Promise<OutboundAnswer> {
  const { timeoutMs = defaults.timeoutMs, maxBytes = defaults.maxBytes, maxRedirects = 0 } = options
  checkHeaders(options.headers ?? {})
  const deadline = AbortSignal.timeout(timeoutMs)
  const signal = options.signal ? AbortSignal.any([options.signal, deadline]) : deadline
  let hop: Hop = {
    url: parseOutboundUrl(text),
    method: options.method ?? 'GET',
    headers: options.headers ?? {},
    body: options.body,
    signal,
    keepsAlive: options.keepsAlive ?? false,
  }
  try {
    for (let redirects = 0; ; redirects += 1) {
      const at = { 'http.request.method': hop.method, 'server.address': hop.url.host }
      const answer = await traced(`${hop.method} ${hop.url.host}`, { kind: 'client', attributes: at }, () => open(hop, resolve))
      const status = answer.statusCode ?? 0
      const { location } = answer.headers
      if (!isRedirect(status) || !location || maxRedirects === 0) {
        const body = await readCapped(answer, maxBytes)
        return { status, headers: answer.headers as Record<string, string | undefined>, body, url: hop.url.href }
      }
      answer.destroy()
      if (redirects >= maxRedirects) throw new Error(`more than ${maxRedirects} redirects`)
      hop = nextHop(hop, status, location)
    }
  } catch (error) {
    if (deadline.aborted) throw new Error(`no answer within ${timeoutMs / 1000} s`, { cause: error })
    throw error
  }
}
