'use client'
import LessIcon from '@mui/icons-material/ExpandMore'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import IconButton from '@mui/material/IconButton'
import { useState } from 'react'
import { formatDuration, plural } from '#src/ui/kit/format.ts'
import { UploadLine } from '#src/ui/uploads/UploadLine.tsx'
import { useUploadItems } from '#src/ui/uploads/UploadProvider.tsx'
import { isMoving, isUnfinished, secondsLeft, type UploadItem, uploadStore } from '#src/ui/uploads/uploadStore.ts'

function summary(items: UploadItem[]): string {
  const moving = items.filter((item) => isMoving(item.state))
  if (moving.length > 0) {
    const left = Math.max(...moving.map((item) => secondsLeft(item) ?? 0))
    return `Uploading ${plural(moving.length, 'file')}${left > 0 ? ` · ${formatDuration(left)} left` : ''}`
  }
  const open = items.filter((item) => isUnfinished(item.state))
  if (open.length > 0) return `${plural(open.length, 'upload')} not finished`
  const verifying = items.filter((item) => item.state === 'verifying')
  return verifying.length > 0 ? `Verifying ${plural(verifying.length, 'file')}` : `${plural(items.length, 'file')} uploaded`
}

/** Uploads in a corner of every page. */
export default function UploadTray() {
  const items = useUploadItems()
  const [isOpen, setOpen] = useState(true)
  if (items.length === 0) return null
  const isBusy = items.some((item) => isUnfinished(item.state) || item.state === 'verifying')
  return (
    <Box
      component="aside"
      aria-label="Uploads"
      sx={{
        position: 'fixed',
        zIndex: 'fab',
        right: { xs: 8, sm: 16 },
        left: { xs: 8, sm: 'auto' },
        bottom: { xs: 8, sm: 16 },
        width: { sm: 360 },
        bgcolor: 'background.paper',
        border: 1,
        borderColor: 'divider',
        borderRadius: '12px',
        boxShadow: '0 8px 28px rgb(0 0 0 / 0.16)',
        overflow: 'hidden',
      }}
    >
      <Box sx={{ display: 'flex', alignItems: 'center', gap: 1, pl: 4, pr: 2, minHeight: 44 }}>
        <Box role="status" sx={{ flex: 1, typography: 'body2', fontWeight: 600 }}>
          {summary(items)}
        </Box>
        {!isBusy && <Button onClick={() => uploadStore.removeWhere(() => true)}>Clear</Button>}
        <IconButton aria-label={isOpen ? 'Fold uploads' : 'Unfold uploads'} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          <LessIcon sx={{ fontSize: 20, transform: isOpen ? undefined : 'rotate(180deg)' }} />
        </IconButton>
      </Box>
      {isOpen && (
        <Box
          component="ul"
          tabIndex={0}
          aria-label="Uploads of this browser"
          sx={{
            listStyle: 'none',
            m: 0,
            p: 0,
            maxHeight: '44vh',
            overflow: 'auto',
            '& > li': { borderTop: 1, borderColor: 'divider', px: 4, py: 3 },
          }}
        >
          {items.map((item) => (
            <li key={item.key}>
              <UploadLine item={item} />
            </li>
          ))}
        </Box>
      )}
    </Box>
  )
}
