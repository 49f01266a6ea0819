/** What a container of the control plane runs: `container.ts web`, `container.ts worker`, or `container.ts secrets FOLDER RUNTIME_FOLDER`. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { readText, writeDurably } from '#src/launcher/files.ts'
import { checkDataFolder } from '#src/launcher/dataFolder.ts'
import { checkDatabase } from '#src/launcher/database.ts'
import { checkDataVersion } from '#src/launcher/locks.ts'
import { inRoot } from '#src/launcher/paths.ts'
import { makeSecrets } from '#src/launcher/secrets.ts'

/**
 * Makes an installation's secrets on its first start. They lie in volumes, each of which only the containers that need it mount.
 * The runtimes' own folder holds nothing but what enrols them.
 */
function writeSecrets(folder: string, runtimeFolder: string): void {
  const { RUNTIME_TOKEN, NEUROWEAVER_SETUP_CODE } = makeSecrets(folder, {}, '0.0.0.0')
  const passwordFile = join(folder, 'database.password')
  const password = readText(passwordFile) ?? randomBytes(24).toString('base64url')
  writeDurably(passwordFile, `${password}\n`)
  writeDurably(join(folder, 'database.url'), `postgres://neuroweaver:${password}@db:5432/neuroweaver\n`)
  writeDurably(join(runtimeFolder, 'runtime.token'), `${RUNTIME_TOKEN}\n`)
  console.log(`The first page asks for this code, until there is an admin: ${NEUROWEAVER_SETUP_CODE}`)
}

async function runControlPlane(name: 'web' | 'worker'): Promise<void> {
  const { env } = await import('#src/server/env.ts')
  const { migrate } = await import('#src/server/migrate.ts')
  const { version } = JSON.parse(readText(inRoot('package.json')) ?? '{}') as { version: string }
  const settings = env()
  checkDataFolder(settings.dataDir)
  checkDataVersion(settings.dataDir, version)
  await checkDatabase(settings.DATABASE_URL)
  await migrate(settings.DATABASE_URL)
  await (name === 'web' ? import('#src/server/web.ts') : import('#src/server/worker.ts'))
}

const [name, folder, runtimeFolder] = process.argv.slice(2)
try {
  if (name === 'secrets' && folder && runtimeFolder) writeSecrets(folder, runtimeFolder)
  else if (name === 'web' || name === 'worker') await runControlPlane(name)
  else throw new Error('Name what to run: web, worker, or secrets FOLDER RUNTIME_FOLDER.')
} catch (error) {
  console.error((error as Error).message)
  process.exit(1)
}
