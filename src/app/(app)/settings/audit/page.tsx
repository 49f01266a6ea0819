import type { Metadata } from 'next'
import { api, HydrateClient } from '#src/server/trpc/server.ts'
import { Audit } from '#src/ui/audit/Audit.tsx'
import { type AuditParams, auditInput } from '#src/ui/audit/auditInput.ts'

export const metadata: Metadata = { title: 'Audit' }

export default async function Page({ searchParams }: { searchParams: Promise<AuditParams> }) {
  const input = auditInput(await searchParams)
  await Promise.all([api.audit.list.prefetchInfinite(input), api.audit.activity.prefetch(input)])
  return (
    <HydrateClient>
      <Audit />
    </HydrateClient>
  )
}
