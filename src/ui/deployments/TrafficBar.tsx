import Box from '@mui/material/Box'
import type { Deployment } from '#src/contracts/deployment.ts'
import { seriesColor, versionColor } from '#src/ui/charts/colors.ts'

type Targets = Deployment['targets']

/** How a deployment's traffic is shared out among versions, as a bar and in words. */
export function TrafficBar({ targets, hasWords = true }: { targets: Targets; hasWords?: boolean }) {
  if (targets.length === 0) return <span>–</span>
  const words = targets.map((target) => `v${target.version} ${target.weight} %`).join(', ')
  return (
    <Box sx={{ display: 'grid', gap: 1, minWidth: 110 }}>
      <Box
        aria-hidden={hasWords}
        role={hasWords ? undefined : 'img'}
        aria-label={hasWords ? undefined : words}
        sx={{ display: 'flex', gap: '2px', height: 6, borderRadius: '3px', overflow: 'hidden', bgcolor: 'divider' }}
      >
        {targets
          .filter((target) => target.weight > 0)
          .map((target) => (
            <Box
              key={target.versionId}
              title={`Version ${target.version}: ${target.weight} %`}
              sx={{ bgcolor: seriesColor(versionColor(target.version)) }}
              style={{ width: `${target.weight}%` }}
            />
          ))}
      </Box>
      {hasWords && <Box sx={{ typography: 'caption', color: 'text.secondary', fontVariantNumeric: 'tabular-nums' }}>{words}</Box>}
    </Box>
  )
}
