'use client'
import Button from '@mui/material/Button'
import { useState } from 'react'
import type { Job } from '#src/contracts/training.ts'
import { ConfirmDialog } from '#src/ui/kit/ConfirmDialog.tsx'
import { formatPercent } from '#src/ui/kit/format.ts'
import { trpc } from '#src/ui/trpc.tsx'

const consequencesOf = (job: Job) =>
  job.status === 'queued'
    ? ['It leaves the queue; nothing has been computed yet.', 'The same settings can be run again.']
    : [
        `What was trained so far (${formatPercent(Math.floor(job.progress * 100) / 100)}) is thrown away; no version is made.`,
        'The trainer stops at its next step, within seconds.',
        'The log and the curves stay. The same settings can be run again.',
      ]

/** Asks, then stops the job. */
export function CancelJobButton({ job }: { job: Job }) {
  const [isAsking, setAsking] = useState(false)
  const utils = trpc.useUtils()
  const cancel = trpc.training.cancel.useMutation({
    onSuccess: (updated) => {
      utils.training.get.setData({ id: job.id }, updated)
      void utils.training.list.invalidate()
      setAsking(false)
    },
  })
  return (
    <>
      <Button variant="outlined" disabled={job.isCancelRequested} onClick={() => setAsking(true)}>
        {job.isCancelRequested ? 'Cancelling' : 'Cancel the job'}
      </Button>
      <ConfirmDialog
        isOpen={isAsking}
        title={`Cancel ${job.name}?`}
        confirmLabel="Cancel the job"
        isBusy={cancel.isPending}
        error={cancel.error}
        consequences={consequencesOf(job)}
        onConfirm={() => cancel.mutate({ id: job.id })}
        onClose={() => setAsking(false)}
      />
    </>
  )
}
