/** Data sets as REST shows them. */
import { z } from 'zod'
import * as contract from '#src/contracts/dataset.ts'
import { versionStatus } from '#src/contracts/model.ts'
import { file, presentFile } from './models.ts'

const column = z.object({ name: z.string(), type: contract.columnType })

const columnFigures = column
  .extend({
    missing: z.int(),
    distinct: z.int(),
    is_distinct_capped: z.boolean().meta({ description: 'True when counting distinct values stopped' }),
    min: z.number().nullable(),
    max: z.number().nullable(),
    mean: z.number().nullable(),
  })
  .meta({ title: 'Column' })

export const dataset = z
  .object({
    id: z.uuid(),
    name: z.string(),
    description: z.string(),
    version: z.int(),
    status: versionStatus,
    reason: z.string().nullable(),
    format: z.string().nullable(),
    rows: z.number().nullable(),
    size_bytes: z.number(),
    columns: z.array(column),
    project: z.string(),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
    created_by: z.string().nullable(),
  })
  .meta({ title: 'Dataset' })

export const presentDataset = (of: contract.Dataset): z.infer<typeof dataset> => ({
  id: of.id,
  name: of.name,
  description: of.description,
  version: of.version,
  status: of.status,
  reason: of.reason,
  format: of.format,
  rows: of.rows,
  size_bytes: of.sizeBytes,
  columns: of.columns.map(({ name, type }) => ({ name, type })),
  project: of.project,
  created_at: of.createdAt,
  updated_at: of.updatedAt,
  created_by: of.createdBy,
})

export const datasetDetail = dataset
  .extend({
    columns: z.array(columnFigures),
    files: z.array(file),
    versions: z.array(z.object({ version: z.int(), status: versionStatus, rows: z.number().nullable(), created_at: z.iso.datetime() })),
    preview: z.array(z.array(z.string().nullable())).meta({ description: 'The first rows as they stand in the file' }),
  })
  .meta({ title: 'DatasetDetail' })

const presentColumn = (of: contract.Column): z.infer<typeof columnFigures> => ({
  name: of.name,
  type: of.type,
  missing: of.missing,
  distinct: of.distinct,
  is_distinct_capped: of.isDistinctCapped,
  min: of.min,
  max: of.max,
  mean: of.mean,
})

export const presentDatasetDetail = (of: contract.DatasetDetail): z.infer<typeof datasetDetail> => ({
  ...presentDataset(of),
  columns: of.columns.map(presentColumn),
  files: of.files.map(presentFile),
  versions: of.versions.map((item) => ({ version: item.version, status: item.status, rows: item.rows, created_at: item.createdAt })),
  preview: of.preview,
})
