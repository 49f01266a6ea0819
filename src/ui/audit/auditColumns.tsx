import Box from '@mui/material/Box'
import type { AuditEvent } from '#src/contracts/audit.ts'
import { actorText, sourceNames, targetHref, targetText, typeText } from '#src/ui/audit/auditFacts.ts'
import { summaryOf } from '#src/ui/audit/changesOf.ts'
import { AppLink } from '#src/ui/kit/AppLink.tsx'
import type { Column } from '#src/ui/kit/DataTable.tsx'
import { RelativeTime } from '#src/ui/kit/RelativeTime.tsx'
import { Unbroken } from '#src/ui/kit/Unbroken.tsx'

const cut = { display: 'block', maxWidth: 200, overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' } as const

function Target({ event }: { event: AuditEvent }) {
  const href = targetHref(event)
  return (
    <Box component="span" sx={cut} title={targetText(event)}>
      <Box component="span" sx={{ color: 'text.secondary' }}>
        {typeText(event.target.type)}{' '}
      </Box>
      {href ? (
        <AppLink href={href} underline="always">
          {targetText(event)}
        </AppLink>
      ) : (
        targetText(event)
      )}
    </Box>
  )
}

export const auditColumns: Column<AuditEvent>[] = [
  { key: 'at', header: 'When', cell: (event) => <RelativeTime at={event.at} /> },
  {
    key: 'actor',
    header: 'Who',
    cell: (event) => (
      <Box component="span" sx={{ ...cut, maxWidth: 180 }} title={actorText(event)}>
        {actorText(event)}
      </Box>
    ),
  },
  { key: 'action', header: 'Action', cell: (event) => <Box sx={{ typography: 'mono', fontSize: 12.5 }}>{event.action}</Box> },
  { key: 'target', header: 'Target', cell: (event) => <Target event={event} /> },
  {
    key: 'changes',
    header: 'What changed',
    cell: (event) => {
      const summary = summaryOf(event.before, event.after, event.target.name)
      return (
        <Box component="span" sx={cut} title={summary}>
          {summary || '–'}
        </Box>
      )
    },
  },
  { key: 'source', header: 'Door', cell: (event) => <Unbroken>{sourceNames[event.source]}</Unbroken> },
  { key: 'key', header: 'Key', cell: (event) => event.apiKey?.name ?? '–', isHiddenByDefault: true },
  { key: 'address', header: 'Address', cell: (event) => event.address ?? '–', isHiddenByDefault: true },
  { key: 'project', header: 'Project', cell: (event) => event.project?.name ?? '–', isHiddenByDefault: true },
  { key: 'seal', header: 'Seal', cell: (event) => event.seal?.seq ?? 'waits', align: 'right', isHiddenByDefault: true },
]
