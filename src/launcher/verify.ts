/** `npm run nw -- verify [HEAD]`: reads every artifact again and walks the record of changes, on the database and the disk themselves. */
import { join } from 'node:path'
import { databaseUrlOf, tryDatabase } from '#src/launcher/database.ts'
import { readSettings } from '#src/launcher/settings.ts'
import { LauncherError } from '#src/launcher/terminal.ts'
import { auditHead } from '#src/contracts/audit.ts'
import { connect, disconnect } from '#src/server/db/client.ts'
import { rehashArtifacts } from '#src/server/services/artifacts/rehash.ts'
import { readVerdict } from '#src/server/services/audit/verify.ts'
import { openStores } from '#src/server/storage/index.ts'

const unavailable = 69
const statementTimeoutMs = 600_000

function parseHead(text: string | undefined): { seq: number; hash: string } | undefined {
  if (!text) return undefined
  const parsed = auditHead.safeParse(text)
  if (parsed.success) return parsed.data
  throw new LauncherError('A head is written as NUMBER:HASH, as "npm run nw -- audit" prints it.', 64)
}

/** @returns whether every artifact is what its name says. */
async function verifyArtifacts(): Promise<boolean> {
  const began = performance.now()
  const so = { count: 0, bytes: 0, damaged: 0 }
  for await (const { count, bytes, damage } of rehashArtifacts()) {
    Object.assign(so, { count, bytes })
    if (!damage) continue
    so.damaged += 1
    console.log(`DAMAGED    ${damage.sha256}: ${damage.message}`)
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  const verdict = so.damaged === 0 ? 'all are what their digests say' : `${so.damaged} are damaged: bring them back from a backup`
  console.log(`artifacts  ${so.count} read, ${so.bytes} bytes in ${seconds} s: ${verdict}`)
  return so.damaged === 0
}

/** @returns whether the chain of the record holds. */
async function verifyRecord(kept: { seq: number; hash: string } | undefined): Promise<boolean> {
  const { isIntact, checked, head, firstBreak, unsealed } = await readVerdict(kept)
  console.log(`record     ${isIntact ? 'intact' : 'BROKEN'}: ${checked} seals checked, ${unsealed.count} entries wait for theirs`)
  if (firstBreak) console.log(`break      ${firstBreak.message}`)
  if (head) console.log(`head       ${head.seq}:${head.hash}`)
  return isIntact
}

/** @returns 0 when all is whole, 1 when something is damaged. @throws LauncherError when the database does not answer. */
export async function verify(args: string[]): Promise<number> {
  const kept = parseHead(args[0])
  const settings = readSettings()
  const url = databaseUrlOf(settings)
  if (!url)
    throw new LauncherError(`There is no database in ${settings.dataDir}. Name the installation with NEUROWEAVER_DATA_DIR.`, unavailable)
  const found = await tryDatabase(url)
  if ('problem' in found) {
    const hint = settings.databaseUrl ? '' : '\nStart NeuroWeaver first: it runs the embedded database.'
    throw new LauncherError(found.problem + hint, unavailable)
  }
  openStores({ artifactDir: join(settings.dataDir, 'artifacts'), uploadDir: join(settings.dataDir, 'uploads') })
  connect(url, { max: 2, statementTimeoutMs })
  try {
    const results = [await verifyArtifacts(), await verifyRecord(kept)]
    return results.every(Boolean) ? 0 : 1
  } finally {
    await disconnect()
  }
}
