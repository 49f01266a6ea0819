'use client'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import dynamic from 'next/dynamic'
import { useState } from 'react'
import { type AlertRule, alertFigures } from '#src/contracts/alert.ts'
import { conditionText, scopeText } from '#src/ui/alerts/figureText.ts'
import { RuleMenu } from '#src/ui/alerts/RuleMenu.tsx'
import { usePermissions } from '#src/ui/frame/usePermissions.ts'
import { History } from '#src/ui/audit/History.tsx'
import { type Column, DataTable } from '#src/ui/kit/DataTable.tsx'
import { EmptyState } from '#src/ui/kit/EmptyState.tsx'
import { ErrorNotice } from '#src/ui/kit/ErrorNotice.tsx'
import { Section } from '#src/ui/kit/Section.tsx'
import { StatusChip } from '#src/ui/kit/StatusChip.tsx'
import { trpc } from '#src/ui/trpc.tsx'

const RuleDialog = dynamic(() => import('#src/ui/alerts/RuleDialog.tsx').then((module) => module.RuleDialog), { ssr: false })

const stateOf = (rule: AlertRule) => (!rule.isEnabled ? 'disabled' : rule.mutedUntil ? 'muted' : rule.openAlerts > 0 ? 'firing' : 'active')

const columns: Column<AlertRule>[] = [
  { key: 'name', header: 'Rule', cell: (rule) => rule.name, sortValue: (rule) => rule.name },
  { key: 'state', header: 'State', cell: (rule) => <StatusChip status={stateOf(rule)} />, sortValue: stateOf },
  {
    key: 'figure',
    header: 'Figure',
    cell: (rule) => alertFigures[rule.figure].label,
    sortValue: (rule) => alertFigures[rule.figure].label,
  },
  { key: 'scope', header: 'Watches', cell: scopeText, sortValue: scopeText },
  {
    key: 'condition',
    header: 'Condition',
    cell: (rule) => (
      <Box component="span" sx={{ whiteSpace: 'normal' }}>
        {conditionText(rule)}
      </Box>
    ),
  },
  {
    key: 'window',
    header: 'Over',
    align: 'right',
    cell: (rule) => (alertFigures[rule.figure].subject === 'disk' ? '–' : `${rule.windowMinutes} min`),
  },
  {
    key: 'channels',
    header: 'Tells',
    cell: (rule) => rule.channels.map(({ name }) => name).join(', ') || 'all that listen',
    isHiddenByDefault: true,
  },
]

/** What is watched, and from where on somebody is told. */
export function Rules() {
  const { data, error, refetch } = trpc.alerts.rules.useQuery()
  const { canDeploy } = usePermissions()
  const [editing, setEditing] = useState<AlertRule | 'new' | null>(null)
  const create = canDeploy && (
    <Button variant="contained" onClick={() => setEditing('new')}>
      Create alert rule
    </Button>
  )
  return (
    <Section
      title="Alert rules"
      note="Looked at every five seconds for each deployment that they watch."
      actions={data?.length ? create : undefined}
    >
      <ErrorNotice title="The rules could not be read" error={error} isOlder={data !== undefined} onRetry={() => void refetch()} />
      {(data || !error) && (
        <DataTable
          id="rules"
          label="Alert rules"
          columns={columns}
          rows={data}
          rowKey={(rule) => rule.id}
          skeletonCount={3}
          initialSort="name asc"
          peek={(rule) => <History type="alert_rule" id={rule.id} />}
          rowActions={(rule) => canDeploy && <RuleMenu rule={rule} onEdit={() => setEditing(rule)} />}
          empty={
            <EmptyState
              sentence="Nothing is watched in this project. A rule tells somebody when a figure crosses a threshold."
              action={create}
            />
          }
        />
      )}
      {editing && <RuleDialog rule={editing === 'new' ? null : editing} onClose={() => setEditing(null)} />}
    </Section>
  )
}
