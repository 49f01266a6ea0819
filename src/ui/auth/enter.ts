'use client'
import { localPath } from '#src/ui/auth/localPath.ts'

/** Signs in and goes on to `next`. @throws Error whose message says why not. */
export async function enter(email: string, password: string, next: string) {
  const { signIn } = await import('next-auth/react')
  const result = await signIn('credentials', { email, password, redirect: false })
  if (result?.ok && !result.error) return window.location.assign(localPath(next, window.location.origin))
  if (result?.error === 'CredentialsSignin') throw new Error('The email or the password is wrong.')
  throw new Error(result?.error ?? 'The server does not answer.')
}

/** Signs in with the token that another system gave. @throws Error whose message says why not. */
export async function enterWithToken(token: string, next: string) {
  const { signIn } = await import('next-auth/react')
  const result = await signIn('token', { token, redirect: false })
  if (!result?.ok || result.error) throw new Error(result?.error ?? 'The server does not answer.')
  window.location.assign(localPath(next, window.location.origin))
}

/** Goes to the identity provider, and from there to `next`. */
export async function enterByProvider(next: string) {
  const { signIn } = await import('next-auth/react')
  await signIn('oidc', { callbackUrl: localPath(next, window.location.origin) })
}
