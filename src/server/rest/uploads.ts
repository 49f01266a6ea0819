/** Uploads as rows; their bytes come in by tus at `/uploads`. */
import { z } from 'zod'
import { isUuid } from '#src/contracts/common.ts'
import { AppError } from '#src/server/errors.ts'
import { getUpload, listUploads } from '#src/server/services/artifacts/uploads.ts'
import { pageQuery } from './fields.ts'
import { sliceOf } from './paging.ts'
import { route } from './route.ts'
import { presentUpload, upload } from './shapes/system.ts'

const tag = 'Uploads'
const { limit, skip } = pageQuery

export const uploadRoutes = [
  route({
    method: 'GET',
    path: '/uploads',
    rule: 'read',
    tag,
    summary: "List one's own uploads, newest first",
    query: z.strictObject({ limit, skip }),
    response: upload,
    isList: true,
    handle: async ({ caller, query }) => sliceOf(await listUploads(caller, { limit: query.skip + query.limit + 1 }), query, presentUpload),
  }),
  route({
    method: 'GET',
    path: '/uploads/{upload}',
    rule: 'read',
    tag,
    summary: 'Get the state of an upload',
    refusals: [410],
    response: upload,
    handle: async ({ caller, params }) => {
      if (!isUuid(params.upload)) throw new AppError('not_found', 'There is no such upload.')
      return presentUpload(await getUpload(caller, params.upload.toLowerCase()))
    },
  }),
]
