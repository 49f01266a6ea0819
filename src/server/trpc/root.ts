import { z } from 'zod'
import { healthReport } from '#src/contracts/health.ts'
import { home } from '#src/contracts/home.ts'
import { installationLimits } from '#src/contracts/limits.ts'
import { env } from '#src/server/env.ts'
import { followChanges } from '#src/server/services/changes.ts'
import { inferenceUrl } from '#src/server/services/deployments/find.ts'
import { inspectHealth } from '#src/server/services/health.ts'
import { readHome } from '#src/server/services/home.ts'
import { readLimits, setLimits } from '#src/server/services/limits.ts'
import { programVersion, trainingMissing } from '#src/server/services/system.ts'
import {
  apiKeysRouter,
  membersRouter,
  meRouter,
  projectsRouter,
  runtimesRouter,
  serviceAccountsRouter,
  setupRouter,
  usersRouter,
} from './access.ts'
import { alertsRouter, channelsRouter } from './alerts.ts'
import { auditRouter } from './audit.ts'
import { datasetsRouter } from './datasets.ts'
import { deploymentsRouter } from './deployments.ts'
import { createCallerFactory, procedure, router } from './init.ts'
import { modelsRouter } from './models.ts'
import { performanceRouter, relaycoreRouter } from './performance.ts'
import { trainingRouter } from './training.ts'
import { uploadsRouter } from './uploads.ts'

export const appRouter = router({
  setup: setupRouter,
  me: meRouter,
  home: router({
    get: procedure('read')
      .output(home)
      .query(({ ctx }) => readHome(ctx.caller, trainingMissing())),
  }),
  models: modelsRouter,
  datasets: datasetsRouter,
  training: trainingRouter,
  performance: performanceRouter,
  relaycore: relaycoreRouter,
  deployments: deploymentsRouter,
  alerts: alertsRouter,
  channels: channelsRouter,
  uploads: uploadsRouter,
  users: usersRouter,
  apiKeys: apiKeysRouter,
  runtimes: runtimesRouter,
  projects: projectsRouter,
  members: membersRouter,
  serviceAccounts: serviceAccountsRouter,
  audit: auditRouter,
  system: router({
    limits: procedure('installation-admin')
      .output(installationLimits)
      .query(() => readLimits()),
    setLimits: procedure('installation-admin')
      .input(installationLimits)
      .output(installationLimits)
      .mutation(({ ctx, input }) => setLimits(ctx.caller, input)),
    info: procedure('signed-in')
      .output(z.object({ version: z.string(), webUrl: z.string(), inferenceUrl: z.string().nullable() }))
      .query(async () => ({ version: programVersion, webUrl: env().webUrl, inferenceUrl: await inferenceUrl() })),
    health: procedure('signed-in')
      .output(healthReport)
      .query(() => inspectHealth()),
  }),
  live: router({
    changes: procedure('read')
      .input(z.object({}).optional())
      .subscription(({ ctx, signal }) => followChanges(ctx.caller, signal)),
  }),
})

export type AppRouter = typeof appRouter
export const createCaller = createCallerFactory(appRouter)
