import Box from '@mui/material/Box'
import type { ModelVersion } from '#src/contracts/model.ts'
import { EmptyState } from '#src/ui/kit/EmptyState.tsx'
import { IdText } from '#src/ui/kit/IdText.tsx'
import { KeyValues } from '#src/ui/kit/KeyValues.tsx'
import { RelativeTime } from '#src/ui/kit/RelativeTime.tsx'
import { Section } from '#src/ui/kit/Section.tsx'
import { ExternalServer } from '#src/ui/models/ExternalServer.tsx'
import { LineageChain } from '#src/ui/models/LineageChain.tsx'
import { ParityCertificate } from '#src/ui/models/ParityCertificate.tsx'
import { SignatureTable } from '#src/ui/models/SignatureTable.tsx'

const text = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))
const pairs = (map: Record<string, unknown> | undefined) =>
  Object.entries(map ?? {}).map(([label, value]) => ({ label, value: text(value) }))

/** Where it came from, what it takes and gives, and that it computes the same as in training. */
export function VersionOverview({ version }: { version: ModelVersion }) {
  const { hyperParameters, environment, seed } = version.lineage
  return (
    <Box sx={{ display: 'grid', gap: 8 }}>
      <LineageChain version={version} />
      <Box sx={{ display: 'grid', gap: 8, gridTemplateColumns: { md: 'minmax(0, 1fr) 320px' }, alignItems: 'start' }}>
        <Box sx={{ display: 'grid', gap: 8, minWidth: 0 }}>
          <Section title="Signature" note="What a request must bring and what the answer holds; -1 stands for any number.">
            {version.signature ? (
              <SignatureTable signature={version.signature} />
            ) : (
              <EmptyState
                isCompact
                sentence={
                  version.status === 'pending'
                    ? 'Read from the file once it is verified.'
                    : 'This version has no signature, so it cannot be deployed.'
                }
              />
            )}
          </Section>
          {hyperParameters && Object.keys(hyperParameters).length > 0 && (
            <Section title="Hyper-parameters" isFramed>
              <KeyValues labelWidth={220} items={[...pairs(hyperParameters), { label: 'Seed', value: seed }]} />
            </Section>
          )}
        </Box>
        <Box sx={{ display: 'grid', gap: 8, minWidth: 0 }}>
          {version.external ? (
            <ExternalServer external={version.external} />
          ) : (
            <ParityCertificate parity={version.parity} hasGolden={version.files.some((file) => file.path === 'golden.json')} />
          )}
          <Section title="Facts" isFramed>
            <KeyValues
              labelWidth={96}
              items={[
                { label: 'Format', value: version.format },
                { label: 'Created', value: <RelativeTime at={version.createdAt} /> },
                { label: 'By', value: version.createdBy },
                { label: 'Id', value: <IdText id={version.id} /> },
              ]}
            />
          </Section>
          {environment && Object.keys(environment).length > 0 && (
            <Section title="Environment" isFramed>
              <KeyValues labelWidth={150} items={pairs(environment)} />
            </Section>
          )}
        </Box>
      </Box>
    </Box>
  )
}
