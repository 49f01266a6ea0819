import { createHmac, timingSafeEqual } from 'node:crypto'
import { sql } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import { z } from 'zod'
import { isoTime, isUuid } from '#src/contracts/common.ts'
import { env } from '#src/server/env.ts'
import { AppError } from '#src/server/errors.ts'

const position = z.tuple([z.string().max(200), z.string().max(100)])

/** A cursor is the sort value and the id of the last row that was given. */
export function encodeCursor(value: Date | string, id: string): string {
  const payload = Buffer.from(JSON.stringify([value instanceof Date ? value.toISOString() : value, id])).toString('base64url')
  return `${payload}.${markOf(payload)}`
}

/** A cursor that somebody made up leads nowhere. */
const markOf = (payload: string) => createHmac('sha256', env().NEXTAUTH_SECRET).update(`cursor ${payload}`).digest('base64url').slice(0, 22)

/** @throws AppError bad_request for anything that this program did not make. */
export function decodeCursor(cursor: string): [string, string] {
  const [payload = '', mark = ''] = cursor.split('.')
  try {
    if (!timingSafeEqual(Buffer.from(mark.padEnd(22).slice(0, 22)), Buffer.from(markOf(payload)))) throw new Error('not ours')
    return position.parse(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')))
  } catch {
    throw new AppError('bad_request', 'cursor: is not one that a list gave. Leave it out to begin at the first page.', {
      details: [{ path: 'cursor', message: 'is not one that a list gave' }],
    })
  }
}

/** Rows after the cursor in the order (column, id). Times are compared in milliseconds, as the cursor holds them. */
export function afterCursor(cursor: string | undefined, column: PgColumn, id: PgColumn, direction: 'asc' | 'desc') {
  if (!cursor) return undefined
  const [value, lastId] = decodeCursor(cursor)
  if (!isUuid(lastId)) throw new AppError('bad_request', 'cursor: is not one that a list gave.')
  const isTime = column.getSQLType().startsWith('timestamp')
  if (isTime && !isoTime.safeParse(value).success) throw new AppError('bad_request', 'cursor: belongs to a list in another order.')
  const bound = isTime ? sql`${value}::timestamptz` : sql`${value}`
  const comparison = direction === 'desc' ? sql`<` : sql`>`
  return sql`(${column}, ${id}) ${comparison} (${bound}, ${lastId}::uuid)`
}

/** `%`, `_` and `\` stand for themselves in what people search for. */
export const likePattern = (text: string): string => `%${text.replace(/[\\%_]/g, (char) => `\\${char}`)}%`

/** Counting stops here: a list says "10,000 and more". */
export const countCap = 10_001
