import Box from '@mui/material/Box'
import Typography from '@mui/material/Typography'
import { useId } from 'react'
import { panel } from '#src/ui/kit/panel.ts'

export type SectionProps = {
  title: string
  /** A sentence under the title. */
  note?: React.ReactNode
  actions?: React.ReactNode
  /** Framed on a surface with padding; without it the children bring their own frame (tables). */
  isFramed?: boolean
  children: React.ReactNode
}

/** A titled part of a page. */
export function Section({ title, note, actions, isFramed = false, children }: SectionProps) {
  const id = useId()
  return (
    <Box component="section" aria-labelledby={id} sx={{ minWidth: 0 }}>
      <Box sx={{ display: 'flex', flexWrap: 'wrap', alignItems: 'flex-start', columnGap: 2, mb: 2, minHeight: 32 }}>
        <Typography variant="h2" id={id} sx={{ flex: 1, minWidth: 0, pt: 1 }}>
          {title}
        </Typography>
        {note && (
          // It is read before the buttons, and stands below them over the whole width: beside them a phone has no room for it.
          <Typography variant="body2" color="textSecondary" sx={{ order: 1, width: '100%' }}>
            {note}
          </Typography>
        )}
        {actions && <Box sx={{ display: 'flex', flexWrap: 'wrap', gap: 2 }}>{actions}</Box>}
      </Box>
      {isFramed ? <Box sx={{ ...panel, p: { xs: 4, sm: 5 } }}>{children}</Box> : children}
    </Box>
  )
}
