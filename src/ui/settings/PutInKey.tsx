'use client'
import KeyIcon from '@mui/icons-material/KeyOutlined'
import Button from '@mui/material/Button'
import { useState } from 'react'
import { Hint } from '#src/ui/kit/Hint.tsx'
import { readError } from '#src/ui/kit/errors.ts'
import { useToast } from '#src/ui/kit/Toasts.tsx'
import { usePermissions } from '#src/ui/frame/usePermissions.ts'
import { trpc } from '#src/ui/trpc.tsx'

const days = 30

export type SnippetKey = { secret: string | null; isBusy: boolean; putIn: () => void }

/** A fresh key for a snippet, made only when asked for. It is held by this page alone and shown nowhere again. */
export function useSnippetKey(name = 'Snippet'): SnippetKey {
  const toast = useToast()
  const utils = trpc.useUtils()
  const { canWrite } = usePermissions()
  const [secret, setSecret] = useState<string | null>(null)
  const create = trpc.apiKeys.create.useMutation({
    onSuccess: (made) => {
      setSecret(made.key)
      void utils.apiKeys.list.invalidate()
      toast({ message: `A key was made. It works for ${days} days; revoke it in Settings, API keys.` })
    },
    onError: (error) => toast({ message: readError(error).message, tone: 'failed' }),
  })
  return { secret, isBusy: create.isPending, putIn: () => create.mutate({ name, scope: canWrite ? 'write' : 'read', expiresInDays: days }) }
}

/** Stands in a CodeSnippet's `actions`. */
export function PutInKeyButton({ secret, isBusy, putIn }: SnippetKey) {
  if (secret) return null
  return (
    <Hint text={`Makes a key that works for ${days} days and writes it into the code`}>
      <Button onClick={putIn} loading={isBusy} startIcon={<KeyIcon sx={{ fontSize: 16 }} />}>
        Put in a key
      </Button>
    </Hint>
  )
}
