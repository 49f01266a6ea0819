/** A load generator over raw sockets: HTTP/1.1 with keep-alive and Content-Length, cheap enough that the server is what is measured. */
import { connect, type Socket } from 'node:net'

export type Target = { port: number; path: string; headers?: Record<string, string> }

const requestOf = ({ port, path, headers = {} }: Target) =>
  `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n${Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n`

/** One connection that sends one request at a time. */
export class Connection {
  readonly #socket: Socket
  #received: Buffer = Buffer.alloc(0)
  #done: ((outcome: { status: number; body: Buffer } | Error) => void) | undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk) => this.#take(chunk))
    socket.on('error', (error) => this.#done?.(error))
    socket.on('close', () => this.#done?.(new Error('the server closed the connection')))
  }

  static open(port: number): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => resolve(new Connection(socket)))
      socket.once('error', reject)
    })
  }

  send(request: string): Promise<{ status: number; body: Buffer }> {
    return new Promise((resolve, reject) => {
      this.#done = (outcome) => {
        this.#done = undefined
        if (outcome instanceof Error) reject(outcome)
        else resolve(outcome)
      }
      this.#socket.write(request)
    })
  }

  close(): void {
    this.#socket.removeAllListeners('close').destroy()
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk])
    const headEnd = this.#received.indexOf('\r\n\r\n')
    if (headEnd < 0) return
    const head = this.#received.toString('latin1', 0, headEnd)
    const chunked = /\r\ntransfer-encoding: chunked/i.test(head)
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0)
    const isWhole = chunked ? this.#received.toString('latin1').endsWith('\r\n0\r\n\r\n') : this.#received.length >= headEnd + 4 + length
    if (!isWhole) return
    const body = this.#received.subarray(headEnd + 4)
    this.#received = Buffer.alloc(0)
    this.#done?.({ status: Number(head.slice(9, 12)), body })
  }
}

/** Sends `target` from `clients` connections for `seconds`. @returns requests a second. @throws Error for an answer that is not 200. */
export async function measureRate(target: Target, clients: number, seconds: number): Promise<number> {
  const request = requestOf(target)
  const connections = await Promise.all(Array.from({ length: clients }, () => Connection.open(target.port)))
  const started = performance.now()
  const until = started + seconds * 1000
  let count = 0
  const run = async (connection: Connection) => {
    while (performance.now() < until) {
      const { status, body } = await connection.send(request)
      if (status !== 200) throw new Error(`${target.path} answered ${status}: ${body.toString('utf8').slice(0, 500)}`)
      count += 1
    }
  }
  await Promise.all(connections.map(run))
  const rate = count / ((performance.now() - started) / 1000)
  for (const connection of connections) connection.close()
  return rate
}

/** Sends each of `targets` in turn from one connection. @returns the times in ms. */
export async function measureTimes(targets: readonly Target[], count: number): Promise<number[]> {
  const connection = await Connection.open((targets[0] as Target).port)
  const times: number[] = []
  for (let index = 0; index < count; index++) {
    const target = targets[index % targets.length] as Target
    const started = performance.now()
    const { status, body } = await connection.send(requestOf(target))
    times.push(performance.now() - started)
    if (status !== 200) throw new Error(`${target.path} answered ${status}: ${body.toString('utf8').slice(0, 500)}`)
  }
  connection.close()
  return times
}
