'use client'
import UnfoldIcon from '@mui/icons-material/UnfoldMore'
import Box from '@mui/material/Box'
import ButtonBase from '@mui/material/ButtonBase'
import Skeleton from '@mui/material/Skeleton'
import dynamic from 'next/dynamic'
import { useState } from 'react'
import { visuallyHidden } from '#src/ui/kit/visuallyHidden.ts'
import { trpc } from '#src/ui/trpc.tsx'

const ProjectMenu = dynamic(() => import('#src/ui/frame/ProjectMenu.tsx'), { ssr: false })

/** The project one is in, and the others. */
export function ProjectSwitcher({ isFolded }: { isFolded: boolean }) {
  const { data } = trpc.me.get.useQuery()
  const [anchor, setAnchor] = useState<HTMLElement | null>(null)
  const current = data?.project
  return (
    <>
      <ButtonBase
        aria-label={isFolded ? `Project ${current?.name ?? ''}` : undefined}
        aria-haspopup="menu"
        aria-expanded={!!anchor}
        onClick={(event) => setAnchor(event.currentTarget)}
        sx={{
          flex: 1,
          minWidth: 0,
          display: 'flex',
          alignItems: 'center',
          gap: 2,
          p: 1,
          borderRadius: '8px',
          textAlign: 'left',
          justifyContent: isFolded ? 'center' : 'flex-start',
          '&:hover': { bgcolor: 'action.hover' },
        }}
      >
        <Box
          aria-hidden
          sx={{
            width: 26,
            height: 26,
            borderRadius: '7px',
            bgcolor: 'text.primary',
            color: 'background.paper',
            display: 'grid',
            placeItems: 'center',
            fontSize: '0.75rem',
            fontWeight: 700,
            flex: 'none',
          }}
        >
          {(current?.name[0] ?? 'N').toUpperCase()}
        </Box>
        {!isFolded && (
          <>
            <Box sx={{ minWidth: 0, flex: 1 }}>
              <Box sx={{ typography: 'caption', color: 'text.secondary', lineHeight: '14px' }}>NeuroWeaver</Box>
              <Box
                sx={{
                  fontWeight: 600,
                  fontSize: '0.8438rem',
                  lineHeight: '18px',
                  overflow: 'hidden',
                  textOverflow: 'ellipsis',
                  whiteSpace: 'nowrap',
                }}
              >
                {current?.name ?? <Skeleton width={90} />}
              </Box>
            </Box>
            <Box component="span" sx={visuallyHidden}>
              , change project
            </Box>
            <UnfoldIcon sx={{ fontSize: 16, color: 'text.secondary' }} />
          </>
        )}
      </ButtonBase>
      {anchor && <ProjectMenu me={data} anchor={anchor} onClose={() => setAnchor(null)} />}
    </>
  )
}
