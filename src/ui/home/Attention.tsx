import Box from '@mui/material/Box'
import type { Home } from '#src/contracts/home.ts'
import { AppLink } from '#src/ui/kit/AppLink.tsx'
import { ListCard } from '#src/ui/kit/ListCard.tsx'
import { RelativeTime } from '#src/ui/kit/RelativeTime.tsx'
import { Section } from '#src/ui/kit/Section.tsx'
import { StatusChip, StatusShape } from '#src/ui/kit/StatusChip.tsx'

const statuses: Record<Home['attention'][number]['kind'], string> = {
  alert: 'firing',
  job: 'failed',
  deployment: 'degraded',
  runtime: 'silent',
  version: 'rejected',
  dataset: 'rejected',
}

/** What does not go as it should, newest first. */
export function Attention({ items }: { items: Home['attention'] }) {
  return (
    <Section title="Needs attention">
      <ListCard label="Needs attention">
        {items.length === 0 && (
          <Box component="li">
            <StatusChip status="ready" label="Nothing needs attention." />
          </Box>
        )}
        {items.map((item) => (
          <Box component="li" key={`${item.kind}${item.id}${item.at}`} sx={{ display: 'flex', gap: 3, alignItems: 'flex-start' }}>
            <Box sx={{ pt: 1 }}>
              <StatusShape status={statuses[item.kind]} />
            </Box>
            <Box sx={{ flex: 1, minWidth: 0 }}>
              <AppLink href={item.href} sx={{ color: 'text.primary', fontWeight: 550, overflowWrap: 'anywhere' }}>
                {item.title}
              </AppLink>
              <Box
                sx={{
                  typography: 'body2',
                  color: 'text.secondary',
                  overflowWrap: 'anywhere',
                  display: '-webkit-box',
                  WebkitLineClamp: 3,
                  WebkitBoxOrient: 'vertical',
                  overflow: 'hidden',
                }}
              >
                {item.reason}
              </Box>
            </Box>
            <Box sx={{ typography: 'caption', color: 'text.secondary' }}>
              <RelativeTime at={item.at} />
            </Box>
          </Box>
        ))}
      </ListCard>
    </Section>
  )
}
