import type { Metadata } from 'next'
import { Account } from '#src/ui/settings/Account.tsx'

export const metadata: Metadata = { title: 'Account' }

export default function Page() {
  return <Account />
}
