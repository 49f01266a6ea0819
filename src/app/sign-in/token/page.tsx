import type { Metadata } from 'next'
import { TokenSignIn } from '#src/ui/auth/TokenSignIn.tsx'

export const metadata: Metadata = { title: 'Sign in', referrer: 'no-referrer' }

/** Where another system leads somebody with `#token=…&next=…`: what stands behind the # is sent to no server and stands in no log. */
export default function Page() {
  return <TokenSignIn />
}
