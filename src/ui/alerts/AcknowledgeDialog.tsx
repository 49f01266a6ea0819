'use client'
import { type Alert, subjectOf } from '#src/contracts/alert.ts'
import { Field } from '#src/ui/kit/Field.tsx'
import { FormDialog } from '#src/ui/kit/FormDialog.tsx'
import { useToast } from '#src/ui/kit/Toasts.tsx'
import { useForm } from '#src/ui/kit/useForm.ts'
import { trpc } from '#src/ui/trpc.tsx'

/** Says that somebody looks after an alert. */
export function AcknowledgeDialog({ alert, onClose }: { alert: Alert; onClose: () => void }) {
  const utils = trpc.useUtils()
  const toast = useToast()
  const acknowledge = trpc.alerts.acknowledge.useMutation()
  const { field, error, isBusy, submit } = useForm({ initial: { note: '' } })
  const send = submit(async ({ note }) => {
    await acknowledge.mutateAsync({ id: alert.id, note: note.trim() || undefined })
    void utils.alerts.invalidate()
    toast({ message: `You look after ${alert.rule.name} on ${subjectOf(alert)}.` })
    onClose()
  })
  return (
    <FormDialog
      title={`Acknowledge ${alert.rule.name}`}
      submitLabel="Acknowledge alert"
      isBusy={isBusy}
      error={error}
      errorTitle="The alert was not acknowledged"
      onSubmit={send}
      onClose={onClose}
    >
      <div>{alert.message}</div>
      <Field
        label="Note"
        {...field('note')}
        rows={2}
        isOptional
        autoFocus
        help="What you know or will do; others see it beside the alert."
      />
    </FormDialog>
  )
}
