/** The floor of uploads: what a hand-written server does with a body and nothing else: to the disk, hashed, durable, then 200. */
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream/promises'

const path = process.env.FLOOR_FILE ?? ''

async function keep(req: IncomingMessage): Promise<string> {
  const hash = createHash('sha256')
  req.on('data', (chunk: Buffer) => hash.update(chunk))
  await pipeline(req, createWriteStream(path, { highWaterMark: 1024 * 1024 }))
  const file = await open(path, 'r+')
  await file.datasync()
  await file.close()
  return hash.digest('hex')
}

const server = createServer((req, res) => {
  keep(req).then(
    (sha256) => res.end(sha256),
    (error) => res.writeHead(500).end(String(error)),
  )
})
server.requestTimeout = 0
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`))
