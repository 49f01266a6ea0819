/** Programs of Debian's packages for tests: the machine's own, else unpacked into the cache, which installs and starts nothing. */
import { existsSync, globSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { cacheDir } from '#src/launcher/paths.ts'
import { runTool, which } from '#src/launcher/tools.ts'

export type Program = { path: string } | { reason: string }

/**
 * @param packages names of Debian packages whose programs are wanted.
 * @param pattern where the program lies below the root, as a glob: `usr/sbin/nginx`.
 * @returns its path, or why it is not to be had, for a test that says so and is skipped.
 */
export async function findDebianProgram(packages: string[], pattern: string): Promise<Program> {
  const folder = join(cacheDir, `debian-${packages.join('-')}`)
  const find = () => globSync([pattern], { cwd: '/' }).map((path) => join('/', path))[0] ?? globSync([join(folder, pattern)])[0]
  if (!find()) await unpack(packages, folder)
  const path = find()
  if (!path) return { reason: `there is no ${pattern} (Debian: apt-get install -y ${packages.join(' ')})` }
  const trial = await runTool(path, [pattern.endsWith('nginx') ? '-v' : '--version'])
  return trial.status === 0 ? { path } : { reason: `${path} does not run here: ${trial.output.trim().slice(0, 300)}` }
}

async function unpack(packages: string[], folder: string): Promise<void> {
  if (!which('apt-get') || !which('dpkg-deb')) return
  mkdirSync(folder, { recursive: true })
  const fetched = await runTool('apt-get', ['download', ...packages], { cwd: folder })
  if (fetched.status !== 0) await runTool('sh', ['-c', `apt-get update -qq && apt-get download ${packages.join(' ')}`], { cwd: folder })
  for (const name of packages)
    for (const archive of globSync([join(folder, `${name}_*.deb`)])) await runTool('dpkg-deb', ['-x', archive, folder])
  if (!existsSync(join(folder, 'usr'))) rmSync(folder, { recursive: true, force: true })
}
