'use client'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import DialogActions from '@mui/material/DialogActions'
import DialogContent from '@mui/material/DialogContent'
import DialogTitle from '@mui/material/DialogTitle'
import { CopyButton } from '#src/ui/kit/CopyButton.tsx'
import { Dialog } from '#src/ui/kit/overlays.tsx'

/** The secret of a webhook, this once. */
export function SecretDialog({ secret, onClose }: { secret: string; onClose: () => void }) {
  return (
    <Dialog open fullWidth maxWidth="sm" aria-labelledby="secret-title">
      <DialogTitle id="secret-title">Copy the secret now</DialogTitle>
      <DialogContent sx={{ display: 'grid', gap: 3 }}>
        <Box>It signs what the webhook gets, and is shown this once. With it the receiver checks the header webhook-signature.</Box>
        <Box
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
        <CopyButton text={secret} what="secret" isWide />
        <Button variant="contained" onClick={onClose}>
          I have copied it
        </Button>
      </DialogActions>
    </Dialog>
  )
}
