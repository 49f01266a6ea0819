'use client'
import Box from '@mui/material/Box'
import type { AuditActivity } from '#src/contracts/audit.ts'
import { typeText } from '#src/ui/audit/auditFacts.ts'
import { seriesColor } from '#src/ui/charts/colors.ts'
import { EmptyChart } from '#src/ui/charts/EmptyChart.tsx'
import { formatNumber, plural, timeFormat } from '#src/ui/kit/format.ts'
import { useZone } from '#src/ui/kit/Served.tsx'
import { visuallyHidden } from '#src/ui/kit/visuallyHidden.ts'

const height = 96
const dayMs = 86_400_000
const hourMs = 3_600_000
const clock = timeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })
const dayAndClock = timeFormat('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' })
const day = timeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' })

type Step = { from: string; to: string; counts: number[]; total: number }

function stepsOf({ from, stepMs, groups }: AuditActivity): Step[] {
  const start = Date.parse(from)
  const count = groups[0]?.counts.length ?? 0
  return Array.from({ length: count }, (_, index) => {
    const counts = groups.map((group) => group.counts[index] ?? 0)
    return {
      from: new Date(start + index * stepMs).toISOString(),
      to: new Date(start + (index + 1) * stepMs).toISOString(),
      counts,
      total: counts.reduce((sum, one) => sum + one, 0),
    }
  })
}

const labelOf = (stepMs: number) => (stepMs < hourMs / 2 ? clock : stepMs < dayMs ? dayAndClock : day)
const wordOf = (name: string) => typeText(name).replace(/^./, (first) => first.toUpperCase())

function Key({ activity }: { activity: AuditActivity }) {
  return (
    <Box
      component="ul"
      sx={{ display: 'flex', flexWrap: 'wrap', columnGap: 4, rowGap: 0.5, m: 0, mt: 2, p: 0, listStyle: 'none', fontSize: 12 }}
    >
      {activity.groups.map((group, index) => (
        <Box component="li" key={group.name} sx={{ display: 'inline-flex', alignItems: 'center', gap: 1.5 }}>
          <Box aria-hidden sx={{ width: 10, height: 10, borderRadius: '2px', bgcolor: seriesColor(index) }} />
          {wordOf(group.name)}
          <Box component="span" sx={{ color: 'text.secondary', fontVariantNumeric: 'tabular-nums' }}>
            {formatNumber(group.counts.reduce((sum, one) => sum + one, 0))}
          </Box>
        </Box>
      ))}
    </Box>
  )
}

function StepColumn({ step, title, largest, onPick }: { step: Step; title: string; largest: number; onPick: () => void }) {
  return (
    <Box
      component="button"
      type="button"
      tabIndex={-1}
      title={title}
      onClick={onPick}
      sx={{
        all: 'unset',
        cursor: 'pointer',
        flex: 1,
        minWidth: 0,
        height: '100%',
        display: 'flex',
        flexDirection: 'column',
        justifyContent: 'flex-end',
        '&:hover': { bgcolor: 'action.hover' },
      }}
    >
      {step.counts.map((count, index) =>
        count === 0 ? null : (
          <Box
            // biome-ignore lint/suspicious/noArrayIndexKey: the place in the palette is what it is
            key={index}
            sx={{ bgcolor: seriesColor(index), flex: 'none' }}
            style={{ height: `max(2px, ${(100 * count) / largest}%)` }}
          />
        ),
      )}
    </Box>
  )
}

type Props = { activity: AuditActivity; onPick: (range: { from: string; to: string }) => void }

/** How much happened when, by the noun it happened to; a press on a column narrows the list to its time. */
export function ActivityPlot({ activity, onPick }: Props) {
  const zone = useZone()
  const steps = stepsOf(activity)
  if (steps.length === 0) return <EmptyChart text="Nothing happened in this time." height={height} />
  const largest = Math.max(1, ...steps.map((step) => step.total))
  const write = labelOf(activity.stepMs)
  const label = (at: string) => write(at, zone)
  return (
    <Box sx={{ position: 'relative' }}>
      <Box aria-hidden sx={{ display: 'flex', gap: '1px', height, borderBottom: 1, borderColor: 'divider' }}>
        {steps.map((step) => (
          <StepColumn
            key={step.from}
            step={step}
            largest={largest}
            title={`${label(step.from)}: ${plural(step.total, 'entry', 'entries')}`}
            onPick={() => onPick({ from: step.from, to: step.to })}
          />
        ))}
      </Box>
      <Box aria-hidden sx={{ display: 'flex', justifyContent: 'space-between', fontSize: 11, color: 'text.secondary', pt: 0.5 }}>
        <span>{label(activity.from)}</span>
        <Box component="span" sx={{ fontVariantNumeric: 'tabular-nums' }}>
          at most {formatNumber(largest)} a column
        </Box>
        <span>{label(activity.to)}</span>
      </Box>
      <Key activity={activity} />
      <Box sx={visuallyHidden}>
        <table>
          <caption>Entries over time</caption>
          <tbody>
            {steps
              .filter((step) => step.total > 0)
              .map((step) => (
                <tr key={step.from}>
                  <th scope="row">{label(step.from)}</th>
                  <td>{formatNumber(step.total)}</td>
                </tr>
              ))}
          </tbody>
        </table>
      </Box>
    </Box>
  )
}
