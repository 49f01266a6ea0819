'use client'
import dynamic from 'next/dynamic'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import type { ModelVersion } from '#src/contracts/model.ts'
import { ConfirmDialog } from '#src/ui/kit/ConfirmDialog.tsx'
import { formatBytes, plural } from '#src/ui/kit/format.ts'
import { MoreMenu } from '#src/ui/kit/MoreMenu.tsx'
import { useToast } from '#src/ui/kit/Toasts.tsx'
import type { VersionSummary } from '#src/ui/models/ModelFigures.tsx'
import { trpc } from '#src/ui/trpc.tsx'

const AliasDialog = dynamic(() => import('#src/ui/models/AliasDialog.tsx').then((module) => module.AliasDialog), { ssr: false })

function DeleteVersionDialog({ version, onClose }: { version: ModelVersion; onClose: () => void }) {
  const router = useRouter()
  const toast = useToast()
  const utils = trpc.useUtils()
  const remove = trpc.models.deleteVersion.useMutation({
    onSuccess: () => {
      toast({ message: `Version ${version.version} of ${version.modelName} is deleted.` })
      router.push(`/models/${encodeURIComponent(version.modelName)}`)
      void Promise.all([utils.models.get.invalidate(), utils.models.versions.invalidate(), utils.models.list.invalidate()])
    },
  })
  return (
    <ConfirmDialog
      isOpen
      title={`Delete version ${version.version}?`}
      confirmLabel={`Delete version ${version.version}`}
      isBusy={remove.isPending}
      error={remove.error}
      onClose={onClose}
      onConfirm={() => remove.mutate({ model: version.modelId, version: version.version })}
      consequences={[
        `${plural(version.files.length, 'file')} (${formatBytes(version.sizeBytes)}) ${version.files.length === 1 ? 'goes' : 'go'}, unless another version has the same.`,
        version.aliases.length > 0
          ? `The alias ${version.aliases.join(', ')} names it and keeps it: move the alias first.`
          : 'No alias names it.',
        version.deployments.length > 0
          ? `It serves in ${version.deployments.map((deployment) => deployment.name).join(', ')}, which keeps it: stop that first.`
          : 'No deployment serves it.',
        'Its number is not used again.',
      ]}
    />
  )
}

/** Alias and deletion. */
export function VersionMenu({
  version,
  versions,
  canWrite,
  canDeploy,
}: {
  version: ModelVersion
  versions: VersionSummary[]
  canWrite: boolean
  canDeploy: boolean
}) {
  const { data: model } = trpc.models.get.useQuery({ model: version.modelId })
  const [opened, setOpened] = useState<'alias' | 'delete' | null>(null)
  return (
    <>
      <MoreMenu
        entries={[
          canDeploy && { label: 'Point an alias here', onPick: () => setOpened('alias') },
          canWrite && { label: `Delete version ${version.version}`, onPick: () => setOpened('delete'), isDangerous: true },
        ]}
      />
      {opened === 'alias' && model && (
        <AliasDialog model={model} versions={versions} alias="" version={version.version} onClose={() => setOpened(null)} />
      )}
      {opened === 'delete' && <DeleteVersionDialog version={version} onClose={() => setOpened(null)} />}
    </>
  )
}
