'use client'
import Box from '@mui/material/Box'
import { ListCard } from '#src/ui/kit/ListCard.tsx'
import { RelativeTime } from '#src/ui/kit/RelativeTime.tsx'
import { Section } from '#src/ui/kit/Section.tsx'
import { trpc } from '#src/ui/trpc.tsx'

const moveText = (from: number | null, to: number | null) => {
  if (to === null) return `deleted, was on version ${from}`
  return from === null ? `set to version ${to}` : `version ${from} → ${to}`
}

/** Every move of an alias: who, when and why. */
export function AliasHistory({ model }: { model: string }) {
  const { data } = trpc.models.aliasHistory.useQuery({ model })
  if (!data?.length) return null
  return (
    <Section title="History of aliases">
      <ListCard label="History of aliases">
        {data.slice(0, 30).map((move) => (
          <Box component="li" key={`${move.alias}${move.movedAt}`} sx={{ typography: 'body2' }}>
            <div>
              <Box component="span" sx={{ fontWeight: 550 }}>
                {move.alias}
              </Box>{' '}
              {moveText(move.fromVersion, move.toVersion)}
            </div>
            {move.reason && <Box sx={{ overflowWrap: 'anywhere' }}>{move.reason}</Box>}
            <Box sx={{ typography: 'caption', color: 'text.secondary' }}>
              {move.movedBy ?? 'somebody'}, <RelativeTime at={move.movedAt} />
            </Box>
          </Box>
        ))}
      </ListCard>
    </Section>
  )
}
