/** A server between us and a language model: it hands requests on, writes down both ways, and misbehaves when it is told to. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

type Exchange = { path: string; headers: IncomingMessage['headers']; body: never; answer: never }
/** `hang` never answers, `fail` answers 500, `flood` sends without end. */
type Mode = 'pass' | 'hang' | 'fail' | 'redirect' | 'flood' | 'nonsense'

export class ModelServer {
  mode: Mode = 'pass'
  /** Chat completions that came, the last one last. */
  readonly asked: Exchange[] = []
  /** Requests whose caller went away before the answer. */
  abandoned = 0
  readonly #behind: string
  #server: Server | undefined
  #port = 0

  constructor(behind: string) {
    this.#behind = behind
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  async start(): Promise<this> {
    this.#server = createServer((req, res) => void this.#answer(req, res)).listen(this.#port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
    return this
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections()
    this.#server?.close()
    if (this.#server) await once(this.#server, 'close')
  }

  async #answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const body = await text(req)
    if (req.url === '/elsewhere')
      this.asked.push({ path: req.url, headers: req.headers, body: undefined as never, answer: undefined as never })
    const isChat = req.url === '/v1/chat/completions'
    if (isChat && this.mode !== 'pass') return this.#misbehave(res)
    const answer = await fetch(`${this.#behind}${req.url}`, {
      method: req.method ?? 'GET',
      headers: { 'content-type': 'application/json', authorization: req.headers.authorization ?? '' },
      ...(body ? { body } : {}),
    })
    const answered = await answer.text()
    if (isChat)
      this.asked.push({ path: req.url ?? '', headers: req.headers, body: JSON.parse(body) as never, answer: JSON.parse(answered) as never })
    res.writeHead(answer.status, { 'content-type': 'application/json' }).end(answered)
  }

  #misbehave(res: ServerResponse): void {
    res.once('close', () => {
      if (!res.writableFinished) this.abandoned += 1
    })
    if (this.mode === 'fail') res.writeHead(500).end('{"error":{"message":"out of memory"}}')
    if (this.mode === 'redirect') res.writeHead(307, { location: `${this.url}/elsewhere` }).end()
    if (this.mode === 'nonsense') res.writeHead(200, { 'content-type': 'application/json' }).end('{"choices":[]}')
    if (this.mode === 'flood') {
      res.writeHead(200, { 'content-type': 'application/json' })
      const pour = () => {
        while (!res.destroyed && res.write(Buffer.alloc(256 * 1024, ' ')));
      }
      res.on('drain', pour)
      pour()
    }
  }
}
