const secretKey = /password|secret|authorization|credential|bearer|^api_?key$/i

const withoutSecret = (key: string, value: unknown) => (typeof value === 'string' && secretKey.test(key) ? '(hidden)' : value)

/**
 * What an entry says of before or after, as JSON. Takes out what no record may hold, in case a caller hands it over: the entry is
 * read by more people than the secret, and stays for ever.
 */
export const factsText = (facts: Record<string, unknown> | undefined): string | null =>
  facts === undefined ? null : JSON.stringify(facts, withoutSecret)
