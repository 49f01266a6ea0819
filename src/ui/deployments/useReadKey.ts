'use client'
import { useState } from 'react'
import { readError } from '#src/ui/kit/errors.ts'
import { useToast } from '#src/ui/kit/Toasts.tsx'
import type { SnippetKey } from '#src/ui/settings/PutInKey.tsx'
import { trpc } from '#src/ui/trpc.tsx'

const keyDays = 30

/** A key that can call endpoints and read, and no more. */
export function useReadKey(deployment: string): SnippetKey {
  const toast = useToast()
  const utils = trpc.useUtils()
  const [secret, setSecret] = useState<string | null>(null)
  const create = trpc.apiKeys.create.useMutation({
    onSuccess: (made) => {
      setSecret(made.key)
      void utils.apiKeys.list.invalidate()
      toast({ message: `A key was made that can call endpoints for ${keyDays} days; revoke it in Settings, API keys.` })
    },
    onError: (error) => toast({ message: readError(error).message, tone: 'failed' }),
  })
  return {
    secret,
    isBusy: create.isPending,
    putIn: () => create.mutate({ name: `Calls ${deployment}`.slice(0, 100), scope: 'read', expiresInDays: keyDays }),
  }
}
