import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { AppError } from './errors.ts'

const archive = fileURLToPath(new URL('../../dist/neuroweaver.tgz', import.meta.url))

/** The client's archive: open, because npm fetches an address without credentials and what it holds is no secret. */
export async function handleDist(req: IncomingMessage, res: ServerResponse): Promise<void> {
  if (req.method !== 'GET' && req.method !== 'HEAD') throw new AppError('method_not_allowed', 'This address takes GET.')
  const found = await stat(archive).catch(() => undefined)
  if (!found) throw new AppError('not_found', 'The client was not built. Run "npm start" once, which builds it.')
  res.writeHead(200, {
    'content-type': 'application/gzip',
    'content-length': found.size,
    'content-disposition': 'attachment; filename="neuroweaver.tgz"',
  })
  if (req.method === 'HEAD') return void res.end()
  await pipeline(createReadStream(archive), res).catch(() => undefined)
}
