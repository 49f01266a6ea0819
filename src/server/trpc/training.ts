import { tracked } from '@trpc/server'
import { z } from 'zod'
import { id } from '#src/contracts/common.ts'
import {
  createJob,
  job,
  jobPage,
  jobRef,
  listJobs,
  metricSeries,
  recipe,
  type TrainingEvent,
  trainingEvent,
} from '#src/contracts/training.ts'
import { readEvents, readSeries } from '#src/server/services/training/events.ts'
import * as jobs from '#src/server/services/training/jobs.ts'
import { listRecipes } from '#src/server/services/training/recipes.ts'
import { followEvents } from '#src/server/services/training/follow.ts'
import { procedure, router } from './init.ts'

export const trainingRouter = router({
  recipes: procedure('read')
    .output(z.array(recipe))
    .query(() => listRecipes()),
  list: procedure('read')
    .input(listJobs)
    .output(jobPage)
    .query(({ ctx, input }) => jobs.listJobs(ctx.caller, input)),
  get: procedure('read')
    .input(jobRef)
    .output(job)
    .query(({ ctx, input }) => jobs.getJob(ctx.caller, input.id)),
  create: procedure('write')
    .input(createJob)
    .output(job)
    .mutation(({ ctx, input }) => jobs.createJob(ctx.caller, input)),
  cancel: procedure('write')
    .input(jobRef)
    .output(job)
    .mutation(({ ctx, input }) => jobs.cancelJob(ctx.caller, input.id)),
  events: procedure('read')
    .input(z.object({ id, after: z.number().int().min(0).default(0), limit: z.number().int().min(1).max(1000).default(1000) }))
    .output(z.array(trainingEvent))
    .query(async ({ ctx, input }) => {
      await jobs.watchJob(ctx.caller, input.id)
      return readEvents(input.id, input.after, input.limit)
    }),
  series: procedure('read')
    .input(z.object({ id, points: z.number().int().min(10).max(2000).default(500) }))
    .output(z.array(metricSeries))
    .query(async ({ ctx, input }) => {
      await jobs.watchJob(ctx.caller, input.id)
      return readSeries(input.id, input.points)
    }),
  onEvents: procedure('read')
    .input(
      z.object({
        id,
        lastEventId: z
          .string()
          .regex(/^\d{1,15}$/)
          .optional(),
      }),
    )
    .subscription(async function* ({ ctx, input, signal }) {
      for await (const event of followEvents(ctx.caller, input.id, Number(input.lastEventId ?? 0), signal)) {
        yield tracked(String(event.seq), event satisfies TrainingEvent)
      }
    }),
})
