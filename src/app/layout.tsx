import '@fontsource-variable/inter/wght.css'
import '@fontsource-variable/jetbrains-mono/wght.css'
import InitColorSchemeScript from '@mui/material/InitColorSchemeScript'
import { AppRouterCacheProvider } from '@mui/material-nextjs/v16-appRouter'
import type { Metadata, Viewport } from 'next'
import { cookies, headers } from 'next/headers'
import { EarlyPresses } from '#src/ui/frame/EarlyPresses.tsx'
import { keepEarlyPresses } from '#src/ui/frame/keepEarlyPresses.ts'
import { Served } from '#src/ui/kit/Served.tsx'
import { zoneOf } from '#src/ui/kit/format.ts'
import { ThemeRoot } from '#src/ui/frame/ThemeRoot.tsx'
import { ToastProvider } from '#src/ui/kit/Toasts.tsx'
import { TrpcProvider } from '#src/ui/trpc.tsx'

/** Every page depends on who asks; none can be made at build time. */
export const dynamic = 'force-dynamic'

export const metadata: Metadata = {
  title: { template: '%s · NeuroWeaver', default: 'NeuroWeaver' },
  description: 'From a data set or a file of weights to a monitored endpoint on your own machines',
}
export const viewport: Viewport = { width: 'device-width', initialScale: 1, colorScheme: 'light dark' }

export default async function RootLayout({ children }: { children: React.ReactNode }) {
  const [told, jar] = await Promise.all([headers(), cookies()])
  const nonce = told.get('x-nonce') ?? ''
  return (
    <html lang="en" suppressHydrationWarning>
      <body>
        <InitColorSchemeScript attribute="data-theme" modeStorageKey="nw.mode" colorSchemeStorageKey="nw.scheme" nonce={nonce} />
        <script
          nonce={nonce}
          suppressHydrationWarning
          // biome-ignore lint/security/noDangerouslySetInnerHtml: it has to run before any other script has come
          dangerouslySetInnerHTML={{ __html: `(${keepEarlyPresses})()` }}
        />
        <AppRouterCacheProvider options={{ nonce }}>
          <Served at={Date.now()} zone={zoneOf(jar.get('nw_zone')?.value)}>
            <ThemeRoot>
              <TrpcProvider>
                <ToastProvider>
                  <EarlyPresses>{children}</EarlyPresses>
                </ToastProvider>
              </TrpcProvider>
            </ThemeRoot>
          </Served>
        </AppRouterCacheProvider>
      </body>
    </html>
  )
}
