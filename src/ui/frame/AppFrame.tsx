'use client'
import Box from '@mui/material/Box'
import dynamic from 'next/dynamic'
import { useRouter } from 'next/navigation'
import { useCallback, useEffect, useMemo, useState } from 'react'
import { Drawer } from '#src/ui/kit/overlays.tsx'
import { LiveChanges } from '#src/ui/frame/LiveChanges.tsx'
import { OutageBanner } from '#src/ui/frame/OutageBanner.tsx'
import { places } from '#src/ui/frame/places.tsx'
import { useProjectOfLink } from '#src/ui/frame/project.ts'
import { Rail } from '#src/ui/frame/Rail.tsx'
import { FrameContext } from '#src/ui/kit/FrameContext.ts'
import { useKeys } from '#src/ui/kit/useKeys.ts'
import { UploadProvider, useUploadItems } from '#src/ui/uploads/UploadProvider.tsx'

const Palette = dynamic(() => import('#src/ui/frame/Palette.tsx'), { ssr: false })
const UploadTray = dynamic(() => import('#src/ui/uploads/UploadTray.tsx'), { ssr: false })
const KeysHelp = dynamic(() => import('#src/ui/frame/KeysHelp.tsx'), { ssr: false })

const railWidth = (isFolded: boolean) => (isFolded ? 56 : 232)

function useFolded(initial: boolean): [boolean, () => void] {
  const [isFolded, setFolded] = useState(initial)
  const toggle = useCallback(
    () =>
      setFolded((old) => {
        // biome-ignore lint/suspicious/noDocumentCookie: the server reads it, so that the first paint has the right width
        document.cookie = `nw_rail=${old ? 'open' : 'folded'}; Path=/; Max-Age=31536000; SameSite=Lax`
        return !old
      }),
    [],
  )
  return [isFolded, toggle]
}

const Tray = () => (useUploadItems().length > 0 ? <UploadTray /> : null)

/** Rail, page, tray, and what answers to keys everywhere. */
export function AppFrame({ isRailFolded, children }: { isRailFolded: boolean; children: React.ReactNode }) {
  const router = useRouter()
  useProjectOfLink()
  const [isFolded, toggleFold] = useFolded(isRailFolded)
  const [opened, setOpened] = useState<'drawer' | 'palette' | 'keys' | null>(null)
  const close = useCallback(() => setOpened(null), [])
  const openPalette = useCallback(() => setOpened('palette'), [])
  const openKeys = useCallback(() => setOpened('keys'), [])

  useKeys({
    '?': openKeys,
    '[': toggleFold,
    ...Object.fromEntries(places.map((place) => [`g ${place.goKey}`, () => router.push(place.href)])),
  })
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey)) return
      event.preventDefault()
      setOpened((old) => (old === 'palette' ? null : 'palette'))
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [])
  const frame = useMemo(() => ({ openDrawer: () => setOpened('drawer') }), [])

  return (
    <LiveChanges>
      <UploadProvider>
        <FrameContext value={frame}>
          <Box
            component="a"
            href="#main"
            sx={{
              position: 'fixed',
              zIndex: 2000,
              top: 8,
              left: 8,
              px: 3,
              py: 1.5,
              bgcolor: 'background.paper',
              color: 'primary.main',
              border: 1,
              borderRadius: '8px',
              transform: 'translateY(-200%)',
              '&:focus': { transform: 'none' },
            }}
          >
            Skip to content
          </Box>
          <Box sx={{ display: 'flex', minHeight: '100dvh' }}>
            <Box
              sx={{
                display: { xs: 'none', md: 'block' },
                width: railWidth(isFolded),
                flex: 'none',
                position: 'sticky',
                top: 0,
                height: '100dvh',
                borderRight: 1,
                borderColor: 'divider',
              }}
            >
              <Rail isFolded={isFolded} onFold={toggleFold} onSearch={openPalette} onHelp={openKeys} />
            </Box>
            <Drawer open={opened === 'drawer'} onClose={close} slotProps={{ paper: { sx: { width: 264 }, 'aria-label': 'Navigation' } }}>
              <Rail isFolded={false} onSearch={openPalette} onHelp={openKeys} onMoved={close} />
            </Drawer>
            <Box
              component="main"
              id="main"
              tabIndex={-1}
              sx={{ flex: 1, minWidth: 0, outline: 'none !important', px: { xs: 4, sm: 6, lg: 8 }, pt: { xs: 3, sm: 4 }, pb: 20 }}
            >
              <Box sx={{ maxWidth: 1440, mx: 'auto' }}>
                <OutageBanner />
                {children}
              </Box>
            </Box>
          </Box>
          <Tray />
          {opened === 'palette' && <Palette onClose={close} onHelp={openKeys} />}
          {opened === 'keys' && <KeysHelp onClose={close} />}
        </FrameContext>
      </UploadProvider>
    </LiveChanges>
  )
}
