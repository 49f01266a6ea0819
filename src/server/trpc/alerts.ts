import { z } from 'zod'
import * as alert from '#src/contracts/alert.ts'
import * as channel from '#src/contracts/channel.ts'
import { id } from '#src/contracts/common.ts'
import * as alerts from '#src/server/services/alerts/alerts.ts'
import { previewRule } from '#src/server/services/alerts/preview.ts'
import * as rules from '#src/server/services/alerts/rules.ts'
import * as channels from '#src/server/services/channels/change.ts'
import { procedure, router } from './init.ts'

const done = z.object({ ok: z.literal(true) })
const ok = { ok: true } as const

export const alertsRouter = router({
  list: procedure('read')
    .input(alert.listAlerts)
    .output(alert.alertPage)
    .query(({ ctx, input }) => alerts.listAlerts(ctx.caller, input)),
  get: procedure('read')
    .input(alert.alertRef)
    .output(alert.alert)
    .query(({ ctx, input }) => alerts.getAlert(ctx.caller, input.id)),
  firing: procedure('read')
    .output(z.object({ count: z.number() }))
    .query(async ({ ctx }) => ({ count: await alerts.countFiring(ctx.caller) })),
  acknowledge: procedure('deploy')
    .input(alert.acknowledgeAlert)
    .output(alert.alert)
    .mutation(({ ctx, input }) => alerts.acknowledgeAlert(ctx.caller, input)),
  resolve: procedure('deploy')
    .input(alert.alertRef)
    .output(alert.alert)
    .mutation(({ ctx, input }) => alerts.resolveAlert(ctx.caller, input.id)),
  rules: procedure('read')
    .output(z.array(alert.alertRule))
    .query(({ ctx }) => rules.listRules(ctx.caller)),
  preview: procedure('read')
    .input(alert.previewRule)
    .output(alert.rulePreview)
    .query(({ ctx, input }) => previewRule(ctx.caller, input)),
  createRule: procedure('deploy')
    .input(alert.createRule)
    .output(alert.alertRule)
    .mutation(({ ctx, input }) => rules.createRule(ctx.caller, input)),
  updateRule: procedure('deploy')
    .input(alert.updateRule)
    .output(alert.alertRule)
    .mutation(({ ctx, input }) => rules.updateRule(ctx.caller, input)),
  muteRule: procedure('deploy')
    .input(alert.muteRule)
    .output(alert.alertRule)
    .mutation(({ ctx, input }) => rules.muteRule(ctx.caller, input)),
  deleteRule: procedure('deploy')
    .input(alert.ruleRef)
    .output(done)
    .mutation(async ({ ctx, input }) => {
      await rules.deleteRule(ctx.caller, input.id)
      return ok
    }),
})

export const channelsRouter = router({
  list: procedure('read')
    .output(z.array(channel.channel))
    .query(({ ctx }) => channels.listChannels(ctx.caller)),
  create: procedure('admin')
    .input(channel.createChannel)
    .output(channel.createdChannel)
    .mutation(({ ctx, input }) => channels.createChannel(ctx.caller, input)),
  update: procedure('admin')
    .input(channel.updateChannel)
    .output(channel.channel)
    .mutation(({ ctx, input }) => channels.updateChannel(ctx.caller, input)),
  rotateSecret: procedure('admin')
    .input(channel.channelRef)
    .output(channel.createdChannel)
    .mutation(({ ctx, input }) => channels.rotateSecret(ctx.caller, input.id)),
  delete: procedure('admin')
    .input(channel.channelRef)
    .output(done)
    .mutation(async ({ ctx, input }) => {
      await channels.deleteChannel(ctx.caller, input.id)
      return ok
    }),
  test: procedure('deploy')
    .input(channel.channelRef)
    .output(channel.delivery)
    .mutation(({ ctx, input }) => channels.testChannel(ctx.caller, input.id)),
  deliveries: procedure('deploy')
    .input(channel.listDeliveries)
    .output(channel.deliveryPage)
    .query(({ ctx, input }) => channels.listDeliveries(ctx.caller, input)),
  replay: procedure('deploy')
    .input(z.object({ id, delivery: id }))
    .output(channel.delivery)
    .mutation(({ ctx, input }) => channels.replayDelivery(ctx.caller, input)),
})
