'use client'
import { usePathname } from 'next/navigation'
import { usePermissions } from '#src/ui/frame/usePermissions.ts'
import { PageHeader } from '#src/ui/kit/PageHeader.tsx'
import { PartsNav } from '#src/ui/kit/PartsNav.tsx'

const parts = [
  { href: '/settings', label: 'Account' },
  { href: '/settings/keys', label: 'API keys' },
  { href: '/settings/projects', label: 'Projects' },
  { href: '/settings/channels', label: 'Channels' },
  { href: '/settings/runtimes', label: 'Runtimes' },
  { href: '/settings/health', label: 'Health' },
  { href: '/settings/users', label: 'People', isForAdmins: true },
  { href: '/settings/service-accounts', label: 'Service accounts', isForAdmins: true },
  { href: '/settings/limits', label: 'Limits', isForAdmins: true },
  { href: '/settings/relaycore', label: 'RelayCore', isForAdmins: true },
  { href: '/settings/audit', label: 'Audit', isForProjectAdmins: true },
]

/** Header and parts of the settings. */
export function SettingsFrame({ children }: { children: React.ReactNode }) {
  const pathname = usePathname()
  const { isAdmin, isProjectAdmin } = usePermissions()
  const here =
    parts.find((part) => part.href === pathname) ?? parts.find((part) => part.href !== '/settings' && pathname.startsWith(`${part.href}/`))
  return (
    <>
      <PageHeader title="Settings" tabTitle={here ? `${here.label}, settings` : 'Settings'} />
      <PartsNav
        label="Settings"
        parts={parts.filter((part) => (!part.isForAdmins || isAdmin) && (!part.isForProjectAdmins || isProjectAdmin))}
        current={here?.href}
      />
      {children}
    </>
  )
}
