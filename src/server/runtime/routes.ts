/** Every address of the runtime protocol, each with the rule that it asks of its caller. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { z } from 'zod'
import { id, limits, sha256 } from '#src/contracts/common.ts'
import * as protocol from '#src/contracts/runtime.ts'
import { env } from '#src/server/env.ts'
import { AppError } from '#src/server/errors.ts'
import { bearerOf, parse, readJson, sendJson, signalOf } from '#src/server/http.ts'
import type { Caller, Rule } from '#src/server/services/access.ts'
import { getArtifact, sendArtifact } from '#src/server/services/artifacts/content.ts'
import { getUpload } from '#src/server/services/artifacts/uploads.ts'
import { introspect } from '#src/server/services/deployments/calls.ts'
import { isServedFile, recordReplicas, watchDesired } from '#src/server/services/deployments/desired.ts'
import { checkRuntimeToken, describeJoining, enrolRuntime } from '#src/server/services/enrolment.ts'
import { recordHeartbeat } from '#src/server/services/runtimes.ts'
import * as leases from '#src/server/services/training/leases.ts'

type Call = { caller: Caller; req: IncomingMessage; res: ServerResponse; params: Record<string, string> }
type Answer = { status: number; body?: unknown }
export type RuntimeRoute = { method: 'GET' | 'POST'; path: string; rule: Rule; handle: (call: Call) => Promise<Answer | undefined> }

const ok = { status: 200, body: { ok: true } } as const
const body = async <T extends z.ZodType>(call: Call, schema: T): Promise<z.infer<T>> =>
  parse(schema, await readJson(call.req, limits.runtimeBodyBytes))
const idOf = (call: Call) => parse(id, call.params.id)
const answer = (value: unknown): Answer => (value === undefined ? { status: 204 } : { status: 200, body: value })

async function sendAllowedArtifact({ caller, req, res, params }: Call): Promise<undefined> {
  const digest = parse(sha256, params.sha256)
  const isAllowed = caller.runtimeKind === 'training' ? await leases.isTrainingInput(caller, digest) : await isServedFile(digest)
  if (!isAllowed) throw new AppError('not_found', 'Neither a claim nor the desired state of this runtime names this digest.')
  const { sizeBytes } = await getArtifact(caller, digest, { allowAny: true })
  await sendArtifact(req, res, { sha256: digest, sizeBytes, filename: digest })
  return undefined
}

export const runtimeRoutes: RuntimeRoute[] = [
  {
    method: 'GET',
    path: '/enrol',
    rule: 'runtime-enrol',
    handle: async (call) => {
      await checkRuntimeToken(bearerOf(call.req), env().RUNTIME_TOKEN, call.caller)
      const asked = new URL(call.req.url ?? '/', 'http://web').searchParams
      return answer(await describeJoining(parse(protocol.joinQuery, Object.fromEntries(asked))))
    },
  },
  {
    method: 'POST',
    path: '/enrol',
    rule: 'runtime-enrol',
    handle: async (call) => {
      // Before the body is read, which is large and may come from anybody.
      await checkRuntimeToken(bearerOf(call.req), env().RUNTIME_TOKEN, call.caller)
      return answer(await enrolRuntime(call.caller, await body(call, protocol.enrolRequest)))
    },
  },
  {
    method: 'POST',
    path: '/heartbeat',
    rule: 'runtime',
    handle: async (call) =>
      answer(await recordHeartbeat(call.caller, bearerOf(call.req) ?? '', await body(call, protocol.heartbeatRequest))),
  },
  { method: 'GET', path: '/artifacts/{sha256}', rule: 'runtime', handle: sendAllowedArtifact },
  {
    method: 'GET',
    path: '/uploads/{id}',
    rule: 'runtime-training',
    handle: async (call) => {
      const { id: upload_id, status, sha256: digest, reason } = await getUpload(call.caller, idOf(call))
      return answer({ upload_id, status, sha256: digest, reason })
    },
  },
  {
    method: 'POST',
    path: '/training/claim',
    rule: 'runtime-training',
    handle: async (call) => {
      const { wait_ms, ...free } = await body(call, protocol.claimRequest)
      return answer(await leases.claimJob(call.caller, free, wait_ms, signalOf(call.res)))
    },
  },
  {
    method: 'POST',
    path: '/training/jobs/{id}/heartbeat',
    rule: 'runtime-training',
    handle: async (call) => {
      const { attempt } = await body(call, protocol.jobHeartbeatRequest)
      return answer(await leases.heartbeatJob(call.caller, idOf(call), attempt))
    },
  },
  {
    method: 'POST',
    path: '/training/jobs/{id}/events',
    rule: 'runtime-training',
    handle: async (call) =>
      answer({ accepted: await leases.recordEvents(call.caller, idOf(call), await body(call, protocol.eventsRequest)) }),
  },
  {
    method: 'POST',
    path: '/training/jobs/{id}/checkpoints',
    rule: 'runtime-training',
    handle: async (call) => {
      await leases.recordCheckpoint(call.caller, idOf(call), await body(call, protocol.checkpointRequest))
      return ok
    },
  },
  {
    method: 'POST',
    path: '/training/jobs/{id}/finish',
    rule: 'runtime-training',
    handle: async (call) => answer(await leases.finishJob(call.caller, idOf(call), await body(call, protocol.finishRequest))),
  },
  {
    method: 'POST',
    path: '/inference/desired',
    rule: 'runtime-inference',
    handle: async (call) => {
      const input = await body(call, protocol.desiredRequest)
      return answer(await watchDesired(input.revision, input.wait_ms, signalOf(call.res)))
    },
  },
  {
    method: 'POST',
    path: '/inference/replicas',
    rule: 'runtime-inference',
    handle: async (call) => {
      await recordReplicas(call.caller, (await body(call, protocol.replicasRequest)).replicas)
      return ok
    },
  },
  {
    method: 'POST',
    path: '/inference/introspect',
    rule: 'runtime-inference',
    handle: async (call) => {
      const input = await body(call, protocol.introspectRequest)
      return answer(await introspect(input.token_sha256, input.deployment, input.token))
    },
  },
]

/** The route of a path below `/api/runtime/v1`. @throws AppError not_found or method_not_allowed. */
export function findRuntimeRoute(method: string, path: string): { route: RuntimeRoute; params: Record<string, string> } {
  const at = runtimeRoutes.flatMap((route) => {
    const params = match(route.path, path)
    return params ? [{ route, params }] : []
  })
  const found = at.find(({ route }) => route.method === method)
  if (found) return found
  if (at.length > 0) throw new AppError('method_not_allowed', `This address takes ${at.map(({ route }) => route.method).join(', ')}.`)
  throw new AppError('not_found', 'There is no such address in the runtime protocol.')
}

function match(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split('/')
  const given = path.split('/')
  if (wanted.length !== given.length) return undefined
  const params: Record<string, string> = {}
  for (const [index, part] of wanted.entries()) {
    const value = given[index] ?? ''
    if (part.startsWith('{')) params[part.slice(1, -1)] = value
    else if (part !== value) return undefined
  }
  return params
}

/** The runtime door. The caller was identified before; the rule is held to here. */
export async function handleRuntime(
  call: Omit<Call, 'params'>,
  path: string,
  authorize: (caller: Caller, rule: Rule) => void,
): Promise<void> {
  const { route, params } = findRuntimeRoute(call.req.method ?? 'GET', path)
  authorize(call.caller, route.rule)
  const result = await route.handle({ ...call, params })
  if (!result) return
  if (result.body === undefined) return void call.res.writeHead(result.status).end()
  sendJson(call.res, result.status, result.body)
}
