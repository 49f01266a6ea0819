import { existsSync, rmSync } from 'node:fs'
import { filesBelow, hashFiles, readText, writeDurably } from '#src/launcher/files.ts'
import { withLock } from '#src/launcher/locks.ts'
import { cacheDir, inRoot, packageBin, root } from '#src/launcher/paths.ts'
import { LauncherError, step } from '#src/launcher/terminal.ts'
import { runTool } from '#src/launcher/tools.ts'

const marker = inRoot('.next/neuroweaver-build')

/**
 * What ends up in the pages: the services too, because pages are rendered with them. Contents count, not times.
 * tsconfig.json does not: the build itself completes it.
 */
function sourceHash(): string {
  const folders = ['src/app', 'src/ui', 'src/contracts', 'src/server', 'public'].map((name) => inRoot(name))
  const files = ['next.config.mjs', 'next.config.ts', 'package-lock.json'].map((name) => inRoot(name))
  return hashFiles(
    root,
    filesBelow([...folders, ...files]).filter((file) => !/\.test\.tsx?$/.test(file)),
  )
}

/**
 * Builds the pages when their sources have changed since the last build.
 * @throws LauncherError with what the build printed.
 */
export async function buildPages(): Promise<void> {
  const hash = sourceHash()
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
