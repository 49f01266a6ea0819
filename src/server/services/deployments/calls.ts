/** Who may call a deployment, and the playground that does. */
import { randomBytes } from 'node:crypto'
import { and, eq, isNull, ne, sql } from 'drizzle-orm'
import { decodeJwt } from 'jose'
import type { z } from 'zod'
import { type ProjectRole, type Role, scopePermissions } from '#src/contracts/access.ts'
import type { tryInfer, tryInferResult } from '#src/contracts/deployment.ts'
import type { introspectResponse } from '#src/contracts/runtime.ts'
import { inferResponse } from '#src/contracts/signature.ts'
import { db } from '#src/server/db/client.ts'
import { apiKeys, deployments, projectMembers, projects, users } from '#src/server/db/schema.ts'
import { AppError, toAppError } from '#src/server/errors.ts'
import { type Caller, identify, permissionsIn, sha256Of } from '../access.ts'
import { limitsOfCalls } from '../limits.ts'
import { traceHeaders } from '#src/telemetry/tracing.ts'
import { inferenceOrigin } from './find.ts'
import { findDeploymentRow } from './row.ts'

type Introspection = z.infer<typeof introspectResponse>

const freshMs = 5_000
const staleMs = 10 * 60_000
const answer = (status: Introspection['status'], subject: string | null = null, limits: Introspection['limits'] = []): Introspection => ({
  status,
  subject,
  fresh_ms: freshMs,
  stale_ms: staleMs,
  limits,
})

/**
 * Tokens for a signed-in person's own calls, known to this process alone: a runtime is shown one, asks web for it by its digest,
 * and never sees a session. A pass opens one deployment for a minute.
 */
const passes = new Map<string, { deploymentId: string; subject: string; until: number }>()
const passMs = 60_000

function issuePass(deploymentId: string, subject: string): string {
  const now = Date.now()
  // They stand in the order of their ends.
  for (const [digest, pass] of passes) {
    if (pass.until >= now) break
    passes.delete(digest)
  }
  const token = `nwp_${randomBytes(32).toString('base64url')}`
  passes.set(sha256Of(token).toString('hex'), { deploymentId, subject, until: now + passMs })
  return token
}

/** A pass that is still good for a while, so that calls one after another show the same and the runtime asks for it once. */
const recent = new Map<string, { token: string; until: number }>()
const maxRecent = 10_000

export function passFor(deploymentId: string, subject: string): string {
  const key = `${deploymentId} ${subject}`
  const found = recent.get(key)
  if (found && found.until > Date.now()) return found.token
  if (recent.size >= maxRecent) recent.clear()
  const token = issuePass(deploymentId, subject)
  recent.set(key, { token, until: Date.now() + passMs / 2 })
  return token
}

/** May the bearer of the token with this digest, or of this unified token, call this deployment? */
export async function introspect(tokenSha256: string, deploymentName: string, token?: string): Promise<Introspection> {
  const [deployment] = await db()
    .select()
    .from(deployments)
    .where(and(eq(deployments.name, deploymentName), ne(deployments.status, 'stopped')))
  if (token !== undefined) return introspectToken(token, deployment)
  const pass = passes.get(tokenSha256)
  if (pass && pass.until > Date.now()) return pass.deploymentId === deployment?.id ? answer(200, pass.subject) : answer(404)
  const [key] = await db()
    .select({
      userId: users.id,
      apiKeyId: apiKeys.id,
      scope: apiKeys.scope,
      rateLimitPerMinute: apiKeys.rateLimitPerMinute,
      actions: apiKeys.actions,
      callable: apiKeys.deployments,
      projectId: apiKeys.projectId,
      role: users.role,
      email: users.email,
      memberRole: projectMembers.role,
      project: projects.name,
      isPrivate: projects.isPrivate,
    })
    .from(apiKeys)
    .innerJoin(users, eq(users.id, apiKeys.userId))
    .leftJoin(projects, eq(projects.id, deployment?.projectId ?? sql`null`))
    .leftJoin(projectMembers, and(eq(projectMembers.userId, users.id), eq(projectMembers.projectId, deployment?.projectId ?? sql`null`)))
    .where(
      and(
        eq(apiKeys.hash, Buffer.from(tokenSha256, 'hex')),
        isNull(apiKeys.revokedAt),
        eq(users.isDisabled, false),
        sql`(${apiKeys.expiresAt} is null or ${apiKeys.expiresAt} > now())`,
      ),
    )
  if (!key) return answer(401)
  const project = { id: deployment?.projectId ?? '', name: key.project ?? '' }
  return answer(
    statusOf(key, deployment),
    key.email,
    await limitsOfCalls({ ...key, rateLimitPerMinute: key.rateLimitPerMinute ?? undefined, project }),
  )
}

type Key = Pick<typeof apiKeys.$inferSelect, 'scope' | 'actions' | 'projectId'> & {
  callable: string[] | null
  role: Role
  memberRole: ProjectRole | null
  isPrivate: boolean | null
}

function statusOf(key: Key, deployment: typeof deployments.$inferSelect | undefined): Introspection['status'] {
  if (!deployment || (key.projectId && key.projectId !== deployment.projectId)) return 404
  const own = permissionsIn(key.role, key.memberRole, key.isPrivate ?? false)
  if (!own.includes('read') || !scopePermissions[key.scope].includes('read')) return 404
  const isLimited = (key.actions && !key.actions.includes(callAction)) || (key.callable && !key.callable.includes(deployment.name))
  return isLimited ? 403 : 200
}

const callAction = 'inference:call'

/** An answer about a token is good for no longer than the token. */
function untilItEnds(token: string, given: Introspection): Introspection {
  const leftMs = Math.max(0, (decodeJwt(token).exp ?? 0) * 1000 - Date.now())
  return { ...given, fresh_ms: Math.min(given.fresh_ms, leftMs), stale_ms: Math.min(given.stale_ms, leftMs) }
}

/** The same question of a unified token, which the runtime shows itself, because only its issuer's keys can tell who it is. */
async function introspectToken(token: string, deployment: { projectId: string } | undefined): Promise<Introspection> {
  try {
    const caller = await identify({ bearer: token, project: deployment?.projectId, correlationId: '', address: null })
    const isSeen = deployment !== undefined && caller.permissions.includes('read')
    return untilItEnds(token, answer(isSeen ? 200 : 404, caller.email, await limitsOfCalls(caller)))
  } catch (error) {
    const { code } = toAppError(error)
    if (code === 'unauthorized') return answer(401)
    if (code === 'forbidden') return answer(403)
    if (code === 'not_found') return answer(404)
    throw error
  }
}

const header = (response: Response, name: string) => {
  const value = Number(response.headers.get(name) ?? Number.NaN)
  return Number.isFinite(value) ? value : null
}

/** Sends one request from the playground to the deployment's own endpoint. */
export async function callDeployment(caller: Caller, input: z.infer<typeof tryInfer>): Promise<z.infer<typeof tryInferResult>> {
  const deployment = await findDeploymentRow(db(), caller, input.deployment)
  const origin = await inferenceOrigin()
  if (deployment.status === 'stopped') throw new AppError('conflict', `${deployment.name} is stopped. Deploy a version to start it again.`)
  if (!origin)
    throw new AppError('unavailable', 'No inference runtime is connected just now. Try again when one is.', { retryAfterSeconds: 5 })
  const started = performance.now()
  const response = await fetch(`${origin}/v2/models/${deployment.name}/infer`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${issuePass(deployment.id, caller.email ?? 'a user')}`,
      'x-correlation-id': caller.correlationId,
      ...traceHeaders(),
    },
    body: JSON.stringify({ inputs: input.inputs }),
    signal: AbortSignal.timeout(70_000),
  }).catch((cause) => {
    throw new AppError(
      'unavailable',
      `The inference runtime at ${origin} does not answer. It is tried again by itself; try again in a moment.`,
      { cause, retryAfterSeconds: 2 },
    )
  })
  const body: unknown = await response.json().catch(() => undefined)
  if (!response.ok) throw refusal(response.status, body)
  return {
    response: inferResponse.parse(body),
    durationMs: performance.now() - started,
    queueUs: header(response, 'x-nw-queue-us'),
    computeUs: header(response, 'x-nw-compute-us'),
  }
}

function refusal(status: number, body: unknown): AppError {
  const said =
    typeof (body as { error?: unknown })?.error === 'string' ? (body as { error: string }).error : 'The runtime refused the request.'
  if (status === 429) return new AppError('too_many_requests', said, { retryAfterSeconds: 1 })
  if (status >= 500) return new AppError('unavailable', said, { retryAfterSeconds: 2 })
  return new AppError(status === 404 ? 'conflict' : 'unprocessable', status === 404 ? `The runtime does not serve it yet: ${said}` : said)
}
