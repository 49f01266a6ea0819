/** The upload door alone behind a plain HTTP server, and a client that sends exactly what a test says. */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { toAppError } from '#src/server/errors.ts'
import { type Caller, identify } from '#src/server/services/access.ts'
import { handleUpload } from '#src/server/uploads/tus.ts'

const anonymous = { correlationId: 'test', address: '127.0.0.1' }

function callerOf(req: IncomingMessage): Promise<Caller> {
  const bearer = req.headers.authorization?.replace(/^Bearer /, '')
  const project = req.headers['x-neuroweaver-project']
  return identify({ ...anonymous, bearer, project: typeof project === 'string' ? project : undefined })
}

async function serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
  try {
    await handleUpload(req, res, await callerOf(req))
  } catch (error) {
    res.writeHead(toAppError(error).status).end()
  }
}

export type UploadDoor = { url: string; server: Server; close: () => Promise<void> }

export async function openUploadDoor(): Promise<UploadDoor> {
  const server = createServer((req, res) => void serve(req, res))
  server.requestTimeout = 0
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server, close }
}

export type Reply = { status: number; headers: IncomingHttpHeaders; body: string }

/** One request. A `body` of undefined sends none; headers go out as given. */
export async function call(url: string, method: string, headers: Record<string, string | string[]>, body?: Buffer): Promise<Reply> {
  const req = request(url, { method, headers: { ...(body ? { 'content-length': String(body.length) } : {}), ...headers }, agent: false })
  // What the server does not want to read may break while it is sent; the answer is what counts.
  req.on('error', () => undefined)
  const response = once(req, 'response') as Promise<[IncomingMessage]>
  req.end(body)
  const [res] = await response
  const chunks: Buffer[] = []
  for await (const chunk of res) chunks.push(chunk as Buffer)
  return { status: res.statusCode ?? 0, headers: res.headers, body: Buffer.concat(chunks).toString() }
}
