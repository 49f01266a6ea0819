'use client'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import type { Session } from '#src/contracts/access.ts'
import { ErrorNotice } from '#src/ui/kit/ErrorNotice.tsx'
import { readError } from '#src/ui/kit/errors.ts'
import { plural } from '#src/ui/kit/format.ts'
import { ListCard } from '#src/ui/kit/ListCard.tsx'
import { RelativeTime } from '#src/ui/kit/RelativeTime.tsx'
import { Section } from '#src/ui/kit/Section.tsx'
import { StatusChip } from '#src/ui/kit/StatusChip.tsx'
import { useToast } from '#src/ui/kit/Toasts.tsx'
import { trpc } from '#src/ui/trpc.tsx'

const browsers: [RegExp, string][] = [
  [/Edg\//, 'Edge'],
  [/OPR\//, 'Opera'],
  [/Firefox\//, 'Firefox'],
  [/Chrome\//, 'Chrome'],
  [/Safari\//, 'Safari'],
]
const systems: [RegExp, string][] = [
  [/Android/, 'Android'],
  [/iPhone|iPad/, 'iOS'],
  [/Windows/, 'Windows'],
  [/Mac OS X/, 'macOS'],
  [/Linux/, 'Linux'],
]
const origins: Record<Session['origin'], string> = { local: 'password', token: 'unified token', oidc: 'single sign-on' }

/** A browser's own words for itself, in the two that people know it by. */
function deviceOf(userAgent: string | null): string {
  const find = (names: [RegExp, string][]) => names.find(([pattern]) => pattern.test(userAgent ?? ''))?.[1]
  return [find(browsers) ?? 'A browser', find(systems)].filter(Boolean).join(' on ')
}

/** Signing in is told to no page: all that are open would look at once. */
const lookEveryMs = 10_000

/** Where one is signed in, and how to end it. */
export function Sessions() {
  const toast = useToast()
  const { data, error, refetch } = trpc.me.sessions.useQuery(undefined, { refetchInterval: lookEveryMs })
  const onError = (thrown: unknown) => toast({ message: readError(thrown).message, tone: 'failed' })
  const revoke = trpc.me.revokeSession.useMutation({ onSuccess: () => void refetch(), onError })
  const revokeOthers = trpc.me.revokeOtherSessions.useMutation({
    onSuccess: ({ count }) => {
      void refetch()
      toast({ message: `${plural(count, 'session')} ended.` })
    },
    onError,
  })
  const hasOthers = data?.some((session) => !session.isCurrent) ?? false
  return (
    <Section
      title="Sessions"
      note="Browsers that are signed in as you."
      actions={
        hasOthers && (
          <Button variant="outlined" loading={revokeOthers.isPending} onClick={() => revokeOthers.mutate()}>
            Sign out the others
          </Button>
        )
      }
    >
      <ErrorNotice title="The sessions could not be read" error={error} isOlder={data !== undefined} onRetry={() => void refetch()} />
      {data && (
        <ListCard label="Sessions">
          {data.map((session) => (
            <Box component="li" key={session.id} sx={{ display: 'flex', gap: 3, alignItems: 'center', flexWrap: 'wrap' }}>
              <Box sx={{ flex: 1, minWidth: 180 }}>
                <Box sx={{ fontWeight: 550 }}>{deviceOf(session.userAgent)}</Box>
                <Box sx={{ typography: 'caption', color: 'text.secondary' }}>
                  {[session.address, `by ${origins[session.origin]}`].filter(Boolean).join(', ')}, seen{' '}
                  <RelativeTime at={session.lastSeenAt} />
                </Box>
              </Box>
              {session.isCurrent ? (
                <StatusChip status="active" label="This browser" />
              ) : (
                <Button
                  onClick={() => revoke.mutate({ id: session.id })}
                  aria-label={`Sign out ${deviceOf(session.userAgent)}, ${session.address ?? 'unknown address'}`}
                >
                  Sign out
                </Button>
              )}
            </Box>
          ))}
        </ListCard>
      )}
    </Section>
  )
}
