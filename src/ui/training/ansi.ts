export type Span = { text: string; color: AnsiColor | null; isBold: boolean }
export type AnsiColor = 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan' | 'grey'

const colors: Record<number, AnsiColor | null> = {
  31: 'red',
  32: 'green',
  33: 'yellow',
  34: 'blue',
  35: 'magenta',
  36: 'cyan',
  90: 'grey',
  91: 'red',
  92: 'green',
  93: 'yellow',
  94: 'blue',
  95: 'magenta',
  96: 'cyan',
  30: null,
  37: null,
  97: null,
  39: null,
}

// CSI sequences (ECMA-48, 5.4), OSC sequences up to their terminator, and two-character escapes.
// biome-ignore lint/suspicious/noControlCharactersInRegex: escapes are what is looked for
const escapes = /\u001b(?:\[([0-?]*)[ -/]*([@-~])|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: the same, without the parts
const anyEscape = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g

/** What a terminal would show of a line that rewrites itself: the part after the last carriage return. */
const collapse = (line: string) => {
  const trimmed = line.replace(/\r+$/, '')
  return trimmed.slice(trimmed.lastIndexOf('\r') + 1)
}

/** The line's words alone, for search and for measuring. */
export const stripAnsi = (line: string) => collapse(line.replace(anyEscape, ''))

function applyCodes(parameters: string, style: { color: AnsiColor | null; isBold: boolean }) {
  const codes = parameters === '' ? [0] : parameters.split(';').map(Number)
  for (let index = 0; index < codes.length; index++) {
    const code = codes[index] as number
    if (code === 38 || code === 48) index += codes[index + 1] === 5 ? 2 : 4
    else if (code === 0) Object.assign(style, { color: null, isBold: false })
    else if (code === 1) style.isBold = true
    else if (code === 22) style.isBold = false
    else if (code in colors) style.color = colors[code] ?? null
  }
}

/** Cuts a line where its colour changes; every other escape is dropped. */
export function parseAnsi(line: string): Span[] {
  const spans: Span[] = []
  const style: { color: AnsiColor | null; isBold: boolean } = { color: null, isBold: false }
  const add = (text: string) => {
    if (text !== '') spans.push({ text, ...style })
  }
  let from = 0
  const visible = collapse(line)
  for (const match of visible.matchAll(escapes)) {
    add(visible.slice(from, match.index))
    if (match[2] === 'm') applyCodes(match[1] ?? '', style)
    from = match.index + match[0].length
  }
  add(visible.slice(from))
  return spans
}
