import { z } from 'zod'

export const uploadStatus = z.enum(['uploading', 'verifying', 'ready', 'rejected'])
export type UploadStatus = z.infer<typeof uploadStatus>

/** What the bytes turned out to be. */
export const artifactFormat = z.enum(['onnx', 'csv', 'jsonl', 'parquet', 'json', 'safetensors', 'unknown'])
export type ArtifactFormat = z.infer<typeof artifactFormat>

export const upload = z.object({
  id: z.string(),
  status: uploadStatus,
  filename: z.string(),
  sizeBytes: z.number(),
  offsetBytes: z.number(),
  sha256: z.string().nullable(),
  format: artifactFormat.nullable(),
  reason: z.string().nullable(),
  createdAt: z.iso.datetime(),
})
export type Upload = z.infer<typeof upload>
