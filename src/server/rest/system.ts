/** Who one is, the projects, keys and runtimes there are, how the installation does, and this API's own description. */
import { z } from 'zod'
import { keyScope } from '#src/contracts/access.ts'
import { name, text } from '#src/contracts/common.ts'
import { createApiKey, listApiKeys, revokeApiKey } from '#src/server/services/apiKeys.ts'
import { readHealth } from '#src/server/services/health.ts'
import { createProject, listProjects } from '#src/server/services/projects.ts'
import { listRuntimes } from '#src/server/services/runtimes.ts'
import { pageQuery } from './fields.ts'
import { sliceOf } from './paging.ts'
import { route } from './route.ts'
import * as shape from './shapes/system.ts'

const tag = 'System'
const { limit, skip } = pageQuery
const page = z.strictObject({ limit, skip })

const keyBody = z
  .strictObject({
    name: text(100).min(1),
    scope: keyScope,
    project: text(200).min(1).optional(),
    expires_in_days: z.int().min(1).max(3650).nullable().default(null),
  })
  .transform(({ expires_in_days: expiresInDays, ...rest }) => ({ ...rest, expiresInDays }))
  .meta({ title: 'CreateApiKey' })

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
    path: '/projects',
    rule: 'signed-in',
    tag,
    summary: 'List the projects that the caller may read',
    query: page,
    response: shape.project,
    isList: true,
    handle: async ({ caller, query }) => sliceOf(await listProjects(caller), query, shape.presentProject),
  }),
  route({
    method: 'POST',
    path: '/projects',
    rule: 'installation-admin',
    tag,
    summary: 'Make a project',
    status: 201,
    body: z.strictObject({ name, description: text(2000).default('') }).meta({ title: 'CreateProject' }),
    response: shape.project,
    example: { name: 'growth', description: 'Models of the growth team' },
    handle: async ({ caller, body }) => shape.presentProject(await createProject(caller, body)),
  }),
  route({
    method: 'GET',
    path: '/api-keys',
    rule: 'signed-in',
    tag,
    summary: "List one's own API keys; an admin sees all",
    query: page,
    response: shape.apiKey,
    isList: true,
    handle: async ({ caller, query }) => sliceOf(await listApiKeys(caller), query, shape.presentApiKey),
  }),
  route({
    method: 'POST',
    path: '/api-keys',
    rule: 'signed-in',
    tag,
    summary: 'Make an API key',
    description: 'The key is in this answer and never again.',
    status: 201,
    body: keyBody,
    response: shape.createdApiKey,
    example: { name: 'nightly retraining', scope: 'write', expires_in_days: 90 },
    handle: async ({ caller, body }) => {
      const { apiKey, key } = await createApiKey(caller, body)
      return { ...shape.presentApiKey(apiKey), key }
    },
  }),
  route({
    method: 'DELETE',
    path: '/api-keys/{key}',
    rule: 'signed-in',
    tag,
    summary: 'Revoke an API key',
    status: 204,
    handle: ({ caller, params }) => revokeApiKey(caller, params.key),
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
    response: shape.health,
    handle: () => readHealth(),
  }),
]
