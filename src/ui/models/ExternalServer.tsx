import Box from '@mui/material/Box'
import type { ModelVersion } from '#src/contracts/model.ts'
import { formatMs, formatNumber } from '#src/ui/kit/format.ts'
import { KeyValues } from '#src/ui/kit/KeyValues.tsx'
import { Section } from '#src/ui/kit/Section.tsx'
import { StatusChip } from '#src/ui/kit/StatusChip.tsx'

const words = { unknown: 'Not asked yet', ready: 'Answers', failing: 'Does not answer now', failed: 'Has never answered' }

/** Who answers for the version, and how much of it may be used. */
export function ExternalServer({ external }: { external: NonNullable<ModelVersion['external']> }) {
  return (
    <Section title="Server" isFramed>
      <Box sx={{ display: 'grid', gap: 4 }}>
        <StatusChip status={external.state} label={words[external.state]} />
        {external.reason && <Box sx={{ typography: 'body2', overflowWrap: 'anywhere' }}>{external.reason}</Box>}
        <KeyValues
          labelWidth={120}
          items={[
            { label: 'Address', value: external.url },
            { label: 'Model', value: external.model },
            { label: 'Most tokens', value: formatNumber(external.maxTokens) },
            { label: 'At a time', value: `${formatNumber(external.maxConcurrent)} requests` },
            {
              label: 'A minute',
              value: external.requestsPerMinute === null ? 'No limit' : `${formatNumber(external.requestsPerMinute)} requests`,
            },
            { label: 'Waits', value: formatMs(external.timeoutMs) },
          ]}
        />
      </Box>
    </Section>
  )
}
