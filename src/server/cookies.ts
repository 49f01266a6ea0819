import { text } from '#src/contracts/common.ts'

const maxChars = 8192

/** The value of a cookie, or undefined when there is none that can be read. */
export function cookieOf(header: string | undefined, name: string): string | undefined {
  const pair = header?.split(';').find((part) => part.trim().startsWith(`${name}=`))
  if (!pair) return undefined
  try {
    const value = decodeURIComponent(pair.slice(pair.indexOf('=') + 1).trim())
    return text(maxChars).safeParse(value).success ? value : undefined
  } catch {
    return undefined
  }
}
