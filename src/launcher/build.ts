import { existsSync, rmSync } from 'node:fs'
import { filesBelow, hashFiles, readText, writeDurably } from '#src/launcher/files.ts'
import { withLock } from '#src/launcher/locks.ts'
import { cacheDir, inRoot, packageBin, root } from '#src/launcher/paths.ts'
import { LauncherError, step } from '#src/launcher/terminal.ts'
import { runTool } from '#src/launcher/tools.ts'

const marker = inRoot('.next/neuroweaver-build')
const clientMarker = inRoot('dist/neuroweaver-client')

/** A hash of what stands in these files and folders, tests left out. Contents count, not times. */
const hashOf = (names: string[]): string =>
  hashFiles(
    root,
    filesBelow(names.map((name) => inRoot(name))).filter((file) => !/\.test\.tsx?$|\.py[co]$/.test(file)),
  )

/** Pages reach the server's own code through the bridge, so that no change there makes them stale. */
export const pageSources = [
  'src/app',
  'src/ui',
  'src/contracts',
  'src/instrumentation-client.ts',
  'src/server/bridge.ts',
  'src/server/trpc/server.ts',
  'src/server/trpc/auth.ts',
  'src/server/trpc/authRequest.ts',
  'next.config.mjs',
  'package-lock.json',
]
const runtimeSources = [
  'runtimes/inference',
  'runtimes/training/neuroweaver_training',
  'runtimes/training/requirements-core.txt',
  'runtimes/training/requirements-torch.txt',
]
const clientSources = ['src/client', 'src/contracts', 'src/server', 'src/launcher', 'src/telemetry', ...runtimeSources, 'package-lock.json']

/**
 * Builds the pages when their sources have changed since the last build.
 * @throws LauncherError with what the build printed.
 */
export async function buildPages(): Promise<void> {
  const hash = hashOf(pageSources)
  const isFresh = () => existsSync(inRoot('.next/BUILD_ID')) && readText(marker) === hash
  if (isFresh()) return
  await withLock(`${cacheDir}/build.lock`, async () => {
    if (isFresh()) return
    rmSync(marker, { force: true })
    await step('Building the pages', async (detail) => {
      const result = await runTool(process.execPath, [packageBin('next'), 'build'], {
        cwd: root,
        env: { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' },
        onLine: (line) => detail(line.slice(0, 80)),
      })
      if (result.status !== 0) throw new LauncherError(`The pages could not be built:\n${result.output.trim()}`)
    })
    writeDurably(marker, `${hash}\n`, 0o644)
  })
}

/**
 * Builds the archives of the typed client and of the runtimes, which web serves, when their sources have changed.
 * @throws LauncherError with what the build printed.
 */
export async function buildClient(): Promise<void> {
  const hash = hashOf(clientSources)
  const isFresh = () =>
    existsSync(inRoot('dist/neuroweaver.tgz')) && existsSync(inRoot('dist/runtime.json')) && readText(clientMarker) === hash
  if (isFresh()) return
  await withLock(`${cacheDir}/client.lock`, async () => {
    if (isFresh()) return
    await step('Building the typed client', async () => {
      const result = await runTool(process.execPath, [inRoot('src/client/build.ts')], { cwd: root })
      if (result.status !== 0) throw new LauncherError(`The typed client could not be built:\n${result.output.trim()}`)
    })
    writeDurably(clientMarker, `${hash}\n`, 0o644)
  })
}
