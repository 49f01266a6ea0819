import type { External, ExternalInput } from '#src/contracts/external.ts'
import { textGeneration } from '#src/contracts/external.ts'
import type { Signature } from '#src/contracts/signature.ts'
import type { Tx } from '#src/server/db/client.ts'
import { newId } from '#src/server/db/ids.ts'
import { modelVersions } from '#src/server/db/schema.ts'
import { AppError } from '#src/server/errors.ts'
import { checkOutboundUrl } from '#src/server/outbound.ts'
import { seal } from '#src/server/sealing.ts'
import { nextVersion, refreshModel } from '../models/settle.ts'
import type { ModelRow } from '../models/view.ts'

/** The same for every external version, so that any of them may take over another's traffic. */
const signature: Signature = {
  inputs: [{ name: 'prompt', datatype: 'BYTES', shape: [1] }],
  outputs: [{ name: 'response', datatype: 'BYTES', shape: [1] }],
}

const refuse = (path: string, message: string) =>
  new AppError('bad_request', `external.${path}: ${message}`, { details: [{ path: `external.${path}`, message }] })

/**
 * Looks at what was entered before anything is written.
 * @throws AppError bad_request for an address that may not be reached, or that could not be appended to.
 */
export async function checkExternal({ url, apiKey }: ExternalInput): Promise<void> {
  const checked = await checkOutboundUrl(url).catch((error) => {
    throw error instanceof AppError ? refuse('url', error.message.replace(/^url: /, '')) : error
  })
  if (checked.search || checked.hash) throw refuse('url', 'must have no ? or #: give the base address, like https://host/v1')
  if (apiKey !== undefined && !/^[\x21-\x7e]+$/.test(apiKey)) throw refuse('api_key', 'holds characters that a header can not')
}

/** Adds a version that a server answers for to a locked model. It waits for nothing: whether the server is there is the deployment's matter. */
export async function addExternalVersion(
  tx: Tx,
  model: ModelRow,
  input: ExternalInput,
  userId: string | null,
): Promise<{ id: string; version: number }> {
  const { apiKey, ...rest } = input
  const external: External = { ...rest, url: new URL(rest.url).href.replace(/\/+$/, '') }
  const version = await nextVersion(tx, model.id)
  const id = newId()
  await tx.insert(modelVersions).values({
    id,
    projectId: model.projectId,
    modelId: model.id,
    version,
    status: 'ready',
    format: 'external',
    sizeBytes: 0,
    task: textGeneration,
    signature,
    external,
    sealedKey: apiKey === undefined ? null : seal(apiKey),
    externalState: 'unknown',
    lineage: { source: 'external' },
    createdBy: userId,
  })
  await refreshModel(tx, model.id)
  return { id, version }
}
