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
import type { Action, KeyScope, Permission, ProjectRole, Role } from '#src/contracts/access.ts'
import type { AuditSource } from '#src/contracts/audit.ts'
import type { Column } from '#src/contracts/dataset.ts'
import type { AlertFigure, AlertSeverity, AlertStatus } from '#src/contracts/alert.ts'
import type { ChannelEvent, ChannelKind } from '#src/contracts/channel.ts'
import type { DeploymentStatus, TrafficKind, TrafficTarget } from '#src/contracts/deployment.ts'
import type { ModelHealth, SwitchStatus, SwitchStep } from '#src/contracts/performance.ts'
import type { OutboxKind, OutboxStatus } from '#src/contracts/relaycore.ts'
import type { External, ExternalState } from '#src/contracts/external.ts'
import type { Parity } from '#src/contracts/manifest.ts'
import type { Lineage, VersionStatus } from '#src/contracts/model.ts'
import type { DeviceInfo, RuntimeKind } from '#src/contracts/runtime.ts'
import type { Signature } from '#src/contracts/signature.ts'
import type { CreateJob, EventBody, JobErrorCode, JobStatus, RecipeName } from '#src/contracts/training.ts'
import type { ArtifactFormat, UploadStatus } from '#src/contracts/upload.ts'

const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' })
/** A transaction's number, which never wraps. */
const xid8 = customType<{ data: string }>({ dataType: () => 'xid8' })
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
  /** A service account has keys and no password; a person may have either. */
  kind: text('kind').$type<'person' | 'service'>().notNull().default('person'),
  /** Where the account came from: made here, seen first in a unified token, or at the identity provider. */
  origin: text('origin').$type<'local' | 'token' | 'oidc'>().notNull().default('local'),
  role: text('role').$type<Role>().notNull(),
  /** What an admin allows at most, whatever a token or the identity provider says; null when no one has said. */
  roleCeiling: text('role_ceiling').$type<Role>(),
  /** Rights of the newest token that was seen, and when that was issued; null for accounts that no token has named. */
  tokenPermissions: jsonb('token_permissions').$type<Permission[]>(),
  tokenIssuedAt: time('token_issued_at'),
  mustChangePassword: boolean('must_change_password').notNull().default(false),
  isDisabled: boolean('is_disabled').notNull().default(false),
  /** A session that began under an older number has ended: sign-out everywhere, password change. */
  sessionEpoch: integer('session_epoch').notNull().default(0),
  lastSignInAt: time('last_sign_in_at'),
  createdAt: createdAt(),
})

/** A browser session: the cookie names it, and it ends when its row says so. */
export const sessions = pgTable(
  'sessions',
  {
    id: ownId(),
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    origin: text('origin').$type<'local' | 'token' | 'oidc'>().notNull(),
    address: text('address'),
    userAgent: text('user_agent'),
    /** The token that the session began with, sealed: it is verified again every few minutes. */
    sealedToken: text('sealed_token'),
    checkedAt: time('checked_at').notNull().defaultNow(),
    lastSeenAt: time('last_seen_at').notNull().defaultNow(),
    expiresAt: time('expires_at').notNull(),
    revokedAt: time('revoked_at'),
    createdAt: createdAt(),
  },
  (table) => [index('sessions_user').on(table.userId, table.createdAt.desc())],
)

/** Failed tries to sign in by the digest of the e-mail that was given, whether or not it is anybody's. */
export const signInFailures = pgTable('sign_in_failures', {
  emailHash: bytea('email_hash').primaryKey(),
  failures: integer('failures').notNull(),
  lockedUntil: time('locked_until'),
  lastAt: time('last_at').notNull().defaultNow(),
})

export const projects = pgTable('projects', {
  id: ownId(),
  name: text('name').notNull().unique(),
  description: text('description').notNull().default(''),
  /** Seen by its members and the installation's admins alone. */
  isPrivate: boolean('is_private').notNull().default(false),
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
  /** What the key may do within its scope; null for everything. */
  actions: jsonb('actions').$type<Action[]>(),
  /** Names of the deployments that it may call; null for all. */
  deployments: jsonb('deployments').$type<string[]>(),
  rateLimitPerMinute: integer('rate_limit_per_minute'),
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
    /** In the currency that the team counts in. */
    costPerToken: doublePrecision('cost_per_token'),
    costPerRequest: doublePrecision('cost_per_request'),
    maxTokens: integer('max_tokens'),
    capabilities: jsonb('capabilities').$type<string[]>().notNull().default([]),
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
    /** An OpenAI-compatible server that this version stands for, instead of files; its key is sealed. */
    external: jsonb('external').$type<External>(),
    sealedKey: text('sealed_key'),
    /** What the last probe of the server found. */
    externalState: text('external_state').$type<ExternalState>(),
    externalReason: text('external_reason'),
    /** Probes that failed one after another: the next one waits longer. */
    externalFailures: integer('external_failures').notNull().default(0),
    externalCheckedAt: time('external_checked_at'),
    createdBy: byUser(),
    createdAt: createdAt(),
  },
  (table) => [
    uniqueIndex('model_versions_number').on(table.modelId, table.version.desc()),
    index('model_versions_external').on(table.externalCheckedAt).where(sql`${table.external} is not null`),
  ],
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
    /** The trace that the request which asked for it belongs to, as W3C Trace Context writes it. */
    traceparent: text('traceparent'),
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
    /** Where web reaches it, when that is another address than callers use. */
    internalUrl: text('internal_url'),
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
    /** Of the call that set its targets last, until it is ready or has failed with them. */
    correlationId: text('correlation_id'),
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

/** Every change of a deployment's targets; models and versions by what they were called then, since either may be deleted. */
export const deploymentTraffic = pgTable(
  'deployment_traffic',
  {
    id: ownId(),
    deploymentId: uuid('deployment_id')
      .notNull()
      .references(() => deployments.id, { onDelete: 'cascade' }),
    at: time('at').notNull().default(sql`clock_timestamp()`),
    kind: text('kind').$type<TrafficKind>().notNull(),
    /** Empty once it is stopped. */
    targets: jsonb('targets').$type<TrafficTarget[]>().notNull(),
    reason: text('reason'),
    /** Null when the installation moved it by itself. */
    createdBy: byUser(),
  },
  (table) => [index('deployment_traffic_at').on(table.deploymentId, table.at.desc())],
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

/** What happened, for ever: a trigger refuses to change or delete a row (`drizzle/0002_trust_rules.sql`). Names are kept as they were. */
export const auditEvents = pgTable(
  'audit_events',
  {
    id: ownId(),
    at: time('at').notNull().defaultNow(),
    projectId: uuid('project_id'),
    userId: uuid('user_id'),
    apiKeyId: uuid('api_key_id'),
    runtimeId: uuid('runtime_id'),
    /** E-mail of the person or name of the runtime; null when the installation itself acted. */
    actorName: text('actor_name'),
    /** Name and first characters of the key that was used. */
    apiKeyName: text('api_key_name'),
    address: text('address'),
    source: text('source').$type<AuditSource>().notNull().default('system'),
    action: text('action').notNull(),
    targetType: text('target_type').notNull(),
    targetId: text('target_id').notNull(),
    targetName: text('target_name'),
    before: jsonb('before').$type<Record<string, unknown>>(),
    after: jsonb('after').$type<Record<string, unknown>>(),
    correlationId: text('correlation_id'),
    /** The transaction that wrote the row: seals follow this order. */
    transactionId: xid8('transaction_id').notNull().default(sql`pg_current_xact_id()`),
  },
  (table) => [
    index('audit_events_at').on(table.at, table.id),
    index('audit_events_project').on(table.projectId, table.at, table.id),
    index('audit_events_target').on(table.targetId, table.at, table.id),
    index('audit_events_user').on(table.userId, table.at, table.id),
    index('audit_events_correlation').on(table.correlationId),
  ],
)

/** Entries that wait for their seal; a trigger on `audit_events` fills it, the worker empties it. */
export const auditPending = pgTable(
  'audit_pending',
  { transactionId: xid8('transaction_id').notNull(), eventId: uuid('event_id').notNull() },
  (table) => [primaryKey({ columns: [table.transactionId, table.eventId] })],
)

/** The chain over the entries: each hash covers the one before and its entry. Append-only by the same trigger. */
export const auditSeals = pgTable('audit_seals', {
  seq: bigint('seq', { mode: 'number' }).primaryKey(),
  eventId: uuid('event_id').notNull().unique('audit_seals_event'),
  previous: bytea('previous').notNull(),
  hash: bytea('hash').notNull(),
  sealedAt: time('sealed_at').notNull().defaultNow(),
})

/** What a router or a judge found of a model's quality; the model's own figures are in `performance_metrics`. */
export const qualityReports = pgTable(
  'quality_reports',
  {
    id: ownId(),
    modelId: uuid('model_id')
      .notNull()
      .references(() => models.id, { onDelete: 'cascade' }),
    at: time('at').notNull().defaultNow(),
    accuracyScore: doublePrecision('accuracy_score'),
    latencyMs: doublePrecision('latency_ms'),
    throughputRps: doublePrecision('throughput_rps'),
    costPerRequest: doublePrecision('cost_per_request'),
    reportedBy: uuid('reported_by').references(() => users.id),
  },
  (table) => [index('quality_reports_model').on(table.modelId, table.at.desc())],
)

/** What a model must keep to, and how it does. */
export const modelThresholds = pgTable('model_thresholds', {
  modelId: uuid('model_id')
    .primaryKey()
    .references(() => models.id, { onDelete: 'cascade' }),
  minAccuracy: doublePrecision('min_accuracy'),
  maxLatencyMs: doublePrecision('max_latency_ms'),
  minThroughputRps: doublePrecision('min_throughput_rps'),
  maxCostPerRequest: doublePrecision('max_cost_per_request'),
  windowMinutes: integer('window_minutes').notNull().default(10),
  minRequests: integer('min_requests').notNull().default(50),
  /** Whether a degraded model is switched to its best healthy backup by itself. */
  autoSwitch: boolean('auto_switch').notNull().default(true),
  health: text('health').$type<ModelHealth>().notNull().default('unknown'),
  healthReason: text('health_reason'),
  healthAt: time('health_at'),
  updatedAt: updatedAt(),
})

/** Models that may stand in for another, the preferred one first. */
export const modelBackups = pgTable(
  'model_backups',
  {
    modelId: uuid('model_id')
      .notNull()
      .references(() => models.id, { onDelete: 'cascade' }),
    backupModelId: uuid('backup_model_id')
      .notNull()
      .references(() => models.id, { onDelete: 'cascade' }),
    position: integer('position').notNull(),
  },
  (table) => [primaryKey({ columns: [table.modelId, table.backupModelId] })],
)

/** A move of a model's deployments to another model: at once, or by weights that rise in steps. */
export const modelSwitches = pgTable(
  'model_switches',
  {
    id: ownId(),
    projectId: inProject(),
    modelId: uuid('model_id')
      .notNull()
      .references(() => models.id, { onDelete: 'cascade' }),
    targetModelId: uuid('target_model_id')
      .notNull()
      .references(() => models.id, { onDelete: 'cascade' }),
    targetVersionId: uuid('target_version_id').notNull(),
    type: text('type').$type<'immediate' | 'gradual'>().notNull(),
    /** The worker's own move, or one that was asked for. */
    isAutomatic: boolean('is_automatic').notNull().default(false),
    reason: text('reason').notNull(),
    status: text('status').$type<SwitchStatus>().notNull(),
    /** The targets of each deployment before the first step, to go back to. */
    before: jsonb('before').$type<{ deploymentId: string; targets: { versionId: string; weight: number }[] }[]>().notNull(),
    /** Percent of the new version at each step, and when it was reached. */
    steps: jsonb('steps').$type<SwitchStep[]>().notNull(),
    step: integer('step').notNull().default(0),
    durationSeconds: integer('duration_seconds').notNull(),
    nextAt: time('next_at'),
    message: text('message'),
    correlationId: text('correlation_id').notNull(),
    createdBy: byUser(),
    createdAt: createdAt(),
    finishedAt: time('finished_at'),
  },
  (table) => [
    index('model_switches_model').on(table.modelId, table.createdAt.desc()),
    index('model_switches_moving').on(table.nextAt).where(sql`${table.status} = 'moving'`),
  ],
)

/** What RelayCore must be told, in order for each model. */
export const relaycoreOutbox = pgTable(
  'relaycore_outbox',
  {
    seq: bigint('seq', { mode: 'number' }).generatedAlwaysAsIdentity().primaryKey(),
    /** Null for what concerns the provider itself. No reference: a model's end is told after its row is gone. */
    modelId: uuid('model_id'),
    modelName: text('model_name'),
    kind: text('kind').$type<OutboxKind>().notNull(),
    payload: jsonb('payload').$type<Record<string, unknown>>().notNull(),
    status: text('status').$type<OutboxStatus>().notNull().default('waiting'),
    attempts: integer('attempts').notNull().default(0),
    nextAt: time('next_at').notNull().defaultNow(),
    /** Until then a worker holds it and waits for the answer; a worker that died delays it by no more. */
    heldUntil: time('held_until'),
    lastError: text('last_error'),
    correlationId: text('correlation_id').notNull(),
    createdAt: createdAt(),
    deliveredAt: time('delivered_at'),
  },
  (table) => [
    index('relaycore_outbox_waiting').on(table.modelId, table.seq).where(sql`${table.status} = 'waiting'`),
    index('relaycore_outbox_created').on(table.createdAt.desc()),
  ],
)

/** The state of the link to RelayCore: one row. */
export const relaycoreLink = pgTable('relaycore_link', {
  id: smallint('id').primaryKey(),
  url: text('url').notNull(),
  isUp: boolean('is_up').notNull(),
  since: time('since').notNull().defaultNow(),
  lastError: text('last_error'),
  checkedAt: time('checked_at').notNull().defaultNow(),
  registeredAt: time('registered_at'),
  /** Version and endpoint that were registered: another one is registered anew. */
  registeredAs: text('registered_as'),
})

export const channels = pgTable(
  'channels',
  {
    id: ownId(),
    projectId: inProject(),
    name: text('name').notNull(),
    kind: text('kind').$type<ChannelKind>().notNull(),
    /** Where it leads, in a form that may be shown: an address without its path's secret, or e-mail addresses. */
    target: text('target').notNull(),
    sealedTarget: text('sealed_target').notNull(),
    sealedSecret: text('sealed_secret'),
    events: jsonb('events').$type<ChannelEvent[]>().notNull(),
    isEnabled: boolean('is_enabled').notNull().default(true),
    failingSince: time('failing_since'),
    disabledReason: text('disabled_reason'),
    createdBy: byUser(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [uniqueIndex('channels_name').on(table.projectId, table.name)],
)

export const channelDeliveries = pgTable(
  'channel_deliveries',
  {
    id: ownId(),
    channelId: uuid('channel_id')
      .notNull()
      .references(() => channels.id, { onDelete: 'cascade' }),
    event: text('event').$type<ChannelEvent | 'test'>().notNull(),
    payload: jsonb('payload').$type<Record<string, unknown>>().notNull(),
    status: text('status').$type<'waiting' | 'delivered' | 'failed'>().notNull().default('waiting'),
    attempts: integer('attempts').notNull().default(0),
    nextAt: time('next_at').notNull().defaultNow(),
    answerStatus: integer('answer_status'),
    answer: text('answer'),
    error: text('error'),
    durationMs: integer('duration_ms'),
    replayOf: uuid('replay_of'),
    correlationId: text('correlation_id'),
    createdAt: createdAt(),
    deliveredAt: time('delivered_at'),
  },
  (table) => [
    index('channel_deliveries_waiting').on(table.nextAt).where(sql`${table.status} = 'waiting'`),
    index('channel_deliveries_channel').on(table.channelId, table.createdAt.desc(), table.id.desc()),
  ],
)

export const alertRules = pgTable(
  'alert_rules',
  {
    id: ownId(),
    projectId: inProject(),
    name: text('name').notNull(),
    figure: text('figure').$type<AlertFigure>().notNull(),
    /** One deployment, or each of one model; with neither, each of the project. */
    deploymentId: uuid('deployment_id').references(() => deployments.id, { onDelete: 'cascade' }),
    modelId: uuid('model_id').references(() => models.id, { onDelete: 'cascade' }),
    warning: doublePrecision('warning'),
    critical: doublePrecision('critical'),
    windowMinutes: integer('window_minutes').notNull(),
    minRequests: integer('min_requests').notNull(),
    /** How long a breach must last before it fires. */
    forMinutes: integer('for_minutes').notNull().default(0),
    cooldownMinutes: integer('cooldown_minutes').notNull(),
    channelIds: jsonb('channel_ids').$type<string[]>().notNull().default([]),
    isEnabled: boolean('is_enabled').notNull().default(true),
    mutedUntil: time('muted_until'),
    createdBy: byUser(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [uniqueIndex('alert_rules_name').on(table.projectId, table.name)],
)

export const alerts = pgTable(
  'alerts',
  {
    id: ownId(),
    projectId: inProject(),
    ruleId: uuid('rule_id')
      .notNull()
      .references(() => alertRules.id, { onDelete: 'cascade' }),
    /** What it is about: a deployment, a runtime, or with neither the installation itself. */
    deploymentId: uuid('deployment_id').references(() => deployments.id, { onDelete: 'cascade' }),
    runtimeId: uuid('runtime_id').references(() => runtimes.id, { onDelete: 'cascade' }),
    severity: text('severity').$type<AlertSeverity>().notNull(),
    status: text('status').$type<AlertStatus>().notNull(),
    /** The figure when it fired, at its worst, and now. */
    value: doublePrecision('value'),
    worst: doublePrecision('worst'),
    lastValue: doublePrecision('last_value'),
    threshold: doublePrecision('threshold').notNull(),
    message: text('message').notNull(),
    note: text('note'),
    firedAt: time('fired_at').notNull().defaultNow(),
    acknowledgedAt: time('acknowledged_at'),
    acknowledgedBy: uuid('acknowledged_by').references(() => users.id),
    resolvedAt: time('resolved_at'),
    resolvedBy: uuid('resolved_by').references(() => users.id),
    notifiedAt: time('notified_at'),
  },
  (table) => [
    uniqueIndex('alerts_open')
      .on(table.ruleId, sql`coalesce(${table.deploymentId}, ${table.runtimeId}, ${table.ruleId})`)
      .where(sql`${table.status} <> 'resolved'`),
    index('alerts_project').on(table.projectId, table.firedAt.desc(), table.id.desc()),
  ],
)

/** The answer to a creating call that named an Idempotency-Key, kept for a day. */
export const idempotencyKeys = pgTable(
  'idempotency_keys',
  {
    /** Who called: by which credential, in which project, with which rights. */
    subject: text('subject').notNull(),
    route: text('route').notNull(),
    key: text('key').notNull(),
    requestHash: bytea('request_hash').notNull(),
    status: integer('status'),
    body: text('body'),
    /** Until then a call without an answer counts as under way; afterwards it was cut off, and may be made again if it changed nothing. */
    lockedUntil: time('locked_until').notNull(),
    /** Written in the change's own transaction: from then on the call is not made again, answer or not. */
    changedAt: time('changed_at'),
    createdAt: createdAt(),
  },
  (table) => [primaryKey({ columns: [table.subject, table.route, table.key] }), index('idempotency_keys_created').on(table.createdAt)],
)

/** Settings that an admin changes while everything runs. */
export const installationSettings = pgTable('installation_settings', {
  key: text('key').primaryKey(),
  value: jsonb('value').$type<unknown>().notNull(),
  updatedBy: byUser(),
  updatedAt: updatedAt(),
})
