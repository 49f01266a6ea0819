import { cookies } from 'next/headers'
import { api, HydrateClient, requireSession } from '#src/server/trpc/server.ts'
import { AppFrame } from '#src/ui/frame/AppFrame.tsx'

export default async function AppLayout({ children }: { children: React.ReactNode }) {
  await requireSession()
  const [jar] = await Promise.all([cookies(), api.me.get.prefetch()])
  return (
    <HydrateClient>
      <AppFrame isRailFolded={jar.get('nw_rail')?.value === 'folded'}>{children}</AppFrame>
    </HydrateClient>
  )
}
