import { z } from 'zod'
import { idOrName, name, pageOf, text } from './common.ts'
import { fileSource, versionStatus } from './model.ts'

export const columnType = z.enum(['number', 'category', 'text', 'datetime'])
export type ColumnType = z.infer<typeof columnType>

/** A column with what a person wants to see of it at a glance. */
export const column = z.object({
  name: z.string(),
  type: columnType,
  missing: z.number().int(),
  distinct: z.number().int(),
  /** True when `distinct` stopped counting. */
  isDistinctCapped: z.boolean(),
  min: z.number().nullable(),
  max: z.number().nullable(),
  mean: z.number().nullable(),
  /** number: equal-width bins between min and max; else the commonest values. */
  histogram: z.array(z.object({ label: z.string(), count: z.number().int() })),
})
export type Column = z.infer<typeof column>

export const createDataset = z.object({ name, description: text(10_000).optional(), files: z.array(fileSource).min(1).max(1000) })

export const dataset = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  version: z.number().int(),
  versionId: z.string(),
  status: versionStatus,
  reason: z.string().nullable(),
  format: z.string().nullable(),
  rows: z.number().nullable(),
  sizeBytes: z.number(),
  columns: z.array(column),
  project: z.string(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  createdBy: z.string().nullable(),
})
export type Dataset = z.infer<typeof dataset>

export const datasetDetail = dataset.extend({
  /** The first rows as they stand in the file. */
  preview: z.array(z.array(z.string().nullable())),
  files: z.array(z.object({ path: z.string(), sha256: z.string().nullable(), sizeBytes: z.number() })),
  versions: z.array(
    z.object({ version: z.number().int(), status: versionStatus, rows: z.number().nullable(), createdAt: z.iso.datetime() }),
  ),
  usedBy: z.array(z.object({ jobId: z.string(), name: z.string(), status: z.string() })),
})
export type DatasetDetail = z.infer<typeof datasetDetail>

export const datasetRef = z.object({
  dataset: idOrName,
  version: z
    .number()
    .int()
    .min(1)
    .max(2 ** 31 - 1)
    .optional(),
})
export const listDatasets = z.object({
  q: text(200).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(50),
  skip: z.coerce.number().int().min(0).max(10_000).default(0),
  cursor: text(500).optional(),
})
export const datasetPage = pageOf(dataset)
