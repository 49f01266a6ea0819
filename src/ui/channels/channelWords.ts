import type { ChannelEvent, ChannelKind, Delivery } from '#src/contracts/channel.ts'

export const kindWords: Record<ChannelKind, string> = { webhook: 'Webhook', slack: 'Slack', email: 'E-mail' }

/** What became of a message. */
export const outcomeWords: Record<Delivery['status'], string> = { waiting: 'still waiting', delivered: 'arrived', failed: 'did not arrive' }

export const eventWords: Record<ChannelEvent, string> = {
  'alert.firing': 'An alert fires',
  'alert.resolved': 'An alert is over',
  'deployment.ready': 'A deployment is ready',
  'deployment.degraded': 'A deployment is degraded',
  'deployment.failed': 'A deployment fails',
  'training.succeeded': 'Training succeeds',
  'training.failed': 'Training fails',
  'version.ready': 'A version is ready',
  'version.rejected': 'A version is rejected',
}

export const targetHelp: Record<ChannelKind, string> = {
  webhook: 'Gets each event as JSON by POST, signed as Standard Webhooks says.',
  slack: 'An incoming webhook of Slack, or of what takes the same messages.',
  email: 'Addresses separated by commas.',
}

type Named = { name?: string } | null
type Told = { rule?: Named; job?: Named; model?: Named; deployment?: Named; version?: number }

/** What a message is about, by name; none for a test. */
export function aboutOf(payload: Delivery['payload']): string | undefined {
  const { rule, job, model, deployment, version } = (payload.data ?? {}) as Told
  if (model?.name && version !== undefined) return `${model.name}, version ${version}`
  return (rule ?? job ?? deployment ?? model)?.name
}
