/** Deployments: what serves which version, with how much traffic. */
import { z } from 'zod'
import { id, isoTime, name, text } from '#src/contracts/common.ts'
import { deploymentStatus, replicaCount } from '#src/contracts/deployment.ts'
import { aliasName } from '#src/contracts/model.ts'
import { device } from '#src/contracts/training.ts'
import * as change from '#src/server/services/deployments/change.ts'
import { getDeployment, listDeployments } from '#src/server/services/deployments/find.ts'
import { readMetrics } from '#src/server/services/deployments/metrics.ts'
import { pageQuery, versionField } from './fields.ts'
import { listOf, originOf } from './paging.ts'
import { route } from './route.ts'
import { deployment, metricBucket, presentBucket, presentDeployment } from './shapes/deployments.ts'

const tag = 'Deployments'

const deployBody = z
  .strictObject({
    name: name.optional(),
    version: versionField.optional(),
    alias: aliasName.optional(),
    replicas: replicaCount.optional(),
    device: device.optional(),
  })
  .meta({ title: 'Deploy' })

const targetsBody = z
  .strictObject({
    targets: z
      .array(z.strictObject({ model_id: id.optional(), version: versionField, weight: z.int().min(0).max(100) }))
      .min(1)
      .max(20)
      .refine((targets) => targets.reduce((sum, { weight }) => sum + weight, 0) === 100, 'weights must add up to 100')
      .transform((targets) =>
        targets.map(({ model_id: modelId, ...rest }) => ({ ...rest, ...(modelId === undefined ? {} : { modelId }) })),
      ),
  })
  .meta({ title: 'SetTargets' })

export const deploymentRoutes = [
  route({
    method: 'POST',
    path: '/models/{model}/deploy',
    rule: 'deploy',
    tag,
    summary: 'Deploy a version of a model',
    description:
      "By default the latest ready version, under the model's name. A deployment of the same model that is there gets 100 % of that version.",
    status: 202,
    body: deployBody,
    response: deployment,
    example: { alias: 'champion', replicas: 2 },
    handle: async ({ caller, params, body, req }) =>
      presentDeployment(await change.deployModel(caller, { ...body, model: params.model }), originOf(req)),
  }),
  route({
    method: 'GET',
    path: '/deployments',
    rule: 'read',
    tag,
    summary: 'List deployments, newest first',
    query: z.strictObject({
      q: text(200).optional().meta({ description: 'Part of a name' }),
      status: deploymentStatus.optional(),
      ...pageQuery,
    }),
    response: deployment,
    isList: true,
    handle: async ({ caller, query, req }) =>
      listOf(await listDeployments(caller, query), (item) => presentDeployment(item, originOf(req))),
  }),
  route({
    method: 'GET',
    path: '/deployments/{deployment}',
    rule: 'read',
    tag,
    summary: 'Get a deployment',
    response: deployment,
    handle: async ({ caller, params, req }) => presentDeployment(await getDeployment(caller, params.deployment), originOf(req)),
  }),
  route({
    method: 'PUT',
    path: '/deployments/{deployment}/targets',
    rule: 'deploy',
    tag,
    summary: 'Set which versions serve, with how much traffic',
    description: 'Weights are whole percent and add up to 100. All targets have equal signatures.',
    body: targetsBody,
    response: deployment,
    example: {
      targets: [
        { version: 3, weight: 90 },
        { version: 4, weight: 10 },
      ],
    },
    handle: async ({ caller, params, body, req }) =>
      presentDeployment(await change.setTargets(caller, { ...params, ...body }), originOf(req)),
  }),
  route({
    method: 'DELETE',
    path: '/deployments/{deployment}',
    rule: 'deploy',
    tag,
    summary: 'Undeploy',
    description: 'It stays listed as stopped, and its name is free.',
    status: 204,
    handle: ({ caller, params }) => change.stopDeployment(caller, params.deployment),
  }),
  route({
    method: 'GET',
    path: '/deployments/{deployment}/metrics',
    rule: 'read',
    tag,
    summary: 'Requests, errors and latencies over time',
    description: 'One bucket a step and version, oldest first; the last hour unless a range is given.',
    query: z.strictObject({ from: isoTime.optional(), to: isoTime.optional() }),
    response: z.array(metricBucket),
    handle: async ({ caller, params, query }) => (await readMetrics(caller, { ...params, ...query })).map(presentBucket),
  }),
]
