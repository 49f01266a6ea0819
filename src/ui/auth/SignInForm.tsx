'use client'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import { AuthCard } from '#src/ui/auth/AuthCard.tsx'
import { enter } from '#src/ui/auth/enter.ts'
import { ErrorNotice } from '#src/ui/kit/ErrorNotice.tsx'
import { Field } from '#src/ui/kit/Field.tsx'
import { useForm } from '#src/ui/kit/useForm.ts'

/** Email and password; then back to where one wanted to go. */
export function SignInForm({ next, hasError }: { next: string; hasError: boolean }) {
  const form = useForm({ initial: { email: '', password: '' } })
  const { values, set, errors, setErrors, error, isBusy } = form
  const send = form.submit(async ({ email, password }) => {
    if (!email) return setErrors({ email: 'Enter your email address.' })
    if (!password) return setErrors({ password: 'Enter your password.' })
    await enter(email, password, next)
  })
  return (
    <AuthCard title="Sign in">
      <Box component="form" onSubmit={send} noValidate sx={{ display: 'grid', gap: 4 }}>
        <Field
          label="Email"
          name="email"
          type="email"
          autoComplete="username"
          autoFocus
          value={values.email}
          onChange={(value) => set('email', value)}
          error={errors.email}
        />
        <Field
          label="Password"
          name="password"
          type="password"
          autoComplete="current-password"
          value={values.password}
          onChange={(value) => set('password', value)}
          error={errors.password}
        />
        <ErrorNotice
          title="You are not signed in"
          error={error ?? (hasError && !isBusy ? new Error('The last try to sign in failed.') : null)}
          hint="Check both fields. Whoever set up NeuroWeaver can give you a new password."
        />
        <Button type="submit" variant="contained" loading={isBusy} sx={{ minHeight: 38 }}>
          Sign in
        </Button>
      </Box>
    </AuthCard>
  )
}
