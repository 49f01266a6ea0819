/** The door for uploads: tus 1.0.0 at `/uploads`. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { isUuid } from '#src/contracts/common.ts'
import { AppError } from '#src/server/errors.ts'
import { authorize, type Caller } from '#src/server/services/access.ts'
import { actionsOf } from '#src/server/services/actions.ts'
import { stopAllReceiving } from '#src/server/services/artifacts/locks.ts'
import { openReceiver } from '#src/server/services/artifacts/receiver.ts'
import { authorizeUpload, expiryOf, finishUpload } from '#src/server/services/artifacts/uploads.ts'
import { receiveBody } from './body.ts'
import {
  checksumAlgorithms,
  contentLengthOf,
  isChunked,
  readAppend,
  readCreation,
  refuseOtherMethods,
  refuseOtherVersion,
  refuseOverride,
  tusVersion,
} from './protocol.ts'
import { answer, refuse } from './respond.ts'
import { ask } from './store.ts'

const mount = '/uploads'

/** Called before the process ends: what open requests have received is made durable, so that clients go on from there. */
export const closeUploads = stopAllReceiving

/**
 * Answers one request to `/uploads` or below; never throws. The caller is known already, and may be anonymous (401).
 * Statuses: 201 made · 204 appended, deleted · 400 · 401 · 403 · 404 · 405 · 409 other offset or another writer · 410 expired ·
 * 412 other protocol version · 413 · 415 · 429 too many unfinished · 460 checksum · 507 disk full; bodies are `{error: …}`.
 */
export async function handleUpload(req: IncomingMessage, res: ServerResponse, caller: Caller): Promise<void> {
  try {
    await route(req, res, caller)
  } catch (error) {
    await refuse(req, res, error, caller.correlationId)
  }
}

async function route(req: IncomingMessage, res: ServerResponse, caller: Caller): Promise<void> {
  authorize(caller, caller.kind === 'runtime' ? 'runtime-training' : 'signed-in', actionsOf('uploads', true))
  refuseOverride(req)
  const id = idOf(req.url ?? '')
  if (req.method === 'OPTIONS') return options(res, caller)
  const methods = id === undefined ? ['POST'] : ['HEAD', 'PATCH', 'DELETE']
  refuseOtherMethods(req, methods)
  authorizeUpload(caller)
  refuseOtherVersion(req)
  if (id === undefined) return create(req, res, caller)
  if (req.method === 'PATCH') return append(req, res, caller, id)
  const { status, headers, row } = await ask(caller, String(req.method), `${mount}/${id}`, { 'tus-resumable': tusVersion })
  // As the client gave it, byte for byte.
  if (row?.metadata) headers['upload-metadata'] = row.metadata
  answer(res, status, headers)
}

/** The id in the address; undefined for `/uploads` itself. @throws AppError not_found for what no upload can be called. */
function idOf(url: string): string | undefined {
  const path = url.split('?', 1)[0] ?? ''
  if (path === mount || path === `${mount}/`) return undefined
  const id = path.startsWith(`${mount}/`) ? path.slice(mount.length + 1) : ''
  if (!isUuid(id)) throw new AppError('not_found', 'There is no such upload.')
  return id.toLowerCase()
}

async function options(res: ServerResponse, caller: Caller): Promise<void> {
  const { status, headers } = await ask(caller, 'OPTIONS', mount, {})
  answer(res, status, { ...headers, 'tus-checksum-algorithm': checksumAlgorithms.join(',') })
}

async function create(req: IncomingMessage, res: ServerResponse, caller: Caller): Promise<void> {
  const creation = readCreation(req)
  const { status, headers, row } = await ask(
    caller,
    'POST',
    mount,
    { 'tus-resumable': tusVersion, 'upload-length': String(creation.sizeBytes) },
    creation,
  )
  if (!row) throw new AppError('internal', 'The upload was not made.')
  if (creation.sizeBytes === 0) await finishUpload(row.id)
  if (!creation.hasBody) return answer(res, status, headers)
  const lengthBytes = isChunked(req) ? undefined : (contentLengthOf(req) ?? 0)
  const receiver = await openReceiver(caller, row.id, { offset: 0, lengthBytes })
  const offset = await receiveBody(req, receiver)
  if (offset === undefined) return void res.destroy()
  answer(res, status, { ...headers, 'upload-offset': String(offset) })
}

async function append(req: IncomingMessage, res: ServerResponse, caller: Caller, id: string): Promise<void> {
  const { offset, lengthBytes, checksum } = readAppend(req)
  const receiver = await openReceiver(caller, id, { offset, lengthBytes, isTentative: checksum !== undefined })
  const reached = await receiveBody(req, receiver, checksum)
  if (reached === undefined) return void res.destroy()
  const expires: Record<string, string> = reached < receiver.row.sizeBytes ? { 'upload-expires': expiryOf(receiver.row).toUTCString() } : {}
  answer(res, 204, { 'upload-offset': String(reached), ...expires })
}
