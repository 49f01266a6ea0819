'use client'
import Box from '@mui/material/Box'
import { History } from '#src/ui/audit/History.tsx'
import { usePermissions } from '#src/ui/frame/usePermissions.ts'
import { NotFound } from '#src/ui/frame/NotFound.tsx'
import { ButtonLink } from '#src/ui/kit/ButtonLink.tsx'
import { ErrorNotice } from '#src/ui/kit/ErrorNotice.tsx'
import { isNotFound } from '#src/ui/kit/errors.ts'
import { PageHeader } from '#src/ui/kit/PageHeader.tsx'
import { PageSkeleton } from '#src/ui/kit/PageSkeleton.tsx'
import { Section } from '#src/ui/kit/Section.tsx'
import { Aliases } from '#src/ui/models/Aliases.tsx'
import { AliasHistory } from '#src/ui/models/AliasHistory.tsx'
import { DeployButton } from '#src/ui/models/DeployButton.tsx'
import { ModelDescription } from '#src/ui/models/ModelDescription.tsx'
import { ModelFacts } from '#src/ui/models/ModelCard.tsx'
import { ModelFigures } from '#src/ui/models/ModelFigures.tsx'
import { ModelMenu } from '#src/ui/models/ModelMenu.tsx'
import { VersionTable } from '#src/ui/models/VersionTable.tsx'
import { ModelPerformance } from '#src/ui/performance/ModelPerformance.tsx'
import { trpc } from '#src/ui/trpc.tsx'

const crumbs = [{ label: 'Models', href: '/models' }]

/** A model: how its champion does, its versions, its names and its card. */
export function ModelPage({ model: ref }: { model: string }) {
  const { data: model, error, refetch } = trpc.models.get.useQuery({ model: ref })
  const { data: versions } = trpc.models.versions.useQuery({ model: ref })
  const { canWrite, canDeploy } = usePermissions()
  if (!model) {
    if (isNotFound(error)) return <NotFound what="model" href="/models" label="All models" />
    if (error)
      return (
        <>
          <PageHeader title={ref} crumbs={crumbs} />
          <ErrorNotice title="The model could not be read" error={error} onRetry={() => void refetch()} />
        </>
      )
    return <PageSkeleton />
  }
  const deployable = versions?.items.find((version) => version.status === 'ready')
  return (
    <>
      <PageHeader
        title={model.name}
        crumbs={crumbs}
        status={model.status}
        action={canDeploy && deployable && <DeployButton model={model.name} version={deployable.version} />}
        more={
          canWrite && (
            <>
              <ButtonLink href={`/models/register?name=${encodeURIComponent(model.name)}`} variant="outlined">
                Add a version
              </ButtonLink>
              <ModelMenu model={model} versions={versions?.total ?? model.latestVersion} />
            </>
          )
        }
      />
      <Box sx={{ display: 'grid', gap: 8 }}>
        <ModelFigures model={model} versions={versions?.items} />
        <Box sx={{ display: 'grid', gap: 8, gridTemplateColumns: { md: 'minmax(0, 1fr) 320px' }, alignItems: 'start' }}>
          <Box sx={{ display: 'grid', gap: 8, minWidth: 0 }}>
            <Section title="Versions">
              <VersionTable model={model} versions={versions?.items} />
            </Section>
            <ModelPerformance model={model.id} />
            <ModelDescription model={model} canWrite={canWrite} />
            <Section title="History">
              <History type="model" id={model.id} />
            </Section>
          </Box>
          <Box sx={{ display: 'grid', gap: 8, minWidth: 0 }}>
            <Aliases model={model} versions={versions?.items ?? []} canDeploy={canDeploy} />
            <Section title="Facts" isFramed>
              <ModelFacts model={model} />
            </Section>
            <AliasHistory model={model.name} />
          </Box>
        </Box>
      </Box>
    </>
  )
}
