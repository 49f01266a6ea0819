import type { ByteRange } from '#src/server/storage/store.ts'

/**
 * Reads a `Range` header (RFC 9110 section 14.2) for content of `sizeBytes`.
 * @returns the range, first and last byte counted in; undefined to answer with the whole: no range, several, or none that can be read.
 */
export function parseRange(header: string | undefined, sizeBytes: number): ByteRange | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d{0,16})-(\d{0,16})$/.exec(header?.trim() ?? '')
  if (!match) return undefined
  const [, first = '', last = ''] = match
  if (first === '' && last === '') return undefined
  if (first === '') return suffixOf(Number(last), sizeBytes)
  const [start, end] = [Number(first), last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1)]
  if (last !== '' && Number(last) < start) return undefined
  return start >= sizeBytes ? 'unsatisfiable' : { start, end }
}

function suffixOf(bytes: number, sizeBytes: number): ByteRange | 'unsatisfiable' {
  if (bytes === 0 || sizeBytes === 0) return 'unsatisfiable'
  return { start: Math.max(0, sizeBytes - bytes), end: sizeBytes - 1 }
}
