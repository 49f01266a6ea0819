'use client'
import { keepPreviousData } from '@tanstack/react-query'
import Button from '@mui/material/Button'
import { usePermissions } from '#src/ui/frame/usePermissions.ts'
import { restSnippet } from '#src/ui/deployments/snippets.ts'
import { ButtonLink } from '#src/ui/kit/ButtonLink.tsx'
import { CodeSnippet } from '#src/ui/kit/CodeSnippet.tsx'
import { DataTable } from '#src/ui/kit/DataTable.tsx'
import { EmptyState } from '#src/ui/kit/EmptyState.tsx'
import { ErrorNotice } from '#src/ui/kit/ErrorNotice.tsx'
import { ListFooter } from '#src/ui/kit/ListFooter.tsx'
import { PageHeader } from '#src/ui/kit/PageHeader.tsx'
import { SearchBox } from '#src/ui/kit/SearchBox.tsx'
import { StatusFilter } from '#src/ui/kit/StatusFilter.tsx'
import { useNow } from '#src/ui/kit/useNow.ts'
import { useUrlState } from '#src/ui/kit/useUrlState.ts'
import { PutInKeyButton, useSnippetKey } from '#src/ui/settings/PutInKey.tsx'
import { JobCard } from '#src/ui/training/JobCard.tsx'
import { jobColumns } from '#src/ui/training/jobColumns.tsx'
import { jobHref } from '#src/ui/training/jobFacts.ts'
import { jobListInput, jobStatuses } from '#src/ui/training/jobListInput.ts'
import { trainRequest } from '#src/ui/training/trainRequest.ts'
import { trpc } from '#src/ui/trpc.tsx'

const start = (
  <ButtonLink href="/training/new" variant="contained">
    Train a model
  </ButtonLink>
)
/** A running job's progress is not announced step by step. */
const pollMs = 4000

function TerminalTrain() {
  const { data } = trpc.system.info.useQuery()
  const { data: datasets } = trpc.datasets.list.useQuery({ limit: 1 })
  const project = trpc.me.get.useQuery().data?.project.name ?? null
  const snippetKey = useSnippetKey()
  if (!data) return null
  const call = {
    origin: data.webUrl,
    key: snippetKey.secret,
    project,
    path: '/training/jobs',
    body: trainRequest(datasets?.items[0] ?? null),
  }
  return (
    <CodeSnippet
      label="From a terminal"
      snippets={[{ label: 'curl', code: restSnippet(call) }]}
      actions={<PutInKeyButton {...snippetKey} />}
    />
  )
}

function EmptyList({ isFiltered, canWrite, onClear }: { isFiltered: boolean; canWrite: boolean; onClear: () => void }) {
  if (isFiltered)
    return (
      <EmptyState
        sentence="No job matches the search and the filter."
        action={
          <Button variant="outlined" onClick={onClear}>
            Clear search and filter
          </Button>
        }
      />
    )
  return (
    <EmptyState
      sentence="No training jobs yet. Choose a recipe and a data set: the job’s curves and its log appear here while it runs."
      action={canWrite && start}
      snippet={canWrite && <TerminalTrain />}
    />
  )
}

/** All jobs of the project, the newest first. */
export function JobList() {
  const [q, setQ] = useUrlState('q')
  const [status, setStatus] = useUrlState('status')
  const { canWrite } = usePermissions()
  const now = useNow()
  const query = trpc.training.list.useInfiniteQuery(jobListInput({ q, status }), {
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => (state.data?.pages.some((page) => page.items.some((job) => job.status === 'running')) ? pollMs : false),
  })
  const rows = query.data?.pages.flatMap((page) => page.items)
  const isFiltered = q !== '' || status !== ''
  const hasSome = !!rows?.length || isFiltered
  const clear = () => {
    setQ(null)
    setStatus(null)
  }
  return (
    <>
      <PageHeader title="Training" action={canWrite && hasSome ? start : undefined} />
      {query.isError ? (
        <ErrorNotice title="The jobs could not be read" error={query.error} onRetry={() => void query.refetch()} />
      ) : (
        <DataTable
          id="jobs"
          label="Training jobs"
          columns={jobColumns(now)}
          rows={rows}
          rowKey={(job) => job.id}
          rowHref={(job) => jobHref(job.id)}
          isStale={query.isPlaceholderData}
          peek={(job) => <JobCard job={job} />}
          toolbar={
            hasSome ? (
              <>
                <SearchBox label="Search jobs" placeholder="Search jobs" value={q} onChange={setQ} />
                <StatusFilter statuses={jobStatuses} value={status} onChange={setStatus} />
              </>
            ) : undefined
          }
          empty={<EmptyList isFiltered={isFiltered} canWrite={canWrite} onClear={clear} />}
          footer={<ListFooter query={query} />}
        />
      )}
    </>
  )
}
