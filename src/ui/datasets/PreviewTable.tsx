import Box from '@mui/material/Box'
import type { Column, DatasetDetail } from '#src/contracts/dataset.ts'
import { panel } from '#src/ui/kit/panel.ts'

const longest = 120
const shownColumns = 200

const cellSx = {
  px: 3,
  py: 1.5,
  borderBottom: 1,
  borderColor: 'divider',
  whiteSpace: 'nowrap',
  textAlign: 'left',
  fontWeight: 400,
} as const
const headSx = { ...cellSx, position: 'sticky', top: 0, zIndex: 2, bgcolor: 'raised', verticalAlign: 'bottom' } as const
const firstSx = { position: 'sticky', left: 0, bgcolor: 'raised', color: 'text.secondary', textAlign: 'right', width: '1%' } as const

function Value({ value }: { value: string | null }) {
  if (value === null || value === '')
    return (
      <Box component="span" sx={{ color: 'text.secondary', fontStyle: 'italic' }}>
        missing
      </Box>
    )
  return value.length > longest ? <span title={value}>{value.slice(0, longest)}…</span> : value
}

type Props = { columns: readonly Pick<Column, 'name' | 'type'>[]; rows: DatasetDetail['preview']; maxHeight?: number; label?: string }

/** The first rows as they stand in the file; it scrolls in itself, with head and row numbers in place. */
export function PreviewTable({ columns, rows, maxHeight = 560, label = 'First rows' }: Props) {
  const shown = columns.slice(0, shownColumns)
  return (
    <Box tabIndex={0} role="region" aria-label={label} sx={{ overflow: 'auto', maxHeight, ...panel }}>
      <Box
        component="table"
        aria-label={label}
        sx={{ borderCollapse: 'separate', borderSpacing: 0, fontSize: '0.8125rem', fontVariantNumeric: 'tabular-nums', minWidth: '100%' }}
      >
        <thead>
          <tr>
            <Box component="th" scope="col" sx={{ ...headSx, ...firstSx, zIndex: 3 }}>
              Row
            </Box>
            {shown.map((column) => (
              <Box component="th" scope="col" key={column.name} sx={{ ...headSx, textAlign: column.type === 'number' ? 'right' : 'left' }}>
                <Box sx={{ fontWeight: 600 }}>{column.name}</Box>
                <Box sx={{ fontSize: 12, color: 'text.secondary' }}>{column.type}</Box>
              </Box>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a row is its place in the file
            <tr key={index}>
              <Box component="th" scope="row" sx={{ ...cellSx, ...firstSx, zIndex: 1 }}>
                {index + 1}
              </Box>
              {shown.map((column, place) => (
                <Box component="td" key={column.name} sx={{ ...cellSx, textAlign: column.type === 'number' ? 'right' : 'left' }}>
                  <Value value={row[place] ?? null} />
                </Box>
              ))}
            </tr>
          ))}
        </tbody>
      </Box>
    </Box>
  )
}
