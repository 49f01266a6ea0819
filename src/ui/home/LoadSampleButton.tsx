'use client'
import Button from '@mui/material/Button'
import { useRouter } from 'next/navigation'
import { readError } from '#src/ui/kit/errors.ts'
import { useToast } from '#src/ui/kit/Toasts.tsx'
import { trpc } from '#src/ui/trpc.tsx'

/** Loads the sample data set, then leads on to training on it. */
export function LoadSampleButton({ variant = 'contained' }: { variant?: 'contained' | 'outlined' }) {
  const router = useRouter()
  const toast = useToast()
  const utils = trpc.useUtils()
  const load = trpc.datasets.loadSample.useMutation({
    onSuccess: (dataset) => {
      void Promise.all([utils.home.invalidate(), utils.datasets.invalidate()])
      toast({ message: `The data set ${dataset.name} is loaded. Next: train a model on it.` })
      router.push(`/training/new?dataset=${encodeURIComponent(dataset.name)}`)
    },
    onError: (error) => toast({ message: readError(error).message, tone: 'failed' }),
  })
  return (
    <Button variant={variant} loading={load.isPending} onClick={() => load.mutate({})}>
      Load sample data
    </Button>
  )
}
