'use client'
import Box from '@mui/material/Box'
import NextLink from 'next/link'
import { usePathname } from 'next/navigation'
import { usePermissions } from '#src/ui/frame/usePermissions.ts'
import { PageHeader } from '#src/ui/kit/PageHeader.tsx'

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
      <Box component="nav" aria-label="Settings" sx={{ borderBottom: 1, borderColor: 'divider', mb: 6, overflowX: 'auto' }}>
        <Box component="ul" sx={{ display: 'flex', gap: 5, listStyle: 'none', m: 0, p: 0 }}>
          {parts
            .filter((part) => (!part.isForAdmins || isAdmin) && (!part.isForProjectAdmins || isProjectAdmin))
            .map(({ href, label }) => (
              <li key={href}>
                <Box
                  component={NextLink}
                  href={href}
                  aria-current={href === here?.href ? 'page' : undefined}
                  sx={{
                    display: 'block',
                    py: 2,
                    typography: 'button',
                    color: 'text.secondary',
                    textDecoration: 'none',
                    whiteSpace: 'nowrap',
                    borderBottom: 2,
                    borderColor: 'transparent',
                    '&[aria-current="page"]': { color: 'text.primary', borderColor: 'primary.main' },
                    '&:hover': { color: 'text.primary' },
                  }}
                >
                  {label}
                </Box>
              </li>
            ))}
        </Box>
      </Box>
      {children}
    </>
  )
}
