import type { AuthOptions } from 'next-auth'
import type { JWT } from 'next-auth/jwt'
import CredentialsProvider from 'next-auth/providers/credentials'
import type { OAuthConfig } from 'next-auth/providers/oauth'
import { headers } from 'next/headers'
import { type Begun, bridge } from '#src/server/bridge.ts'

const sessionDays = 30
type Claims = Record<string, unknown>
type WithBegun = { begun?: Begun }

const toUser = (begun: Begun) => ({ id: begun.userId, email: begun.email, name: begun.name, begun })

async function sentHeaders(): Promise<Record<string, string>> {
  return Object.fromEntries((await headers()).entries())
}

/** Authorization code flow with PKCE, state and nonce (RFC 9700, 2.1). */
function oidcProvider({ issuer, clientId, clientSecret, name, scope }: NonNullable<ReturnType<typeof bridgeOidc>>): OAuthConfig<Claims> {
  return {
    id: 'oidc',
    name,
    type: 'oauth',
    wellKnown: `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
    clientId,
    clientSecret,
    idToken: true,
    checks: ['pkce', 'state', 'nonce'],
    authorization: { params: { scope } },
    profile: (claims) => ({ id: String(claims.sub) }),
  }
}

const bridgeOidc = () => bridge().oidc()

const credentials = [
  CredentialsProvider({
    credentials: { email: { type: 'email' }, password: { type: 'password' } },
    async authorize(given) {
      if (typeof given?.email !== 'string' || typeof given.password !== 'string') return null
      const begun = await bridge().signIn(given.email, given.password, await sentHeaders())
      return begun ? toUser(begun) : null
    },
  }),
  CredentialsProvider({
    id: 'token',
    credentials: { token: {} },
    authorize: async (given) =>
      typeof given?.token === 'string' ? toUser(await bridge().signInWithToken(given.token, await sentHeaders())) : null,
  }),
]

/** `__Host-` binds the cookie to this very host, and needs HTTPS. */
function sessionCookie(isSecure: boolean) {
  const name = isSecure ? '__Host-neuroweaver.session' : 'neuroweaver.session'
  return { name, options: { httpOnly: true, sameSite: 'lax' as const, path: '/', secure: isSecure } }
}

/** next-auth takes what is thrown here for a cookie that is no good: it answers no session, and takes the cookie away. */
async function refuseEnded(token: JWT): Promise<JWT> {
  const { sub, sid, epoch } = token
  const isNamed = typeof sub === 'string' && typeof sid === 'string' && typeof epoch === 'number'
  if (!isNamed || !(await bridge().isOpen({ id: sid, userId: sub, epoch }))) throw new Error('This session has ended. Sign in again.')
  return token
}

/** Browser sessions: an encrypted cookie that names the person, their epoch and the session's row, which says whether it is still open. */
export function authOptions(): AuthOptions {
  const oidc = bridge().oidc()
  const isSecure = (process.env.NEXTAUTH_URL ?? '').startsWith('https:')
  return {
    secret: process.env.NEXTAUTH_SECRET ?? '',
    session: { strategy: 'jwt', maxAge: sessionDays * 24 * 3600 },
    cookies: { sessionToken: sessionCookie(isSecure) },
    pages: { signIn: '/sign-in', error: '/sign-in' },
    providers: [...credentials, ...(oidc ? [oidcProvider(oidc)] : [])],
    callbacks: {
      async signIn({ user, account, profile }) {
        if (account?.provider !== 'oidc') return true
        const outcome = await bridge().signInWithProfile(profile as Claims, await sentHeaders())
        if ('refusal' in outcome) return `/sign-in?error=${outcome.refusal}`
        ;(user as WithBegun).begun = outcome
        return true
      },
      async jwt({ token, user }) {
        const begun = (user as WithBegun | undefined)?.begun
        if (!begun) return refuseEnded(token)
        return { sub: begun.userId, name: begun.name, email: begun.email, epoch: begun.epoch, sid: begun.sessionId }
      },
    },
    events: {
      async signOut({ token }) {
        if (typeof token?.sid === 'string') await bridge().endSession(token.sid)
      },
    },
  }
}
