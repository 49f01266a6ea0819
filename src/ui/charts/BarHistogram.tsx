'use client'
import Box from '@mui/material/Box'
import { seriesColor } from './colors.ts'
import { EmptyChart } from './EmptyChart.tsx'
import { visuallyHidden } from './visuallyHidden.ts'

export type BarHistogramProps = {
  title: string
  bars: readonly { label: string; count: number }[]
  /** `columns`: upright bins of a number; `rows`: one bar a category, named beside it. */
  layout?: 'columns' | 'rows'
  /** CSS pixels; columns only. */
  height?: number
  color?: number
  format?: (count: number) => string
  /** What stands under the first and the last column. */
  ends?: readonly [string, string]
  emptyText?: string
}

const inEnglish = (count: number) => count.toLocaleString('en-US')

/** Counts as bars, drawn by the page itself: light enough for one in every column of a wide table. */
export function BarHistogram(props: BarHistogramProps) {
  const { title, bars, layout = 'columns', height = 64, format = inEnglish } = props
  if (bars.length === 0) return <EmptyChart text={props.emptyText ?? 'No values.'} height={height} />
  const largest = Math.max(1, ...bars.map((bar) => bar.count))
  const Bars = layout === 'rows' ? RowBars : ColumnBars
  return (
    <Box sx={{ position: 'relative' }}>
      <Bars {...props} largest={largest} format={format} />
      <Box sx={visuallyHidden}>
        <table>
          <caption>{title}</caption>
          <tbody>
            {bars.map((bar, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: two bins may round to one label
              <tr key={`${bar.label} ${index}`}>
                <th scope="row">{bar.label}</th>
                <td>{format(bar.count)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Box>
    </Box>
  )
}

type Drawn = BarHistogramProps & { largest: number; format: (count: number) => string }

function ColumnBars({ bars, height = 64, color = 0, largest, format, ends }: Drawn) {
  return (
    <Box aria-hidden>
      <Box sx={{ display: 'flex', alignItems: 'flex-end', gap: '1px', height, borderBottom: '1px solid', borderColor: 'divider' }}>
        {bars.map((bar, index) => (
          <Box
            // biome-ignore lint/suspicious/noArrayIndexKey: two bins may round to one label
            key={`${bar.label} ${index}`}
            title={`${bar.label}: ${format(bar.count)}`}
            sx={{ flex: 1, minWidth: 0, height: '100%', display: 'flex', alignItems: 'flex-end', '&:hover > div': { opacity: 1 } }}
          >
            <Box
              sx={{ width: '100%', bgcolor: seriesColor(color), opacity: 0.75, borderRadius: '1px 1px 0 0' }}
              style={{ height: barSize(bar.count, largest) }}
            />
          </Box>
        ))}
      </Box>
      {ends ? (
        <Box
          sx={{
            display: 'flex',
            justifyContent: 'space-between',
            fontSize: 11,
            color: 'text.secondary',
            fontVariantNumeric: 'tabular-nums',
            pt: 0.5,
          }}
        >
          <span>{ends[0]}</span>
          <span>{ends[1]}</span>
        </Box>
      ) : null}
    </Box>
  )
}

function RowBars({ bars, color = 0, largest, format }: Drawn) {
  return (
    <Box
      aria-hidden
      sx={{
        display: 'grid',
        gridTemplateColumns: 'minmax(40px, max-content) 1fr max-content',
        columnGap: 2,
        rowGap: '2px',
        fontSize: 12,
        alignItems: 'center',
      }}
    >
      {bars.map((bar, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: two values may be shortened to one label
        <Box key={`${bar.label} ${index}`} sx={{ display: 'contents' }}>
          <Box title={bar.label} sx={{ overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap', maxWidth: 160 }}>
            {bar.label}
          </Box>
          <Box sx={{ height: 8 }}>
            <Box
              sx={{ height: '100%', bgcolor: seriesColor(color), opacity: 0.75, borderRadius: '1px' }}
              style={{ width: barSize(bar.count, largest) }}
            />
          </Box>
          <Box sx={{ textAlign: 'right', color: 'text.secondary', fontVariantNumeric: 'tabular-nums' }}>{format(bar.count)}</Box>
        </Box>
      ))}
    </Box>
  )
}

/** A count above zero is never drawn as nothing. */
const barSize = (count: number, largest: number) => (count === 0 ? '0' : `max(1px, ${(100 * count) / largest}%)`)
