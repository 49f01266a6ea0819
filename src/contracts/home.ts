import { z } from 'zod'
import { alertSeverity } from './alert.ts'

/** What the first page answers: what runs, what needs attention, what to do next. */
export const home = z.object({
  counts: z.object({ models: z.number(), datasets: z.number(), jobs: z.number(), deployments: z.number() }),
  runningJobs: z.array(
    z.object({ id: z.string(), name: z.string(), progress: z.number(), etaSeconds: z.number().nullable(), status: z.string() }),
  ),
  attention: z.array(
    z.object({
      kind: z.enum(['alert', 'job', 'deployment', 'runtime', 'version', 'dataset']),
      state: z.enum([...alertSeverity.options, 'failed', 'degraded', 'rejected', 'silent']),
      id: z.string(),
      title: z.string(),
      reason: z.string(),
      href: z.string(),
      at: z.string(),
    }),
  ),
  recent: z.array(
    z.object({
      kind: z.enum(['model', 'dataset', 'job', 'deployment']),
      id: z.string(),
      title: z.string(),
      href: z.string(),
      status: z.string(),
      at: z.string(),
    }),
  ),
  steps: z.object({ hasDataset: z.boolean(), hasModel: z.boolean(), hasDeployment: z.boolean(), hasPrediction: z.boolean() }),
  /** Why training does not run on this machine, when it does not. */
  trainingMissing: z.string().nullable(),
  requestsLastHour: z.number(),
})
export type Home = z.infer<typeof home>

/** A nudge that something changed; the browser then fetches it again. */
export const change = z.object({
  kind: z.enum(['model', 'dataset', 'job', 'deployment', 'upload', 'runtime', 'user', 'project', 'alert', 'channel']),
  id: z.string(),
})
export type Change = z.infer<typeof change>
