'use client'
import dynamic from 'next/dynamic'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import type { Model } from '#src/contracts/model.ts'
import { ConfirmDialog } from '#src/ui/kit/ConfirmDialog.tsx'
import { plural } from '#src/ui/kit/format.ts'
import { MoreMenu } from '#src/ui/kit/MoreMenu.tsx'
import { useToast } from '#src/ui/kit/Toasts.tsx'
import { trpc } from '#src/ui/trpc.tsx'

const EditModelDialog = dynamic(() => import('#src/ui/models/EditModelDialog.tsx').then((module) => module.EditModelDialog), { ssr: false })

/** From so many versions on, deleting asks for the name. */
const largeFrom = 3

function DeleteModelDialog({ model, versions, onClose }: { model: Model; versions: number; onClose: () => void }) {
  const router = useRouter()
  const toast = useToast()
  const utils = trpc.useUtils()
  const remove = trpc.models.delete.useMutation({
    onSuccess: () => {
      toast({ message: `The model ${model.name} is deleted.` })
      router.push('/models')
      void Promise.all([utils.models.list.invalidate(), utils.home.invalidate()])
    },
  })
  const aliases = Object.keys(model.aliases)
  return (
    <ConfirmDialog
      isOpen
      title={`Delete ${model.name}?`}
      confirmLabel="Delete model"
      typeName={versions >= largeFrom ? model.name : undefined}
      isBusy={remove.isPending}
      error={remove.error}
      onClose={onClose}
      onConfirm={() => remove.mutate({ model: model.id })}
      consequences={[
        `${plural(versions, 'version')} with files and metrics ${versions === 1 ? 'goes' : 'go'} with it.`,
        aliases.length > 0 ? `Programs that ask for ${aliases.join(', ')} find nothing.` : 'It has no aliases that programs could ask for.',
        'A version that a deployment serves keeps the model from being deleted: stop the deployment first.',
        'It cannot be brought back.',
      ]}
    />
  )
}

/** What is done seldom. */
export function ModelMenu({ model, versions }: { model: Model; versions: number }) {
  const [opened, setOpened] = useState<'edit' | 'delete' | null>(null)
  return (
    <>
      <MoreMenu
        entries={[
          { label: 'Edit description and tags', onPick: () => setOpened('edit') },
          { label: 'Delete model', onPick: () => setOpened('delete'), isDangerous: true },
        ]}
      />
      {opened === 'edit' && <EditModelDialog model={model} onClose={() => setOpened(null)} />}
      {opened === 'delete' && <DeleteModelDialog model={model} versions={versions} onClose={() => setOpened(null)} />}
    </>
  )
}
