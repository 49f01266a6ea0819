import Box from '@mui/material/Box'
import { formatMetric, metricTitle } from '#src/ui/kit/format.ts'
import type { MetricRange } from '#src/ui/models/evaluationParts.ts'

/** Where a figure lies between the smallest and the largest of its row, 0..1 with a margin at both ends. */
function scaleOf(metric: MetricRange) {
  const all = [metric.value, metric.low, metric.high, ...metric.baselines.map(({ value }) => value)].filter((value) => value !== null)
  const [low, high] = [Math.min(...all), Math.max(...all)]
  const span = high - low || 1
  return (value: number) => 0.04 + 0.92 * ((value - low) / span)
}
const at = (share: number) => `${(share * 100).toFixed(2)}%`

function Interval({ metric }: { metric: MetricRange }) {
  const place = scaleOf(metric)
  return (
    <Box aria-hidden sx={{ position: 'relative', height: 20, minWidth: 80 }}>
      <Box sx={{ position: 'absolute', top: 9.5, left: 0, right: 0, height: '1px', bgcolor: 'divider' }} />
      {metric.low !== null && metric.high !== null && (
        <Box
          sx={{
            position: 'absolute',
            top: 8,
            height: 4,
            borderRadius: 2,
            bgcolor: 'text.disabled',
            left: at(place(metric.low)),
            width: at(place(metric.high) - place(metric.low)),
          }}
        />
      )}
      {metric.baselines.map((baseline) => (
        <Box
          key={baseline.name}
          sx={{ position: 'absolute', top: 4, height: 12, width: 2, bgcolor: 'text.secondary', left: at(place(baseline.value)) }}
        />
      ))}
      <Box
        sx={{
          position: 'absolute',
          top: 5,
          width: 10,
          height: 10,
          ml: '-5px',
          borderRadius: '50%',
          bgcolor: 'chart.0',
          left: at(place(metric.value)),
        }}
      />
    </Box>
  )
}

/** Each metric as a dot in its range, with marks for the baselines. */
export function MetricIntervals({ metrics }: { metrics: MetricRange[] }) {
  return (
    <Box component="dl" sx={{ m: 0, display: 'grid', gap: 3 }}>
      {metrics.map((metric) => (
        <Box
          key={metric.name}
          sx={{
            display: 'grid',
            gridTemplateColumns: { xs: '1fr auto', sm: '120px minmax(0, 1fr) 70px' },
            columnGap: 3,
            alignItems: 'center',
          }}
        >
          <Box component="dt" sx={{ typography: 'body2' }}>
            {metricTitle(metric.name)}
          </Box>
          <Box
            component="dd"
            sx={{
              m: 0,
              fontVariantNumeric: 'tabular-nums',
              fontWeight: 550,
              textAlign: 'right',
              gridColumn: { sm: 3 },
              gridRow: { sm: 1 },
            }}
          >
            {formatMetric(metric.value)}
          </Box>
          <Box component="dd" sx={{ m: 0, gridColumn: { xs: '1 / -1', sm: 2 }, gridRow: { sm: 1 } }}>
            <Interval metric={metric} />
          </Box>
          <Box component="dd" sx={{ m: 0, gridColumn: { xs: '1 / -1', sm: '2 / -1' }, typography: 'caption', color: 'text.secondary' }}>
            {[
              metric.low !== null && metric.high !== null ? `${formatMetric(metric.low)} to ${formatMetric(metric.high)}` : null,
              ...metric.baselines.map((each) => `${each.name} ${formatMetric(each.value)}`),
            ]
              .filter(Boolean)
              .join(' · ')}
          </Box>
        </Box>
      ))}
    </Box>
  )
}
