/** What a log line must never show, by the name of its field and by its own looks. */

const secretName = /pass(word|phrase)|secret|token|credential|authorization|api_?key|private_?key|cookie|^key$|^bearer$/i
const shown = '[redacted]'
const longestText = 8_000

/** For JSON.stringify: hides what stands under a secret's name, and cuts a text that would fill the log. Figures stay: `max_tokens` is none. */
export function hideByName(name: string, value: unknown): unknown {
  const isFigure = typeof value === 'number' || typeof value === 'boolean' || value === null || value === undefined
  if (!isFigure && secretName.test(name)) return shown
  if (typeof value === 'bigint') return String(value)
  return typeof value === 'string' && value.length > longestText ? `${value.slice(0, longestText)}… (${value.length} characters)` : value
}

/** Each leaves quotation marks and backslashes alone, so that a masked JSON line is still JSON. */
const looks: [RegExp, string][] = [
  [/\b(nw[a-z]?_)[A-Za-z0-9_-]{12,}/g, `$1${shown}`],
  [/\b(Bearer|Basic)\s+[^\s"\\,;]{6,}/gi, `$1 ${shown}`],
  [/\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*/g, shown],
  [/([a-z][a-z0-9+.-]*:\/\/[^\s/:@"\\]*):[^\s/@"\\]+@/gi, `$1:${shown}@`],
  [/([?&;](?:[a-z0-9_-]*(?:token|secret|password|api_?key|signature)|key|code)=)[^&\s"\\]+/gi, `$1${shown}`],
]
/** Nothing that `looks` finds is without one of these, and they are much cheaper to look for. */
const mayLook = /nw[a-z]?_|bearer|basic|eyJ|:\/\/|[?&;][a-z0-9_-]+=/i

const settingName = /SECRET|PASSWORD|PASSPHRASE|TOKEN|API_KEY|PRIVATE_KEY|CREDENTIAL|SETUP_CODE|ACCESS_KEY|PGPASSWORD/
const shortestSecret = 8

/** The values of this process's secret settings, as they stand in a JSON text; undefined where there are none. */
export function patternOf(settings: Record<string, string | undefined>): RegExp | undefined {
  const values = Object.entries(settings).flatMap(([name, value]) => (value && settingName.test(name) ? [value] : []))
  const long = [...new Set(values)].filter((value) => value.length >= shortestSecret)
  if (long.length === 0) return undefined
  const asWritten = long.sort((left, right) => right.length - left.length).map((value) => JSON.stringify(value).slice(1, -1))
  return new RegExp(asWritten.map((value) => value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|'), 'g')
}

const ownValues = patternOf(process.env)

/** A JSON line without anything that looks like a key, a token, a password in an address, or a secret setting. */
export function mask(line: string, values: RegExp | undefined = ownValues): string {
  let masked = values ? line.replace(values, shown) : line
  if (!mayLook.test(masked)) return masked
  for (const [look, instead] of looks) masked = masked.replace(look, instead)
  return masked
}
