/** Which actions a key needs for what: by the noun under which a route or a procedure stands, and whether it changes anything. */
import type { Action } from '#src/contracts/access.ts'

type Noun = 'models' | 'datasets' | 'training' | 'deployments' | 'alerts' | 'administration'

/** Null asks no action: who one is, and the API's own description. Several nouns: any of them will do. */
const nouns: Record<string, readonly Noun[] | null> = {
  // tags of REST
  Models: ['models'],
  Versions: ['models'],
  Performance: ['models'],
  'Data sets': ['datasets'],
  Uploads: ['models', 'datasets'],
  Training: ['training'],
  Deployments: ['deployments'],
  Inference: ['deployments'],
  Alerts: ['alerts'],
  Channels: ['alerts'],
  Audit: ['administration'],
  Projects: ['administration'],
  Keys: ['administration'],
  System: ['administration'],
  Reference: null,
  // routers of tRPC
  models: ['models'],
  performance: ['models'],
  datasets: ['datasets'],
  uploads: ['models', 'datasets'],
  training: ['training'],
  deployments: ['deployments'],
  inference: ['deployments'],
  alerts: ['alerts'],
  channels: ['alerts'],
  audit: ['administration'],
  users: ['administration'],
  apiKeys: ['administration'],
  runtimes: ['administration'],
  projects: ['administration'],
  members: ['administration'],
  serviceAccounts: ['administration'],
  relaycore: ['administration'],
  system: ['administration'],
  setup: null,
  me: null,
  home: ['models', 'datasets', 'training', 'deployments'],
  live: ['models', 'datasets', 'training', 'deployments'],
}

/**
 * The actions any of which a limited key must have.
 * @throws Error for a noun that stands nowhere in the table, so that a new one can not be forgotten.
 */
export function actionsOf(noun: string, isChange: boolean): readonly Action[] | null {
  const found = nouns[noun]
  if (found === undefined) throw new Error(`services/actions.ts does not say which action "${noun}" needs`)
  return found?.map((of) => `${of}:${isChange ? 'write' : 'read'}` as const) ?? null
}

/** Calling a deployment's model, by whichever address. */
export const callAction: readonly Action[] = ['inference:call']
