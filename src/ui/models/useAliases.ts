'use client'
import type { Model } from '#src/contracts/model.ts'
import { readError } from '#src/ui/kit/errors.ts'
import { useToast } from '#src/ui/kit/Toasts.tsx'
import { trpc } from '#src/ui/trpc.tsx'

/** Sets and deletes aliases; each toast takes it back. */
export function useAliases(model: Model) {
  const utils = trpc.useUtils()
  const toast = useToast()
  const fail = (error: unknown) => toast({ message: readError(error).message, tone: 'failed' })
  const options = { onSuccess: () => void utils.models.invalidate() }
  const set = trpc.models.setAlias.useMutation(options)
  const drop = trpc.models.deleteAlias.useMutation(options)

  const restore = (alias: string, version: number | undefined) => {
    if (version === undefined) drop.mutate({ model: model.id, alias }, { onError: fail })
    else set.mutate({ model: model.id, alias, version, reason: 'Undone' }, { onError: fail })
  }
  const move = async (alias: string, version: number, reason?: string) => {
    const before = model.aliases[alias]
    await set.mutateAsync({ model: model.id, alias, version, reason: reason || undefined })
    toast({ message: `${alias} now names version ${version}.`, undo: () => restore(alias, before) })
  }
  const remove = (alias: string) => {
    const before = model.aliases[alias]
    drop.mutate(
      { model: model.id, alias },
      { onError: fail, onSuccess: () => toast({ message: `The alias ${alias} is deleted.`, undo: () => restore(alias, before) }) },
    )
  }
  return { move, remove }
}
