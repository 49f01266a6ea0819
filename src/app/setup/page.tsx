import type { Metadata } from 'next'
import { redirect } from 'next/navigation'
import { api } from '#src/server/trpc/server.ts'
import { SetupForm } from '#src/ui/auth/SetupForm.tsx'

export const metadata: Metadata = { title: 'Set up' }

export default async function Page() {
  const { needsAdmin, needsCode } = await api.setup.status()
  if (!needsAdmin) redirect('/sign-in')
  return <SetupForm needsCode={needsCode} />
}
