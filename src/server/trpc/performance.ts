import { z } from 'zod'
import { id } from '#src/contracts/common.ts'
import { modelRef } from '#src/contracts/model.ts'
import * as contract from '#src/contracts/performance.ts'
import * as relay from '#src/contracts/relaycore.ts'
import { setBackups } from '#src/server/services/performance/backups.ts'
import { cancelSwitch, listSwitches, switchModel } from '#src/server/services/performance/switch.ts'
import { getPerformance, reportQuality, setThresholds } from '#src/server/services/performance/thresholds.ts'
import * as relaycore from '#src/server/services/relaycore/view.ts'
import { procedure, router } from './init.ts'

export const performanceRouter = router({
  get: procedure('read')
    .input(modelRef)
    .output(contract.modelPerformance)
    .query(({ ctx, input }) => getPerformance(ctx.caller, input.model)),
  report: procedure('write')
    .input(contract.qualityReport)
    .output(z.object({ ok: z.literal(true) }))
    .mutation(async ({ ctx, input }) => {
      await reportQuality(ctx.caller, input)
      return { ok: true } as const
    }),
  setThresholds: procedure('deploy')
    .input(contract.setThresholds)
    .output(contract.modelPerformance)
    .mutation(async ({ ctx, input }) => {
      await setThresholds(ctx.caller, input)
      return getPerformance(ctx.caller, input.model)
    }),
  setBackups: procedure('deploy')
    .input(contract.setBackups)
    .output(contract.modelPerformance)
    .mutation(async ({ ctx, input }) => {
      await setBackups(ctx.caller, input)
      return getPerformance(ctx.caller, input.model)
    }),
  /** Null when no target was named and no healthy model can stand in. */
  switch: procedure('deploy')
    .input(contract.switchModel)
    .output(contract.modelSwitch.nullable())
    .mutation(async ({ ctx, input }) => (await switchModel(ctx.caller, input)) ?? null),
  switches: procedure('read')
    .input(modelRef)
    .output(z.array(contract.modelSwitch))
    .query(({ ctx, input }) => listSwitches(ctx.caller, input.model)),
  cancelSwitch: procedure('deploy')
    .input(z.object({ id }))
    .output(contract.modelSwitch)
    .mutation(({ ctx, input }) => cancelSwitch(ctx.caller, input.id)),
})

export const relaycoreRouter = router({
  link: procedure('installation-admin')
    .output(relay.relaycoreLink)
    .query(() => relaycore.readLink()),
  outbox: procedure('installation-admin')
    .input(relay.listOutbox)
    .output(relay.outboxPage)
    .query(({ input }) => relaycore.listOutbox(input)),
  resend: procedure('installation-admin')
    .input(relay.outboxRef)
    .output(relay.outboxEntry)
    .mutation(({ ctx, input }) => relaycore.resend(ctx.caller, input.seq)),
  drop: procedure('installation-admin')
    .input(relay.outboxRef)
    .output(relay.outboxEntry)
    .mutation(({ ctx, input }) => relaycore.drop(ctx.caller, input.seq)),
  analytics: procedure('installation-admin')
    .input(relay.analyticsRef)
    .output(relay.analytics)
    .query(({ ctx, input }) => relaycore.getAnalytics(ctx.caller, input.modelId)),
})
