import Box from '@mui/material/Box'
import type { ModelVersion } from '#src/contracts/model.ts'
import { plural } from '#src/ui/kit/format.ts'
import { KeyValues } from '#src/ui/kit/KeyValues.tsx'
import { Section } from '#src/ui/kit/Section.tsx'
import { StatusChip } from '#src/ui/kit/StatusChip.tsx'

/** That the exported file answers as the trainer's own framework did. */
export function ParityCertificate({ parity, hasGolden }: { parity: ModelVersion['parity']; hasGolden: boolean }) {
  return (
    <Section title="Parity" isFramed>
      {parity ? (
        <Box sx={{ display: 'grid', gap: 3 }}>
          <StatusChip
            status={parity.passed ? 'ready' : 'failed'}
            label={parity.passed ? 'Answers as in training' : 'Answers differ from training'}
          />
          <KeyValues
            labelWidth={110}
            items={[
              { label: 'Checked on', value: plural(parity.cases, 'request') },
              { label: 'Largest error', value: parity.max_abs_error?.toExponential(2) },
              { label: 'Allowed', value: parity.tolerance.toExponential(2) },
              { label: 'Checked by', value: parity.checked_by },
              { label: 'Why', value: parity.reason },
            ]}
          />
        </Box>
      ) : (
        <Box sx={{ typography: 'body2', color: 'text.secondary' }}>
          {hasGolden
            ? 'Golden answers came with this version. They are computed again when it is first deployed.'
            : 'No golden answers came with this version, so there is nothing to compare with.'}
        </Box>
      )}
    </Section>
  )
}
