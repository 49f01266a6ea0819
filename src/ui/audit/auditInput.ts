import type { AuditFilter, AuditSource } from '#src/contracts/audit.ts'
import { isoTime } from '#src/contracts/common.ts'
import { sourceNames } from '#src/ui/audit/auditFacts.ts'

/** The filters as the address carries them, under the words that the page shows for each. */
export const filterNames = {
  q: 'Text',
  actor: 'Who',
  apiKey: 'Key',
  action: 'Action',
  targetType: 'Kind',
  target: 'Target',
  source: 'Door',
  correlationId: 'Correlation id',
  project: 'Project',
  from: 'From',
  to: 'Until',
} as const
export type FilterKey = keyof typeof filterNames
export const filterKeys = Object.keys(filterNames) as FilterKey[]
export type AuditParams = Partial<Record<FilterKey, string>>

function timeOf(value: string | undefined): string | undefined {
  if (!value || Number.isNaN(Date.parse(value))) return undefined
  const iso = new Date(value).toISOString()
  return isoTime.safeParse(iso).success ? iso : undefined
}

/** The query behind an address of the record; what cannot be read counts as not given. */
export function auditInput(params: AuditParams): AuditFilter {
  const filter: AuditFilter = { from: timeOf(params.from), to: timeOf(params.to) }
  for (const key of filterKeys) {
    const value = [params[key]].flat()[0]?.slice(0, 200)
    if (value && key !== 'from' && key !== 'to' && key !== 'source') filter[key] = value
  }
  return { ...filter, source: Object.keys(sourceNames).includes(params.source ?? '') ? (params.source as AuditSource) : undefined }
}
