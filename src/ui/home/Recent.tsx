import Box from '@mui/material/Box'
import type { Home } from '#src/contracts/home.ts'
import { AppLink } from '#src/ui/kit/AppLink.tsx'
import { asideSx, lineSx } from '#src/ui/home/lineStyles.ts'
import { ListCard } from '#src/ui/kit/ListCard.tsx'
import { RelativeTime } from '#src/ui/kit/RelativeTime.tsx'
import { Section } from '#src/ui/kit/Section.tsx'
import { StatusShape } from '#src/ui/kit/StatusChip.tsx'

const nouns: Record<Home['recent'][number]['kind'], string> = { model: 'Model', dataset: 'Data set', job: 'Job', deployment: 'Deployment' }

/** What changed last. */
export function Recent({ items }: { items: Home['recent'] }) {
  return (
    <Section title="Recent">
      <ListCard label="Recent">
        {items.length === 0 && (
          <Box component="li" sx={{ color: 'text.secondary' }}>
            Models, data sets, jobs and deployments appear here as they change.
          </Box>
        )}
        {items.map((item) => (
          <Box component="li" key={`${item.kind}${item.id}`} sx={[lineSx, { alignItems: 'center' }]}>
            <StatusShape status={item.status} />
            <Box sx={{ flex: 1, minWidth: 0, overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' }}>
              <AppLink href={item.href} sx={{ color: 'text.primary' }}>
                {item.title}
              </AppLink>
            </Box>
            <Box sx={asideSx}>
              {nouns[item.kind]} {item.status} · <RelativeTime at={item.at} />
            </Box>
          </Box>
        ))}
      </ListCard>
    </Section>
  )
}
