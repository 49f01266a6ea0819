/** What pages use on the server: prefetch, and who is signed in. */
import { QueryClient } from '@tanstack/react-query'
import { createHydrationHelpers } from '@trpc/react-query/rsc'
import { cookies, headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { cache } from 'react'
import { bridge } from '#src/server/bridge.ts'
import type { AppRouter } from './root.ts'

/** Pages wait for what they prefetch: a query handed over half-way would be drawn twice, once as a skeleton. */
const getQueryClient = cache(() => new QueryClient({ defaultOptions: { queries: { staleTime: 30_000 } } }))

async function requestHeaders(): Promise<Record<string, string>> {
  const [sent, jar] = await Promise.all([headers(), cookies()])
  const project = jar.get('nw_project')?.value
  const kept = ['cookie', 'x-correlation-id', 'x-neuroweaver-address'].flatMap((name) => {
    const value = sent.get(name)
    return value === null ? [] : [[name, value] as const]
  })
  return { ...Object.fromEntries(kept), ...(project ? { 'x-neuroweaver-project': project } : {}) }
}

type Step = ((input: unknown) => Promise<unknown>) & { [key: string]: Step }

/** Calls `a.b.c(input)` as the procedure `a.b.c` of the process that serves this page. */
function caller(path: string[] = []): Step {
  const call = async (input: unknown) => bridge().query(path.join('.'), input, await requestHeaders())
  return new Proxy(call as Step, { get: (_target, key) => caller([...path, String(key)]) })
}

const helpers = createHydrationHelpers<AppRouter>(caller() as never, getQueryClient)
export const api = helpers.trpc
export const { HydrateClient } = helpers

/** Sends a visitor to the sign-in page, or to the setup page while there is no admin. */
export async function requireSession(): Promise<void> {
  const who = await bridge().identify(await requestHeaders())
  if (who?.mustChangePassword && !((await headers()).get('x-neuroweaver-path') ?? '').startsWith('/settings')) redirect('/settings')
  if (who) return
  if (await bridge().needsFirstAdmin()) redirect('/setup')
  const path = (await headers()).get('x-neuroweaver-path') ?? '/'
  redirect(path === '/' ? '/sign-in' : `/sign-in?next=${encodeURIComponent(path)}`)
}
