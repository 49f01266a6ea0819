/** Models and their aliases. */
import { z } from 'zod'
import { metadata, name, tags, text } from '#src/contracts/common.ts'
import { externalInput } from '#src/contracts/external.ts'
import { aliasName, modelOrder } from '#src/contracts/model.ts'
import * as change from '#src/server/services/models/change.ts'
import { getModel, listModels } from '#src/server/services/models/find.ts'
import { registerModel } from '#src/server/services/models/register.ts'
import { check } from './parse.ts'
import { pageQuery, versionField } from './fields.ts'
import { filesField } from './files.ts'
import { listOf } from './paging.ts'
import { route } from './route.ts'
import { model, presentModel } from './shapes/models.ts'

const tag = 'Models'

/** An OpenAI-compatible server. The key is encrypted, and never returned. */
const externalField = z
  .strictObject({
    url: text(2000).min(1).meta({ description: 'Base address, like https://host/v1' }),
    model: text(200).min(1).meta({ description: 'What the server calls it' }),
    api_key: text(4000).min(1).optional(),
    max_tokens: externalInput.shape.maxTokens.meta({ description: 'The most that one request may ask for' }),
    requests_per_minute: externalInput.shape.requestsPerMinute,
    max_concurrent: externalInput.shape.maxConcurrent,
    timeout_ms: externalInput.shape.timeoutMs,
  })
  .transform(({ url, model: served, api_key: apiKey, ...limits }) => ({
    url,
    model: served,
    maxTokens: limits.max_tokens,
    requestsPerMinute: limits.requests_per_minute,
    maxConcurrent: limits.max_concurrent,
    timeoutMs: limits.timeout_ms,
    ...(apiKey === undefined ? {} : { apiKey }),
  }))

/** What a router weighs when it chooses among models. */
const routingFields = {
  cost_per_token: z.number().min(0).max(1e6).nullable().optional(),
  cost_per_request: z.number().min(0).max(1e6).nullable().optional(),
  max_tokens: z.int().min(1).max(100_000_000).nullable().optional(),
  capabilities: z.array(text(100).min(1)).max(50).optional(),
}
type Routing = {
  cost_per_token?: number | null | undefined
  cost_per_request?: number | null | undefined
  max_tokens?: number | null | undefined
}

/** The names of the wire become those of the program; what was left out stays left out. */
function renamed<T extends Routing>({ cost_per_token: costPerToken, cost_per_request: costPerRequest, max_tokens: maxTokens, ...rest }: T) {
  return {
    ...rest,
    ...(costPerToken === undefined ? {} : { costPerToken }),
    ...(costPerRequest === undefined ? {} : { costPerRequest }),
    ...(maxTokens === undefined ? {} : { maxTokens }),
  }
}

const registerBody = z
  .strictObject({
    name,
    description: text(10_000).optional(),
    specialization: text(100).optional(),
    base_model: text(200).optional(),
    tags: tags.optional(),
    metadata: metadata.optional(),
    ...routingFields,
    files: filesField.optional(),
    external: externalField.optional().meta({ description: 'Instead of files: an OpenAI-compatible server that answers for the version' }),
  })
  .transform(({ base_model: baseModel, ...rest }) => ({ ...renamed(rest), ...(baseModel === undefined ? {} : { baseModel }) }))
  .meta({ title: 'RegisterModel' })

const updateBody = z
  .strictObject({
    description: text(10_000).optional(),
    specialization: text(100).nullable().optional(),
    tags: tags.optional(),
    metadata: metadata.optional(),
    ...routingFields,
  })
  .transform(renamed)
  .meta({ title: 'UpdateModel' })

const listQuery = z.strictObject({
  q: text(200).optional().meta({ description: 'Part of a name' }),
  filter: text(2000)
    .optional()
    .meta({ description: "`tags.k = 'v'`, `metadata.k = 'v'`, `metrics.k > 0.9`, `status = 'ready'`, joined by `and`" }),
  order_by: modelOrder.default('updated_at desc'),
  ...pageQuery,
})

export const modelRoutes = [
  route({
    method: 'POST',
    path: '/models/register',
    rule: 'write',
    tag,
    summary: 'Register a model, or a further version of one',
    description:
      'A new name makes the model and its version 1; a known one adds a version. Uploads may still be verifying: the version is pending until then. Instead of files, `external` names an OpenAI-compatible server.',
    status: 201,
    body: registerBody,
    response: model,
    example: {
      name: 'churn',
      tags: { team: 'growth' },
      files: [{ path: 'model.onnx', upload_id: '0199c6a2-7d3e-7a55-9c0e-3f1b2a4c5d6e' }],
    },
    handle: async ({ caller, body }) => presentModel(await registerModel(caller, body)),
  }),
  route({
    method: 'GET',
    path: '/models',
    rule: 'read',
    tag,
    summary: 'List models',
    query: listQuery,
    response: model,
    isList: true,
    handle: async ({ caller, query: { order_by: orderBy, ...query } }) =>
      listOf(await listModels(caller, { ...query, orderBy }), presentModel),
  }),
  route({
    method: 'GET',
    path: '/models/{model}',
    rule: 'read',
    tag,
    summary: 'Get a model',
    response: model,
    handle: async ({ caller, params }) => presentModel(await getModel(caller, params.model)),
  }),
  route({
    method: 'PATCH',
    path: '/models/{model}',
    rule: 'write',
    tag,
    summary: "Change a model's description, tags or metadata",
    body: updateBody,
    response: model,
    example: { tags: { team: 'growth', stage: 'candidate' } },
    handle: async ({ caller, params, body }) => presentModel(await change.updateModel(caller, { ...body, model: params.model })),
  }),
  route({
    method: 'DELETE',
    path: '/models/{model}',
    rule: 'write',
    tag,
    summary: 'Delete a model with all its versions',
    description: 'Refused with 409 while a deployment serves one of them.',
    status: 204,
    handle: ({ caller, params }) => change.deleteModel(caller, params.model),
  }),
  route({
    method: 'PUT',
    path: '/models/{model}/aliases/{alias}',
    rule: 'deploy',
    tag,
    summary: 'Move an alias to a version',
    description: 'Every move is kept with who, when and why. Only a ready version takes an alias.',
    body: z.strictObject({ version: versionField, reason: text(500).optional() }).meta({ title: 'SetAlias' }),
    response: model,
    example: { version: 2, reason: 'better macro F1 on the October set' },
    handle: async ({ caller, params, body }) => {
      const alias = check(z.object({ alias: aliasName }), { alias: params.alias })
      return presentModel(await change.setAlias(caller, { model: params.model, ...alias, ...body }))
    },
  }),
  route({
    method: 'DELETE',
    path: '/models/{model}/aliases/{alias}',
    rule: 'deploy',
    tag,
    summary: 'Delete an alias',
    status: 204,
    handle: ({ caller, params }) => change.deleteAlias(caller, params),
  }),
]
