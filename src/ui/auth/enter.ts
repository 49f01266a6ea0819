'use client'
import { localPath } from '#src/ui/auth/localPath.ts'

/** The server let somebody in, and the browser did not keep its cookie: by plain HTTP it takes none that is for HTTPS alone. */
class NotKept extends Error {
  readonly hint =
    window.location.protocol === 'http:'
      ? 'Open NeuroWeaver under its own address, which begins with https://. An admin finds it in NEUROWEAVER_URL.'
      : 'Allow cookies for this address, then sign in again.'

  constructor() {
    super(`This browser keeps no cookie from ${window.location.origin}.`)
  }
}

/** What helps against an error of signing in; undefined where its words say all. */
export const hintOf = (error: unknown): string | undefined => (error instanceof NotKept ? error.hint : undefined)

/** Goes on as whoever has just signed in. @throws NotKept when the next page would ask again, without a word. */
async function goOn(next: string): Promise<void> {
  const { getSession } = await import('next-auth/react')
  if (!(await getSession())) throw new NotKept()
  window.location.assign(localPath(next, window.location.origin))
}

/** Signs in and goes on to `next`. @throws Error whose message says why not. */
export async function enter(email: string, password: string, next: string) {
  const { signIn } = await import('next-auth/react')
  const result = await signIn('credentials', { email, password, redirect: false })
  if (result?.ok && !result.error) return goOn(next)
  if (result?.error === 'CredentialsSignin') throw new Error('The email or the password is wrong.')
  throw new Error(result?.error ?? 'The server does not answer.')
}

/** Signs in with the token that another system gave. @throws Error whose message says why not. */
export async function enterWithToken(token: string, next: string) {
  const { signIn } = await import('next-auth/react')
  const result = await signIn('token', { token, redirect: false })
  if (!result?.ok || result.error) throw new Error(result?.error ?? 'The server does not answer.')
  await goOn(next)
}

/** Goes to the identity provider, and from there to `next`. */
export async function enterByProvider(next: string) {
  const { signIn } = await import('next-auth/react')
  await signIn('oidc', { callbackUrl: localPath(next, window.location.origin) })
}
