/** Versions of models and their files. */
import { z } from 'zod'
import { sendArtifact } from '#src/server/services/artifacts/content.ts'
import * as versions from '#src/server/services/models/versions.ts'
import { pageQuery } from './fields.ts'
import { listOf } from './paging.ts'
import { route } from './route.ts'
import { presentVersion, presentVersionSummary, version, versionSummary } from './shapes/models.ts'

const tag = 'Versions'

export const versionRoutes = [
  route({
    method: 'GET',
    path: '/models/{model}/versions',
    rule: 'read',
    tag,
    summary: "List a model's versions, newest first",
    query: z.strictObject(pageQuery),
    response: versionSummary,
    isList: true,
    handle: async ({ caller, params, query }) =>
      listOf(await versions.listVersions(caller, { ...params, ...query }), presentVersionSummary),
  }),
  route({
    method: 'GET',
    path: '/models/{model}/versions/{version}',
    rule: 'read',
    tag,
    summary: 'Get a version',
    response: version,
    handle: async ({ caller, params }) => presentVersion(await versions.getVersion(caller, params)),
  }),
  route({
    method: 'DELETE',
    path: '/models/{model}/versions/{version}',
    rule: 'write',
    tag,
    summary: 'Delete a version',
    description: 'Refused with 409 while a deployment serves it or an alias names it.',
    status: 204,
    handle: ({ caller, params }) => versions.deleteVersion(caller, params),
  }),
  route({
    method: 'GET',
    path: '/models/{model}/versions/{version}/files/{path}',
    rule: 'read',
    tag,
    summary: 'Download a file of a version',
    description: 'Takes Range and If-None-Match; the ETag is the SHA-256 of the bytes.',
    produces: 'application/octet-stream',
    handle: async ({ caller, params, req, res }) => {
      const file = await versions.getVersionFile(caller, params)
      await sendArtifact(req, res, { sha256: file.sha256, sizeBytes: file.sizeBytes, filename: file.path })
    },
  }),
]
