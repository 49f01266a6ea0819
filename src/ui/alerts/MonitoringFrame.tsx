'use client'
import Box from '@mui/material/Box'
import NextLink from 'next/link'
import { usePathname } from 'next/navigation'
import { PageHeader } from '#src/ui/kit/PageHeader.tsx'
import { trpc } from '#src/ui/trpc.tsx'

const parts = [
  { href: '/monitoring', label: 'Endpoints' },
  { href: '/monitoring/alerts', label: 'Alerts' },
  { href: '/monitoring/rules', label: 'Alert rules' },
]

/** Header and parts of monitoring; alerts that nobody has taken up are counted beside their part. */
export function MonitoringFrame({ children }: { children: React.ReactNode }) {
  const pathname = usePathname()
  const { data: firing } = trpc.alerts.firing.useQuery()
  const here = parts.find((part) => part.href === pathname)
  return (
    <>
      <PageHeader title="Monitoring" tabTitle={here && here.href !== '/monitoring' ? here.label : 'Monitoring'} />
      <Box component="nav" aria-label="Monitoring" sx={{ borderBottom: 1, borderColor: 'divider', mb: 6, overflowX: 'auto' }}>
        <Box component="ul" sx={{ display: 'flex', gap: 5, listStyle: 'none', m: 0, p: 0 }}>
          {parts.map(({ href, label }) => (
            <li key={href}>
              <Box
                component={NextLink}
                href={href}
                aria-current={href === pathname ? 'page' : undefined}
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
                {href === '/monitoring/alerts' && !!firing?.count && (
                  <Box component="span" sx={{ ml: 1.5, color: 'state.failedText', fontVariantNumeric: 'tabular-nums' }}>
                    {firing.count}
                  </Box>
                )}
              </Box>
            </li>
          ))}
        </Box>
      </Box>
      {children}
    </>
  )
}
