'use client'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import { useEffect, useState } from 'react'
import { AuthCard } from '#src/ui/auth/AuthCard.tsx'
import { enterWithToken, hintOf } from '#src/ui/auth/enter.ts'
import { ErrorNotice } from '#src/ui/kit/ErrorNotice.tsx'

type Handed = { token: string; next: string; who: string | null }

/** Whom a token says it is for; the server alone can tell whether that is so. */
function whoIn(token: string): string | null {
  try {
    const payload = JSON.parse(atob((token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/'))) as Record<string, unknown>
    const who = payload.email ?? payload.sub
    return typeof who === 'string' ? who.slice(0, 200) : null
  } catch {
    return null
  }
}

/** Takes the token out of the address, so that it stands neither in the history nor behind a copied link. */
function takeHanded(): Handed | null {
  const handed = new URLSearchParams(window.location.hash.slice(1))
  const token = handed.get('token')
  window.history.replaceState(null, '', window.location.pathname)
  return token ? { token, next: handed.get('next') ?? '/', who: whoIn(token) } : null
}

/** Signs in with a token of another system, when the person says so: a link alone must not make anybody somebody else. */
export function TokenSignIn() {
  const [handed, setHanded] = useState<Handed | null | undefined>(undefined)
  const [error, setError] = useState<unknown>(null)
  const [isBusy, setBusy] = useState(false)
  useEffect(() => setHanded((known) => (known === undefined ? takeHanded() : known)), [])
  const go = async () => {
    if (!handed) return
    setBusy(true)
    setError(null)
    await enterWithToken(handed.token, handed.next).catch((thrown) => {
      setError(thrown)
      setBusy(false)
    })
  }
  if (handed === null)
    return (
      <AuthCard title="Sign in" note="This address takes a token that another system hands over, and none came with it.">
        <Button variant="contained" href="/sign-in">
          Sign in here
        </Button>
      </AuthCard>
    )
  return (
    <AuthCard title="Sign in" note={handed?.who ? `You come from another system as ${handed.who}.` : 'You come from another system.'}>
      <Box sx={{ display: 'grid', gap: 4 }}>
        <ErrorNotice title="You are not signed in" error={error} hint={hintOf(error)} />
        <Button variant="contained" loading={isBusy} disabled={!handed} onClick={() => void go()} sx={{ minHeight: 38 }}>
          {handed?.who ? `Continue as ${handed.who}` : 'Continue'}
        </Button>
      </Box>
    </AuthCard>
  )
}
