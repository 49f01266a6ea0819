'use client'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import Typography from '@mui/material/Typography'
import { useState } from 'react'
import type { AuditVerdict } from '#src/contracts/audit.ts'
import { CopyButton } from '#src/ui/kit/CopyButton.tsx'
import { ErrorNotice } from '#src/ui/kit/ErrorNotice.tsx'
import { Field } from '#src/ui/kit/Field.tsx'
import { formatMs, formatNumber, plural } from '#src/ui/kit/format.ts'
import { FormDialog } from '#src/ui/kit/FormDialog.tsx'
import { ProgressLine } from '#src/ui/kit/ProgressLine.tsx'
import { RelativeTime } from '#src/ui/kit/RelativeTime.tsx'
import { StatusShape } from '#src/ui/kit/StatusChip.tsx'
import { trpc } from '#src/ui/trpc.tsx'

function Head({ head }: { head: NonNullable<AuditVerdict['head']> }) {
  const text = `${head.seq}:${head.hash}`
  return (
    <Box sx={{ display: 'grid', gap: 1 }}>
      <Typography variant="body2" color="textSecondary">
        The head of the chain. Keep it outside this installation: checked against it, the chain also shows whether its end was cut off or
        all of it written anew, which the chain alone cannot.
      </Typography>
      <Box sx={{ display: 'flex', gap: 1, alignItems: 'center', minWidth: 0 }}>
        <Box sx={{ typography: 'mono', fontSize: 12, overflowWrap: 'anywhere', minWidth: 0 }}>{text}</Box>
        <CopyButton text={text} what="head" />
      </Box>
    </Box>
  )
}

function Verdict({ verdict }: { verdict: AuditVerdict }) {
  const { isIntact, firstBreak, unsealed } = verdict
  return (
    <Box
      role={isIntact ? 'status' : 'alert'}
      sx={{
        display: 'grid',
        gap: 3,
        p: 4,
        border: 1,
        borderRadius: '8px',
        borderColor: isIntact ? 'divider' : 'state.failed',
        bgcolor: isIntact ? 'background.paper' : 'state.failedWash',
      }}
    >
      <Box sx={{ display: 'flex', gap: 2, alignItems: 'center' }}>
        <StatusShape status={isIntact ? 'ready' : 'failed'} />
        <Typography sx={{ fontWeight: 600 }}>{isIntact ? 'The chain is intact' : 'The chain is broken'}</Typography>
      </Box>
      {firstBreak && <Typography sx={{ overflowWrap: 'anywhere' }}>{firstBreak.message}</Typography>}
      {firstBreak?.eventId && <Typography sx={{ typography: 'mono', fontSize: 12 }}>Entry {firstBreak.eventId}</Typography>}
      <Typography variant="body2">
        {plural(verdict.checked, 'seal')} checked in {formatMs(verdict.durationMs)}.{' '}
        {unsealed.count === 0 ? (
          'Nothing waits to be sealed.'
        ) : (
          <>
            {plural(unsealed.count, 'entry waits', 'entries wait')} to be sealed, the oldest from <RelativeTime at={unsealed.oldestAt} />.
          </>
        )}
      </Typography>
      {verdict.head && <Head head={verdict.head} />}
    </Box>
  )
}

/** Walks the whole chain while one watches. */
function Walk({ head }: { head?: string }) {
  const [progress, setProgress] = useState<{ checked: number; total: number; verdict: AuditVerdict | null } | null>(null)
  const { error } = trpc.audit.verify.useSubscription({ head }, { enabled: !progress?.verdict, onData: setProgress })
  if (progress?.verdict) return <Verdict verdict={progress.verdict} />
  if (error) return <ErrorNotice title="The chain could not be checked" error={error} />
  const { checked, total } = progress ?? { checked: 0, total: 0 }
  return (
    <Box sx={{ display: 'grid', gap: 2 }}>
      <ProgressLine value={total === 0 ? 0 : checked / total} label="Checking the chain" />
      <Typography variant="body2" color="textSecondary">
        {formatNumber(checked)} of {formatNumber(total)} seals
      </Typography>
    </Box>
  )
}

const headForm = /^\d{1,15}:[0-9a-f]{64}$/

/** A button that checks the chain of seals, against a head that was kept if one has it, and shows what came out. */
export function VerifyChain() {
  const [isOpen, setOpen] = useState(false)
  const [head, setHead] = useState('')
  const [run, setRun] = useState(0)
  const isWrong = head.trim() !== '' && !headForm.test(head.trim())
  const submit = (event: React.FormEvent) => {
    event.preventDefault()
    if (!isWrong) setRun(run + 1)
  }
  const close = () => {
    setOpen(false)
    setRun(0)
  }
  return (
    <>
      <Button variant="outlined" onClick={() => setOpen(true)}>
        Verify chain
      </Button>
      {isOpen && (
        <FormDialog
          title="Verify the chain"
          submitLabel={run > 0 ? 'Verify again' : 'Verify chain'}
          isBusy={false}
          onSubmit={submit}
          onClose={close}
        >
          <Typography variant="body2" color="textSecondary">
            Each entry carries a seal that covers it and the seal before. This computes all of them again and says where the first one does
            not fit.
          </Typography>
          <Field
            label="Head that was kept"
            name="head"
            isOptional
            isMono
            value={head}
            onChange={setHead}
            placeholder="1024:9f86d0…"
            error={isWrong ? 'Put in a number, a colon and 64 hex digits, as an earlier check gave it.' : undefined}
          />
          {run > 0 && !isWrong && <Walk key={run} head={head.trim() || undefined} />}
        </FormDialog>
      )}
    </>
  )
}
