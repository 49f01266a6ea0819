/** Who one is, the runtimes there are, how the installation does, and this API's own description. */
import { z } from 'zod'
import { sendJson } from '#src/server/http.ts'
import { inspectHealth } from '#src/server/services/health.ts'
import { listRuntimes } from '#src/server/services/runtimes.ts'
import { readLimits, setLimits } from '#src/server/services/limits.ts'
import { pageQuery } from './fields.ts'
import { sliceOf } from './paging.ts'
import { route } from './route.ts'
import * as shape from './shapes/system.ts'

const tag = 'System'
const { limit, skip } = pageQuery
const page = z.strictObject({ limit, skip })

export const systemRoutes = [
  route({
    method: 'GET',
    path: '/me',
    rule: 'signed-in',
    tag,
    summary: 'Who the caller is, and what they may do in this project',
    response: shape.me,
    handle: async ({ caller }) => ({
      user_id: caller.userId,
      email: caller.email,
      api_key_id: caller.apiKeyId,
      project: caller.project,
      permissions: caller.permissions,
    }),
  }),
  route({
    method: 'GET',
    path: '/runtimes',
    rule: 'read',
    tag,
    summary: 'List the runtimes that have joined',
    query: page,
    response: shape.runtime,
    isList: true,
    handle: async ({ query }) => sliceOf(await listRuntimes(), query, shape.presentRuntime),
  }),
  route({
    method: 'GET',
    path: '/health',
    rule: 'signed-in',
    tag,
    summary: 'How the installation does, part by part',
    description:
      'Status 503 with the same body while the installation can not do its work. Load balancers ask /health, /health/ready and /health/live, which need no key.',
    response: shape.health,
    handle: async ({ res }) => {
      const health = shape.presentHealth(await inspectHealth())
      sendJson(res, health.status === 'unavailable' ? 503 : 200, health, { 'cache-control': 'no-store' })
    },
  }),
  route({
    method: 'GET',
    path: '/limits',
    rule: 'installation-admin',
    tag,
    summary: 'How many calls a minute are taken',
    response: shape.limits,
    handle: async () => shape.presentLimits(await readLimits()),
  }),
  route({
    method: 'PUT',
    path: '/limits',
    rule: 'installation-admin',
    tag,
    summary: 'Set how many calls a minute are taken',
    description: 'For each address, user, key and project; null takes as many as come. The limit of a key comes before that of all keys.',
    body: shape.limitsBody,
    response: shape.limits,
    example: { per_address: 1200, per_key: 600 },
    handle: async ({ caller, body }) => shape.presentLimits(await setLimits(caller, body)),
  }),
]
