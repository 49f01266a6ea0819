import Box from '@mui/material/Box'

const chipSx = {
  display: 'inline-block',
  border: 1,
  borderColor: 'divider',
  borderRadius: '6px',
  px: 1.5,
  typography: 'caption',
  lineHeight: '18px',
  maxWidth: 220,
  overflow: 'hidden',
  textOverflow: 'ellipsis',
  whiteSpace: 'nowrap',
  verticalAlign: 'middle',
} as const

/** `champion → v3`, one chip an alias. */
export function AliasNames({ aliases }: { aliases: Record<string, number> }) {
  const names = Object.entries(aliases)
  if (names.length === 0) return '–'
  return (
    <Box component="span" sx={{ display: 'inline-flex', gap: 1, flexWrap: 'wrap' }}>
      {names.map(([alias, version]) => (
        <Box component="span" key={alias} sx={chipSx}>
          {alias} → v{version}
        </Box>
      ))}
    </Box>
  )
}

/** `key: value`, one chip a tag; the rest as a number. */
export function TagChips({ tags, limit = 20, isOneLine = false }: { tags: Record<string, string>; limit?: number; isOneLine?: boolean }) {
  const all = Object.entries(tags)
  if (all.length === 0) return '–'
  const rest = all.length - limit
  return (
    <Box
      component="span"
      sx={{
        display: 'inline-flex',
        gap: 1,
        flexWrap: isOneLine ? 'nowrap' : 'wrap',
        minWidth: 0,
        maxWidth: '100%',
        '& > *': { maxWidth: isOneLine ? 130 : undefined },
      }}
    >
      {all.slice(0, limit).map(([key, value]) => (
        <Box component="span" key={key} title={`${key}: ${value}`} sx={chipSx}>
          {value ? `${key}: ${value}` : key}
        </Box>
      ))}
      {rest > 0 && (
        <Box
          component="span"
          sx={{ ...chipSx, border: 0 }}
          title={all
            .slice(limit)
            .map(([key, value]) => `${key}: ${value}`)
            .join(', ')}
        >
          +{rest}
        </Box>
      )}
    </Box>
  )
}

/** A name on a version, such as `champion`. */
export const AliasChip = ({ alias }: { alias: string }) => (
  <Box component="span" sx={{ ...chipSx, borderColor: 'text.disabled', fontWeight: 550 }}>
    {alias}
  </Box>
)
