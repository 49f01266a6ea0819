'use client'
import { usePathname } from 'next/navigation'
import { useFiringCount } from '#src/ui/frame/useFiringCount.ts'
import { PageHeader } from '#src/ui/kit/PageHeader.tsx'
import { PartsNav } from '#src/ui/kit/PartsNav.tsx'

const parts = [
  { href: '/monitoring', label: 'Endpoints' },
  { href: '/monitoring/alerts', label: 'Alerts' },
  { href: '/monitoring/rules', label: 'Alert rules' },
]

/** Header and parts of monitoring; alerts that nobody has taken up are counted beside their part. */
export function MonitoringFrame({ children }: { children: React.ReactNode }) {
  const pathname = usePathname()
  const firing = useFiringCount()
  const here = parts.find((part) => part.href === pathname)
  return (
    <>
      <PageHeader title="Monitoring" tabTitle={here && here.href !== '/monitoring' ? here.label : 'Monitoring'} />
      <PartsNav
        label="Monitoring"
        parts={parts.map((part) => (part.href === '/monitoring/alerts' ? { ...part, count: firing } : part))}
        current={pathname}
      />
      {children}
    </>
  )
}
