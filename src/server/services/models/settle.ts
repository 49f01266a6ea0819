/** A version is settled when all of its files are: then it is ready, with its signature, or rejected, with the reason. */
import { and, eq, inArray, isNull, sql } from 'drizzle-orm'
import { type Manifest, manifest, manifestPath } from '#src/contracts/manifest.ts'
import type { Signature } from '#src/contracts/signature.ts'
import { store } from '#src/server/storage/index.ts'
import type { Queryable, Tx } from '#src/server/db/client.ts'
import { artifacts, auditEvents, models, modelVersions, uploads, versionFiles } from '#src/server/db/schema.ts'
import { requestScope } from '#src/server/log.ts'
import { announce, recordSystemAudit } from '../audit.ts'
import { emit } from '../channels/emit.ts'
import { writeFacts } from '../facts.ts'

type VersionRow = typeof modelVersions.$inferSelect
type SettledFile = { path: string; sha256: string; sizeBytes: number; format: string; signature: Signature | null }

/** Settles every version that holds a file of this upload. */
export async function settleVersionsOf(tx: Tx, uploadId: string): Promise<void> {
  const [upload] = await tx.select().from(uploads).where(eq(uploads.id, uploadId))
  if (!upload || !['ready', 'rejected'].includes(upload.status)) return
  const rows = await tx.selectDistinct({ versionId: versionFiles.versionId }).from(versionFiles).where(eq(versionFiles.uploadId, uploadId))
  if (rows.length === 0) return
  if (upload.status === 'ready') await tx.update(versionFiles).set({ sha256: upload.sha256 }).where(eq(versionFiles.uploadId, uploadId))
  for (const { versionId } of rows) {
    if (upload.status === 'rejected')
      await rejectVersion(tx, versionId, `${upload.filename}: ${upload.reason ?? 'its content can not be used'}`)
    else await settleVersion(tx, versionId)
  }
}

/**
 * Makes a pending version ready when it misses nothing.
 * @param registration the correlation id of the request that brought it in, for who knows it; else it is looked up.
 * @returns whether it came to its end, and its model was brought up to date with it.
 */
export async function settleVersion(tx: Queryable, versionId: string, registration?: string): Promise<boolean> {
  const version = await lockPending(tx, versionId)
  if (!version) return false
  const [missing] = await tx
    .select({ path: versionFiles.path })
    .from(versionFiles)
    .where(and(eq(versionFiles.versionId, versionId), isNull(versionFiles.sha256)))
    .limit(1)
  if (missing) return false
  const files = await settledFiles(tx, versionId)
  const found = await characterise(files)
  if ('rejection' in found) {
    await rejectVersion(tx, versionId, found.rejection, registration)
    return true
  }
  await tx
    .update(modelVersions)
    .set({ status: 'ready', statusMessage: found.message, format: found.format, signature: found.signature, task: found.task })
    .where(eq(modelVersions.id, versionId))
  await tellSettled(tx, version, 'version.ready', found.message)
  await refreshModel(tx, version.modelId)
  await recordSettled(tx, version, 'version.ready', { status: 'ready', format: found.format }, registration)
  return true
}

async function settledFiles(tx: Queryable, versionId: string): Promise<SettledFile[]> {
  const rows = await tx
    .select({
      path: versionFiles.path,
      sha256: artifacts.sha256,
      sizeBytes: artifacts.sizeBytes,
      format: artifacts.format,
      signature: artifacts.signature,
    })
    .from(versionFiles)
    .innerJoin(artifacts, eq(artifacts.sha256, versionFiles.sha256))
    .where(eq(versionFiles.versionId, versionId))
  return rows
}

type Description = { signature: Signature | null; format: string; task: string | null; message: string | null } | { rejection: string }

/** What a set of files is: a model with a manifest, a plain ONNX file, or files that nothing here can serve. */
async function characterise(files: SettledFile[]): Promise<Description> {
  const manifestFile = files.find((file) => file.path === manifestPath)
  const parsed = manifestFile ? await readManifest(manifestFile) : undefined
  if (parsed === 'broken')
    return { rejection: `${manifestPath} is not a manifest of this program; leave it out, or write it as the trainer does.` }
  if (parsed) {
    const graph = files.find((file) => file.path === parsed.model && file.format === 'onnx')
    if (!graph) return { rejection: `${manifestPath} names "${parsed.model}", which is not an ONNX file of this version.` }
    return { signature: parsed.signature, format: 'onnx', task: parsed.task, message: null }
  }
  const graphs = files.filter((file) => file.format === 'onnx')
  const graph = graphs.length === 1 ? graphs[0] : graphs.find((file) => file.path === 'model.onnx')
  if (graph) return { signature: graph.signature, format: 'onnx', task: null, message: null }
  if (graphs.length > 1)
    return { rejection: 'There are several ONNX files and none is named model.onnx. Name the one to serve model.onnx.' }
  return {
    signature: null,
    format: files[0]?.format ?? 'unknown',
    task: null,
    message: 'Stored, but it can not be deployed: it has no ONNX file.',
  }
}

const maxManifestBytes = 4 * 1024 * 1024

async function readManifest(file: SettledFile): Promise<Manifest | 'broken'> {
  if (file.sizeBytes > maxManifestBytes) return 'broken'
  const chunks: Buffer[] = []
  for await (const chunk of await store().open(file.sha256)) chunks.push(chunk as Buffer)
  try {
    return manifest.parse(JSON.parse(Buffer.concat(chunks).toString('utf8')))
  } catch {
    return 'broken'
  }
}

async function lockPending(tx: Queryable, versionId: string): Promise<VersionRow | undefined> {
  const [version] = await tx.select().from(modelVersions).where(eq(modelVersions.id, versionId))
  if (!version) return undefined
  await tx.select({ id: models.id }).from(models).where(eq(models.id, version.modelId)).for('update')
  const [locked] = await tx
    .select()
    .from(modelVersions)
    .where(and(eq(modelVersions.id, versionId), eq(modelVersions.status, 'pending')))
    .for('update')
  return locked
}

async function rejectVersion(tx: Queryable, versionId: string, reason: string, registration?: string): Promise<void> {
  const version = await lockPending(tx, versionId)
  if (!version) return
  await tx.update(modelVersions).set({ status: 'rejected', statusMessage: reason }).where(eq(modelVersions.id, versionId))
  await tellSettled(tx, version, 'version.rejected', reason)
  await refreshModel(tx, version.modelId)
  await recordSettled(tx, version, 'version.reject', { status: 'rejected', reason }, registration)
}

type Settled = Pick<VersionRow, 'modelId' | 'projectId' | 'version'>

/** Writes down that a version has come to its end, under the id of the request that registered it. */
export async function recordSettled(
  tx: Queryable,
  { modelId, projectId, version }: Settled,
  action: 'version.ready' | 'version.reject',
  facts: Record<string, unknown>,
  registration?: string,
): Promise<void> {
  const entry = {
    action,
    targetType: 'model',
    targetId: modelId,
    after: { version, ...facts },
    projectId,
  }
  await recordSystemAudit(tx, entry, registration ?? (await registrationOf(tx, modelId, version)))
}

/** The correlation id with which a version came in; undefined when nothing tells. */
async function registrationOf(tx: Queryable, modelId: string, version: number): Promise<string | undefined> {
  const [entry] = await tx
    .select({ correlationId: auditEvents.correlationId })
    .from(auditEvents)
    .where(
      and(
        eq(auditEvents.targetId, modelId),
        inArray(auditEvents.action, ['model.register', 'version.train']),
        sql`${auditEvents.after} ->> 'version' = ${String(version)}`,
      ),
    )
    .limit(1)
  return entry?.correlationId ?? undefined
}

async function tellSettled(
  tx: Queryable,
  of: VersionRow,
  event: 'version.ready' | 'version.rejected',
  reason: string | null,
): Promise<void> {
  const [model] = await tx.select({ id: models.id, name: models.name }).from(models).where(eq(models.id, of.modelId))
  if (!model) return
  const correlationId = requestScope.getStore()?.correlationId ?? of.id
  await emit(tx, of.projectId, event, { model, version: of.version, reason, correlation_id: correlationId })
}

/** Numbers never come again, also after the newest version was deleted. */
export async function nextVersion(tx: Tx, modelId: string): Promise<number> {
  const [row] = await tx
    .update(models)
    .set({ lastVersion: sql`${models.lastVersion} + 1` })
    .where(eq(models.id, modelId))
    .returning({ version: models.lastVersion })
  return row?.version ?? 1
}

/** Carries the latest version's status and figures to the model's row and its facts; the model's row is locked by the caller. */
export async function refreshModel(tx: Queryable, modelId: string): Promise<void> {
  const [latest] = await tx
    .select()
    .from(modelVersions)
    .where(eq(modelVersions.modelId, modelId))
    .orderBy(sql`${modelVersions.version} desc`)
    .limit(1)
  const [model] = await tx
    .update(models)
    .set({
      latestVersion: latest?.version ?? 0,
      status: latest?.status ?? 'pending',
      metrics: latest?.metrics ?? {},
      task: latest?.task ?? null,
      updatedAt: sql`now()`,
    })
    .where(inArray(models.id, [modelId]))
    .returning()
  if (!model) return
  await writeFacts(tx, model)
  await announce(tx, 'model', model.projectId, model.id)
}
