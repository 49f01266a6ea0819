/** Reading a data set whole: its rows, what its columns hold, and a preview. */
import type { Column } from '#src/contracts/dataset.ts'
import { Budget, ColumnSummary } from './columns.ts'
import { readCsv } from './csv.ts'
import { readJsonl } from './jsonl.ts'
import { Rejection } from './text.ts'

const maxColumns = 5000
const previewRows = 50
const previewCellChars = 200
const maxPreviewChars = 1024 * 1024
const maxNameChars = 200

export type TabularFormat = 'csv' | 'jsonl'
/** `name` is what people call the file; `path` is where it lies. */
export type TabularFile = { name: string; path: string }
type Cell = string | null
export type TabularReport = { ok: true; rows: number; columns: Column[]; preview: Cell[][] } | { ok: false; reason: string }

/**
 * Reads the files of a data set one after the other, as one table: all have the same columns. Memory is bounded, whatever
 * they hold. A CSV file's first line names its columns; an empty field, a null or a key left out is a missing value.
 * @returns what is in them, or a sentence that says which file, line and column can not be used and what to do.
 */
export async function inspectTabular(files: TabularFile[], format: TabularFormat): Promise<TabularReport> {
  const table = new Table()
  for (const file of files) {
    try {
      await (format === 'csv' ? addCsv(table, file.path) : addJsonl(table, file.path))
    } catch (error) {
      if (error instanceof Rejection) return { ok: false, reason: error.about(file.name) }
      throw error
    }
  }
  return table.finish(files.map((file) => file.name).join(', '))
}

class Table {
  readonly #budget = new Budget()
  readonly #columns: ColumnSummary[] = []
  readonly #places = new Map<string, number>()
  readonly #preview: Cell[][] = []
  #previewChars = 0
  rows = 0

  get names(): string[] {
    return [...this.#places.keys()]
  }

  /** Place of a column; it is made when it is new, with a missing value for each row before. */
  placeOf(name: string, line: number): number {
    const known = this.#places.get(name)
    if (known !== undefined) return known
    if (this.#columns.length === maxColumns) throw new Rejection(`there are more than ${maxColumns} columns`, line)
    checkName(name, line)
    const column = new ColumnSummary(name, this.#budget)
    column.addMissing(this.rows)
    this.#places.set(name, this.#columns.length)
    return this.#columns.push(column) - 1
  }

  add(cells: Cell[]): void {
    this.rows++
    for (const [place, column] of this.#columns.entries()) {
      const cell = cells[place] ?? ''
      if (cell === '') column.addMissing()
      else column.add(cell)
    }
    if (this.#preview.length < previewRows && this.#previewChars < maxPreviewChars) this.#show(cells)
  }

  #show(cells: Cell[]): void {
    const row = cells.map((cell) => (cell === null || cell === '' ? null : shortened(cell)))
    this.#preview.push(row)
    for (const cell of row) this.#previewChars += cell?.length ?? 0
  }

  finish(names: string): TabularReport {
    if (this.rows === 0) return { ok: false, reason: `${names}: there are no rows. A data set needs at least one row of values.` }
    const width = this.#columns.length
    if (width === 0) return { ok: false, reason: `${names}: there are no columns. Give every row at least one value with a name.` }
    const preview = this.#preview.map((row) => Array.from({ length: width }, (_, place) => row[place] ?? null))
    return { ok: true, rows: this.rows, columns: this.#columns.map((column) => column.finish()), preview }
  }
}

const shortened = (cell: string): string => (cell.length > previewCellChars ? `${cell.slice(0, previewCellChars).toWellFormed()}…` : cell)

function checkName(name: string, line: number): void {
  if (name.trim() === '') throw new Rejection('a column has no name', line)
  if (name.length > maxNameChars)
    throw new Rejection(`a column's name has more than ${maxNameChars} characters: is the first line the header?`, line)
  if (/\p{Cc}/u.test(name) || !name.isWellFormed())
    throw new Rejection("a column's name has control characters or broken Unicode in it", line)
}

async function addCsv(table: Table, path: string): Promise<void> {
  let width: number | undefined
  for await (const records of readCsv(path)) {
    for (const { line, fields } of records) {
      if (width === undefined) width = readHeader(table, fields, line)
      else addRecord(table, fields, width, line)
    }
  }
  if (width === undefined) throw new Rejection('the file is empty: its first line must name the columns')
}

/** @returns the number of columns. */
function readHeader(table: Table, names: string[], line: number): number {
  const known = table.names
  refuseOtherSeparators(names, line)
  for (const [at, name] of names.entries()) {
    if (name.trim() === '') throw new Rejection(`column ${at + 1} has no name in the header`, line)
    if (names.indexOf(name) !== at) throw new Rejection(`the header has the column "${name}" twice`, line)
    if (known.length > 0 && known[at] !== name)
      throw new Rejection(
        `column ${at + 1} is "${name}", but in the first file it is ${known[at] === undefined ? 'missing' : `"${known[at]}"`}`,
        line,
      )
    table.placeOf(name, line)
  }
  if (known.length > names.length) throw new Rejection(`the column "${known[names.length]}" of the first file is missing`, line)
  return names.length
}

function refuseOtherSeparators(names: string[], line: number): void {
  const found = names.length === 1 ? /[;\t|]/.exec(names[0] ?? '')?.[0] : undefined
  if (!found) return
  const called = { ';': 'semicolons', '\t': 'tabs', '|': 'bars' }[found]
  throw new Rejection(`the columns are parted by ${called}: save the file with commas`, line)
}

function addRecord(table: Table, fields: string[], width: number, line: number): void {
  if (fields.length !== width) {
    const hint = fields.length > width ? ': put a field that holds a comma in quotes' : ''
    throw new Rejection(`row ${table.rows + 1} has ${fields.length} fields, but the header has ${width}${hint}`, line)
  }
  table.add(fields)
}

async function addJsonl(table: Table, path: string): Promise<void> {
  for await (const { line, values } of readJsonl(path)) {
    const cells: Cell[] = []
    for (const [name, value] of values) cells[table.placeOf(name, line)] = value
    table.add(cells)
  }
}
