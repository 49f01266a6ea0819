import type { Metadata } from 'next'
import { redirect } from 'next/navigation'
import { api } from '#src/server/trpc/server.ts'
import { SignInForm } from '#src/ui/auth/SignInForm.tsx'

export const metadata: Metadata = { title: 'Sign in' }

export default async function Page({ searchParams }: { searchParams: Promise<Record<string, string | string[] | undefined>> }) {
  const { needsAdmin, provider } = await api.setup.status()
  if (needsAdmin) redirect('/setup')
  const { next, callbackUrl, error } = await searchParams
  return <SignInForm next={[next ?? callbackUrl ?? '/'].flat()[0] ?? '/'} problem={[error].flat()[0]} provider={provider} />
}
