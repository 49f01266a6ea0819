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
