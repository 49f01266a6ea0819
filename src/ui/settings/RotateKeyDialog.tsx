'use client'
import { useState } from 'react'
import type { ApiKey } from '#src/contracts/access.ts'
import { SelectField } from '#src/ui/kit/Field.tsx'
import { FormDialog } from '#src/ui/kit/FormDialog.tsx'
import { useForm } from '#src/ui/kit/useForm.ts'
import { ShownKey } from '#src/ui/settings/ShownKey.tsx'
import { trpc } from '#src/ui/trpc.tsx'

const overlaps = [
  { value: '0', label: 'At once' },
  { value: '24', label: 'In a day' },
  { value: '168', label: 'In a week' },
  { value: '720', label: 'In 30 days' },
]

/** A successor with the same rights, and time to move programs over to it. */
export function RotateKeyDialog({ apiKey, onClose }: { apiKey: ApiKey; onClose: () => void }) {
  const utils = trpc.useUtils()
  const [secret, setSecret] = useState<string | null>(null)
  const rotate = trpc.apiKeys.rotate.useMutation({ onSuccess: () => void utils.apiKeys.list.invalidate() })
  const { field, error, isBusy, submit } = useForm({ initial: { overlapHours: '24' } })
  if (secret) return <ShownKey secret={secret} onClose={onClose} />
  const send = submit(async (typed) => {
    const made = await rotate.mutateAsync({ id: apiKey.id, overlapHours: Number(typed.overlapHours) })
    setSecret(made.key)
  })
  return (
    <FormDialog
      title={`Rotate the key ${apiKey.name}`}
      submitLabel="Make successor"
      isBusy={isBusy}
      error={error}
      errorTitle="The key was not rotated"
      onSubmit={send}
      onClose={onClose}
    >
      <SelectField
        label="The present key ends"
        {...field('overlapHours')}
        options={overlaps}
        help="Until then both open the same. Give the new one to every program that uses the present one."
      />
    </FormDialog>
  )
}
