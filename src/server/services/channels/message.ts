/** An event in words, for channels that people read. */
import { alertPath } from '#src/contracts/alert.ts'
import { env } from '#src/server/env.ts'

export type Message = { title: string; lines: string[]; url: string }

type Named = { id?: string; name?: string }
type Data = {
  alert?: Named
  deployment?: Named | null
  runtime?: Named | null
  model?: Named
  job?: Named
  version?: number
  rule?: Named
  severity?: string
  message?: string
  reason?: string | null
}

/** Whoever opens it may be in another project: the address says in which one it is. */
const pageIn = (projectId: string, path: string) => `${env().webUrl}${path}${path.includes('?') ? '&' : '?'}project=${projectId}`

const aboutOf = ({ deployment, runtime }: Data) => deployment?.name ?? runtime?.name ?? 'the data disk'

const titles: Record<string, (data: Data) => string> = {
  'alert.firing': (data) => `${data.severity === 'critical' ? 'Critical' : 'Warning'}: ${data.rule?.name} on ${aboutOf(data)}`,
  'alert.resolved': (data) => `Resolved: ${data.rule?.name} on ${aboutOf(data)}`,
  'deployment.ready': ({ deployment }) => `${deployment?.name} is ready`,
  'deployment.degraded': ({ deployment }) => `${deployment?.name} is degraded`,
  'deployment.failed': ({ deployment }) => `${deployment?.name} has failed`,
  'training.succeeded': ({ job }) => `Training succeeded: ${job?.name}`,
  'training.failed': ({ job }) => `Training failed: ${job?.name}`,
  'version.ready': ({ model, version }) => `${model?.name}, version ${version}, is ready`,
  'version.rejected': ({ model, version }) => `${model?.name}, version ${version}, was rejected`,
}

function pathOf({ alert, deployment, job, model }: Data): string {
  if (alert?.id) return alertPath(alert.id)
  if (deployment) return `/deployments/${deployment.name}`
  if (job) return `/training/${job.id}`
  return model ? `/models/${model.name}` : '/'
}

/** `payload` is what `emit` wrote. */
export function messageOf({ event, payload, projectId }: { event: string; payload: Record<string, unknown>; projectId: string }): Message {
  const data = (payload.data ?? {}) as Data
  if (event === 'test')
    return {
      title: 'NeuroWeaver can reach this channel',
      lines: ['Somebody pressed "Send test". Nothing is wrong.'],
      url: pageIn(projectId, '/settings/channels'),
    }
  const title = titles[event]?.(data) ?? event
  return {
    title,
    lines: [data.message, data.reason].filter((line): line is string => Boolean(line)),
    url: pageIn(projectId, pathOf(data)),
  }
}
