import { z } from 'zod'
import { auditActivity, auditFilter, auditHead, auditHistory, auditPage, auditProgress, listAudit } from '#src/contracts/audit.ts'
import { readActivity } from '#src/server/services/audit/activity.ts'
import * as find from '#src/server/services/audit/find.ts'
import { verifyChain } from '#src/server/services/audit/verify.ts'
import { procedure, router } from './init.ts'

export const auditRouter = router({
  list: procedure('admin')
    .input(listAudit)
    .output(auditPage)
    .query(({ ctx, input }) => find.listAudit(ctx.caller, input)),
  activity: procedure('admin')
    .input(auditFilter)
    .output(auditActivity)
    .query(({ ctx, input }) => readActivity(ctx.caller, input)),
  history: procedure('read')
    .input(auditHistory)
    .output(auditPage)
    .query(({ ctx, input }) => find.readHistory(ctx.caller, input)),
  /** How far the walk over the chain is, and at its end the verdict. */
  verify: procedure('installation-admin')
    .input(z.object({ head: auditHead.optional() }).optional())
    .subscription(async function* ({ input }) {
      for await (const progress of verifyChain(input?.head)) yield auditProgress.parse(progress)
    }),
})
