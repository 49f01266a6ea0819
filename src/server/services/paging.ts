import { createHmac, timingSafeEqual } from 'node:crypto'
import { sql } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import { z } from 'zod'
import { env } from '#src/server/env.ts'
import { AppError } from '#src/server/errors.ts'

const position = z.tuple([z.string().max(200), z.string().max(100)])

/** What a cursor belongs to: a list by its name, of one project, with one filter and order. */
export type ListPlace = string

/** @param input what the list was asked for; where in the list, and how much of it, is left out. */
export const listPlace = (
  list: string,
  within: string,
  { limit: _limit, skip: _skip, cursor: _cursor, ...filter }: Record<string, unknown>,
): ListPlace => JSON.stringify([list, within, filter])

/** A cursor is the sort value and the id of the last row that was given. */
export function encodeCursor(place: ListPlace, value: Date | string, id: string): string {
  const payload = Buffer.from(JSON.stringify([value instanceof Date ? value.toISOString() : value, id])).toString('base64url')
  return `${payload}.${markOf(place, payload)}`
}

/** A cursor that somebody made up, or brought from another list, leads nowhere. */
const markOf = (place: ListPlace, payload: string) =>
  createHmac('sha256', env().NEXTAUTH_SECRET).update(`cursor ${payload} ${place}`).digest('base64url').slice(0, 22)

/** @throws AppError bad_request for anything that this program did not make for this place. */
export function decodeCursor(place: ListPlace, cursor: string): [string, string] {
  const [payload = '', ...rest] = cursor.split('.')
  const [mark, wanted] = [Buffer.from(rest.join('.')), Buffer.from(markOf(place, payload))]
  try {
    if (mark.length !== wanted.length || !timingSafeEqual(mark, wanted)) throw new Error('not ours')
    return position.parse(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')))
  } catch {
    const message = 'is not one that this list gave for this project, filter and order'
    throw new AppError('bad_request', `cursor: ${message}. Leave it out to begin at the first page.`, {
      details: [{ path: 'cursor', message }],
    })
  }
}

/** Rows after the cursor in the order (column, id). Times are compared in milliseconds, as the cursor holds them. */
export function afterCursor(place: ListPlace, cursor: string | undefined, column: PgColumn, id: PgColumn, direction: 'asc' | 'desc') {
  if (!cursor) return undefined
  const [value, lastId] = decodeCursor(place, cursor)
  const isTime = column.getSQLType().startsWith('timestamp')
  const bound = isTime ? sql`${value}::timestamptz` : sql`${value}`
  const comparison = direction === 'desc' ? sql`<` : sql`>`
  return sql`(${column}, ${id}) ${comparison} (${bound}, ${lastId}::uuid)`
}

/** `%`, `_` and `\` stand for themselves in what people search for. */
export const likePattern = (text: string): string => `%${text.replace(/[\\%_]/g, (char) => `\\${char}`)}%`

/** Counting stops here: a list says "10,000 and more". */
export const countCap = 10_001
