import { z } from 'zod'

const perMinute = z.number().int().min(1).max(10_000_000).nullable().default(null)

/** Calls a minute; null for as many as come. A key's own limit comes before `perKey`. */
export const installationLimits = z.object({ perAddress: perMinute, perUser: perMinute, perKey: perMinute, perProject: perMinute })
export type InstallationLimits = z.infer<typeof installationLimits>
