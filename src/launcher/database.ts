import { join } from 'node:path'
import { readText } from '#src/launcher/files.ts'
import type { Settings } from '#src/launcher/settings.ts'

/** Address of the database that an installation uses: the one that is set, or the embedded one of its data folder; undefined when that was never made. */
export function databaseUrlOf(settings: Settings): string | undefined {
  if (settings.databaseUrl) return settings.databaseUrl
  const dir = join(settings.dataDir, 'postgres')
  const [password, port] = [readText(join(dir, 'password')), readText(join(dir, 'port'))]
  return password && port ? `postgres://neuroweaver:${password}@127.0.0.1:${port}/neuroweaver` : undefined
}
