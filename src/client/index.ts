/**
 * The typed client for trusted services.
 *
 * ```ts
 * import { createClient } from 'neuroweaver'
 * const neuroweaver = createClient({ url: 'http://127.0.0.1:3000', apiKey: process.env.NEUROWEAVER_API_KEY })
 * const { items } = await neuroweaver.models.list.query({ q: 'churn' })
 * ```
 */
import { createTRPCClient, httpBatchLink, httpSubscriptionLink, splitLink, type TRPCClient } from '@trpc/client'
import type { inferRouterInputs, inferRouterOutputs } from '@trpc/server'
import type { AppRouter } from '#src/server/trpc/root.ts'

export type { AppRouter }
export type Inputs = inferRouterInputs<AppRouter>
export type Outputs = inferRouterOutputs<AppRouter>

export type ClientOptions = {
  /** Web's origin, for example `http://127.0.0.1:3000`. */
  url: string
  /** An API key, made under Settings → API keys. */
  apiKey: string
  /** Name or id of a project; the key's own, or `default`, when left out. */
  project?: string
  /** Needed only for subscriptions, and there only where the platform has none that sends headers: that of the package `eventsource`, for one. */
  EventSource?: typeof globalThis.EventSource
}

/** A client of every procedure. Failures are thrown as `TRPCClientError`; `error.data.code` and `error.data.details` say what was wrong. */
export function createClient(options: ClientOptions): TRPCClient<AppRouter> {
  const url = `${options.url.replace(/\/$/, '')}/api/trpc`
  const headers = { authorization: `Bearer ${options.apiKey}`, ...(options.project ? { 'x-neuroweaver-project': options.project } : {}) }
  return createTRPCClient<AppRouter>({
    links: [
      splitLink({
        condition: (operation) => operation.type === 'subscription',
        true: httpSubscriptionLink({
          url,
          ...(options.EventSource ? { EventSource: options.EventSource } : {}),
          eventSourceOptions: () => withHeaders(headers),
        }),
        false: httpBatchLink({ url, headers, maxURLLength: 4000, maxItems: 20 }),
      }),
    ],
  })
}

/** Some implementations take the headers themselves, others a function that fetches with them. */
function withHeaders(headers: Record<string, string>): EventSourceInit {
  const fetchWith = (address: string | URL, init: RequestInit) =>
    fetch(address, { ...init, headers: { ...(init.headers as Record<string, string>), ...headers } })
  return { headers, fetch: fetchWith } as EventSourceInit
}
