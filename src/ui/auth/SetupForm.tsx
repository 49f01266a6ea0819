'use client'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import { AuthCard } from '#src/ui/auth/AuthCard.tsx'
import { enter, hintOf } from '#src/ui/auth/enter.ts'
import { ErrorNotice } from '#src/ui/kit/ErrorNotice.tsx'
import { Field } from '#src/ui/kit/Field.tsx'
import { useForm } from '#src/ui/kit/useForm.ts'
import { trpc } from '#src/ui/trpc.tsx'

const schema = () => import('#src/contracts/access.ts').then((contract) => contract.createFirstAdmin)

/** Makes the first admin, then signs in. */
export function SetupForm({ needsCode }: { needsCode: boolean }) {
  const create = trpc.setup.createAdmin.useMutation()
  const toInput = (values: { name: string; email: string; password: string; code: string }) => ({
    ...values,
    code: needsCode ? values.code : undefined,
  })
  const form = useForm({ initial: { name: '', email: '', password: '', code: '' }, schema, toInput })
  const { field, error, isBusy } = form
  const send = form.submit(async (typed) => {
    await create.mutateAsync(toInput(typed))
    await enter(typed.email, typed.password, '/')
  })
  return (
    <AuthCard
      title="Set up NeuroWeaver"
      note="You are the first one here. Make the account that manages this installation; it takes a minute."
    >
      <Box component="form" onSubmit={send} noValidate sx={{ display: 'grid', gap: 4 }}>
        <Field label="Your name" {...field('name')} autoComplete="name" autoFocus />
        <Field label="Email" {...field('email')} type="email" autoComplete="username" help="You sign in with it; nothing is sent to it." />
        <Field label="Password" {...field('password')} type="password" autoComplete="new-password" help="At least 10 characters." />
        {needsCode && (
          <Field
            label="Setup code"
            {...field('code')}
            autoComplete="one-time-code"
            isMono
            help="The terminal printed it when NeuroWeaver started."
          />
        )}
        <ErrorNotice
          title={hintOf(error) ? 'The account is made, but you are not signed in' : 'The account was not made'}
          error={error}
          hint={hintOf(error)}
        />
        <Button type="submit" variant="contained" loading={isBusy} sx={{ minHeight: 38 }}>
          Create the account
        </Button>
      </Box>
    </AuthCard>
  )
}
