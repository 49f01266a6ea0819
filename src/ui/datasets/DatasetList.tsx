'use client'
import { keepPreviousData } from '@tanstack/react-query'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import { DatasetCard } from '#src/ui/datasets/DatasetCard.tsx'
import { datasetColumns } from '#src/ui/datasets/datasetColumns.tsx'
import { datasetHref } from '#src/ui/datasets/datasetFacts.ts'
import { datasetListInput } from '#src/ui/datasets/datasetListInput.ts'
import { usePermissions } from '#src/ui/frame/usePermissions.ts'
import { LoadSampleButton } from '#src/ui/home/LoadSampleButton.tsx'
import { ButtonLink } from '#src/ui/kit/ButtonLink.tsx'
import { DataTable } from '#src/ui/kit/DataTable.tsx'
import { EmptyState } from '#src/ui/kit/EmptyState.tsx'
import { ErrorNotice } from '#src/ui/kit/ErrorNotice.tsx'
import { ListFooter } from '#src/ui/kit/ListFooter.tsx'
import { PageHeader } from '#src/ui/kit/PageHeader.tsx'
import { SearchBox } from '#src/ui/kit/SearchBox.tsx'
import { useUrlState } from '#src/ui/kit/useUrlState.ts'
import { trpc } from '#src/ui/trpc.tsx'
import { TerminalSnippet } from '#src/ui/uploads/TerminalSnippet.tsx'

const add = (
  <ButtonLink href="/datasets/register" variant="contained">
    Add a data set
  </ButtonLink>
)

function EmptyList({ q, canWrite, onClear }: { q: string; canWrite: boolean; onClear: () => void }) {
  if (q)
    return (
      <EmptyState
        sentence={`No data set matches "${q}".`}
        action={
          <Button variant="outlined" onClick={onClear}>
            Clear the search
          </Button>
        }
      />
    )
  return (
    <EmptyState
      sentence="No data sets yet. Drop a CSV or JSONL file: its columns are read and checked, and a model can be trained on it."
      action={
        canWrite && (
          <Box sx={{ display: 'flex', gap: 2, flexWrap: 'wrap', justifyContent: 'center' }}>
            {add}
            <LoadSampleButton variant="outlined" />
          </Box>
        )
      }
      snippet={canWrite && <TerminalSnippet kind="dataset" />}
    />
  )
}

/** All data sets of the project, the latest version of each. */
export function DatasetList() {
  const [q, setQ] = useUrlState('q')
  const { canWrite } = usePermissions()
  const query = trpc.datasets.list.useInfiniteQuery(datasetListInput({ q }), {
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    placeholderData: keepPreviousData,
  })
  const rows = query.data?.pages.flatMap((page) => page.items)
  const hasSome = !!rows?.length || q !== ''
  return (
    <>
      <PageHeader title="Data sets" action={canWrite && hasSome ? add : undefined} />
      {query.isError ? (
        <ErrorNotice title="The data sets could not be read" error={query.error} onRetry={() => void query.refetch()} />
      ) : (
        <DataTable
          id="datasets"
          label="Data sets"
          columns={datasetColumns}
          rows={rows}
          rowKey={(dataset) => dataset.id}
          rowHref={(dataset) => datasetHref(dataset.name)}
          isStale={query.isPlaceholderData}
          peek={(dataset) => <DatasetCard dataset={dataset} />}
          toolbar={hasSome ? <SearchBox label="Search data sets" placeholder="Search data sets" value={q} onChange={setQ} /> : undefined}
          empty={<EmptyList q={q} canWrite={canWrite} onClear={() => setQ(null)} />}
          footer={<ListFooter query={query} />}
        />
      )}
    </>
  )
}
