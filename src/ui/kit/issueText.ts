/** The part of a zod issue that its sentence is made of. */
type Issue = {
  code?: string
  origin?: string
  minimum?: number | bigint
  maximum?: number | bigint
  input?: unknown
  expected?: string
  format?: string
  values?: unknown[]
}

const isMissing = (input: unknown) => input === undefined || input === null || input === '' || Number.isNaN(input)
const units: Record<string, string> = { string: ' characters', array: ' entries', record: ' entries', map: ' entries', set: ' entries' }
const formats: Record<string, string> = {
  email: 'Enter an email address, such as ana@example.org.',
  url: 'Enter an address that begins with http:// or https://.',
}

/** What a person can do about a value, where the contract says nothing of its own. Passed to zod as its error map. */
export function issueText(issue: Issue): string | undefined {
  if (isMissing(issue.input)) return 'Fill this in.'
  const unit = units[issue.origin ?? ''] ?? ''
  if (issue.code === 'too_small') return unit ? `Must have at least ${issue.minimum}${unit}.` : `Must be at least ${issue.minimum}.`
  if (issue.code === 'too_big') return unit ? `Must have at most ${issue.maximum}${unit}.` : `Must be at most ${issue.maximum}.`
  if (issue.code === 'invalid_format') return formats[issue.format ?? ''] ?? 'This has the wrong form.'
  if (issue.code === 'invalid_type')
    return issue.expected === 'number' || issue.expected === 'int' ? 'Enter a whole number.' : 'This has the wrong form.'
  if (issue.code === 'invalid_value') return `Choose one of ${(issue.values ?? []).join(', ')}.`
  return undefined
}

/** A message of the contract as a sentence: `must start …` → `Must start ….` */
export const sentence = (message: string): string => {
  const begun = message.charAt(0).toUpperCase() + message.slice(1)
  return /[.!?]$/.test(begun) ? begun : `${begun}.`
}
