import { sql } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import { z } from 'zod'
import { isoTime, isUuid } from '#src/contracts/common.ts'
import { AppError } from '#src/server/errors.ts'

const position = z.tuple([z.string().max(200), z.string().max(100)])

/** A cursor is the sort value and the id of the last row that was given. */
export const encodeCursor = (value: Date | string, id: string): string =>
  Buffer.from(JSON.stringify([value instanceof Date ? value.toISOString() : value, id])).toString('base64url')

/** @throws AppError bad_request for anything that this program did not make. */
export function decodeCursor(cursor: string): [string, string] {
  try {
    return position.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')))
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
