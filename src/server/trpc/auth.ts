import type { AuthOptions } from 'next-auth'
import CredentialsProvider from 'next-auth/providers/credentials'
import { bridge } from '#src/server/bridge.ts'

const sessionDays = 30

/** Browser sessions: an encrypted cookie that names the user and the epoch in which it began. */
export const authOptions: AuthOptions = {
  secret: process.env.NEXTAUTH_SECRET ?? '',
  session: { strategy: 'jwt', maxAge: sessionDays * 24 * 3600 },
  pages: { signIn: '/sign-in', error: '/sign-in' },
  providers: [
    CredentialsProvider({
      credentials: { email: { type: 'email' }, password: { type: 'password' } },
      async authorize(credentials, request) {
        if (typeof credentials?.email !== 'string' || typeof credentials.password !== 'string') return null
        return (await bridge().signIn(credentials.email, credentials.password, request.headers ?? {})) ?? null
      },
    }),
  ],
  callbacks: {
    jwt({ token, user }) {
      if (!user) return token
      return { ...token, sub: user.id, epoch: (user as { epoch?: number }).epoch ?? 0 }
    },
  },
}
