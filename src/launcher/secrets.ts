import { randomBytes, randomInt } from 'node:crypto'
import { join } from 'node:path'
import { readText, writeDurably } from '#src/launcher/files.ts'
import { isLoopback } from '#src/launcher/settings.ts'

export type Secrets = {
  RUNTIME_TOKEN: string
  NEXTAUTH_SECRET: string
  NEUROWEAVER_BOOTSTRAP_API_KEY: string
  /** Only where strangers can reach the first page before its owner does. */
  NEUROWEAVER_SETUP_CODE?: string
}

/** File in the data folder with the admin's key that demo, bench and the command line use on this machine. */
export const bootstrapKeyFile = 'bootstrap.key'

/** Of letters and digits alone: a dash at the front of one would make an option of it on a command line. */
const randomKey = (): string => randomBytes(32).toString('hex')

/** Three groups of four without the letters and digits that look alike: 59 bits, easy to type over. */
function randomCode(): string {
  const letters = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789'
  const group = () => Array.from({ length: 4 }, () => letters[randomInt(letters.length)]).join('')
  return [group(), group(), group()].join('-')
}

function kept(path: string, make: () => string): string {
  const known = readText(path)
  if (known) return known
  const made = make()
  writeDurably(path, `${made}\n`)
  return made
}

/**
 * The installation's secrets: a setting wins; the rest is made at the first start and kept in the data folder, readable by its owner alone.
 * Changing a setting does not change the kept file.
 */
export function makeSecrets(dataDir: string, source: Record<string, string>, host: string): Secrets {
  const secret = (name: string, file: string, make = randomKey) => source[name] ?? kept(join(dataDir, file), make)
  const secrets: Secrets = {
    RUNTIME_TOKEN: secret('RUNTIME_TOKEN', 'runtime.token'),
    NEXTAUTH_SECRET: secret('NEXTAUTH_SECRET', 'session.secret'),
    NEUROWEAVER_BOOTSTRAP_API_KEY: secret('NEUROWEAVER_BOOTSTRAP_API_KEY', bootstrapKeyFile),
  }
  const hasAdmin = Boolean(source.NEUROWEAVER_ADMIN_EMAIL && source.NEUROWEAVER_ADMIN_PASSWORD)
  if (hasAdmin || !isOpenToStrangers(host, source.NEUROWEAVER_URL)) return secrets
  return { ...secrets, NEUROWEAVER_SETUP_CODE: secret('NEUROWEAVER_SETUP_CODE', 'setup.code', randomCode) }
}

/** Behind a proxy the process listens on loopback, and everybody reaches it all the same: its public address tells. */
const isOpenToStrangers = (host: string, publicUrl: string | undefined): boolean =>
  !isLoopback(host) || (publicUrl !== undefined && URL.canParse(publicUrl) && !isLoopback(new URL(publicUrl).hostname))
