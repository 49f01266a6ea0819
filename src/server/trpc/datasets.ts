import { z } from 'zod'
import { idOrName } from '#src/contracts/common.ts'
import { createDataset, dataset, datasetDetail, datasetPage, datasetRef, listDatasets } from '#src/contracts/dataset.ts'
import * as change from '#src/server/services/datasets/change.ts'
import * as find from '#src/server/services/datasets/find.ts'
import { loadSample } from '#src/server/services/datasets/sample.ts'
import { procedure, router } from './init.ts'

export const datasetsRouter = router({
  list: procedure('read')
    .input(listDatasets)
    .output(datasetPage)
    .query(({ ctx, input }) => find.listDatasets(ctx.caller, input)),
  get: procedure('read')
    .input(datasetRef)
    .output(datasetDetail)
    .query(({ ctx, input }) => find.getDataset(ctx.caller, input)),
  create: procedure('write')
    .input(createDataset)
    .output(dataset)
    .mutation(({ ctx, input }) => change.createDataset(ctx.caller, input)),
  delete: procedure('write')
    .input(z.object({ dataset: idOrName }))
    .output(z.object({ ok: z.literal(true) }))
    .mutation(async ({ ctx, input }) => {
      await change.deleteDataset(ctx.caller, input.dataset)
      return { ok: true } as const
    }),
  loadSample: procedure('write')
    .input(z.object({}))
    .output(dataset)
    .mutation(({ ctx }) => loadSample(ctx.caller)),
})
