/** `key: value` a line, as people type tags; a line without a colon is a tag with an empty value. */
export const tagsToText = (tags: Record<string, string>): string =>
  Object.entries(tags)
    .map(([key, value]) => (value ? `${key}: ${value}` : key))
    .join('\n')

export function textToTags(text: string): Record<string, string> {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  return Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':')
      return colon < 0 ? [line, ''] : [line.slice(0, colon).trim(), line.slice(colon + 1).trim()]
    }),
  )
}
