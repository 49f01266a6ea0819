/** What people search and filter for runs apart from all else: by connections of its own, and not for long. */
import { type Db, db, searchDb, searchTimeoutMs, sqlState } from '#src/server/db/client.ts'
import { AppError } from '#src/server/errors.ts'

const cancelled = '57014'

/**
 * Reads from the pool that everything shares, or, when `asked` names what somebody asked for, from the one whose statements are cut short.
 * @param asked the fields that narrow a list, by name; those that are undefined or empty were not given.
 * @throws AppError unprocessable, naming those fields, for what takes longer than two seconds.
 */
export async function searching<T>(asked: Record<string, unknown>, read: (on: Db) => Promise<T>): Promise<T> {
  const fields = Object.keys(asked).filter((field) => asked[field] !== undefined && asked[field] !== '')
  if (fields.length === 0) return read(db())
  try {
    return await read(searchDb())
  } catch (error) {
    if (sqlState(error) !== cancelled) throw error
    throw new AppError(
      'unprocessable',
      `${fields.join(', ')}: this search took longer than ${searchTimeoutMs / 1000} s and was stopped. Narrow it: ask for a whole value, a shorter time or a smaller project.`,
      { cause: error, details: fields.map((path) => ({ path, message: 'is too wide: narrow it' })) },
    )
  }
}
