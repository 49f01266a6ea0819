'use client'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import type { DatasetDetail } from '#src/contracts/dataset.ts'
import { ConfirmDialog } from '#src/ui/kit/ConfirmDialog.tsx'
import { formatBytes, formatNumber, plural } from '#src/ui/kit/format.ts'
import { MoreMenu } from '#src/ui/kit/MoreMenu.tsx'
import { useToast } from '#src/ui/kit/Toasts.tsx'
import { trpc } from '#src/ui/trpc.tsx'

/** From so many rows on, deleting asks for the name. */
const largeRows = 100_000

const consequencesOf = (dataset: DatasetDetail) => [
  `${plural(dataset.versions.length, 'version')} with ${dataset.rows === null ? formatBytes(dataset.sizeBytes) : `${formatNumber(dataset.rows)} rows`} in the latest go with it.`,
  'A data set that a training job was made of is kept, because the lineage of its models would end there.',
  'It cannot be brought back.',
]

function DeleteDialog({ dataset, onClose }: { dataset: DatasetDetail; onClose: () => void }) {
  const router = useRouter()
  const toast = useToast()
  const utils = trpc.useUtils()
  const remove = trpc.datasets.delete.useMutation({
    onSuccess: () => {
      toast({ message: `The data set ${dataset.name} is deleted.` })
      router.push('/datasets')
      void Promise.all([utils.datasets.list.invalidate(), utils.home.invalidate()])
    },
  })
  return (
    <ConfirmDialog
      isOpen
      title={`Delete ${dataset.name}?`}
      confirmLabel="Delete data set"
      typeName={(dataset.rows ?? 0) >= largeRows ? dataset.name : undefined}
      isBusy={remove.isPending}
      error={remove.error}
      onClose={onClose}
      onConfirm={() => remove.mutate({ dataset: dataset.id })}
      consequences={consequencesOf(dataset)}
    />
  )
}

/** What is done seldom. */
export function DatasetMenu({ dataset }: { dataset: DatasetDetail }) {
  const [isDeleting, setDeleting] = useState(false)
  return (
    <>
      <MoreMenu entries={[{ label: 'Delete data set', onPick: () => setDeleting(true), isDangerous: true }]} />
      {isDeleting && <DeleteDialog dataset={dataset} onClose={() => setDeleting(false)} />}
    </>
  )
}
