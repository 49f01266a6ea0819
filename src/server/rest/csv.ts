/** A spreadsheet takes a cell that begins so for a formula; an apostrophe before it makes it text again (OWASP, "CSV Injection"). */
const formula = /^[=+\-@\t\r\n＝＋－＠]/

const textOf = (value: unknown): string => {
  if (value === null || value === undefined) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

const cellOf = (value: unknown): string => {
  const text = textOf(value)
  const safe = typeof value === 'number' || !formula.test(text) ? text : `'${text}`
  return /[",\r\n']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** One line of CSV as RFC 4180 has it; objects as JSON. */
export const csvLine = (values: readonly unknown[]): string => `${values.map(cellOf).join(',')}\r\n`
