/** Things that a test needs to be there, without the bytes behind them. */
import { createHash, randomBytes } from 'node:crypto'
import type { Signature } from '#src/contracts/signature.ts'
import type { ArtifactFormat } from '#src/contracts/upload.ts'
import { db } from '#src/server/db/client.ts'
import { newId } from '#src/server/db/ids.ts'
import { artifactGrants, artifacts, datasetFiles, datasets, datasetVersions, uploads } from '#src/server/db/schema.ts'
import type { Caller } from '#src/server/services/access.ts'

export const exampleSignature: Signature = {
  inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 4] }],
  outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 2] }],
}

const randomDigest = () => createHash('sha256').update(randomBytes(16)).digest('hex')

/** Content that the caller's project may read. @returns its digest. */
export async function makeArtifact(
  caller: Caller,
  format: ArtifactFormat = 'onnx',
  signature: Signature | null = exampleSignature,
): Promise<string> {
  const sha256 = randomDigest()
  await db().insert(artifacts).values({ sha256, sizeBytes: 100, format, signature })
  await db().insert(artifactGrants).values({ projectId: caller.project.id, sha256 })
  return sha256
}

/** An upload that is ready, of a person or of a runtime. */
export async function makeReadyUpload(caller: Caller, projectId = caller.project.id, format: ArtifactFormat = 'onnx'): Promise<string> {
  const id = newId()
  const sha256 = randomDigest()
  await db()
    .insert(artifacts)
    .values({ sha256, sizeBytes: 100, format, signature: format === 'onnx' ? exampleSignature : null })
  await db().insert(uploads).values({
    id,
    projectId,
    userId: caller.userId,
    runtimeId: caller.runtimeId,
    filename: 'model.onnx',
    sizeBytes: 100,
    sha256,
    status: 'ready',
    format,
  })
  return id
}

/** A data set that was read: the columns `age`, `city` and `left`. */
export async function makeReadyDataset(caller: Caller, name = `data-${randomBytes(4).toString('hex')}`): Promise<string> {
  const [id, versionId] = [newId(), newId()]
  const sha256 = await makeArtifact(caller, 'csv', null)
  const column = (of: string, type: 'number' | 'category') => ({
    name: of,
    type,
    missing: 0,
    distinct: 2,
    isDistinctCapped: false,
    min: null,
    max: null,
    mean: null,
    histogram: [],
  })
  await db().insert(datasets).values({ id, projectId: caller.project.id, name, latestVersion: 1 })
  await db()
    .insert(datasetVersions)
    .values({
      id: versionId,
      projectId: caller.project.id,
      datasetId: id,
      version: 1,
      status: 'ready',
      format: 'csv',
      rows: 100,
      digest: randomDigest(),
      columns: [column('age', 'number'), column('city', 'category'), column('left', 'category')],
    })
  await db()
    .insert(datasetFiles)
    .values({ datasetVersionId: versionId, position: 0, path: `${name}.csv`, sha256, sizeBytes: 100 })
  return name
}
