'use client'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import type { InstallationLimits } from '#src/contracts/limits.ts'
import { ErrorNotice } from '#src/ui/kit/ErrorNotice.tsx'
import { Field } from '#src/ui/kit/Field.tsx'
import { PageSkeleton } from '#src/ui/kit/PageSkeleton.tsx'
import { Section } from '#src/ui/kit/Section.tsx'
import { useToast } from '#src/ui/kit/Toasts.tsx'
import { useForm } from '#src/ui/kit/useForm.ts'
import { trpc } from '#src/ui/trpc.tsx'

type Key = keyof InstallationLimits
const fields: { key: Key; label: string; help: string }[] = [
  { key: 'perAddress', label: 'From one address', help: 'Everybody behind one office or proxy counts together.' },
  { key: 'perUser', label: 'By one person', help: 'Over all their browsers and keys.' },
  { key: 'perKey', label: 'With one key', help: "A key's own limit comes before this one." },
  { key: 'perProject', label: 'In one project', help: 'Over everybody who works in it.' },
]
const schema = () => import('#src/contracts/limits.ts').then((contract) => contract.installationLimits)
const toInput = (typed: Record<Key, string>) =>
  Object.fromEntries(Object.entries(typed).map(([key, value]) => [key, value.trim() === '' ? null : Number(value)])) as InstallationLimits

function LimitsForm({ limits }: { limits: InstallationLimits }) {
  const toast = useToast()
  const utils = trpc.useUtils()
  const save = trpc.system.setLimits.useMutation({ onSuccess: () => void utils.system.limits.invalidate() })
  const initial = Object.fromEntries(fields.map(({ key }) => [key, limits[key] === null ? '' : String(limits[key])])) as Record<Key, string>
  const form = useForm({ initial, schema, toInput })
  const { values, set, errors, error, isBusy } = form
  const send = form.submit(async (typed) => {
    await save.mutateAsync(toInput(typed))
    toast({ message: 'The limits hold within two seconds.' })
  })
  return (
    <Box component="form" onSubmit={send} noValidate sx={{ display: 'grid', gap: 4, maxWidth: 420 }}>
      {fields.map(({ key, label, help }) => (
        <Field
          key={key}
          label={label}
          name={key}
          type="number"
          min={1}
          placeholder="No limit"
          isOptional
          value={values[key]}
          onChange={(value) => set(key, value)}
          error={errors[key]}
          help={help}
        />
      ))}
      <ErrorNotice title="The limits were not saved" error={error} />
      <Button type="submit" variant="contained" loading={isBusy} sx={{ justifySelf: 'start' }}>
        Save limits
      </Button>
    </Box>
  )
}

/** How many calls a minute are taken. */
export function Limits() {
  const { data, error, refetch } = trpc.system.limits.useQuery()
  return (
    <Section
      title="Limits"
      note="Calls a minute. Whoever asks more often is told to wait; answers carry RateLimit headers. Each inference runtime counts for itself the calls that it takes, from whatever address. Signing in always takes 10 tries a minute from one address."
      isFramed
    >
      <ErrorNotice title="The limits could not be read" error={error} isOlder={data !== undefined} onRetry={() => void refetch()} />
      {data ? <LimitsForm key={JSON.stringify(data)} limits={data} /> : !error && <PageSkeleton />}
    </Section>
  )
}
