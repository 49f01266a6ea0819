import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { parse } from 'csv-parse/sync'

const script = fileURLToPath(new URL('./functions.py', import.meta.url))
export const target = 'gives'
const categories = new Set(['package', 'kind', 'first_word', 'decorator'])

export type Row = Record<string, string>
export type Table = { columns: string[]; rows: Row[] }

/** The functions of Python's standard library as rows of text, an empty text for what is missing. */
export async function readFunctions(): Promise<Table> {
  const python = process.env.NEUROWEAVER_PYTHON ?? 'python3'
  const { stdout } = await promisify(execFile)(python, [script], { maxBuffer: 64 * 1024 * 1024 })
  const rows = parse(stdout, { columns: true }) as Row[]
  return { columns: Object.keys(rows[0] ?? {}), rows }
}

/** Numbers in [0, 1) from a seed (mulberry32), so that every run of the demo holds the same rows back. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Splits off a share of the rows that is never uploaded. */
export function holdOut(rows: Row[], share: number, seed: number): { kept: Row[]; held: Row[] } {
  const next = random(seed)
  const isHeld = rows.map(() => next() < share)
  return { kept: rows.filter((_row, index) => !isHeld[index]), held: rows.filter((_row, index) => isHeld[index]) }
}

const quote = (text: string) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

/** RFC 4180. */
export const toCsv = ({ columns, rows }: Table): string =>
  [columns.map(quote).join(','), ...rows.map((row) => columns.map((column) => quote(row[column] ?? '')).join(','))]
    .join('\r\n')
    .concat('\r\n')

type Input = { name: string; datatype: string; shape: number[]; data: (string | number | null)[] }

/** Rows as the tensors that a deployment's signature asks for: a number or null, or the CSV's own text. */
export function toInputs(inputs: readonly { name: string }[], rows: Row[]): Input[] {
  return inputs.map(({ name }) => {
    const texts = rows.map((row) => row[name] ?? '')
    const isText = categories.has(name)
    const data = isText ? texts : texts.map((text) => (text === '' ? null : Number(text)))
    return { name, datatype: isText ? 'BYTES' : 'FP32', shape: [rows.length, 1], data }
  })
}

/** How often the commonest value of a column stands in the rows: what one is right about without a model. */
export function majorityShare(rows: Row[], column: string): number {
  const counts = new Map<string, number>()
  for (const row of rows) counts.set(row[column] ?? '', (counts.get(row[column] ?? '') ?? 0) + 1)
  return Math.max(...counts.values()) / rows.length
}
