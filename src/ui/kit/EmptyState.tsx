import Box from '@mui/material/Box'
import Typography from '@mui/material/Typography'

export type EmptyStateProps = {
  /** One sentence: what will be here, and how it comes. */
  sentence: string
  /** One button. */
  action?: React.ReactNode
  /** A CodeSnippet with the real address. */
  snippet?: React.ReactNode
  isCompact?: boolean
}

/** What stands where there is nothing yet. */
export function EmptyState({ sentence, action, snippet, isCompact = false }: EmptyStateProps) {
  return (
    <Box
      sx={{
        border: 1,
        borderStyle: 'dashed',
        borderColor: 'divider',
        borderRadius: '8px',
        px: { xs: 4, sm: 8 },
        py: isCompact ? 5 : 10,
        display: 'grid',
        gap: 4,
        justifyItems: 'center',
        textAlign: 'center',
        bgcolor: 'background.paper',
      }}
    >
      <Typography color="textSecondary" sx={{ maxWidth: '56ch', textWrap: 'balance' }}>
        {sentence}
      </Typography>
      {action}
      {snippet && <Box sx={{ width: '100%', maxWidth: 760, textAlign: 'left', mt: 2, minWidth: 0 }}>{snippet}</Box>}
    </Box>
  )
}
