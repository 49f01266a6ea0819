'use client'
import { keepPreviousData } from '@tanstack/react-query'
import Button from '@mui/material/Button'
import type { Model } from '#src/contracts/model.ts'
import { usePermissions } from '#src/ui/frame/usePermissions.ts'
import { ButtonLink } from '#src/ui/kit/ButtonLink.tsx'
import { DataTable } from '#src/ui/kit/DataTable.tsx'
import { EmptyState } from '#src/ui/kit/EmptyState.tsx'
import { ErrorNotice } from '#src/ui/kit/ErrorNotice.tsx'
import { readError } from '#src/ui/kit/errors.ts'
import { ListFooter } from '#src/ui/kit/ListFooter.tsx'
import { PageHeader } from '#src/ui/kit/PageHeader.tsx'
import { SearchBox } from '#src/ui/kit/SearchBox.tsx'
import { useUrlState } from '#src/ui/kit/useUrlState.ts'
import { FilterBox } from '#src/ui/models/FilterBox.tsx'
import { suggestClauses } from '#src/ui/models/filterWords.ts'
import { ModelCard } from '#src/ui/models/ModelCard.tsx'
import { modelColumns } from '#src/ui/models/modelColumns.tsx'
import { defaultOrder, modelListInput } from '#src/ui/models/modelListInput.ts'
import { trpc } from '#src/ui/trpc.tsx'
import { TerminalSnippet } from '#src/ui/uploads/TerminalSnippet.tsx'

const register = (
  <ButtonLink href="/models/register" variant="contained">
    Register a model
  </ButtonLink>
)

function EmptyList({ isFiltered, canWrite, onClear }: { isFiltered: boolean; canWrite: boolean; onClear: () => void }) {
  if (isFiltered)
    return (
      <EmptyState
        sentence="No model matches the search and the filters."
        action={
          <Button variant="outlined" onClick={onClear}>
            Clear search and filters
          </Button>
        }
      />
    )
  return (
    <EmptyState
      sentence="No models yet. Register an ONNX file that you have, or train one: its versions, metrics and deployments gather here."
      action={canWrite ? register : undefined}
      snippet={canWrite ? <TerminalSnippet kind="model" /> : undefined}
    />
  )
}

/** All models of the project: search, filter and order live in the address. */
export function ModelList() {
  const [q, setQ] = useUrlState('q')
  const [filter, setFilter] = useUrlState('filter')
  const [sort] = useUrlState('sort', defaultOrder)
  const { canWrite } = usePermissions()
  const query = trpc.models.list.useInfiniteQuery(modelListInput({ q, filter, sort }), {
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    placeholderData: keepPreviousData,
  })
  const rows: Model[] | undefined = query.data?.pages.flatMap((page) => page.items)
  const isFilterWrong = query.isError && !!filter && readError(query.error).code === 'bad_request'
  const clear = () => {
    setQ(null)
    setFilter(null)
  }
  const toolbar = (
    <>
      <SearchBox label="Search models" placeholder="Search models" value={q} onChange={setQ} />
      <FilterBox
        value={filter}
        onChange={setFilter}
        suggestions={suggestClauses(rows ?? [])}
        error={isFilterWrong ? readError(query.error).message : undefined}
      />
    </>
  )
  return (
    <>
      <PageHeader title="Models" action={canWrite && (rows?.length || q || filter) ? register : undefined} />
      {query.isError && !isFilterWrong && (
        <ErrorNotice title="The models could not be read" error={query.error} onRetry={() => void query.refetch()} />
      )}
      {(!query.isError || isFilterWrong) && (
        <DataTable
          id="models"
          label="Models"
          columns={modelColumns}
          rows={isFilterWrong ? [] : rows}
          rowKey={(model) => model.id}
          rowHref={(model) => `/models/${encodeURIComponent(model.name)}`}
          initialSort={defaultOrder}
          isStale={query.isPlaceholderData}
          peek={(model) => <ModelCard model={model} />}
          toolbar={rows?.length || q || filter ? toolbar : undefined}
          empty={<EmptyList isFiltered={!!(q || filter)} canWrite={canWrite} onClear={clear} />}
          footer={<ListFooter query={query} />}
        />
      )}
    </>
  )
}
