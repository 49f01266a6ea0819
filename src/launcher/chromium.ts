import { step } from '#src/launcher/terminal.ts'
import { isRoot, runTool, which } from '#src/launcher/tools.ts'

export type Chromium = { path: string } | { reason: string }

const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome']

export function findChromium(): string | undefined {
  return names.map(which).find((path) => path !== undefined)
}

/** The browser of the browser tests; installed from the system's packages where this user may do that. */
export async function prepareChromium(): Promise<Chromium> {
  const found = findChromium()
  if (found) return { path: found }
  const install = 'apt-get install -y --no-install-recommends chromium fonts-liberation'
  if (!isRoot() || !which('apt-get')) return { reason: `there is no Chromium on PATH (Debian: ${install})` }
  const result = await step('Installing Chromium', (detail) =>
    runTool('sh', ['-c', `apt-get update && ${install}`], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      onLine: (line) => detail(line.slice(0, 80)),
    }),
  )
  const installed = findChromium()
  if (installed) return { path: installed }
  return { reason: `Chromium could not be installed: ${result.output.trim().split('\n').slice(-2).join(' ')}` }
}
