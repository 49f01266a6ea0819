'use client'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import DialogActions from '@mui/material/DialogActions'
import DialogContent from '@mui/material/DialogContent'
import DialogTitle from '@mui/material/DialogTitle'
import { CopyButton } from '#src/ui/kit/CopyButton.tsx'
import { Dialog } from '#src/ui/kit/overlays.tsx'

/** The key, this once. */
export function ShownOnce({ secret, onClose }: { secret: string; onClose: () => void }) {
  return (
    <Dialog open fullWidth maxWidth="sm" aria-labelledby="key-title">
      <DialogTitle id="key-title">Copy the key now</DialogTitle>
      <DialogContent sx={{ display: 'grid', gap: 3 }}>
        <Box>It is shown this once: only its digest is kept.</Box>
        <Box
          data-testid="api-key"
          sx={{
            typography: 'mono',
            p: 3,
            border: 1,
            borderColor: 'divider',
            borderRadius: '8px',
            bgcolor: 'raised',
            overflowWrap: 'anywhere',
          }}
        >
          {secret}
        </Box>
      </DialogContent>
      <DialogActions>
        <CopyButton text={secret} what="key" isWide />
        <Button variant="contained" onClick={onClose}>
          I have copied it
        </Button>
      </DialogActions>
    </Dialog>
  )
}
