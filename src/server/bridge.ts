/**
 * What pages may ask of the server process that renders them. Next bundles the pages, so they reach the live process through
 * this one global instead of a second copy of every service with a connection pool of its own.
 */
import type { Caller } from './services/access.ts'

export type Bridge = {
  /** Runs a query as the sender of these headers. */
  query: (path: string, input: unknown, headers: Record<string, string>) => Promise<unknown>
  /** Who sends these headers, or undefined for a visitor. */
  identify: (headers: Record<string, string>) => Promise<Caller | undefined>
  needsFirstAdmin: () => Promise<boolean>
  /** Undefined for a wrong e-mail or password. @throws Error with what to tell the person. */
  signIn: (email: string, password: string, headers: Record<string, string>) => Promise<Begun | undefined>
  /** @throws Error with what to tell the person. */
  signInWithToken: (token: string, headers: Record<string, string>) => Promise<Begun>
  signInWithProfile: (claims: Record<string, unknown>, headers: Record<string, string>) => Promise<Begun | { refusal: string }>
  endSession: (id: string) => Promise<void>
  /** Whether the session that a cookie names may still ask for something. */
  isOpen: (session: { id: string; userId: string; epoch: number }) => Promise<boolean>
  /** The identity provider, if one is set up. */
  oidc: () => { issuer: string; clientId: string; clientSecret: string; name: string; scope: string } | undefined
}

/** A session that has begun, as the cookie carries it. */
export type Begun = { sessionId: string; userId: string; email: string; name: string; epoch: number }

const key = Symbol.for('neuroweaver.bridge')
type Holder = { [key]?: Bridge }

export const openBridge = (bridge: Bridge) => {
  ;(globalThis as Holder)[key] = bridge
}

export function bridge(): Bridge {
  const open = (globalThis as Holder)[key]
  if (!open) throw new Error('pages are served by src/server/web.ts, which opens the bridge')
  return open
}
