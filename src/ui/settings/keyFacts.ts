import type { Action, ApiKey, KeyScope } from '#src/contracts/access.ts'

const actionWords: Record<Action, string> = {
  'models:read': 'Look at models',
  'models:write': 'Register and change models',
  'datasets:read': 'Look at data sets',
  'datasets:write': 'Register and change data sets',
  'training:read': 'Look at training',
  'training:write': 'Start and cancel training',
  'deployments:read': 'Look at deployments',
  'deployments:write': 'Deploy and move traffic',
  'alerts:read': 'Look at alerts and channels',
  'alerts:write': 'Change alerts and channels',
  'administration:read': 'Look at projects, keys and the audit record',
  'administration:write': 'Change projects, members and keys',
  'inference:call': 'Call deployed models',
  'metrics:read': 'Read the figures for Prometheus',
}
export const actionOptions = Object.entries(actionWords) as [Action, string][]

export type Preset = 'read' | 'call' | 'write' | 'admin' | 'choose'
export const presets: { value: Preset; label: string }[] = [
  { value: 'call', label: 'Call models, nothing else' },
  { value: 'read', label: 'Read only: look, and call models' },
  { value: 'write', label: 'Read and write: also upload, train and deploy' },
  { value: 'admin', label: 'Full: all that its owner may do' },
  { value: 'choose', label: 'Choose actions…' },
]

/** The scope and actions that a preset stands for. */
export function limitsOf(preset: Preset, chosen: Action[]): { scope: KeyScope; actions?: Action[] } {
  if (preset === 'call') return { scope: 'read', actions: ['inference:call'] }
  if (preset !== 'choose') return { scope: preset }
  const isAdmin = chosen.some((action) => action === 'administration:write' || action === 'administration:read')
  return { scope: isAdmin ? 'admin' : chosen.some((action) => action.endsWith(':write')) ? 'write' : 'read', actions: chosen }
}

const soonMs = 7 * 24 * 3_600_000

export function keyStatus({ revokedAt, expiresAt }: Pick<ApiKey, 'revokedAt' | 'expiresAt'>, now = Date.now()) {
  if (revokedAt) return { status: 'revoked', label: 'Revoked' }
  if (!expiresAt) return { status: 'active', label: 'Active' }
  const leftMs = new Date(expiresAt).getTime() - now
  if (leftMs <= 0) return { status: 'expired', label: 'Expired' }
  return leftMs < soonMs ? { status: 'degraded', label: 'Expires soon' } : { status: 'active', label: 'Active' }
}

export const isUsable = (key: ApiKey) => !['revoked', 'expired'].includes(keyStatus(key).status)

/** What a key may do, in a few words. */
export function rightsText({ scope, actions, deployments }: ApiKey): string {
  const what = actions ? actions.join(', ') : { read: 'read', write: 'read, write', admin: 'everything' }[scope]
  return deployments ? `${what} · only ${deployments.join(', ')}` : what
}
