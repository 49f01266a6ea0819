import Box from '@mui/material/Box'
import { CopyButton } from '#src/ui/kit/CopyButton.tsx'
import { shortId } from '#src/ui/kit/format.ts'

/** A short id or digest in the monospaced face, with its whole value to copy. */
export function IdText({ id, what = 'id', short }: { id: string; what?: string; short?: string }) {
  return (
    <Box component="span" sx={{ display: 'inline-flex', alignItems: 'center', gap: 0.5, typography: 'mono' }}>
      <span title={id}>{short ?? shortId(id)}</span>
      <CopyButton text={id} what={what} />
    </Box>
  )
}
