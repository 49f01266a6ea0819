type Context = { value?: Record<string, unknown>; problem?: string }

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

function fromJson(text: string): Context {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? { value } : { problem: 'Must be an object' }
  } catch {
    return { problem: 'Is not valid JSON' }
  }
}

/** `name: value` lines, or a JSON object, as the context of a prompt; nothing for an empty text. */
export function readContext(text: string): Context {
  if (text.trim() === '') return {}
  if (text.trim().startsWith('{')) return fromJson(text)
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const wrong = lines.find((line) => !/^[^:]*\S[^:]*:/.test(line))
  if (wrong !== undefined) return { problem: `"${wrong.trim().slice(0, 60)}" is no name: value` }
  const pairs = lines.map((line) => [line.slice(0, line.indexOf(':')).trim(), line.slice(line.indexOf(':') + 1).trim()] as const)
  return { value: Object.fromEntries(pairs) }
}
