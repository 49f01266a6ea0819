/**
 * The protocol between web and the runtimes, under `/api/runtime/v1`, JSON in snake_case.
 * A runtime enrols with RUNTIME_TOKEN and from then on shows its own credential as a Bearer token.
 */
import { z } from 'zod'
import { filePath, id, sha256, text } from './common.ts'
import { bucketCount } from './latency.ts'
import { parity } from './manifest.ts'
import { signature } from './signature.ts'
import { columnRoles, eventBody, jobError, recipeName } from './training.ts'

export const protocolVersion = 1

/** The oldest runtime that this server works with: raised when runtimes must know something new. */
export const minimumRuntimeVersion = '0.1.0'

const numbersOf = (version: string) => (/^(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1) ?? [0, 0, 0]).map(Number)

/** Compares `major.minor.patch`; what is not of that form counts as older than everything. */
export function isOlderVersion(version: string, than: string): boolean {
  const [ours, theirs] = [numbersOf(version), numbersOf(than)]
  const at = ours.findIndex((number, index) => number !== theirs[index])
  return at >= 0 && (ours[at] ?? 0) < (theirs[at] ?? 0)
}

export const runtimeKind = z.enum(['training', 'inference'])
export type RuntimeKind = z.infer<typeof runtimeKind>

export const deviceInfo = z.object({
  kind: z.enum(['cpu', 'cuda']),
  index: z.number().int().min(0),
  name: text(200),
  uuid: text(100).optional(),
  memory_bytes: z.number().int().optional(),
  memory_used_bytes: z.number().int().optional(),
  /** Share of the device in use, 0..1, when it is known. */
  load: z.number().min(0).max(1).optional(),
})
export type DeviceInfo = z.infer<typeof deviceInfo>

/** How long a runtime may be silent until its name is free for another one, and the page says that it is silent. */
export const runtimeSilentMs = 15_000

/**
 * SHA-256 in hex of the credential that a runtime was given last: the proof that it is the one that has the name. Each enrolment
 * gives another credential, so that of two machines with a copy of one only one can show it.
 */
const previousCredential = sha256.nullable().default(null)

/** GET /enrol?kind=&name=, with RUNTIME_TOKEN as the Bearer token: what whoever wants to join should know first. */
export const joinQuery = z.object({ kind: runtimeKind, name: text(100).min(1), previous_credential_sha256: previousCredential })
export const joinInfo = z.object({
  version: z.string(),
  protocol: z.number().int(),
  minimum_version: z.string(),
  /** A runtime of that kind and name is heard of at present. */
  is_live: z.boolean(),
  /** Why whoever asks would not be taken under that name now: another runtime has it. */
  name_taken: z.string().nullable().default(null),
})

/** `GET /dist/runtime.json` on web: the archive with the runtimes' own programs, which a joining machine unpacks. */
export const runtimeArchive = z.object({ version: z.string(), file: z.string(), sha256, size_bytes: z.number().int() })

/**
 * POST /enrol, with RUNTIME_TOKEN as the Bearer token. The same kind and name again replaces the credential: at once for the runtime
 * that has it, which shows the credential before or the same boot id, and for another one when that has been silent long enough.
 */
export const enrolRequest = z.object({
  kind: runtimeKind,
  name: text(100).min(1),
  version: text(50),
  protocol: z.number().int(),
  boot_id: id,
  devices: z.array(deviceInfo).max(256),
  /** How many jobs or replicas it takes at once. */
  capacity: z.number().int().min(1).max(10_000),
  /** Inference: the origin at which callers reach it, for example `http://127.0.0.1:3001`. */
  url: z
    .url({ protocol: /^https?$/ })
    .nullable()
    .default(null),
  /** Inference: the origin at which web reaches it, where that is another one. */
  internal_url: z
    .url({ protocol: /^https?$/ })
    .nullable()
    .default(null),
  previous_credential_sha256: previousCredential,
})
export const enrolResponse = z.object({ runtime_id: z.string(), credential: z.string(), heartbeat_ms: z.number().int() })

/**
 * 409 at POST /enrol while another runtime has the name, with Retry-After: to be asked again then, and told once. A 409 without such a
 * detail, and a 403, are final for this process.
 */
export const enrolNameTaken = z.object({
  error: z.object({
    code: z.literal('conflict'),
    message: z.string(),
    details: z.array(z.object({ path: z.literal('name'), message: z.string() })).min(1),
  }),
})

/** Figures of one deployment, version and minute, cumulative for this boot: a report sent twice counts once. */
export const metricReport = z.object({
  deployment_id: id,
  version_id: id,
  minute: z.iso.datetime(),
  requests: z.number().int().min(0),
  errors: z.number().int().min(0),
  latency_counts: z.array(z.number().int().min(0)).length(bucketCount),
  queue_counts: z.array(z.number().int().min(0)).length(bucketCount),
})
export type MetricReport = z.infer<typeof metricReport>

/** How far one target of a deployment is on this runtime. */
export const replicaReport = z.object({
  deployment_id: id,
  version_id: id,
  state: z.enum(['loading', 'ready', 'failed']),
  /** loading: 0..1 when known. */
  progress: z.number().min(0).max(1).nullable().default(null),
  ready_replicas: z.number().int().min(0),
  /** failed: `parity`, `load`, `memory`, `crash`, `download`, `unsupported` or `resource_unavailable`. */
  reason_code: text(50).nullable().default(null),
  reason: text(2000).nullable().default(null),
  parity: parity.nullable().default(null),
})
export type ReplicaReport = z.infer<typeof replicaReport>

/** POST /heartbeat, every `heartbeat_ms`. 401: the credential is unknown or revoked, enrol again. */
export const heartbeatRequest = z.object({
  boot_id: id,
  devices: z.array(deviceInfo).max(256),
  running: z.number().int().min(0),
  /** How many it takes at once, where that can change: a runtime may come back with another number of GPUs. */
  capacity: z.number().int().min(1).max(10_000).optional(),
  metrics: z.array(metricReport).max(5000).default([]),
  /** Inference: every replica it knows of, so that a lost report is made good by the next. */
  replicas: z.array(replicaReport).max(5000).default([]),
})
export const heartbeatResponse = z.object({ server_time: z.string(), is_draining: z.boolean() })

export const fileRef = z.object({ path: filePath, sha256, size_bytes: z.number().int() })
export type FileRef = z.infer<typeof fileRef>

/** POST /training/claim: waits up to `wait_ms` for a job for one of these devices, which are free; 204 when none came. */
export const claimRequest = z.object({
  boot_id: id,
  devices: z
    .array(z.enum(['cpu', 'cuda']))
    .min(1)
    .max(2),
  /** Whether it takes jobs that run on either: a machine's processor leaves them to its GPUs while one is free. */
  auto: z.boolean().default(true),
  wait_ms: z.number().int().min(0).max(25_000).default(25_000),
})
export const claimResponse = z.object({
  job_id: z.string(),
  /** The fencing token: every later call carries it, and a call with an older one gets 409. */
  attempt: z.number().int(),
  correlation_id: z.string(),
  /** The trace that this job is part of, as W3C Trace Context writes it. */
  traceparent: z.string().nullish(),
  lease_ms: z.number().int(),
  heartbeat_ms: z.number().int(),
  name: z.string(),
  recipe: recipeName,
  model_name: z.string(),
  columns: columnRoles,
  hyper_parameters: z.record(z.string(), z.unknown()),
  split: z.object({ test: z.number(), group_by: z.string().optional() }),
  seed: z.number().int(),
  device: z.enum(['auto', 'cpu', 'cuda']),
  gpus: z.number().int(),
  dataset: z.object({
    name: z.string(),
    version: z.number().int(),
    digest: z.string(),
    format: z.string(),
    files: z.array(fileRef),
    columns: z.array(z.object({ name: z.string(), type: z.enum(['number', 'category', 'text', 'datetime']) })),
  }),
  base: z.object({ model: z.string(), version: z.number().int(), files: z.array(fileRef) }).nullable(),
  /** The last complete checkpoint of an earlier attempt: one file. */
  checkpoint: z.object({ step: z.number().int(), sha256, size_bytes: z.number().int() }).nullable(),
})
export type ClaimResponse = z.infer<typeof claimResponse>

const attempt = z.number().int().min(1)

/** POST /training/jobs/{job_id}/heartbeat, every `heartbeat_ms`. 409: the lease is lost, stop at once and send nothing more. */
export const jobHeartbeatRequest = z.object({ attempt })
export const jobHeartbeatResponse = z.object({ cancel: z.boolean() })

/** POST /training/jobs/{job_id}/events; `n` counts from 1 within the attempt, and an event sent twice counts once. */
export const eventsRequest = z.object({
  attempt,
  events: z
    .array(z.intersection(z.object({ n: z.number().int().min(1) }), eventBody))
    .min(1)
    .max(1000),
})
export const eventsResponse = z.object({ accepted: z.number().int() })

/** POST /training/jobs/{job_id}/checkpoints, once the upload is ready. */
export const checkpointRequest = z.object({ attempt, step: z.number().int().min(0), upload_id: id })

/** POST /training/jobs/{job_id}/finish: one transaction; 409 for an old attempt, or while an upload is not ready. */
export const finishRequest = z.discriminatedUnion('outcome', [
  z.object({
    outcome: z.literal('succeeded'),
    attempt,
    /** `model.onnx`, `neuroweaver.json`, `golden.json`, `evaluation.json` and what else the version needs. */
    files: z
      .array(z.object({ path: filePath, upload_id: id }))
      .min(1)
      .max(1000),
    signature,
    metrics: z.record(z.string(), z.number().nullable()),
    parity,
    /** Python, library versions, device, threads. */
    environment: z.record(z.string(), z.unknown()),
  }),
  z.object({
    outcome: z.literal('failed'),
    attempt,
    error: jobError,
    /** True for a crash: the job is queued again while attempts are left. */
    is_retryable: z.boolean(),
  }),
  z.object({ outcome: z.literal('cancelled'), attempt }),
])
export const finishResponse = z.object({ status: z.string(), version: z.number().int().nullable() })

/** GET /uploads/{upload_id}: what became of an upload of this runtime. Uploads themselves go to `/uploads` by tus 1.0.0. */
export const runtimeUpload = z.object({
  upload_id: z.string(),
  status: z.enum(['uploading', 'verifying', 'ready', 'rejected']),
  sha256: z.string().nullable(),
  reason: z.string().nullable(),
})

/** GET /artifacts/{sha256}: the bytes, with Range; only digests that a claim or the desired state names. */

/** One version behind a deployment. */
export const desiredTarget = z.object({
  version_id: z.string(),
  model_name: z.string(),
  version: z.number().int(),
  /** Whole percent; the weights of a deployment add up to 100. */
  weight: z.number().int(),
  signature,
  files: z.array(fileRef),
})
export const desiredDeployment = z.object({
  deployment_id: z.string(),
  name: z.string(),
  replicas: z.number().int(),
  device: z.enum(['auto', 'cpu', 'cuda']),
  /** Resident memory at which a replica is stopped, in bytes. */
  memory_limit_bytes: z.number().int(),
  /** Longest time that one request may compute, in milliseconds. */
  timeout_ms: z.number().int(),
  targets: z.array(desiredTarget),
})
export type DesiredDeployment = z.infer<typeof desiredDeployment>
export type DesiredTarget = z.infer<typeof desiredTarget>

/** POST /inference/desired: answers at once when `revision` differs, else waits up to `wait_ms` and gives 204. */
export const desiredRequest = z.object({ revision: text(100).nullable(), wait_ms: z.number().int().min(0).max(25_000).default(25_000) })
export const desiredResponse = z.object({ revision: z.string(), deployments: z.array(desiredDeployment) })

/** POST /inference/replicas: sent at each change, beside the heartbeat. */
export const replicasRequest = z.object({ boot_id: id, replicas: z.array(replicaReport).max(5000) })

/** POST /inference/introspect: may the bearer of this token call this deployment? */
export const introspectRequest = z.object({
  token_sha256: sha256,
  deployment: text(200),
  /** Shown only when it is a unified token (a JWT), which a digest can not tell. */
  token: z.string().max(16_384).optional(),
})
export const introspectResponse = z.object({
  /** 200 allowed; 401 unknown or expired token; 403 known, but not allowed; 404 nothing there that it may see. */
  status: z.union([z.literal(200), z.literal(401), z.literal(403), z.literal(404)]),
  subject: z.string().nullable(),
  fresh_ms: z.number().int(),
  stale_ms: z.number().int(),
  /** What this call counts against, over all deployments; the runtime holds to each. */
  limits: z
    .array(z.object({ name: z.enum(['user', 'key', 'project']), subject: text(200), calls_per_minute: z.number().int().min(1) }))
    .max(8)
    .default([]),
})
export const acknowledged = z.object({ ok: z.literal(true) })
