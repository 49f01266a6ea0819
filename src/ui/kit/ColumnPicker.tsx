'use client'
import CheckedIcon from '@mui/icons-material/CheckBox'
import UncheckedIcon from '@mui/icons-material/CheckBoxOutlineBlank'
import ColumnsIcon from '@mui/icons-material/ViewColumnOutlined'
import IconButton from '@mui/material/IconButton'
import MenuItem from '@mui/material/MenuItem'
import { useMemo, useState } from 'react'
import { menuLandmark } from '#src/ui/kit/menuLandmark.ts'
import { Menu } from '#src/ui/kit/overlays.tsx'
import { Hint } from '#src/ui/kit/Hint.tsx'
import { useStored } from '#src/ui/kit/useStored.ts'

type Pickable = { key: string; header: string; isHiddenByDefault?: boolean }

/** Which columns are hidden, remembered by table. */
export function useHiddenColumns(id: string, columns: Pickable[]): [ReadonlySet<string>, (key: string) => void] {
  const byDefault = columns
    .filter((column) => column.isHiddenByDefault)
    .map((column) => column.key)
    .join(',')
  const [stored, store] = useStored(`nw.columns.${id}`, byDefault)
  const hidden = useMemo(() => new Set(stored.split(',').filter(Boolean)), [stored])
  const toggle = (key: string) => {
    const next = new Set(hidden)
    if (!next.delete(key)) next.add(key)
    store([...next].join(','))
  }
  return [hidden, toggle]
}

/** The entry itself is the control: one inside it would be a second. */
const iconSx = { fontSize: 20, color: 'primary.main' } as const

export function ColumnPicker({
  columns,
  hidden,
  onToggle,
}: {
  columns: Pickable[]
  hidden: ReadonlySet<string>
  onToggle: (key: string) => void
}) {
  const [anchor, setAnchor] = useState<HTMLElement | null>(null)
  return (
    <>
      <Hint text="Columns">
        <IconButton
          aria-label="Choose columns"
          aria-haspopup="menu"
          onClick={(event) => setAnchor(event.currentTarget)}
          sx={{ display: { xs: 'none', sm: 'inline-flex' }, border: 1, borderColor: 'divider', p: 1.5, borderRadius: '8px' }}
        >
          <ColumnsIcon sx={{ fontSize: 18 }} />
        </IconButton>
      </Hint>
      <Menu anchorEl={anchor} open={!!anchor} onClose={() => setAnchor(null)} slotProps={menuLandmark('Columns')}>
        {columns.slice(1).map((column) => (
          <MenuItem key={column.key} role="menuitemcheckbox" aria-checked={!hidden.has(column.key)} onClick={() => onToggle(column.key)}>
            {hidden.has(column.key) ? <UncheckedIcon sx={iconSx} /> : <CheckedIcon sx={iconSx} />}
            {column.header}
          </MenuItem>
        ))}
      </Menu>
    </>
  )
}
