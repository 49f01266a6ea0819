import Box from '@mui/material/Box'
import type { DatasetDetail } from '#src/contracts/dataset.ts'
import { datasetHref, datasetStatus } from '#src/ui/datasets/datasetFacts.ts'
import { AppLink } from '#src/ui/kit/AppLink.tsx'
import { formatBytes, formatNumber } from '#src/ui/kit/format.ts'
import { IdText } from '#src/ui/kit/IdText.tsx'
import { KeyValues } from '#src/ui/kit/KeyValues.tsx'
import { ListCard } from '#src/ui/kit/ListCard.tsx'
import { RelativeTime } from '#src/ui/kit/RelativeTime.tsx'
import { Section } from '#src/ui/kit/Section.tsx'
import { StatusChip } from '#src/ui/kit/StatusChip.tsx'

const lineSx = { display: 'flex', alignItems: 'center', gap: 3, typography: 'body2' } as const

function Versions({ dataset }: { dataset: DatasetDetail }) {
  return (
    <Section title="Versions">
      <ListCard label="Versions">
        {dataset.versions.map((one) => (
          <Box component="li" key={one.version} sx={lineSx}>
            <AppLink
              href={datasetHref(dataset.name, one.version)}
              aria-current={one.version === dataset.version ? 'page' : undefined}
              sx={{ color: 'text.primary', fontWeight: one.version === dataset.version ? 650 : 400 }}
            >
              Version {one.version}
            </AppLink>
            <Box sx={{ flex: 1, color: 'text.secondary' }}>
              {one.rows === null ? <RelativeTime at={one.createdAt} /> : `${formatNumber(one.rows)} rows`}
            </Box>
            <StatusChip status={datasetStatus(one.status)} />
          </Box>
        ))}
      </ListCard>
    </Section>
  )
}

function UsedBy({ dataset }: { dataset: DatasetDetail }) {
  return (
    <Section title="Used by">
      <ListCard label="Used by">
        {dataset.usedBy.length === 0 && (
          <Box component="li" sx={{ typography: 'body2', color: 'text.secondary' }}>
            No training job has used this version. Those that do appear here.
          </Box>
        )}
        {dataset.usedBy.map((job) => (
          <Box component="li" key={job.jobId} sx={lineSx}>
            <AppLink href={`/training/${job.jobId}`} sx={{ color: 'text.primary', flex: 1, minWidth: 0, overflowWrap: 'anywhere' }}>
              {job.name}
            </AppLink>
            <StatusChip status={job.status} />
          </Box>
        ))}
      </ListCard>
    </Section>
  )
}

function Files({ dataset }: { dataset: DatasetDetail }) {
  return (
    <Section title="Files">
      <ListCard label="Files">
        {dataset.files.map((file) => (
          <Box component="li" key={file.path} sx={{ typography: 'body2', display: 'grid', gap: 0.5 }}>
            <Box sx={{ display: 'flex', gap: 3 }}>
              <Box sx={{ flex: 1, minWidth: 0, overflowWrap: 'anywhere' }}>{file.path}</Box>
              <Box sx={{ color: 'text.secondary', whiteSpace: 'nowrap' }}>{formatBytes(file.sizeBytes)}</Box>
            </Box>
            {file.sha256 && (
              <Box sx={{ color: 'text.secondary' }}>
                SHA-256 <IdText id={file.sha256} what="digest" short={`${file.sha256.slice(0, 12)}…`} />
              </Box>
            )}
          </Box>
        ))}
      </ListCard>
    </Section>
  )
}

/** Beside the columns: versions, jobs, files and facts. */
export function DatasetSide({ dataset }: { dataset: DatasetDetail }) {
  return (
    <Box sx={{ display: 'grid', gap: 8, minWidth: 0 }}>
      <Versions dataset={dataset} />
      <UsedBy dataset={dataset} />
      <Files dataset={dataset} />
      <Section title="Facts" isFramed>
        <KeyValues
          labelWidth={96}
          items={[
            { label: 'Id', value: <IdText id={dataset.id} /> },
            { label: 'Format', value: dataset.format },
            { label: 'Created', value: <RelativeTime at={dataset.createdAt} /> },
            { label: 'By', value: dataset.createdBy },
          ]}
        />
      </Section>
    </Box>
  )
}
