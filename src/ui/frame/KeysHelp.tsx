'use client'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import Dialog from '@mui/material/Dialog'
import DialogActions from '@mui/material/DialogActions'
import DialogContent from '@mui/material/DialogContent'
import DialogTitle from '@mui/material/DialogTitle'
import { Fragment } from 'react'
import { keyHelp } from '#src/ui/frame/places.tsx'

/** The keys, by where they work. */
export default function KeysHelp({ onClose }: { onClose: () => void }) {
  return (
    <Dialog open onClose={onClose} fullWidth maxWidth="sm" aria-labelledby="keys-title">
      <DialogTitle id="keys-title">Keys</DialogTitle>
      <DialogContent sx={{ display: 'grid', gap: 5, gridTemplateColumns: { sm: '1fr 1fr' } }}>
        {keyHelp.map(({ group, keys }) => (
          <Box key={group}>
            <Box component="h3" sx={{ typography: 'label', color: 'text.secondary', m: 0, mb: 2 }}>
              {group}
            </Box>
            <Box component="dl" sx={{ m: 0, display: 'grid', gridTemplateColumns: '72px 1fr', gap: 1.5 }}>
              {keys.map(([key, what]) => (
                <Fragment key={key}>
                  <dt>
                    <Box
                      component="kbd"
                      sx={{
                        border: 1,
                        borderColor: 'divider',
                        borderRadius: '6px',
                        px: 1.5,
                        py: 0.5,
                        bgcolor: 'raised',
                        fontSize: '0.75rem !important',
                        whiteSpace: 'nowrap',
                      }}
                    >
                      {key}
                    </Box>
                  </dt>
                  <Box component="dd" sx={{ m: 0, typography: 'body2' }}>
                    {what}
                  </Box>
                </Fragment>
              ))}
            </Box>
          </Box>
        ))}
      </DialogContent>
      <DialogActions>
        <Button onClick={onClose} variant="outlined">
          Close
        </Button>
      </DialogActions>
    </Dialog>
  )
}
