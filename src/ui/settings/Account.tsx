'use client'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import ToggleButton from '@mui/material/ToggleButton'
import ToggleButtonGroup from '@mui/material/ToggleButtonGroup'
import { type Mode, useMode } from '#src/ui/frame/useMode.ts'
import { leave } from '#src/ui/frame/leave.ts'
import { ErrorNotice } from '#src/ui/kit/ErrorNotice.tsx'
import { Field } from '#src/ui/kit/Field.tsx'
import { KeyValues } from '#src/ui/kit/KeyValues.tsx'
import { RelativeTime } from '#src/ui/kit/RelativeTime.tsx'
import { Section } from '#src/ui/kit/Section.tsx'
import { useToast } from '#src/ui/kit/Toasts.tsx'
import { useForm } from '#src/ui/kit/useForm.ts'
import { Sessions } from '#src/ui/settings/Sessions.tsx'
import { trpc } from '#src/ui/trpc.tsx'

const schema = () => import('#src/contracts/access.ts').then((contract) => contract.changePassword)
const none = { current: '', next: '' }

function PasswordForm() {
  const toast = useToast()
  const change = trpc.me.changePassword.useMutation()
  const form = useForm({ initial: none, schema })
  const { field, error, isBusy } = form
  const send = form.submit(async (typed) => {
    await change.mutateAsync(typed)
    form.setValues(none)
    toast({ message: 'Your password is changed. Other browsers are signed out.' })
  })
  return (
    <Box component="form" onSubmit={send} noValidate sx={{ display: 'grid', gap: 4, maxWidth: 380 }}>
      <Field label="Present password" {...field('current')} type="password" autoComplete="current-password" />
      <Field label="New password" {...field('next')} type="password" autoComplete="new-password" help="At least 10 characters." />
      <ErrorNotice title="The password was not changed" error={error} />
      <Button type="submit" variant="contained" loading={isBusy} sx={{ justifySelf: 'start' }}>
        Change password
      </Button>
    </Box>
  )
}

function ThemeChoice() {
  const [mode, setMode] = useMode()
  return (
    <ToggleButtonGroup exclusive size="small" value={mode} onChange={(_, next: Mode | null) => next && setMode(next)} aria-label="Theme">
      {(['system', 'light', 'dark'] as const).map((each) => (
        <ToggleButton
          key={each}
          value={each}
          sx={{ typography: 'button', px: 4, textTransform: 'capitalize', '&.Mui-selected': { color: 'text.primary' } }}
        >
          {each}
        </ToggleButton>
      ))}
    </ToggleButtonGroup>
  )
}

/** Who one is, the password, and how it looks. */
export function Account() {
  const { data } = trpc.me.get.useQuery()
  const user = data?.user
  return (
    <Box sx={{ display: 'grid', gap: 8, gridTemplateColumns: { md: 'repeat(2, minmax(0, 1fr))' }, alignItems: 'start' }}>
      <Box sx={{ display: 'grid', gap: 8 }}>
        <Section
          title="You"
          isFramed
          actions={
            <Button variant="outlined" onClick={() => void leave()}>
              Sign out
            </Button>
          }
        >
          <KeyValues
            items={[
              { label: 'Name', value: user?.name },
              { label: 'Email', value: user?.email },
              { label: 'Role', value: user?.role },
              { label: 'May here', value: data?.permissions.join(', ') },
              { label: 'Last sign-in', value: user?.lastSignInAt && <RelativeTime at={user.lastSignInAt} /> },
            ]}
          />
        </Section>
        <Section title="Theme" note="Kept in this browser." isFramed>
          <ThemeChoice />
        </Section>
      </Box>
      <Box sx={{ display: 'grid', gap: 8 }}>
        {user?.origin === 'local' && (
          <Section
            title="Password"
            note={user.mustChangePassword ? 'An admin has reset it. Choose a new one to go on.' : undefined}
            isFramed
          >
            <PasswordForm />
          </Section>
        )}
        <Sessions />
      </Box>
    </Box>
  )
}
