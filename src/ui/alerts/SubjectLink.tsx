import { type Alert, subjectOf } from '#src/contracts/alert.ts'
import { AppLink } from '#src/ui/kit/AppLink.tsx'

/** What an alert is about, leading to where it is looked after. */
export function SubjectLink({ alert }: { alert: Alert }) {
  const href = alert.deployment ? `/deployments/${alert.deployment.name}` : alert.runtime ? '/settings/runtimes' : '/settings/health'
  return <AppLink href={href}>{subjectOf(alert)}</AppLink>
}
