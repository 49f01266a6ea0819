/** A part of an address in plain text. Some arrive decoded already: what can not be decoded again is taken as it is. */
export function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
