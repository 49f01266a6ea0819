/** How an installation does, part by part. */
import { z } from 'zod'

/** `off`: the installation is not set up to have this part. */
export const partStatuses = ['ok', 'degraded', 'unavailable', 'off'] as const

export const healthPart = z.object({
  status: z.enum(partStatuses),
  /** What is wrong and what to do, or what is right. */
  message: z.string(),
  /** How long it took to find out; null where nothing was asked. */
  latencyMs: z.number().nullable(),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
})
export type HealthPart = z.infer<typeof healthPart>

export const partNames = ['database', 'migrations', 'queue', 'worker', 'storage', 'disk', 'training', 'inference', 'relaycore'] as const
export type PartName = (typeof partNames)[number]

export const healthReport = z.object({
  /** `degraded`: something does not work, but requests are served. */
  status: z.enum(['ok', 'degraded', 'unavailable']),
  service: z.literal('neuroweaver'),
  version: z.string(),
  at: z.iso.datetime(),
  parts: z.record(z.enum(partNames), healthPart),
})
export type HealthReport = z.infer<typeof healthReport>
