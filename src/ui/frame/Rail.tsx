'use client'
import FoldIcon from '@mui/icons-material/MenuOpen'
import SearchIcon from '@mui/icons-material/Search'
import Box from '@mui/material/Box'
import ButtonBase from '@mui/material/ButtonBase'
import IconButton from '@mui/material/IconButton'
import NextLink from 'next/link'
import { usePathname } from 'next/navigation'
import { Hint } from '#src/ui/kit/Hint.tsx'
import { PersonMenu } from '#src/ui/frame/PersonMenu.tsx'
import { ProjectSwitcher } from '#src/ui/frame/ProjectSwitcher.tsx'
import { places } from '#src/ui/frame/places.tsx'
import { useFiringCount } from '#src/ui/frame/useFiringCount.ts'
import { visuallyHidden } from '#src/ui/kit/visuallyHidden.ts'

type RailProps = { isFolded: boolean; onFold?: () => void; onSearch: () => void; onHelp: () => void; onMoved?: () => void }

const itemSx = (isFolded: boolean) => ({
  display: 'flex',
  alignItems: 'center',
  gap: 2.5,
  width: '100%',
  minHeight: 34,
  px: 2.5,
  borderRadius: '8px',
  typography: 'body1',
  fontSize: '0.8438rem',
  justifyContent: isFolded ? 'center' : 'flex-start',
  color: 'text.secondary',
  textAlign: 'left',
  '&:hover': { bgcolor: 'action.hover', color: 'text.primary' },
  '&[aria-current="page"]': { bgcolor: 'action.hover', color: 'text.primary', fontWeight: 600 },
})

const Count = ({ of, isFolded }: { of: number; isFolded: boolean }) => (
  <Box
    component="span"
    sx={{
      ...(isFolded ? { position: 'absolute', top: 2, right: 4, fontSize: '0.625rem' } : { ml: 'auto', fontSize: '0.75rem' }),
      color: 'state.failedText',
      fontWeight: 600,
      fontVariantNumeric: 'tabular-nums',
    }}
  >
    {of}
    <Box component="span" sx={visuallyHidden}>
      {of === 1 ? ' alert fires' : ' alerts fire'}
    </Box>
  </Box>
)

function RailLinks({ isFolded, onMoved }: { isFolded: boolean; onMoved?: () => void }) {
  const pathname = usePathname()
  const firing = useFiringCount()
  return (
    <Box component="ul" sx={{ listStyle: 'none', m: 0, p: 0, display: 'grid', gap: 0.5 }}>
      {places.map(({ key, label, href, Icon }) => {
        const isHere = href === '/' ? pathname === '/' : pathname === href || pathname.startsWith(`${href}/`)
        return (
          <li key={key}>
            <Hint text={isFolded ? label : ''} side="right">
              <ButtonBase
                component={NextLink}
                href={href}
                onClick={onMoved}
                aria-label={isFolded ? (key === 'monitoring' && firing ? `${label}, ${firing} firing` : label) : undefined}
                aria-current={isHere ? 'page' : undefined}
                sx={{ ...itemSx(isFolded), position: 'relative' }}
              >
                <Icon sx={{ fontSize: 19 }} />
                {!isFolded && label}
                {key === 'monitoring' && firing > 0 && <Count of={firing} isFolded={isFolded} />}
              </ButtonBase>
            </Hint>
          </li>
        )
      })}
    </Box>
  )
}

/** Navigation: project, search, places; the person at the foot. */
export function Rail({ isFolded, onFold, onSearch, onHelp, onMoved }: RailProps) {
  return (
    <Box
      component="nav"
      aria-label="Main"
      sx={{ display: 'flex', flexDirection: 'column', height: '100%', p: 2.5, gap: 2, overflowY: 'auto', overflowX: 'hidden' }}
    >
      <Box sx={{ display: 'flex', alignItems: 'center', gap: 1, flexDirection: isFolded ? 'column' : 'row' }}>
        <ProjectSwitcher isFolded={isFolded} />
        {onFold && (
          <Hint text={isFolded ? 'Unfold  [' : 'Fold  ['} side="right">
            <IconButton aria-label={isFolded ? 'Unfold navigation' : 'Fold navigation'} aria-expanded={!isFolded} onClick={onFold}>
              <FoldIcon sx={{ fontSize: 18, transform: isFolded ? 'scaleX(-1)' : undefined }} />
            </IconButton>
          </Hint>
        )}
      </Box>
      <ButtonBase
        onClick={onSearch}
        aria-label={isFolded ? 'Search' : undefined}
        sx={{ ...itemSx(isFolded), border: 1, borderColor: 'divider', bgcolor: 'background.paper' }}
      >
        <SearchIcon sx={{ fontSize: 18 }} />
        {!isFolded && (
          <>
            <Box component="span" sx={{ flex: 1 }}>
              Search
            </Box>
            <Box component="kbd" sx={{ fontSize: '0.6875rem !important' }}>
              Ctrl K
            </Box>
          </>
        )}
      </ButtonBase>
      <RailLinks isFolded={isFolded} onMoved={onMoved} />
      <Box sx={{ flex: 1 }} />
      <PersonMenu isFolded={isFolded} onHelp={onHelp} />
    </Box>
  )
}
