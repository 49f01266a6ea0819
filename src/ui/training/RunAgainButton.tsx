'use client'
import Button from '@mui/material/Button'
import { useRouter } from 'next/navigation'
import type { Job } from '#src/contracts/training.ts'
import { readError } from '#src/ui/kit/errors.ts'
import { useToast } from '#src/ui/kit/Toasts.tsx'
import { againInput, jobHref } from '#src/ui/training/jobFacts.ts'
import { trpc } from '#src/ui/trpc.tsx'

/** Starts another job with the very settings of this one. */
export function RunAgainButton({ job, variant = 'contained' }: { job: Job; variant?: 'contained' | 'outlined' }) {
  const router = useRouter()
  const toast = useToast()
  const utils = trpc.useUtils()
  const create = trpc.training.create.useMutation({
    onSuccess: (made) => {
      void Promise.all([utils.training.list.invalidate(), utils.home.invalidate()])
      router.push(jobHref(made.id))
    },
    onError: (error) => toast({ message: readError(error).message, tone: 'failed' }),
  })
  return (
    <Button variant={variant} loading={create.isPending} onClick={() => create.mutate(againInput(job))}>
      Run again with the same settings
    </Button>
  )
}
