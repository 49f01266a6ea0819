'use client'
import Box from '@mui/material/Box'
import type { DatasetDetail } from '#src/contracts/dataset.ts'
import { History } from '#src/ui/audit/History.tsx'
import { ColumnTable } from '#src/ui/datasets/ColumnTable.tsx'
import { DatasetMenu } from '#src/ui/datasets/DatasetMenu.tsx'
import { DatasetNotice } from '#src/ui/datasets/DatasetNotice.tsx'
import { DatasetSide } from '#src/ui/datasets/DatasetSide.tsx'
import { datasetStatus, missingShare, trainHref, typesText } from '#src/ui/datasets/datasetFacts.ts'
import { PreviewTable } from '#src/ui/datasets/PreviewTable.tsx'
import { NotFound } from '#src/ui/frame/NotFound.tsx'
import { usePermissions } from '#src/ui/frame/usePermissions.ts'
import { ButtonLink } from '#src/ui/kit/ButtonLink.tsx'
import { ErrorNotice } from '#src/ui/kit/ErrorNotice.tsx'
import { isNotFound } from '#src/ui/kit/errors.ts'
import { Figure, Figures } from '#src/ui/kit/Figure.tsx'
import { formatBytes, formatNumber, formatPercent, plural } from '#src/ui/kit/format.ts'
import { PageHeader } from '#src/ui/kit/PageHeader.tsx'
import { PageSkeleton } from '#src/ui/kit/PageSkeleton.tsx'
import { UrlTabs } from '#src/ui/kit/UrlTabs.tsx'
import { trpc } from '#src/ui/trpc.tsx'

const crumbs = [{ label: 'Data sets', href: '/datasets' }]
/** A change is announced at once; this is for a browser that missed it. */
const verifyPollMs = 2000

function Numbers({ dataset }: { dataset: DatasetDetail }) {
  return (
    <Figures>
      <Figure label="Rows" value={formatNumber(dataset.rows)} />
      <Figure label="Columns" value={formatNumber(dataset.columns.length)} note={typesText(dataset.columns)} />
      <Figure label="Missing values" value={formatPercent(missingShare(dataset))} />
      <Figure label="Size" value={formatBytes(dataset.sizeBytes)} note={plural(dataset.files.length, 'file')} />
    </Figures>
  )
}

function Content({ dataset }: { dataset: DatasetDetail }) {
  const tabs = [
    { key: 'columns', label: `Columns (${dataset.columns.length})`, content: <ColumnTable dataset={dataset} /> },
    {
      key: 'rows',
      label: `First ${plural(dataset.preview.length, 'row')}`,
      content: <PreviewTable columns={dataset.columns} rows={dataset.preview} label={`First rows of ${dataset.name}`} />,
    },
    { key: 'history', label: 'History', content: <History type="dataset" id={dataset.id} /> },
  ]
  return <UrlTabs label="Parts of the data set" tabs={tabs} />
}

/** A data set: how much there is, what its columns hold, and who uses it. */
export function DatasetPage({ dataset: ref, version }: { dataset: string; version?: number }) {
  const query = trpc.datasets.get.useQuery(
    { dataset: ref, version },
    { refetchInterval: ({ state }) => (state.data?.status === 'pending' ? verifyPollMs : false) },
  )
  const { canWrite } = usePermissions()
  const dataset = query.data
  if (!dataset) {
    if (isNotFound(query.error)) return <NotFound what="data set" href="/datasets" label="All data sets" />
    if (query.error)
      return (
        <>
          <PageHeader title={ref} crumbs={crumbs} />
          <ErrorNotice title="The data set could not be read" error={query.error} onRetry={() => void query.refetch()} />
        </>
      )
    return <PageSkeleton />
  }
  const isLatest = dataset.version === dataset.versions[0]?.version
  return (
    <>
      <PageHeader
        title={dataset.name}
        crumbs={crumbs}
        status={datasetStatus(dataset.status)}
        note={
          <>
            {dataset.description && <Box sx={{ mb: 0.5 }}>{dataset.description}</Box>}Version {dataset.version}
            {isLatest ? ', the latest' : `; the latest is ${dataset.versions[0]?.version}`}
          </>
        }
        action={
          canWrite &&
          dataset.status === 'ready' && (
            <ButtonLink href={trainHref(dataset.name, isLatest ? undefined : dataset.version)} variant="contained">
              Train on this
            </ButtonLink>
          )
        }
        more={
          canWrite && (
            <>
              <ButtonLink href={`/datasets/register?name=${encodeURIComponent(dataset.name)}`} variant="outlined">
                Add a version
              </ButtonLink>
              <DatasetMenu dataset={dataset} />
            </>
          )
        }
      />
      <Box sx={{ display: 'grid', gap: 8 }}>
        <DatasetNotice dataset={dataset} canWrite={canWrite} />
        {dataset.status === 'ready' && <Numbers dataset={dataset} />}
        <Box sx={{ display: 'grid', gap: 8, gridTemplateColumns: { md: 'minmax(0, 1fr) 320px' }, alignItems: 'start' }}>
          {dataset.status === 'ready' ? (
            <Content dataset={dataset} />
          ) : (
            <Box sx={{ typography: 'body2', color: 'text.secondary' }}>
              {dataset.status === 'rejected'
                ? 'A rejected version has no columns to show.'
                : 'Columns and the first rows appear here once the file has been read.'}
            </Box>
          )}
          <DatasetSide dataset={dataset} />
        </Box>
      </Box>
    </>
  )
}
