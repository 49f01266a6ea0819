import { z } from 'zod'
import { filePath, id, limits, sha256 } from '#src/contracts/common.ts'
import type { fileSource } from '#src/contracts/model.ts'

type Source = z.infer<typeof fileSource>

/** One object rather than a union, so that a refusal names the field that is wrong. */
const source = z
  .strictObject({ path: filePath, upload_id: id.optional(), sha256: sha256.optional() })
  .refine((file) => (file.upload_id === undefined) !== (file.sha256 === undefined), 'must have either upload_id or sha256')
  .transform(
    ({ path, upload_id: uploadId, sha256: digest }): Source =>
      uploadId === undefined ? { path, sha256: digest as string } : { path, uploadId },
  )

/** The files of a version or a data set: each an upload of one's own, or content that one may already read. */
export const filesField = z
  .array(source)
  .min(1)
  .max(limits.filesAVersion)
  .refine((files) => new Set(files.map((file) => file.path)).size === files.length, 'must not name a path twice')
