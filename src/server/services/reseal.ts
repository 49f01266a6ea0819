/** Seals anew what was sealed under a previous secret of the installation, so that the previous one can be forgotten. Run by the worker. */
import { and, eq, isNotNull, notLike } from 'drizzle-orm'
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core'
import { db } from '#src/server/db/client.ts'
import { channels, idempotencyKeys, modelVersions, sessions } from '#src/server/db/schema.ts'
import { createLog } from '#src/server/log.ts'
import { ownPrefix, seal, unseal } from '#src/server/sealing.ts'

const log = createLog('sealing')
const batch = 10_000

/** Every column that holds sealed texts. */
const places: { table: PgTable; name: string; column: PgColumn }[] = [
  { table: modelVersions, name: 'sealedKey', column: modelVersions.sealedKey },
  { table: channels, name: 'sealedTarget', column: channels.sealedTarget },
  { table: channels, name: 'sealedSecret', column: channels.sealedSecret },
  { table: sessions, name: 'sealedToken', column: sessions.sealedToken },
  { table: idempotencyKeys, name: 'body', column: idempotencyKeys.body },
]

/** The same text under the present secret, or undefined where none that is known opens it. */
function anew(sealed: string): string | undefined {
  try {
    return seal(unseal(sealed))
  } catch {
    return undefined
  }
}

async function resealColumn({ table, name, column }: (typeof places)[number]): Promise<{ resealed: number; lost: number }> {
  const isOld = and(isNotNull(column), notLike(column, `${ownPrefix()}%`))
  const rows = (await db().select({ sealed: column }).from(table).where(isOld).limit(batch)) as { sealed: string }[]
  const count = { resealed: 0, lost: 0 }
  for (const { sealed } of rows) {
    const text = anew(sealed)
    if (text === undefined) count.lost += 1
    // A nonce is never used twice, so the old text names its row; one that was changed meanwhile stays as it is.
    else {
      await db()
        .update(table)
        .set({ [name]: text })
        .where(eq(column, sealed))
      count.resealed += 1
    }
  }
  return count
}

let lastLost = 0

/** @returns how many were sealed anew, and how many no known secret opens: those wait for the former secret, or to be entered again. */
export async function resealSecrets(): Promise<{ resealed: number; lost: number }> {
  const total = { resealed: 0, lost: 0 }
  for (const place of places) {
    const { resealed, lost } = await resealColumn(place)
    total.resealed += resealed
    total.lost += lost
  }
  if (total.resealed > 0) log.info('secrets were sealed anew under the present NEXTAUTH_SECRET', { data: total })
  if (total.lost > 0 && total.lost !== lastLost)
    log.warn('some secrets can not be opened: add the former NEXTAUTH_SECRET to NEUROWEAVER_PREVIOUS_SECRETS, or enter them again', {
      data: total,
    })
  lastLost = total.lost
  return total
}
