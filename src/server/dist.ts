import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { AppError } from './errors.ts'

const folder = new URL('../../dist/', import.meta.url)
const served = /^\/dist\/(neuroweaver\.tgz|runtime\.json|runtime-[0-9a-f]{16}\.tgz)$/

export const isDist = (pathname: string): boolean => served.test(pathname)

/** Client and runtimes: open, because npm fetches an address without credentials and what they hold is no secret. */
export async function handleDist(req: IncomingMessage, res: ServerResponse, url: URL): Promise<void> {
  if (req.method !== 'GET' && req.method !== 'HEAD') throw new AppError('method_not_allowed', 'This address takes GET.')
  const name = served.exec(url.pathname)?.[1] ?? ''
  const path = fileURLToPath(new URL(name, folder))
  const found = await stat(path).catch(() => undefined)
  if (!found) throw new AppError('not_found', 'This archive was not built, or was replaced. Run "npm start" once, which builds it.')
  const isJson = name.endsWith('.json')
  res.writeHead(200, {
    'content-type': isJson ? 'application/json' : 'application/gzip',
    'content-length': found.size,
    ...(isJson ? { 'cache-control': 'no-store' } : { 'content-disposition': `attachment; filename="${name}"` }),
  })
  if (req.method === 'HEAD') return void res.end()
  await pipeline(createReadStream(path), res).catch(() => undefined)
}
