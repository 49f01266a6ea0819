/**
 * One GET whose body is read in large pieces, into memory that is used again: Node's own client hands out at most 64 KiB at a time,
 * each newly allocated, which costs more than all that is done with the bytes.
 */
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { connect as connectPlain, isIP, type OnReadOpts, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'

const slotBytes = 1024 * 1024
const ringBytes = 4 * slotBytes
const maxHeadBytes = 64 * 1024

/** A piece is good until the next is asked for. Fewer bytes than were announced mean that the connection broke off. */
export type Download = { status: number; pieces: AsyncIterable<Buffer> }

/** What comes over one connection, in a ring: the socket reads into one slot of it while the taker has another. */
class Ring {
  readonly #memory = Buffer.allocUnsafeSlow(ringBytes)
  #socket: Socket | undefined
  #written = 0
  #taken = 0
  #isFull = false
  #failure: Error | undefined
  #isOver = false
  #wake = () => {}

  readonly onread: OnReadOpts = { buffer: () => this.#target(), callback: (bytes) => this.#onRead(bytes) }

  follow(socket: Socket): void {
    this.#socket = socket
    socket.once('error', (error) => {
      this.#failure = error
    })
    socket.once('close', () => {
      this.#isOver = true
      this.#wake()
    })
  }

  /** Up to the end of the slot: a slot is read into only when no byte of it is still to be taken. */
  #target(): Buffer {
    const at = this.#written % ringBytes
    return this.#memory.subarray(at, at + slotBytes - (at % slotBytes))
  }

  #isSlotFree(): boolean {
    const slotEnd = this.#written - (this.#written % slotBytes) + slotBytes
    return slotEnd - this.#taken <= ringBytes
  }

  #onRead(bytes: number): boolean {
    this.#written += bytes
    this.#isFull = !this.#isSlotFree()
    this.#wake()
    return !this.#isFull
  }

  #free(bytes: number): void {
    this.#taken += bytes
    if (!this.#isFull || !this.#isSlotFree()) return
    this.#isFull = false
    this.#socket?.resume()
  }

  /** Ends at the end of the connection. @throws what the socket failed with. */
  async *pieces(): AsyncGenerator<Buffer> {
    try {
      for (;;) {
        if (this.#written === this.#taken) {
          if (this.#failure) throw this.#failure
          if (this.#isOver) return
          await new Promise<void>((resolve) => (this.#wake = resolve))
          continue
        }
        const at = this.#taken % ringBytes
        const length = Math.min(this.#written - this.#taken, slotBytes - (at % slotBytes))
        yield this.#memory.subarray(at, at + length)
        this.#free(length)
      }
    } finally {
      this.#socket?.destroy()
    }
  }
}

function connect(url: URL, onread: OnReadOpts): Socket {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (url.protocol !== 'https:') return connectPlain({ host, port: Number(url.port || 80), onread })
  const options: ConnectionOptions & { onread: OnReadOpts } = { host, port: Number(url.port || 443), onread }
  return connectTls(isIP(host) ? options : { ...options, servername: host })
}

type Head = { status: number; headers: Map<string, string>; rest: Buffer }

function parseHead(text: string): Omit<Head, 'rest'> {
  const [first = '', ...lines] = text.split('\r\n')
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(first)?.[1])
  if (!status) throw new Error('the answer is not HTTP')
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
  })
  return { status, headers: new Map(headers) }
}

/** Answers that only announce another (1xx) are passed over. */
async function readHead(pieces: AsyncIterator<Buffer>): Promise<Head> {
  let seen = Buffer.alloc(0)
  for (;;) {
    const end = seen.indexOf('\r\n\r\n')
    if (end >= 0) {
      const head = parseHead(seen.toString('latin1', 0, end))
      seen = seen.subarray(end + 4)
      if (head.status >= 200) return { ...head, rest: seen }
      continue
    }
    if (seen.length > maxHeadBytes) throw new Error('the head of the answer has no end')
    const next = await pieces.next()
    if (next.done) throw new Error('the connection was closed without an answer')
    seen = Buffer.concat([seen, next.value])
  }
}

async function* bodyOf(rest: Buffer, pieces: AsyncGenerator<Buffer>, length: number): AsyncGenerator<Buffer> {
  let left = length
  try {
    for (let piece: Buffer | undefined = rest; piece && left > 0; piece = (await pieces.next()).value) {
      const own = piece.subarray(0, left)
      left -= own.length
      if (own.length > 0) yield own
      if (left === 0) return
    }
  } finally {
    await pieces.return(undefined)
  }
}

/** For what a proxy between has cut into chunks. */
function getByNode(url: URL, headers: Record<string, string>, signal: AbortSignal): Promise<Download> {
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    const take = (answer: IncomingMessage) => resolve({ status: answer.statusCode ?? 0, pieces: answer })
    request(url, { headers, signal }, take).once('error', reject).end()
  })
}

/**
 * @param headers without line breaks in them.
 * @param signal ends the download, and must be aborted when its pieces are not taken to their end.
 * @throws Error when there is no answer.
 */
export async function download(address: string, headers: Record<string, string>, signal: AbortSignal): Promise<Download> {
  signal.throwIfAborted()
  const url = new URL(address)
  const ring = new Ring()
  const socket = connect(url, ring.onread)
  ring.follow(socket)
  const stop = () => socket.destroy(new Error('the download was stopped'))
  signal.addEventListener('abort', stop, { once: true })
  socket.once('close', () => signal.removeEventListener('abort', stop))
  const lines = Object.entries({ host: url.host, connection: 'close', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.write(`GET ${url.pathname}${url.search} HTTP/1.1\r\n${lines.join('')}\r\n`)
  const pieces = ring.pieces()
  try {
    const { status, headers: about, rest } = await readHead(pieces)
    const length = Number(about.get('content-length') ?? Number.NaN)
    if (about.has('transfer-encoding') || !Number.isSafeInteger(length)) {
      socket.destroy()
      return await getByNode(url, headers, signal)
    }
    return { status, pieces: bodyOf(rest, pieces, length) }
  } catch (error) {
    socket.destroy()
    throw error
  }
}
