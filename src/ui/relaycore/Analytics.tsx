'use client'
import Box from '@mui/material/Box'
import { useState } from 'react'
import { LineChart } from '#src/ui/charts/LineChart.tsx'
import { ErrorNotice } from '#src/ui/kit/ErrorNotice.tsx'
import { SelectField } from '#src/ui/kit/Field.tsx'
import { Figure } from '#src/ui/kit/Figure.tsx'
import { formatMetric } from '#src/ui/kit/format.ts'
import { Section } from '#src/ui/kit/Section.tsx'
import { trpc } from '#src/ui/trpc.tsx'

type Found = { figures: [string, number][]; lines: { key: string; points: { x: number; y: number }[] }[] }

const isRecord = (value: unknown): value is Record<string, unknown> => value !== null && typeof value === 'object' && !Array.isArray(value)
const titleOf = (key: string) => key.replaceAll('_', ' ').replace(/^./, (first) => first.toUpperCase())

/** A list of records that carry a time, as one line for each of their numbers. */
function linesOf(key: string, rows: unknown[]): Found['lines'] {
  const records = rows.filter(isRecord)
  const timeKey = Object.keys(records[0] ?? {}).find(
    (name) => /time|at|date|minute|hour/.test(name) && !Number.isNaN(Date.parse(String(records[0]?.[name]))),
  )
  if (!timeKey) return []
  const names = Object.keys(records[0] ?? {}).filter((name) => typeof records[0]?.[name] === 'number')
  return names.map((name) => ({
    key: `${key} ${name}`,
    points: records
      .map((record) => ({ x: Date.parse(String(record[timeKey])), y: Number(record[name]) }))
      .filter(({ x, y }) => !Number.isNaN(x) && !Number.isNaN(y)),
  }))
}

/** What can be shown of an answer whose shape is RelayCore's own: its numbers, and its lists over time. */
function findIn(data: unknown, prefix = ''): Found {
  if (!isRecord(data)) return { figures: [], lines: [] }
  const found: Found = { figures: [], lines: [] }
  for (const [key, value] of Object.entries(data)) {
    const name = prefix ? `${prefix} ${key}` : key
    if (typeof value === 'number') found.figures.push([name, value])
    else if (Array.isArray(value)) found.lines.push(...linesOf(name, value))
    else if (isRecord(value)) {
      const inner = findIn(value, name)
      found.figures.push(...inner.figures)
      found.lines.push(...inner.lines)
    }
  }
  return found
}

/** What RelayCore routed to a model; it is asked while it answers. */
export function Analytics({ isUp }: { isUp: boolean }) {
  const { data: models } = trpc.models.list.useQuery({ limit: 200 })
  const [modelId, setModelId] = useState('')
  const chosen = modelId || models?.items[0]?.id || ''
  const { data, error, refetch } = trpc.relaycore.analytics.useQuery({ modelId: chosen }, { enabled: isUp && chosen !== '', retry: false })
  const found = findIn(data?.data)
  if (!models?.items.length) return null
  return (
    <Section title="Routing" note="What RelayCore says of the requests that it sent to a model." isFramed>
      <Box sx={{ display: 'grid', gap: 4 }}>
        <Box sx={{ maxWidth: 320 }}>
          <SelectField
            label="Model"
            name="model"
            value={chosen}
            onChange={setModelId}
            options={models.items.map(({ id, name }) => ({ value: id, label: name }))}
          />
        </Box>
        {isUp ? (
          <ErrorNotice title="RelayCore did not tell" error={error} onRetry={() => void refetch()} />
        ) : (
          <Box sx={{ color: 'text.secondary' }}>RelayCore does not answer just now. Its figures appear here when it is back.</Box>
        )}
        {found.figures.length > 0 && (
          <Box sx={{ display: 'grid', gap: 4, gridTemplateColumns: 'repeat(auto-fill, minmax(140px, 1fr))' }}>
            {found.figures.slice(0, 12).map(([name, value]) => (
              <Figure key={name} label={titleOf(name)} value={formatMetric(value)} />
            ))}
          </Box>
        )}
        {found.lines.map(({ key, points }) => (
          <LineChart key={key} title={titleOf(key)} isTime series={[{ key, label: titleOf(key), points }]} emptyText="No requests yet." />
        ))}
        {data && found.figures.length === 0 && found.lines.length === 0 && <Box>RelayCore has not sent it anything yet.</Box>}
      </Box>
    </Section>
  )
}
