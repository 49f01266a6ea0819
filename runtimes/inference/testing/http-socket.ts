import { connect, type Socket } from 'node:net'

/** The thinnest keep-alive HTTP client there is, so that a benchmark measures the server and not its own client. */
export class HttpSocket {
  readonly #socket: Socket
  readonly #request: Buffer
  #received = ''
  #resolve: ((answer: string) => void) | undefined

  private constructor(socket: Socket, request: Buffer) {
    this.#socket = socket
    this.#request = request
    socket.setNoDelay(true)
    socket.on('data', (chunk) => this.#take(chunk.toString('latin1')))
  }

  static async open(origin: string, path: string, token: string, body: string): Promise<HttpSocket> {
    const { hostname, port } = new URL(origin)
    const head = `POST ${path} HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`
    const socket = connect(Number(port), hostname)
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    return new HttpSocket(socket, Buffer.from(head + body))
  }

  /** Sends the request once; one at a time. */
  send(): Promise<string> {
    return new Promise((resolve) => {
      this.#resolve = resolve
      this.#socket.write(this.#request)
    })
  }

  #take(text: string): void {
    this.#received += text
    const end = this.#received.indexOf('\r\n\r\n')
    if (end < 0) return
    const length = Number(/content-length: (\d+)/i.exec(this.#received)?.[1] ?? 0)
    if (this.#received.length < end + 4 + length) return
    const answer = this.#received
    this.#received = ''
    this.#resolve?.(answer)
  }

  close(): void {
    this.#socket.destroy()
  }
}
