'use client'
import { keepPreviousData } from '@tanstack/react-query'
import Button from '@mui/material/Button'
import { DeploymentCard } from '#src/ui/deployments/DeploymentCard.tsx'
import { deploymentColumns } from '#src/ui/deployments/deploymentColumns.tsx'
import { deploymentHref } from '#src/ui/deployments/deploymentFacts.ts'
import { deploymentListInput, deploymentStatuses } from '#src/ui/deployments/deploymentListInput.ts'
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
import { useUrlState } from '#src/ui/kit/useUrlState.ts'
import { PutInKeyButton, useSnippetKey } from '#src/ui/settings/PutInKey.tsx'
import { trpc } from '#src/ui/trpc.tsx'

/** Figures come with the runtimes' heartbeats, which are not announced one by one. */
const pollMs = 15_000

/** Leads to what can be deployed: the newest model, else the way to one. */
function useNextStep() {
  const newest = trpc.models.list.useQuery({ limit: 1 }).data?.items.find((model) => model.status === 'ready')
  const action = newest ? (
    <ButtonLink href={`/models/${encodeURIComponent(newest.name)}`} variant="contained">
      Deploy {newest.name}
    </ButtonLink>
  ) : (
    <ButtonLink href="/training/new" variant="contained">
      Train a model
    </ButtonLink>
  )
  return { newest, action }
}

function Nothing() {
  const { newest, action } = useNextStep()
  const { data } = trpc.system.info.useQuery()
  const project = trpc.me.get.useQuery().data?.project.name ?? null
  const snippetKey = useSnippetKey()
  const call = {
    origin: data?.webUrl ?? '',
    key: snippetKey.secret,
    project,
    path: `/models/${encodeURIComponent(newest?.name ?? 'my-model')}/deploy`,
  }
  const snippet = data && (
    <CodeSnippet
      label="From a terminal"
      snippets={[{ label: 'curl', code: restSnippet(call) }]}
      actions={<PutInKeyButton {...snippetKey} />}
    />
  )
  return (
    <EmptyState
      sentence="Nothing is deployed yet. A version of a model becomes an endpoint at a press, with its traffic and speed shown here."
      action={action}
      snippet={snippet}
    />
  )
}

/** All endpoints of the project with their last hour. */
export function DeploymentList() {
  const [q, setQ] = useUrlState('q')
  const [status, setStatus] = useUrlState('status')
  const query = trpc.deployments.list.useInfiniteQuery(deploymentListInput({ q, status }), {
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    placeholderData: keepPreviousData,
    refetchInterval: pollMs,
  })
  const rows = query.data?.pages.flatMap((page) => page.items)
  const isFiltered = q !== '' || status !== ''
  const hasSome = !!rows?.length || isFiltered
  const clear = () => {
    setQ(null)
    setStatus(null)
  }
  const empty = isFiltered ? (
    <EmptyState
      sentence="No deployment matches the search and the filter."
      action={
        <Button variant="outlined" onClick={clear}>
          Clear search and filter
        </Button>
      }
    />
  ) : (
    <Nothing />
  )
  return (
    <>
      <PageHeader
        title="Deployments"
        action={
          hasSome ? (
            <ButtonLink href="/models" variant="contained">
              Deploy a model
            </ButtonLink>
          ) : undefined
        }
      />
      {query.isError ? (
        <ErrorNotice title="The deployments could not be read" error={query.error} onRetry={() => void query.refetch()} />
      ) : (
        <DataTable
          id="deployments"
          label="Deployments"
          columns={deploymentColumns}
          rows={rows}
          rowKey={(one) => one.id}
          rowHref={deploymentHref}
          isStale={query.isPlaceholderData}
          peek={(one) => <DeploymentCard deployment={one} />}
          toolbar={
            hasSome ? (
              <>
                <SearchBox label="Search deployments" placeholder="Search deployments" value={q} onChange={setQ} />
                <StatusFilter statuses={deploymentStatuses} value={status} onChange={setStatus} />
              </>
            ) : undefined
          }
          empty={empty}
          footer={<ListFooter query={query} />}
        />
      )}
    </>
  )
}
