/** Every table. Everything that people make belongs to a project; ids are UUIDv7 made in the application. */
import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  customType,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  real,
  smallint,
  text,
  timestamp,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import type { KeyScope, ProjectRole, Role } from '#src/contracts/access.ts'
import type { Column } from '#src/contracts/dataset.ts'
import type { DeploymentStatus } from '#src/contracts/deployment.ts'
import type { Parity } from '#src/contracts/manifest.ts'
import type { Lineage, VersionStatus } from '#src/contracts/model.ts'
import type { DeviceInfo, RuntimeKind } from '#src/contracts/runtime.ts'
import type { Signature } from '#src/contracts/signature.ts'
import type { CreateJob, EventBody, JobErrorCode, JobStatus, RecipeName } from '#src/contracts/training.ts'
import type { ArtifactFormat, UploadStatus } from '#src/contracts/upload.ts'

const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' })
/** Milliseconds, as JavaScript and every wire form hold them: a cursor compares equal to the row it came from. */
const time = (name: string) => timestamp(name, { withTimezone: true, mode: 'date', precision: 3 })
const createdAt = () => time('created_at').notNull().defaultNow()
const updatedAt = () => time('updated_at').notNull().defaultNow()
const ownId = () => uuid('id').primaryKey()
const inProject = () =>
  uuid('project_id')
    .notNull()
    .references(() => projects.id)
const byUser = () => uuid('created_by').references(() => users.id)

export const users = pgTable('users', {
  id: ownId(),
  email: text('email').notNull().unique(),
  name: text('name').notNull(),
  passwordHash: text('password_hash'),
  role: text('role').$type<Role>().notNull(),
  isDisabled: boolean('is_disabled').notNull().default(false),
  /** A session that began under an older number has ended: sign-out everywhere, password change. */
  sessionEpoch: integer('session_epoch').notNull().default(0),
  lastSignInAt: time('last_sign_in_at'),
  createdAt: createdAt(),
})

export const projects = pgTable('projects', {
  id: ownId(),
  name: text('name').notNull().unique(),
  description: text('description').notNull().default(''),
  createdAt: createdAt(),
})

export const projectMembers = pgTable(
  'project_members',
  {
    projectId: inProject(),
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    role: text('role').$type<ProjectRole>().notNull(),
    createdAt: createdAt(),
  },
  (table) => [primaryKey({ columns: [table.projectId, table.userId] }), index('project_members_user').on(table.userId)],
)

export const apiKeys = pgTable('api_keys', {
  id: ownId(),
  userId: uuid('user_id')
    .notNull()
    .references(() => users.id, { onDelete: 'cascade' }),
  projectId: uuid('project_id').references(() => projects.id),
  name: text('name').notNull(),
  prefix: text('prefix').notNull(),
  hash: bytea('hash').notNull().unique(),
  scope: text('scope').$type<KeyScope>().notNull(),
  expiresAt: time('expires_at'),
  lastUsedAt: time('last_used_at'),
  revokedAt: time('revoked_at'),
  createdAt: createdAt(),
})

export const artifacts = pgTable('artifacts', {
  sha256: text('sha256').primaryKey(),
  sizeBytes: bigint('size_bytes', { mode: 'number' }).notNull(),
  format: text('format').$type<ArtifactFormat>().notNull(),
  /** Why content that calls itself a model can not be one; null when it can. */
  rejection: text('rejection'),
  signature: jsonb('signature').$type<Signature>(),
  createdAt: createdAt(),
})

/** A project that may read an artifact: it uploaded it, or a version of it holds it. */
export const artifactGrants = pgTable(
  'artifact_grants',
  {
    projectId: inProject(),
    sha256: text('sha256')
      .notNull()
      .references(() => artifacts.sha256),
  },
  (table) => [primaryKey({ columns: [table.projectId, table.sha256] })],
)

export const uploads = pgTable(
  'uploads',
  {
    id: ownId(),
    projectId: inProject(),
    userId: uuid('user_id').references(() => users.id),
    runtimeId: uuid('runtime_id'),
    filename: text('filename').notNull(),
    metadata: text('metadata'),
    sizeBytes: bigint('size_bytes', { mode: 'number' }).notNull(),
    expectedSha256: text('expected_sha256'),
    /** Known at once when the bytes came in one go, else found by the worker. */
    sha256: text('sha256'),
    status: text('status').$type<UploadStatus>().notNull(),
    format: text('format').$type<ArtifactFormat>(),
    reason: text('reason'),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    index('uploads_user').on(table.userId, table.createdAt.desc()),
    index('uploads_open').on(table.status, table.updatedAt).where(sql`${table.status} in ('uploading', 'verifying')`),
  ],
)

export const models = pgTable(
  'models',
  {
    id: ownId(),
    projectId: inProject(),
    name: text('name').notNull(),
    description: text('description').notNull().default(''),
    specialization: text('specialization'),
    baseModel: text('base_model'),
    tags: jsonb('tags').$type<Record<string, string>>().notNull().default({}),
    metadata: jsonb('metadata').$type<Record<string, unknown>>().notNull().default({}),
    /** The highest version that exists. */
    latestVersion: integer('latest_version').notNull().default(0),
    /** The highest number ever given: one that was deleted is not given again. */
    lastVersion: integer('last_version').notNull().default(0),
    status: text('status').$type<VersionStatus>().notNull().default('pending'),
    metrics: jsonb('metrics').$type<Record<string, number | null>>().notNull().default({}),
    aliases: jsonb('aliases').$type<Record<string, number>>().notNull().default({}),
    task: text('task'),
    createdBy: byUser(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    uniqueIndex('models_name').on(table.projectId, table.name),
    index('models_updated').on(table.projectId, table.updatedAt.desc(), table.id.desc()),
    index('models_created').on(table.projectId, table.createdAt.desc(), table.id.desc()),
    index('models_search').using('gin', sql`${table.name} gin_trgm_ops`),
  ],
)

/** Tags, metadata and metrics of a model's latest version, a row a key, so that any filter walks an index. */
export const modelFacts = pgTable(
  'model_facts',
  {
    projectId: inProject(),
    modelId: uuid('model_id')
      .notNull()
      .references(() => models.id, { onDelete: 'cascade' }),
    kind: text('kind').$type<'tags' | 'metadata' | 'metrics'>().notNull(),
    key: text('key').notNull(),
    text: text('text'),
    number: doublePrecision('number'),
  },
  (table) => [
    primaryKey({ columns: [table.modelId, table.kind, table.key] }),
    index('model_facts_text').on(table.projectId, table.kind, table.key, table.text, table.modelId),
    index('model_facts_number').on(table.projectId, table.kind, table.key, table.number, table.modelId),
  ],
)

export const modelVersions = pgTable(
  'model_versions',
  {
    id: ownId(),
    projectId: inProject(),
    modelId: uuid('model_id')
      .notNull()
      .references(() => models.id, { onDelete: 'cascade' }),
    version: integer('version').notNull(),
    status: text('status').$type<VersionStatus>().notNull(),
    statusMessage: text('status_message'),
    format: text('format'),
    sizeBytes: bigint('size_bytes', { mode: 'number' }).notNull().default(0),
    signature: jsonb('signature').$type<Signature>(),
    metrics: jsonb('metrics').$type<Record<string, number | null>>().notNull().default({}),
    parity: jsonb('parity').$type<Parity>(),
    lineage: jsonb('lineage').$type<Lineage>().notNull(),
    task: text('task'),
    createdBy: byUser(),
    createdAt: createdAt(),
  },
  (table) => [uniqueIndex('model_versions_number').on(table.modelId, table.version.desc())],
)

export const versionFiles = pgTable(
  'version_files',
  {
    versionId: uuid('version_id')
      .notNull()
      .references(() => modelVersions.id, { onDelete: 'cascade' }),
    path: text('path').notNull(),
    uploadId: uuid('upload_id').references(() => uploads.id),
    sha256: text('sha256').references(() => artifacts.sha256),
    sizeBytes: bigint('size_bytes', { mode: 'number' }).notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.versionId, table.path] }),
    index('version_files_upload').on(table.uploadId),
    index('version_files_sha256').on(table.sha256),
  ],
)

export const modelAliases = pgTable(
  'model_aliases',
  {
    modelId: uuid('model_id')
      .notNull()
      .references(() => models.id, { onDelete: 'cascade' }),
    alias: text('alias').notNull(),
    version: integer('version').notNull(),
    updatedAt: updatedAt(),
  },
  (table) => [primaryKey({ columns: [table.modelId, table.alias] })],
)

export const modelAliasMoves = pgTable(
  'model_alias_moves',
  {
    id: ownId(),
    modelId: uuid('model_id')
      .notNull()
      .references(() => models.id, { onDelete: 'cascade' }),
    alias: text('alias').notNull(),
    fromVersion: integer('from_version'),
    toVersion: integer('to_version'),
    reason: text('reason'),
    movedBy: uuid('moved_by').references(() => users.id),
    movedAt: time('moved_at').notNull().defaultNow(),
  },
  (table) => [index('model_alias_moves_model').on(table.modelId, table.id.desc())],
)

export const datasets = pgTable(
  'datasets',
  {
    id: ownId(),
    projectId: inProject(),
    name: text('name').notNull(),
    description: text('description').notNull().default(''),
    latestVersion: integer('latest_version').notNull().default(0),
    createdBy: byUser(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    uniqueIndex('datasets_name').on(table.projectId, table.name),
    index('datasets_updated').on(table.projectId, table.updatedAt.desc(), table.id.desc()),
    index('datasets_search').using('gin', sql`${table.name} gin_trgm_ops`),
  ],
)

export const datasetVersions = pgTable(
  'dataset_versions',
  {
    id: ownId(),
    projectId: inProject(),
    datasetId: uuid('dataset_id')
      .notNull()
      .references(() => datasets.id, { onDelete: 'cascade' }),
    version: integer('version').notNull(),
    status: text('status').$type<VersionStatus>().notNull(),
    reason: text('reason'),
    format: text('format').$type<ArtifactFormat>(),
    rows: bigint('rows', { mode: 'number' }),
    sizeBytes: bigint('size_bytes', { mode: 'number' }).notNull().default(0),
    /** SHA-256 over the files' digests in order. */
    digest: text('digest'),
    columns: jsonb('columns').$type<Column[]>().notNull().default([]),
    preview: jsonb('preview').$type<(string | null)[][]>().notNull().default([]),
    createdBy: byUser(),
    createdAt: createdAt(),
  },
  (table) => [uniqueIndex('dataset_versions_number').on(table.datasetId, table.version.desc())],
)

export const datasetFiles = pgTable(
  'dataset_files',
  {
    datasetVersionId: uuid('dataset_version_id')
      .notNull()
      .references(() => datasetVersions.id, { onDelete: 'cascade' }),
    position: integer('position').notNull(),
    path: text('path').notNull(),
    uploadId: uuid('upload_id').references(() => uploads.id),
    sha256: text('sha256').references(() => artifacts.sha256),
    sizeBytes: bigint('size_bytes', { mode: 'number' }).notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.datasetVersionId, table.path] }),
    index('dataset_files_upload').on(table.uploadId),
    index('dataset_files_sha256').on(table.sha256),
  ],
)

export const trainingJobs = pgTable(
  'training_jobs',
  {
    id: ownId(),
    projectId: inProject(),
    name: text('name').notNull(),
    recipe: text('recipe').$type<RecipeName>().notNull(),
    status: text('status').$type<JobStatus>().notNull(),
    reason: text('reason'),
    /** The request as it was accepted. */
    spec: jsonb('spec').$type<CreateJob>().notNull(),
    device: text('device').$type<'auto' | 'cpu' | 'cuda'>().notNull(),
    datasetVersionId: uuid('dataset_version_id')
      .notNull()
      .references(() => datasetVersions.id),
    baseVersionId: uuid('base_version_id').references(() => modelVersions.id, { onDelete: 'set null' }),
    modelName: text('model_name').notNull(),
    modelId: uuid('model_id').references(() => models.id, { onDelete: 'set null' }),
    modelVersionId: uuid('model_version_id').references(() => modelVersions.id, { onDelete: 'set null' }),
    version: integer('version'),
    progress: real('progress').notNull().default(0),
    step: integer('step').notNull().default(0),
    etaSeconds: real('eta_seconds'),
    metrics: jsonb('metrics').$type<Record<string, number | null>>().notNull().default({}),
    errorCode: text('error_code').$type<JobErrorCode>(),
    errorMessage: text('error_message'),
    /** The fencing token: each claim raises it, and a call with an older one is refused. */
    attempt: integer('attempt').notNull().default(0),
    leaseUntil: time('lease_until'),
    runtimeId: uuid('runtime_id'),
    cancelRequestedAt: time('cancel_requested_at'),
    lastSeq: bigint('last_seq', { mode: 'number' }).notNull().default(0),
    correlationId: text('correlation_id').notNull(),
    createdBy: byUser(),
    createdAt: createdAt(),
    startedAt: time('started_at'),
    finishedAt: time('finished_at'),
  },
  (table) => [
    index('training_jobs_created').on(table.projectId, table.createdAt.desc(), table.id.desc()),
    index('training_jobs_active').on(table.status, table.leaseUntil).where(sql`${table.status} in ('queued', 'running')`),
    index('training_jobs_dataset').on(table.datasetVersionId),
  ],
)

export const trainingEvents = pgTable(
  'training_events',
  {
    jobId: uuid('job_id')
      .notNull()
      .references(() => trainingJobs.id, { onDelete: 'cascade' }),
    seq: bigint('seq', { mode: 'number' }).notNull(),
    attempt: integer('attempt').notNull(),
    /** The agent's own number within the attempt; null for what the server itself says. */
    n: integer('n'),
    at: time('at').notNull(),
    type: text('type').notNull(),
    body: jsonb('body').$type<EventBody>().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.jobId, table.seq] }),
    uniqueIndex('training_events_once').on(table.jobId, table.attempt, table.n),
    index('training_events_metrics').on(table.jobId, table.seq).where(sql`${table.type} = 'metric'`),
  ],
)

export const checkpoints = pgTable(
  'checkpoints',
  {
    jobId: uuid('job_id')
      .notNull()
      .references(() => trainingJobs.id, { onDelete: 'cascade' }),
    attempt: integer('attempt').notNull(),
    step: integer('step').notNull(),
    sha256: text('sha256')
      .notNull()
      .references(() => artifacts.sha256),
    sizeBytes: bigint('size_bytes', { mode: 'number' }).notNull(),
    createdAt: createdAt(),
  },
  (table) => [primaryKey({ columns: [table.jobId, table.attempt, table.step] })],
)

export const runtimes = pgTable(
  'runtimes',
  {
    id: ownId(),
    kind: text('kind').$type<RuntimeKind>().notNull(),
    name: text('name').notNull(),
    version: text('version').notNull(),
    url: text('url'),
    credentialHash: bytea('credential_hash').notNull().unique(),
    bootId: uuid('boot_id'),
    devices: jsonb('devices').$type<DeviceInfo[]>().notNull().default([]),
    capacity: integer('capacity').notNull().default(1),
    running: integer('running').notNull().default(0),
    isDraining: boolean('is_draining').notNull().default(false),
    lastHeartbeatAt: time('last_heartbeat_at'),
    removedAt: time('removed_at'),
    createdAt: createdAt(),
  },
  (table) => [uniqueIndex('runtimes_name').on(table.kind, table.name)],
)

export const deployments = pgTable(
  'deployments',
  {
    id: ownId(),
    projectId: inProject(),
    name: text('name').notNull(),
    modelId: uuid('model_id')
      .notNull()
      .references(() => models.id),
    status: text('status').$type<DeploymentStatus>().notNull(),
    reason: text('reason'),
    replicas: smallint('replicas').notNull().default(1),
    device: text('device').$type<'auto' | 'cpu' | 'cuda'>().notNull().default('auto'),
    /** Raised by each change of the desired state. */
    revision: integer('revision').notNull().default(1),
    createdBy: byUser(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    stoppedAt: time('stopped_at'),
  },
  (table) => [
    uniqueIndex('deployments_name').on(table.name).where(sql`${table.status} <> 'stopped'`),
    index('deployments_created').on(table.projectId, table.createdAt.desc(), table.id.desc()),
    index('deployments_model').on(table.modelId),
  ],
)

export const deploymentTargets = pgTable(
  'deployment_targets',
  {
    deploymentId: uuid('deployment_id')
      .notNull()
      .references(() => deployments.id, { onDelete: 'cascade' }),
    versionId: uuid('version_id')
      .notNull()
      .references(() => modelVersions.id),
    weight: smallint('weight').notNull(),
  },
  (table) => [primaryKey({ columns: [table.deploymentId, table.versionId] }), index('deployment_targets_version').on(table.versionId)],
)

/** How far each target is on each runtime, as that runtime last said. */
export const deploymentReplicas = pgTable(
  'deployment_replicas',
  {
    deploymentId: uuid('deployment_id')
      .notNull()
      .references(() => deployments.id, { onDelete: 'cascade' }),
    versionId: uuid('version_id')
      .notNull()
      .references(() => modelVersions.id, { onDelete: 'cascade' }),
    runtimeId: uuid('runtime_id')
      .notNull()
      .references(() => runtimes.id, { onDelete: 'cascade' }),
    state: text('state').$type<'loading' | 'ready' | 'failed'>().notNull(),
    progress: real('progress'),
    readyReplicas: smallint('ready_replicas').notNull().default(0),
    reasonCode: text('reason_code'),
    reason: text('reason'),
    parity: jsonb('parity').$type<Parity>(),
    updatedAt: updatedAt(),
  },
  (table) => [primaryKey({ columns: [table.deploymentId, table.versionId, table.runtimeId] })],
)

/** Cumulative figures of one boot of one runtime; a report sent again replaces itself. */
export const performanceMetrics = pgTable(
  'performance_metrics',
  {
    deploymentId: uuid('deployment_id')
      .notNull()
      .references(() => deployments.id, { onDelete: 'cascade' }),
    minute: time('minute').notNull(),
    versionId: uuid('version_id').notNull(),
    version: integer('version').notNull(),
    runtimeId: uuid('runtime_id').notNull(),
    bootId: uuid('boot_id').notNull(),
    requests: bigint('requests', { mode: 'number' }).notNull(),
    errors: bigint('errors', { mode: 'number' }).notNull(),
    latencyCounts: integer('latency_counts').array().notNull(),
    queueCounts: integer('queue_counts').array().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.deploymentId, table.minute, table.versionId, table.runtimeId, table.bootId] }),
    index('performance_metrics_minute').on(table.minute),
  ],
)

export const auditEvents = pgTable(
  'audit_events',
  {
    id: ownId(),
    at: time('at').notNull().defaultNow(),
    projectId: uuid('project_id'),
    userId: uuid('user_id'),
    apiKeyId: uuid('api_key_id'),
    runtimeId: uuid('runtime_id'),
    address: text('address'),
    action: text('action').notNull(),
    targetType: text('target_type').notNull(),
    targetId: text('target_id').notNull(),
    before: jsonb('before').$type<Record<string, unknown>>(),
    after: jsonb('after').$type<Record<string, unknown>>(),
    correlationId: text('correlation_id'),
  },
  (table) => [
    index('audit_events_project').on(table.projectId, table.id.desc()),
    index('audit_events_target').on(table.targetType, table.targetId, table.id.desc()),
  ],
)
