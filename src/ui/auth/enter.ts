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

/** Its cookie is what makes the server give the same token twice. */
async function keepsCookies(): Promise<boolean> {
  const { getCsrfToken } = await import('next-auth/react')
  const first = await getCsrfToken()
  return first === (await getCsrfToken())
}

/** Signs in and goes on to `next`. @returns why the server says no. @throws Error for anything else that keeps somebody out. */
async function enterBy(provider: 'credentials' | 'token', values: Record<string, string>, next: string): Promise<string | undefined> {
  const { signIn } = await import('next-auth/react')
  // A refusal that is not of its own form makes it throw; one without the cookie of our page is refused.
  const result = await signIn(provider, { ...values, redirect: false }).catch(() => undefined)
  if (result?.ok && !result.error) return void window.location.assign(localPath(next, window.location.origin))
  if (result?.error) return result.error
  throw (await keepsCookies()) ? new Error('The server does not answer.') : new NotKept()
}

/** Signs in and goes on to `next`. @throws Error whose message says why not. */
export async function enter(email: string, password: string, next: string) {
  const refusal = await enterBy('credentials', { email, password }, next)
  if (refusal) throw new Error(refusal === 'CredentialsSignin' ? 'The email or the password is wrong.' : refusal)
}

/** Signs in with the token that another system gave. @throws Error whose message says why not. */
export async function enterWithToken(token: string, next: string) {
  const refusal = await enterBy('token', { token }, next)
  if (refusal) throw new Error(refusal)
}

/** Goes to the identity provider, and from there to `next`. */
export async function enterByProvider(next: string) {
  const { signIn } = await import('next-auth/react')
  await signIn('oidc', { callbackUrl: localPath(next, window.location.origin) })
}
