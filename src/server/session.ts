import { decode } from 'next-auth/jwt'
import { cookieOf } from './cookies.ts'

const cookieNames = ['__Host-neuroweaver.session', 'neuroweaver.session']
const cacheMs = 5_000
const maxCached = 10_000
type Session = { id: string; userId: string; epoch: number }
const decoded = new Map<string, { session: Session | undefined; until: number }>()

/** The session that a Cookie header carries, if its token is one of ours and has not run out. */
export async function readSession(cookieHeader: string | undefined, secret: string): Promise<Session | undefined> {
  const token = cookieNames.map((name) => cookieOf(cookieHeader, name)).find((value) => value)
  if (!token || token.length > 8192) return undefined
  const known = decoded.get(token)
  if (known && known.until > Date.now()) return known.session
  const claims = await decode({ token, secret }).catch(() => null)
  const session = claims ? sessionOf(claims) : undefined
  if (decoded.size >= maxCached) decoded.clear()
  decoded.set(token, { session, until: Date.now() + cacheMs })
  return session
}

/** The cookie's token names the session; whether that is still open its row says. */
function sessionOf({ sub, epoch, sid }: Record<string, unknown>): Session | undefined {
  if (typeof sub !== 'string' || typeof epoch !== 'number' || typeof sid !== 'string') return undefined
  return { id: sid, userId: sub, epoch }
}
