import Box from '@mui/material/Box'
import type { Home } from '#src/contracts/home.ts'
import { severityStatus } from '#src/ui/alerts/figureText.ts'
import { AppLink } from '#src/ui/kit/AppLink.tsx'
import { asideSx, lineSx } from '#src/ui/home/lineStyles.ts'
import { ListCard } from '#src/ui/kit/ListCard.tsx'
import { RelativeTime } from '#src/ui/kit/RelativeTime.tsx'
import { Section } from '#src/ui/kit/Section.tsx'
import { StatusChip, StatusShape } from '#src/ui/kit/StatusChip.tsx'

type Item = Home['attention'][number]

const nouns: Record<Exclude<Item['kind'], 'alert'>, string> = {
  job: 'Job',
  deployment: 'Deployment',
  runtime: 'Runtime',
  version: 'Version',
  dataset: 'Data set',
}
const statusOf = (state: Item['state']) => (state === 'warning' || state === 'critical' ? severityStatus[state] : state)
const wordOf = ({ kind, state }: Item) =>
  kind === 'alert' ? `${state === 'critical' ? 'Critical' : 'Warning'} alert` : `${nouns[kind]} ${state}`

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
          <Box component="li" key={`${item.kind}${item.id}${item.at}`} sx={lineSx}>
            <Box sx={{ pt: 1 }}>
              <StatusShape status={statusOf(item.state)} />
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
            <Box sx={asideSx}>
              {wordOf(item)} · <RelativeTime at={item.at} />
            </Box>
          </Box>
        ))}
      </ListCard>
    </Section>
  )
}
