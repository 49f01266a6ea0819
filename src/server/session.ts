import { decode } from 'next-auth/jwt'
import { cookieOf } from './cookies.ts'

const cookieNames = ['__Secure-next-auth.session-token', 'next-auth.session-token']
const cacheMs = 5_000
const maxCached = 10_000
type Session = { userId: string; epoch: number }
const decoded = new Map<string, { session: Session | undefined; until: number }>()

/** The session that a Cookie header carries, if its token is one of ours and has not run out. */
export async function readSession(cookieHeader: string | undefined, secret: string): Promise<Session | undefined> {
  const token = cookieNames.map((name) => cookieOf(cookieHeader, name)).find((value) => value)
  if (!token || token.length > 8192) return undefined
  const known = decoded.get(token)
  if (known && known.until > Date.now()) return known.session
  const claims = await decode({ token, secret }).catch(() => null)
  const isOurs = typeof claims?.sub === 'string' && typeof claims.epoch === 'number'
  const session = isOurs ? { userId: claims.sub as string, epoch: claims.epoch as number } : undefined
  if (decoded.size >= maxCached) decoded.clear()
  decoded.set(token, { session, until: Date.now() + cacheMs })
  return session
}
