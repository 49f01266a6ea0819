import { z } from 'zod'
import { id } from '#src/contracts/common.ts'
import { upload } from '#src/contracts/upload.ts'
import { getUpload, listUploads } from '#src/server/services/artifacts/uploads.ts'
import { procedure, router } from './init.ts'

export const uploadsRouter = router({
  list: procedure('read')
    .input(z.object({ limit: z.number().int().min(1).max(200).default(50) }).default({ limit: 50 }))
    .output(z.array(upload))
    .query(({ ctx, input }) => listUploads(ctx.caller, input)),
  get: procedure('read')
    .input(z.object({ id }))
    .output(upload)
    .query(({ ctx, input }) => getUpload(ctx.caller, input.id)),
})
