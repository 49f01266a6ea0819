'use client'
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { httpBatchLink, httpSubscriptionLink, splitLink } from '@trpc/client'
import { createTRPCReact } from '@trpc/react-query'
import type { inferRouterOutputs } from '@trpc/server'
import { useState } from 'react'
import type { AppRouter } from '#src/server/trpc/root.ts'
import { isHeardLately } from '#src/ui/heardLately.ts'
import { readError } from '#src/ui/kit/errors.ts'

export const trpc = createTRPCReact<AppRouter>()
export type Outputs = inferRouterOutputs<AppRouter>

const url = () => (typeof window === 'undefined' ? 'http://127.0.0.1/api/trpc' : '/api/trpc')

/** A session that has ended sends one to the sign-in page and back. */
function leaveIfSignedOut(error: unknown) {
  if (typeof window === 'undefined' || readError(error).code !== 'unauthorized') return
  const { pathname, search } = window.location
  if (pathname.startsWith('/sign-in') || pathname.startsWith('/setup')) return
  window.location.assign(`/sign-in?next=${encodeURIComponent(pathname + search)}`)
}

/** Only what may pass by itself is tried again: no answer, or a server in trouble. */
function isWorthAnotherTry(count: number, error: unknown) {
  const { code } = readError(error)
  return count < 2 && (code === null || code === 'unavailable' || code === 'internal')
}

const makeQueryClient = () =>
  new QueryClient({
    queryCache: new QueryCache({ onError: leaveIfSignedOut }),
    mutationCache: new MutationCache({ onError: leaveIfSignedOut }),
    defaultOptions: {
      // Changes are announced, so that data stay fresh without asking again at every page.
      queries: {
        staleTime: 30_000,
        retry: isWorthAnotherTry,
        refetchOnMount: (query) => (isHeardLately(query.queryKey) ? 'always' : true),
      },
      mutations: { retry: false, networkMode: 'always' },
    },
  })

/** Each action goes by an id of its own through all that it causes. Browsers give one only to pages that are secure or local. */
const correlation = (): Record<string, string> =>
  typeof crypto.randomUUID === 'function' ? { 'x-correlation-id': crypto.randomUUID() } : {}

const makeClient = () =>
  trpc.createClient({
    links: [
      splitLink({
        condition: (operation) => operation.type === 'subscription',
        true: httpSubscriptionLink({ url: url() }),
        false: httpBatchLink({ url: url(), maxURLLength: 4000, maxItems: 20, headers: correlation }),
      }),
    ],
  })

export function TrpcProvider({ children }: { children: React.ReactNode }) {
  const [queryClient] = useState(makeQueryClient)
  const [client] = useState(makeClient)
  return (
    <trpc.Provider client={client} queryClient={queryClient}>
      <QueryClientProvider client={queryClient}>{children}</QueryClientProvider>
    </trpc.Provider>
  )
}
