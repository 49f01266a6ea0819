/** The rules of tus for everything but bodies come from @tus/server; this is where it looks uploads up. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { DataStore, Server, Upload } from '@tus/server'
import { limits } from '#src/contracts/common.ts'
import { AppError } from '#src/server/errors.ts'
import type { Caller } from '#src/server/services/access.ts'
import { currentOffset } from '#src/server/services/artifacts/receiver.ts'
import { createUpload, newUploadId, terminateUpload, type UploadRow, uploadTtlMs } from '#src/server/services/artifacts/uploads.ts'
import type { Creation } from './protocol.ts'

/** One request, as the data store's methods need it, and what they found or threw on its behalf. */
type Asking = { caller: Caller; creation?: Creation; row?: UploadRow; error?: unknown }

const asking = new AsyncLocalStorage<Asking>()

function current(): Asking {
  const found = asking.getStore()
  if (!found) throw new Error('the upload store is asked outside of a request')
  return found
}

class UploadStore extends DataStore {
  override extensions = ['creation', 'creation-with-upload', 'termination', 'expiration', 'checksum']

  override async create(upload: Upload): Promise<Upload> {
    const { caller, creation } = current()
    if (!creation) throw new Error('an upload is created by POST')
    const { sizeBytes, filename, expectedSha256, metadata } = creation
    current().row = await createUpload(caller, { id: upload.id, sizeBytes, filename, expectedSha256, metadata })
    return upload
  }

  override async getUpload(id: string): Promise<Upload> {
    const { row, offset } = await currentOffset(current().caller, id)
    current().row = row
    // Only what is unfinished expires; the service has refused those that did.
    const creation_date = row.status === 'uploading' ? row.createdAt.toISOString() : new Date().toISOString()
    return new Upload({ id, size: row.sizeBytes, offset, creation_date })
  }

  override remove(id: string): Promise<void> {
    return terminateUpload(current().caller, id)
  }

  override getExpiration(): number {
    return uploadTtlMs
  }
}

/** Locks are held by the service, around the bytes alone. */
const noLock = { lock: async () => undefined, unlock: async () => undefined }

const server = new Server({
  path: '/uploads',
  datastore: new UploadStore(),
  maxSize: limits.uploadBytes,
  // A host that a header names would send the client, with its credentials, elsewhere.
  relativeLocation: true,
  respectForwardedHeaders: false,
  allowedOrigins: [],
  namingFunction: newUploadId,
  locker: { newLock: () => noLock },
  onResponseError: (_request, error) => {
    current().error = error
    return undefined
  },
})

export type Asked = { status: number; headers: Record<string, string>; row: UploadRow | undefined }

/**
 * Answers OPTIONS, HEAD, POST and DELETE, without a body.
 * @param headers those of tus; they have been checked before.
 * @throws AppError what the service refused with.
 */
export async function ask(
  caller: Caller,
  method: string,
  path: string,
  headers: Record<string, string>,
  creation?: Creation,
): Promise<Asked> {
  const context: Asking = { caller, ...(creation ? { creation } : {}) }
  const request = new Request(new URL(path, 'http://uploads.invalid'), { method, headers })
  const response = await asking.run(context, () => server.handleWeb(request as Parameters<Server['handleWeb']>[0]))
  if (context.error instanceof Error) throw context.error
  if (response.status >= 400)
    throw new AppError(response.status === 404 ? 'not_found' : 'bad_request', (await response.text()).trim() || 'The request is not valid.')
  return { status: response.status, headers: Object.fromEntries(response.headers), row: context.row }
}
