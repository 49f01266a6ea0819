import type { ListAlerts } from '#src/contracts/alert.ts'

export const alertFilters = [
  { key: 'open', label: 'Open' },
  { key: 'resolved', label: 'Resolved' },
  { key: 'all', label: 'All' },
] as const

/** The query behind an address of the list of alerts. */
export const alertInput = (show: string | string[] | undefined): ListAlerts => ({
  status: show === 'all' ? undefined : show === 'resolved' ? 'resolved' : 'open',
  limit: 50,
})
