/** Reading artifacts: who may, and how they go over HTTP. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { basename } from 'node:path/posix'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { and, eq } from 'drizzle-orm'
import { db } from '#src/server/db/client.ts'
import { artifactGrants, artifacts } from '#src/server/db/schema.ts'
import { AppError } from '#src/server/errors.ts'
import { createLog } from '#src/server/log.ts'
import { codeOf } from '#src/server/storage/durable.ts'
import { store } from '#src/server/storage/index.ts'
import type { ByteRange } from '#src/server/storage/store.ts'
import type { Caller } from '../access.ts'
import { parseRange } from './range.ts'

export type ArtifactRow = typeof artifacts.$inferSelect

const log = createLog('artifacts')
const unknown = () => new AppError('not_found', 'There is no such artifact, or it is not of this project.')

/**
 * An artifact that the caller's project holds.
 * @param options.allowAny the caller's right to it was found otherwise: a runtime's claim or desired state names it.
 * @throws AppError not_found; the same for another project's as for none.
 */
export async function getArtifact(caller: Caller, sha256: string, { allowAny = false } = {}): Promise<ArtifactRow> {
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw unknown()
  const isGranted = and(eq(artifactGrants.sha256, artifacts.sha256), eq(artifactGrants.projectId, caller.project.id))
  const granted = db()
    .select({ artifact: artifacts })
    .from(artifacts)
    .innerJoin(artifactGrants, isGranted)
    .where(eq(artifacts.sha256, sha256))
  const any = db().select({ artifact: artifacts }).from(artifacts).where(eq(artifacts.sha256, sha256))
  const [row] = await (allowAny ? any : granted)
  if (!row) throw unknown()
  return row.artifact
}

/** Streams an artifact, or a range of it, to a caller who may read it. @throws AppError not_found. */
export async function openArtifact(
  caller: Caller,
  sha256: string,
  range?: ByteRange,
  options: { allowAny?: boolean } = {},
): Promise<Readable> {
  await getArtifact(caller, sha256, options)
  return open(sha256, range)
}

async function open(sha256: string, range?: ByteRange): Promise<Readable> {
  try {
    return await store().open(sha256, range)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
    log.error('an artifact is missing in the store', { error, data: { sha256 } })
    throw new AppError('unavailable', 'The content is not in the store of this machine. Restore it from a backup, or upload it again.', {
      cause: error,
    })
  }
}

/** `filename*` carries any character (RFC 5987); the plain one is for clients that are older than it. */
function dispositionOf(filename: string): string {
  const name = basename(filename).slice(0, 200) || 'artifact'
  const plain = name.replace(/[^\w.-]/g, '_')
  const encoded = encodeURIComponent(name.toWellFormed()).replace(/['()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`
}

/** Nobody's browser may ever take an artifact for a page of ours. */
const headersOf = (etag: string, filename: string) => ({
  'Content-Type': 'application/octet-stream',
  'Content-Disposition': dispositionOf(filename),
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "default-src 'none'; sandbox",
  'Accept-Ranges': 'bytes',
  'Cache-Control': 'private, max-age=31536000, immutable',
  ETag: etag,
})

export type SentArtifact = { sha256: string; sizeBytes: number; filename: string }

/**
 * Answers a GET or HEAD with an artifact: whole, one range of it (206, 416), or 304 for whoever has it already.
 * The caller's right to it is checked before. Several ranges at once are answered with the whole, as RFC 9110 allows.
 */
export async function sendArtifact(
  req: IncomingMessage,
  res: ServerResponse,
  { sha256, sizeBytes, filename }: SentArtifact,
): Promise<void> {
  const etag = `"${sha256}"`
  const headers = headersOf(etag, filename)
  if (matches(req.headers['if-none-match'], etag)) return void res.writeHead(304, headers).end()
  const ifRange = req.headers['if-range']
  const range = ifRange === undefined || ifRange === etag ? parseRange(req.headers.range, sizeBytes) : undefined
  if (range === 'unsatisfiable')
    return void res.writeHead(416, { ...headers, 'Content-Range': `bytes */${sizeBytes}`, 'Content-Length': 0 }).end()
  const length = range ? range.end - range.start + 1 : sizeBytes
  const contentRange = range ? { 'Content-Range': `bytes ${range.start}-${range.end}/${sizeBytes}` } : {}
  const source = req.method === 'HEAD' || length === 0 ? undefined : await open(sha256, range)
  res.writeHead(range ? 206 : 200, { ...headers, ...contentRange, 'Content-Length': length })
  if (source) await pour(source, res)
  else res.end()
}

const matches = (header: string | undefined, etag: string): boolean =>
  header?.split(',').some((part) => ['*', etag, `W/${etag}`].includes(part.trim())) ?? false

/** A client that goes away in the middle is no error; the file is closed either way. */
async function pour(source: Readable, res: ServerResponse): Promise<void> {
  try {
    await pipeline(source, res)
  } catch (error) {
    if (res.destroyed && ['ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET', 'EPIPE', 'ERR_STREAM_UNABLE_TO_PIPE'].includes(codeOf(error) ?? ''))
      return
    res.destroy()
    log.warn('an artifact could not be sent to its end', { error })
  }
}
