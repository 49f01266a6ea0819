import Box from '@mui/material/Box'
import Typography from '@mui/material/Typography'
import type { AuditEvent } from '#src/contracts/audit.ts'
import { actorText, auditHref, sourceNames, targetHref, targetText, typeText } from '#src/ui/audit/auditFacts.ts'
import { Changes } from '#src/ui/audit/Changes.tsx'
import { AppLink } from '#src/ui/kit/AppLink.tsx'
import { formatExactTime } from '#src/ui/kit/format.ts'
import { useZone } from '#src/ui/kit/Served.tsx'
import { IdText } from '#src/ui/kit/IdText.tsx'
import { KeyValues } from '#src/ui/kit/KeyValues.tsx'

function Target({ event }: { event: AuditEvent }) {
  const href = targetHref(event)
  const words = `${typeText(event.target.type)} ${targetText(event)}`
  return href ? <AppLink href={href}>{words}</AppLink> : words
}

function Correlation({ id }: { id: string | null }) {
  if (!id) return '–'
  return (
    <>
      <IdText id={id} what="correlation id" short={id.length > 16 ? `${id.slice(0, 8)}…` : id} />{' '}
      <AppLink href={auditHref({ correlationId: id })} underline="always">
        All entries of this request
      </AppLink>
    </>
  )
}

/** One entry whole: who, through what, and what was before and after. */
export function AuditCard({ event }: { event: AuditEvent }) {
  const zone = useZone()
  return (
    <>
      <Box>
        <Typography variant="h2" component="h2" sx={{ overflowWrap: 'anywhere' }}>
          {event.action}
        </Typography>
        <Typography variant="body2" color="textSecondary">
          {formatExactTime(event.at, zone)}
        </Typography>
      </Box>
      <Changes event={event} />
      <KeyValues
        labelWidth={96}
        items={[
          { label: 'Who', value: actorText(event) },
          { label: 'Target', value: <Target event={event} /> },
          { label: 'Key', value: event.apiKey ? (event.apiKey.name ?? event.apiKey.id) : '–' },
          { label: 'Door', value: sourceNames[event.source] },
          { label: 'Address', value: event.address ?? '–' },
          { label: 'Project', value: event.project?.name ?? '–' },
          { label: 'Request', value: <Correlation id={event.correlationId} /> },
          {
            label: 'Seal',
            value: event.seal ? (
              <>
                {event.seal.seq} <IdText id={event.seal.hash} what="hash" />
              </>
            ) : (
              'Waits to be sealed'
            ),
          },
          { label: 'Entry', value: <IdText id={event.id} /> },
        ]}
      />
    </>
  )
}
