'use client'
import Box from '@mui/material/Box'
import Checkbox from '@mui/material/Checkbox'
import FormControlLabel from '@mui/material/FormControlLabel'
import FormHelperText from '@mui/material/FormHelperText'
import { type Channel, type ChannelEvent, type ChannelKind, channelEvents } from '#src/contracts/channel.ts'
import { eventWords, kindWords, targetHelp } from '#src/ui/channels/channelWords.ts'
import { Field, SelectField } from '#src/ui/kit/Field.tsx'
import { FormDialog } from '#src/ui/kit/FormDialog.tsx'
import { useToast } from '#src/ui/kit/Toasts.tsx'
import { useForm } from '#src/ui/kit/useForm.ts'
import { trpc } from '#src/ui/trpc.tsx'

const usualEvents: ChannelEvent[] = ['alert.firing', 'alert.resolved']
const kinds = (Object.keys(kindWords) as ChannelKind[]).map((value) => ({ value, label: kindWords[value] }))

type Typed = { name: string; kind: ChannelKind; target: string; events: ChannelEvent[] }
type Props = { channel: Channel | null; onMade: (secret: string | null) => void; onClose: () => void }

function EventBoxes({ chosen, error, onChange }: { chosen: ChannelEvent[]; error?: string; onChange: (events: ChannelEvent[]) => void }) {
  const toggle = (event: ChannelEvent) =>
    onChange(channelEvents.filter((one) => (one === event ? !chosen.includes(one) : chosen.includes(one))))
  return (
    <Box component="fieldset" sx={{ border: 0, m: 0, p: 0, display: 'grid' }}>
      <Box component="legend" sx={{ typography: 'label', fontSize: '0.8125rem', p: 0 }}>
        Tell when
      </Box>
      {channelEvents.map((event) => (
        <FormControlLabel
          key={event}
          label={eventWords[event]}
          control={<Checkbox size="small" name="events" checked={chosen.includes(event)} onChange={() => toggle(event)} />}
        />
      ))}
      {error && <FormHelperText error>{error}</FormHelperText>}
    </Box>
  )
}

/** Makes a channel, or changes one; its kind stays. */
export function ChannelDialog({ channel, onMade, onClose }: Props) {
  const utils = trpc.useUtils()
  const toast = useToast()
  const create = trpc.channels.create.useMutation()
  const update = trpc.channels.update.useMutation()
  const schema = () => import('#src/contracts/channel.ts').then((contract) => (channel ? contract.updateChannel : contract.createChannel))
  // An address is not shown again, since its path may be a password: left empty, it stays.
  const toInput = (typed: Typed) => {
    const shared = { name: typed.name.trim(), events: typed.events }
    return channel
      ? { id: channel.id, ...shared, target: typed.target.trim() || undefined }
      : { ...shared, kind: typed.kind, target: typed.target.trim() }
  }
  const initial: Typed = { name: channel?.name ?? '', kind: channel?.kind ?? 'webhook', target: '', events: channel?.events ?? usualEvents }
  const { values, set, field, errors, error, isBusy, submit } = useForm<Typed>({ initial, schema, toInput })
  const send = submit(async (typed) => {
    const { name, events } = typed
    const target = typed.target.trim()
    if (channel) await update.mutateAsync({ id: channel.id, name: name.trim(), events, target: target || undefined })
    const made = channel ? null : await create.mutateAsync({ name: name.trim(), kind: typed.kind, target, events })
    void utils.channels.invalidate()
    toast({ message: `The channel ${name.trim()} is ${channel ? 'changed' : 'made'}. Send a test to see that it works.` })
    onMade(made?.secret ?? null)
  })
  return (
    <FormDialog
      title={channel ? `Change the channel ${channel.name}` : 'Create channel'}
      submitLabel={channel ? 'Save channel' : 'Create channel'}
      isBusy={isBusy}
      error={error}
      errorTitle="The channel was not saved"
      onSubmit={send}
      onClose={onClose}
    >
      <Field label="Name" {...field('name')} autoFocus />
      <SelectField label="Kind" {...field('kind')} isDisabled={channel !== null} options={kinds} />
      <Field
        label={values.kind === 'email' ? 'To' : 'Address'}
        {...field('target')}
        autoComplete="off"
        isOptional={channel !== null}
        placeholder={values.kind === 'email' ? 'ops@example.org' : 'https://'}
        help={channel ? `Now ${channel.target}; left empty, it stays.` : targetHelp[values.kind]}
      />
      <EventBoxes chosen={values.events} onChange={(events) => set('events', events)} error={errors.events} />
    </FormDialog>
  )
}
