import { z } from 'zod'
import { idOrName, pageOf, text } from '#src/contracts/common.ts'
import {
  aliasMove,
  listModels,
  model,
  modelPage,
  modelRef,
  modelVersion,
  registerModel,
  setAlias,
  updateModel,
  versionRef,
  versionSummary,
} from '#src/contracts/model.ts'
import * as change from '#src/server/services/models/change.ts'
import * as find from '#src/server/services/models/find.ts'
import * as register from '#src/server/services/models/register.ts'
import * as versions from '#src/server/services/models/versions.ts'
import { procedure, router } from './init.ts'

const done = z.object({ ok: z.literal(true) })
const ok = { ok: true } as const

export const modelsRouter = router({
  list: procedure('read')
    .input(listModels)
    .output(modelPage)
    .query(({ ctx, input }) => find.listModels(ctx.caller, input)),
  get: procedure('read')
    .input(modelRef)
    .output(model)
    .query(({ ctx, input }) => find.getModel(ctx.caller, input.model)),
  register: procedure('write')
    .input(registerModel)
    .output(model)
    .mutation(({ ctx, input }) => register.registerModel(ctx.caller, input)),
  update: procedure('write')
    .input(updateModel)
    .output(model)
    .mutation(({ ctx, input }) => change.updateModel(ctx.caller, input)),
  delete: procedure('write')
    .input(modelRef)
    .output(done)
    .mutation(async ({ ctx, input }) => {
      await change.deleteModel(ctx.caller, input.model)
      return ok
    }),
  versions: procedure('read')
    .input(z.object({ model: idOrName, limit: z.number().int().min(1).max(1000).default(100), cursor: text(500).optional() }))
    .output(pageOf(versionSummary))
    .query(({ ctx, input }) => versions.listVersions(ctx.caller, input)),
  version: procedure('read')
    .input(versionRef)
    .output(modelVersion)
    .query(({ ctx, input }) => versions.getVersion(ctx.caller, input)),
  evaluation: procedure('read')
    .input(versionRef)
    .output(z.unknown())
    .query(({ ctx, input }) => versions.getEvaluation(ctx.caller, input)),
  deleteVersion: procedure('write')
    .input(versionRef)
    .output(done)
    .mutation(async ({ ctx, input }) => {
      await versions.deleteVersion(ctx.caller, input)
      return ok
    }),
  setAlias: procedure('deploy')
    .input(setAlias)
    .output(model)
    .mutation(({ ctx, input }) => change.setAlias(ctx.caller, input)),
  deleteAlias: procedure('deploy')
    .input(z.object({ model: idOrName, alias: text(100).min(1) }))
    .output(model)
    .mutation(({ ctx, input }) => change.deleteAlias(ctx.caller, input)),
  aliasHistory: procedure('read')
    .input(modelRef)
    .output(z.array(aliasMove))
    .query(({ ctx, input }) => change.listAliasMoves(ctx.caller, input.model)),
})
