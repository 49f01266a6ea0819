'use client'
import Button from '@mui/material/Button'
import MenuItem from '@mui/material/MenuItem'
import { useState } from 'react'
import type { AuditParams } from '#src/ui/audit/auditInput.ts'
import { menuLandmark } from '#src/ui/kit/menuLandmark.ts'
import { Menu } from '#src/ui/kit/overlays.tsx'

const restNames: Partial<Record<keyof AuditParams, string>> = {
  apiKey: 'api_key',
  targetType: 'target_type',
  correlationId: 'correlation_id',
}

const hrefOf = (params: AuditParams, format: string) => {
  const query = new URLSearchParams({ format })
  for (const [key, value] of Object.entries(params)) query.set(restNames[key as keyof AuditParams] ?? key, value)
  return `/api/v1/audit/export?${query}`
}

/** Takes what the filters leave out of the installation, as a file. */
export function ExportMenu({ params }: { params: AuditParams }) {
  const [anchor, setAnchor] = useState<HTMLElement | null>(null)
  const close = () => setAnchor(null)
  const item = (format: string, label: string) => (
    <MenuItem component="a" href={hrefOf(params, format)} download onClick={close}>
      {label}
    </MenuItem>
  )
  return (
    <>
      <Button variant="outlined" aria-haspopup="menu" onClick={(event) => setAnchor(event.currentTarget)}>
        Export
      </Button>
      <Menu open={anchor !== null} anchorEl={anchor} onClose={close} slotProps={menuLandmark('Export')}>
        {item('csv', 'For a spreadsheet (CSV)')}
        {item('jsonl', 'For programs (JSON lines)')}
      </Menu>
    </>
  )
}
