import { and, eq, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { createDataset as createInput, Dataset } from '#src/contracts/dataset.ts'
import { type Tx, transaction } from '#src/server/db/client.ts'
import { newId } from '#src/server/db/ids.ts'
import { artifactGrants, datasetFiles, datasets, datasetVersions, trainingJobs } from '#src/server/db/schema.ts'
import { AppError } from '#src/server/errors.ts'
import type { Caller } from '../access.ts'
import { announce, recordAudit } from '../audit.ts'
import { resolveFiles } from '../models/files.ts'
import { findDatasetRow, getDataset } from './find.ts'
import { queueWhenComplete } from './settle.ts'

/** Makes a data set of uploaded files; a known name gets its next version. */
export async function createDataset(caller: Caller, input: z.infer<typeof createInput>): Promise<Dataset> {
  return transaction(async (tx) => {
    const files = await resolveFiles(tx, caller, input.files)
    const { id, version } = await nextVersionOf(tx, caller, input)
    const versionId = newId()
    const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0)
    await tx.insert(datasetVersions).values({
      id: versionId,
      projectId: caller.project.id,
      datasetId: id,
      version,
      status: 'pending',
      sizeBytes,
      createdBy: caller.userId,
    })
    await tx.insert(datasetFiles).values(files.map((file, position) => ({ ...file, datasetVersionId: versionId, position })))
    for (const { sha256 } of files)
      if (sha256) await tx.insert(artifactGrants).values({ projectId: caller.project.id, sha256 }).onConflictDoNothing()
    await queueWhenComplete(tx, versionId)
    await recordAudit(tx, caller, { action: 'dataset.create', targetType: 'dataset', targetId: id, after: { name: input.name, version } })
    await announce(tx, 'dataset', caller.project.id, id)
    // Read before it commits: a caller who is told that there is no connection would add another version.
    return getDataset(caller, { dataset: id }, tx)
  })
}

async function nextVersionOf(tx: Tx, caller: Caller, input: z.infer<typeof createInput>): Promise<{ id: string; version: number }> {
  const byName = and(eq(datasets.projectId, caller.project.id), eq(datasets.name, input.name))
  await tx
    .insert(datasets)
    .values({ id: newId(), projectId: caller.project.id, name: input.name, createdBy: caller.userId })
    .onConflictDoNothing()
  const [row] = await tx
    .update(datasets)
    .set({
      latestVersion: sql`${datasets.latestVersion} + 1`,
      updatedAt: sql`now()`,
      ...(input.description === undefined ? {} : { description: input.description }),
    })
    .where(byName)
    .returning()
  if (!row) throw new AppError('conflict', `The data set "${input.name}" was deleted at the same moment. Try again.`)
  return { id: row.id, version: row.latestVersion }
}

/** Deletes a data set with all its versions, unless a training job was made of one: lineage would end there. */
export async function deleteDataset(caller: Caller, ref: string): Promise<void> {
  await transaction(async (tx) => {
    const row = await findDatasetRow(tx, caller, ref, true)
    const [used] = await tx
      .select({ name: trainingJobs.name })
      .from(trainingJobs)
      .innerJoin(datasetVersions, eq(datasetVersions.id, trainingJobs.datasetVersionId))
      .where(eq(datasetVersions.datasetId, row.id))
      .limit(1)
    if (used) throw new AppError('conflict', `The training job "${used.name}" was made of ${row.name}, so it is kept for its lineage.`)
    await tx.delete(datasets).where(eq(datasets.id, row.id))
    await recordAudit(tx, caller, { action: 'dataset.delete', targetType: 'dataset', targetId: row.id, before: { name: row.name } })
    await announce(tx, 'dataset', caller.project.id, row.id)
  })
}
