'use client'
import Box from '@mui/material/Box'
import { NotFound } from '#src/ui/frame/NotFound.tsx'
import { usePermissions } from '#src/ui/frame/usePermissions.ts'
import { ErrorNotice } from '#src/ui/kit/ErrorNotice.tsx'
import { isNotFound } from '#src/ui/kit/errors.ts'
import { PageHeader } from '#src/ui/kit/PageHeader.tsx'
import { PageSkeleton } from '#src/ui/kit/PageSkeleton.tsx'
import { UrlTabs } from '#src/ui/kit/UrlTabs.tsx'
import { DeployButton } from '#src/ui/models/DeployButton.tsx'
import { Evaluation } from '#src/ui/models/Evaluation.tsx'
import { AliasChip } from '#src/ui/models/ModelChips.tsx'
import { VersionFiles } from '#src/ui/models/VersionFiles.tsx'
import { VersionMenu } from '#src/ui/models/VersionMenu.tsx'
import { VersionMetrics } from '#src/ui/models/VersionMetrics.tsx'
import { VersionNotice } from '#src/ui/models/VersionNotice.tsx'
import { VersionOverview } from '#src/ui/models/VersionOverview.tsx'
import { trpc } from '#src/ui/trpc.tsx'

/** One immutable version: what it is, how it measures, where it came from and where it serves. */
export function VersionPage({ model, version: number }: { model: string; version: number }) {
  const { data: version, error, refetch } = trpc.models.version.useQuery({ model, version: number })
  const { data: versions } = trpc.models.versions.useQuery({ model })
  const { canWrite, canDeploy } = usePermissions()
  const name = version?.modelName ?? model
  const crumbs = [
    { label: 'Models', href: '/models' },
    { label: name, href: `/models/${encodeURIComponent(name)}` },
  ]
  if (!version) {
    if (isNotFound(error)) return <NotFound what="version" href={`/models/${encodeURIComponent(model)}`} label="Open the model" />
    if (error)
      return (
        <>
          <PageHeader title={`Version ${number}`} crumbs={crumbs} />
          <ErrorNotice title="The version could not be read" error={error} onRetry={() => void refetch()} />
        </>
      )
    return <PageSkeleton />
  }
  return (
    <>
      <PageHeader
        title={`${version.modelName} version ${version.version}`}
        crumbs={crumbs}
        status={version.status}
        note={
          version.aliases.length > 0 && (
            <Box component="span" sx={{ display: 'inline-flex', gap: 1 }}>
              {version.aliases.map((alias) => (
                <AliasChip key={alias} alias={alias} />
              ))}
            </Box>
          )
        }
        action={canDeploy && <DeployButton model={version.modelName} version={version.version} isDisabled={version.status !== 'ready'} />}
        more={
          (canWrite || canDeploy) && (
            <VersionMenu version={version} versions={versions?.items ?? []} canWrite={canWrite} canDeploy={canDeploy} />
          )
        }
      />
      <Box sx={{ display: 'grid', gap: 6 }}>
        <VersionNotice version={version} />
        <VersionMetrics version={version} versions={versions?.items ?? []} />
        {version.external ? (
          <VersionOverview version={version} />
        ) : (
          <UrlTabs
            label="Parts of the version"
            tabs={[
              { key: 'overview', label: 'Overview', content: <VersionOverview version={version} /> },
              { key: 'evaluation', label: 'Evaluation', content: <Evaluation version={version} /> },
              { key: 'files', label: `Files (${version.files.length})`, content: <VersionFiles version={version} /> },
            ]}
          />
        )}
      </Box>
    </>
  )
}
