/** Files of versions and data sets: where their bytes come from, and who may use them. */
import { and, eq } from 'drizzle-orm'
import type { z } from 'zod'
import type { fileSource } from '#src/contracts/model.ts'
import type { Queryable, Tx } from '#src/server/db/client.ts'
import { artifactGrants, artifacts, uploads } from '#src/server/db/schema.ts'
import { AppError } from '#src/server/errors.ts'
import type { Caller } from '../access.ts'
import { finishWhenWhole } from '../artifacts/uploads.ts'

export type FileSource = z.infer<typeof fileSource>
export type ResolvedFile = { path: string; uploadId: string | null; sha256: string | null; sizeBytes: number }

const refuse = (code: 'not_found' | 'unprocessable', index: number, field: string, message: string) =>
  new AppError(code, `files.${index}.${field}: ${message}`, { details: [{ path: `files.${index}.${field}`, message }] })

/**
 * Looks each source up. An upload that is still verifying has no digest yet.
 * @throws AppError not_found for an upload or a digest that the caller may not use, unprocessable for a rejected or unfinished upload.
 */
export async function resolveFiles(tx: Tx, caller: Caller, sources: readonly FileSource[]): Promise<ResolvedFile[]> {
  const resolved: ResolvedFile[] = []
  for (const [index, source] of sources.entries()) {
    resolved.push('uploadId' in source ? await fromUpload(tx, caller, source, index) : await fromDigest(tx, caller, source, index))
  }
  return resolved
}

async function fromUpload(tx: Tx, caller: Caller, source: { path: string; uploadId: string }, index: number): Promise<ResolvedFile> {
  // The lock keeps the upload from settling between this look and the commit, which would leave the version pending for ever.
  const [upload] = await tx
    .select()
    .from(uploads)
    .where(and(eq(uploads.id, source.uploadId), eq(uploads.projectId, caller.project.id)))
    .for('share')
  if (!upload || (upload.userId !== caller.userId && !caller.permissions.includes('admin'))) {
    throw refuse('not_found', index, 'upload_id', 'is not an upload of yours in this project')
  }
  if (upload.status === 'uploading' && !(await finishWhenWhole(tx, upload)))
    throw refuse('unprocessable', index, 'upload_id', 'is still uploading; finish it first')
  if (upload.status === 'rejected')
    throw refuse('unprocessable', index, 'upload_id', `was rejected: ${upload.reason ?? 'its content can not be used'}`)
  return { path: source.path, uploadId: upload.id, sha256: upload.status === 'ready' ? upload.sha256 : null, sizeBytes: upload.sizeBytes }
}

async function fromDigest(tx: Queryable, caller: Caller, source: { path: string; sha256: string }, index: number): Promise<ResolvedFile> {
  const [artifact] = await tx
    .select({ sizeBytes: artifacts.sizeBytes })
    .from(artifacts)
    .innerJoin(artifactGrants, and(eq(artifactGrants.sha256, artifacts.sha256), eq(artifactGrants.projectId, caller.project.id)))
    .where(eq(artifacts.sha256, source.sha256))
  if (!artifact) throw refuse('not_found', index, 'sha256', 'is not content that you may read in this project; upload it')
  return { path: source.path, uploadId: null, sha256: source.sha256, sizeBytes: artifact.sizeBytes }
}
