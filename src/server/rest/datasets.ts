/** Data sets. */
import { z } from 'zod'
import { name, text } from '#src/contracts/common.ts'
import { createDataset, deleteDataset } from '#src/server/services/datasets/change.ts'
import { getDataset, listDatasets } from '#src/server/services/datasets/find.ts'
import { pageQuery } from './fields.ts'
import { filesField } from './files.ts'
import { listOf } from './paging.ts'
import { route } from './route.ts'
import { dataset, datasetDetail, presentDataset, presentDatasetDetail } from './shapes/datasets.ts'

const tag = 'Data sets'

export const datasetRoutes = [
  route({
    method: 'POST',
    path: '/datasets',
    rule: 'write',
    tag,
    summary: 'Make a data set of uploaded files, or a further version of one',
    description: 'The first line of a CSV is its header; an empty field is missing. Poll it until it is ready or rejected.',
    status: 201,
    body: z.strictObject({ name, description: text(10_000).optional(), files: filesField }).meta({ title: 'CreateDataset' }),
    response: dataset,
    example: { name: 'customers', files: [{ path: 'customers.csv', upload_id: '0199c6a2-7d3e-7a55-9c0e-3f1b2a4c5d6e' }] },
    handle: async ({ caller, body }) => presentDataset(await createDataset(caller, body)),
  }),
  route({
    method: 'GET',
    path: '/datasets',
    rule: 'read',
    tag,
    summary: 'List data sets',
    query: z.strictObject({ q: text(200).optional().meta({ description: 'Part of a name' }), ...pageQuery }),
    response: dataset,
    isList: true,
    handle: async ({ caller, query }) => listOf(await listDatasets(caller, query), presentDataset),
  }),
  route({
    method: 'GET',
    path: '/datasets/{dataset}',
    rule: 'read',
    tag,
    summary: 'Get the latest version of a data set',
    response: datasetDetail,
    handle: async ({ caller, params }) => presentDatasetDetail(await getDataset(caller, params)),
  }),
  route({
    method: 'GET',
    path: '/datasets/{dataset}/versions/{version}',
    rule: 'read',
    tag,
    summary: 'Get a version of a data set',
    response: datasetDetail,
    handle: async ({ caller, params }) => presentDatasetDetail(await getDataset(caller, params)),
  }),
  route({
    method: 'DELETE',
    path: '/datasets/{dataset}',
    rule: 'write',
    tag,
    summary: 'Delete a data set with all its versions',
    description: 'Refused with 409 when a training job was made of one: its lineage would end there.',
    status: 204,
    handle: ({ caller, params }) => deleteDataset(caller, params.dataset),
  }),
]
