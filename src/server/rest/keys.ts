/** API keys, and the accounts of programs that hold them. */
import { z } from 'zod'
import { action, actions, keyScope, projectRole, role } from '#src/contracts/access.ts'
import { id, name, text } from '#src/contracts/common.ts'
import { createApiKey, listApiKeys, revokeApiKey, rotateApiKey } from '#src/server/services/apiKeys.ts'
import { createServiceAccount, listServiceAccounts, updateServiceAccount } from '#src/server/services/serviceAccounts.ts'
import { pageQuery } from './fields.ts'
import { sliceOf } from './paging.ts'
import { route } from './route.ts'
import * as shape from './shapes/system.ts'

const tag = 'Keys'
const { limit, skip } = pageQuery
const page = z.strictObject({ limit, skip })

const keyBody = z
  .strictObject({
    name: text(100).min(1),
    scope: keyScope,
    project: text(200).min(1).optional(),
    actions: z.array(action).min(1).max(actions.length).optional(),
    deployments: z.array(name).min(1).max(100).optional(),
    rate_limit_per_minute: z.int().min(1).max(1_000_000).optional(),
    service_account: id.optional(),
    expires_in_days: z.int().min(1).max(3650).nullable().default(null),
  })
  .transform(({ expires_in_days: expiresInDays, rate_limit_per_minute: rateLimitPerMinute, service_account: serviceAccount, ...rest }) => ({
    ...rest,
    expiresInDays,
    ...(rateLimitPerMinute === undefined ? {} : { rateLimitPerMinute }),
    ...(serviceAccount === undefined ? {} : { serviceAccount }),
  }))
  .meta({ title: 'CreateApiKey' })

export const keyRoutes = [
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
    description:
      'The key is in this answer and never again. It can be bound to a project, to actions and to deployments. A key that is made with a key takes no more calls a minute and ends no later than that one: where the limit or the end is left out, it has the same.',
    status: 201,
    body: keyBody,
    response: shape.createdApiKey,
    example: { name: 'nightly retraining', scope: 'write', actions: ['training:read', 'training:write'], expires_in_days: 90 },
    handle: async ({ caller, body }) => {
      const { apiKey, key } = await createApiKey(caller, body)
      return { ...shape.presentApiKey(apiKey), key }
    },
  }),
  route({
    method: 'POST',
    path: '/api-keys/{key}/rotate',
    rule: 'signed-in',
    tag,
    summary: 'Make a successor of an API key',
    description: 'The successor has the same rights; the old key goes on for the hours of overlap.',
    status: 201,
    body: z.strictObject({ overlap_hours: z.int().min(0).max(720).default(24) }).meta({ title: 'RotateApiKey' }),
    response: shape.createdApiKey,
    example: { overlap_hours: 24 },
    handle: async ({ caller, params, body }) => {
      const { apiKey, key } = await rotateApiKey(caller, { id: params.key, overlapHours: body.overlap_hours })
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
    path: '/service-accounts',
    rule: 'installation-admin',
    tag,
    summary: 'List the accounts of programs',
    query: page,
    response: shape.serviceAccount,
    isList: true,
    handle: async ({ query }) => sliceOf(await listServiceAccounts(), query, shape.presentServiceAccount),
  }),
  route({
    method: 'POST',
    path: '/service-accounts',
    rule: 'signed-in',
    tag,
    summary: 'Make an account for a program',
    description:
      'It has keys and project roles like a person, and no password. An admin of a project names it, and makes a member of that project alone.',
    status: 201,
    body: z
      .strictObject({
        name,
        role: role.default('viewer'),
        project: text(200).min(1).optional(),
        project_role: projectRole.default('editor'),
      })
      .transform(({ project_role: projectRole, ...rest }) => ({ ...rest, projectRole }))
      .meta({ title: 'CreateServiceAccount' }),
    response: shape.serviceAccount,
    example: { name: 'nightly-retraining', role: 'viewer' },
    handle: async ({ caller, body }) => shape.presentServiceAccount(await createServiceAccount(caller, body)),
  }),
  route({
    method: 'PATCH',
    path: '/service-accounts/{account}',
    rule: 'installation-admin',
    tag,
    summary: "Change a service account's role, or disable it",
    body: z
      .strictObject({ role: role.optional(), is_disabled: z.boolean().optional() })
      .transform(({ role, is_disabled: isDisabled }) => ({
        ...(role === undefined ? {} : { role }),
        ...(isDisabled === undefined ? {} : { isDisabled }),
      }))
      .meta({ title: 'UpdateServiceAccount' }),
    response: shape.serviceAccount,
    example: { is_disabled: true },
    handle: async ({ caller, params, body }) =>
      shape.presentServiceAccount(await updateServiceAccount(caller, { id: params.account, ...body })),
  }),
]
