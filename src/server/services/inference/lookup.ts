/** What a name stands for when somebody asks it a question: looked up once a second or two, and anew after each change. */
import { and, asc, desc, eq, ne, type SQL, sql } from 'drizzle-orm'
import { isUuid } from '#src/contracts/common.ts'
import type { DeploymentStatus } from '#src/contracts/deployment.ts'
import type { External, ExternalState } from '#src/contracts/external.ts'
import type { Signature } from '#src/contracts/signature.ts'
import { db } from '#src/server/db/client.ts'
import { listener } from '#src/server/db/listen.ts'
import { deployments, deploymentTargets, models, modelVersions } from '#src/server/db/schema.ts'
import { AppError } from '#src/server/errors.ts'
import type { Caller } from '../access.ts'
import { inferenceOrigin } from '../deployments/find.ts'

export type InferenceTarget = {
  versionId: string
  version: number
  weight: number
  specialization: string | null
  signature: Signature | null
  external: External | null
  sealedKey: string | null
  state: ExternalState | null
  reason: string | null
}
export type Endpoint = {
  deploymentId: string
  name: string
  status: DeploymentStatus
  reason: string | null
  targets: InferenceTarget[]
  /** Of the runtimes, where one is known. */
  runtimeUrl: string | null
}

const cacheMs = 1_500
const maxKnown = 1_000
const known = new Map<string, { endpoint: Endpoint; until: number }>()
let isListening = false

/** A change of a deployment or a model, of anything's state, or a gap in which one may have been missed. */
function followChanges(): void {
  if (isListening) return
  isListening = true
  const forget = () => known.clear()
  listener().on('nw_desired', forget)
  listener().on('reconnected', forget)
  listener().on('nw_change', (payload: string) => /^(deployment|model):/.test(payload) && forget())
}

/**
 * The endpoint that a name or an id means: a deployment of the caller's project, else the deployment of a model that answers best.
 * @throws AppError not_found for a name that means nothing here, conflict for a model that is not deployed.
 */
export async function findEndpoint(caller: Caller, ref: string): Promise<Endpoint> {
  followChanges()
  const key = `${caller.project.id} ${ref}`
  const found = known.get(key)
  if (found && found.until > Date.now()) return found.endpoint
  const endpoint = await readEndpoint(caller, ref)
  if (known.size >= maxKnown) known.clear()
  known.set(key, { endpoint, until: Date.now() + cacheMs })
  return endpoint
}

async function readEndpoint(caller: Caller, ref: string): Promise<Endpoint> {
  const byName = isUuid(ref) ? eq(deployments.id, ref) : eq(deployments.name, ref)
  const byModel = isUuid(ref) ? eq(models.id, ref) : eq(models.name, ref)
  const deployment = (await findDeployment(caller, byName)) ?? (await findDeployment(caller, byModel))
  if (!deployment) throw await nothingOf(caller, ref, byModel)
  const targets = await db()
    .select({
      versionId: modelVersions.id,
      version: modelVersions.version,
      weight: deploymentTargets.weight,
      specialization: models.specialization,
      signature: modelVersions.signature,
      external: modelVersions.external,
      sealedKey: modelVersions.sealedKey,
      state: modelVersions.externalState,
      reason: modelVersions.externalReason,
    })
    .from(deploymentTargets)
    .innerJoin(modelVersions, eq(modelVersions.id, deploymentTargets.versionId))
    .innerJoin(models, eq(models.id, modelVersions.modelId))
    .where(eq(deploymentTargets.deploymentId, deployment.deploymentId))
    .orderBy(desc(deploymentTargets.weight), asc(modelVersions.version))
  return { ...deployment, targets, runtimeUrl: targets.some(({ external }) => external) ? null : await inferenceOrigin() }
}

async function findDeployment(caller: Caller, which: SQL) {
  const [row] = await db()
    .select({ deploymentId: deployments.id, name: deployments.name, status: deployments.status, reason: deployments.reason })
    .from(deployments)
    .innerJoin(models, eq(models.id, deployments.modelId))
    .where(and(eq(deployments.projectId, caller.project.id), ne(deployments.status, 'stopped'), which))
    .orderBy(sql`array_position(array['ready', 'degraded'], ${deployments.status}) nulls last`, desc(deployments.createdAt))
    .limit(1)
  return row
}

async function nothingOf(caller: Caller, ref: string, byModel: SQL): Promise<AppError> {
  const [model] = await db()
    .select({ name: models.name })
    .from(models)
    .where(and(eq(models.projectId, caller.project.id), byModel))
  if (model) return new AppError('conflict', `${model.name} is not deployed. Deploy a version of it first.`)
  return unknownName(ref)
}

export const unknownName = (ref: string) =>
  new AppError(
    'not_found',
    `model: there is no deployment and no model "${ref.slice(0, 100)}" in this project. Look at the list of deployments.`,
    {
      details: [{ path: 'model', message: 'is not known' }],
    },
  )
