'use client'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import { AuthCard } from '#src/ui/auth/AuthCard.tsx'
import { enter, enterByProvider, hintOf } from '#src/ui/auth/enter.ts'
import { ErrorNotice } from '#src/ui/kit/ErrorNotice.tsx'
import { Field } from '#src/ui/kit/Field.tsx'
import { useForm } from '#src/ui/kit/useForm.ts'

/** What the way back from the identity provider may say. */
const problems: Record<string, string> = {
  AccountRefused: 'The identity provider has not verified your email address, or your account here is disabled. Ask an admin.',
  OidcFailed: 'Signing in at the identity provider did not work. Try again.',
  OAuthCallback: 'The identity provider did not answer as it should. Try again.',
  OAuthSignin: 'The identity provider can not be reached just now. Try again in a moment.',
}

/** Email and password; then back to where one wanted to go. */
export function SignInForm({ next, problem, provider }: { next: string; problem: string | undefined; provider: string | null }) {
  const form = useForm({ initial: { email: '', password: '' } })
  const { field, setErrors, error, isBusy } = form
  const send = form.submit(async ({ email, password }) => {
    if (!email) return setErrors({ email: 'Enter your email address.' })
    if (!password) return setErrors({ password: 'Enter your password.' })
    await enter(email, password, next)
  })
  return (
    <AuthCard title="Sign in">
      <Box component="form" onSubmit={send} noValidate sx={{ display: 'grid', gap: 4 }}>
        <Field label="Email" {...field('email')} type="email" autoComplete="username" autoFocus />
        <Field label="Password" {...field('password')} type="password" autoComplete="current-password" />
        <ErrorNotice
          title="You are not signed in"
          error={error ?? (problem !== undefined && !isBusy ? new Error(problems[problem] ?? 'The last try to sign in failed.') : null)}
          hint={hintOf(error) ?? 'Check both fields. Whoever set up NeuroWeaver can give you a new password.'}
        />
        <Button type="submit" variant="contained" loading={isBusy} sx={{ minHeight: 38 }}>
          Sign in
        </Button>
        {provider && (
          <Button variant="outlined" sx={{ minHeight: 38 }} onClick={() => void enterByProvider(next)}>
            Sign in with {provider}
          </Button>
        )}
      </Box>
    </AuthCard>
  )
}
