import { type CsvError, type Parser, parse } from 'csv-parse'
import { maxLineBytes, Rejection, readText } from './text.ts'

/** A record with the number of the line on which it ends. */
export type CsvRecord = { line: number; fields: string[] }

type Parsed = { record: string[]; info: { lines: number } }

/**
 * Records of a CSV file (RFC 4180; LF, CRLF and CR end a record; empty lines count for nothing), some at a time.
 * @throws Rejection naming the line: quotes that do not match, text that is not UTF-8, a record above 16 MiB.
 */
export async function* readCsv(path: string): AsyncGenerator<CsvRecord[]> {
  const parser = parse({
    record_delimiter: ['\r\n', '\n', '\r'],
    // Counted here, to name the row and what its header would have.
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: maxLineBytes,
    info: true,
  })
  let failure: CsvError | undefined
  parser.on('error', (error: CsvError) => {
    failure = error
  })
  let lastLine = 0
  for await (const chunk of readText(path)) {
    // Parsed within the call; the callback waits until the records are read.
    const written = new Promise((resolve) => parser.write(chunk, resolve))
    const records = take(parser)
    lastLine = records.at(-1)?.line ?? lastLine
    if (records.length > 0) yield records
    await written
    if (failure) throw explain(failure, lastLine + 1)
  }
  await new Promise((resolve) => parser.once('finish', resolve).once('error', resolve).end())
  const rest = take(parser)
  if (rest.length > 0) yield rest
  if (failure) throw explain(failure, (rest.at(-1)?.line ?? lastLine) + 1)
}

function take(parser: Parser): CsvRecord[] {
  const records: CsvRecord[] = []
  for (let parsed: Parsed | null = parser.read(); parsed !== null; parsed = parser.read())
    records.push({ line: parsed.info.lines, fields: parsed.record })
  return records
}

/** @param line where the record begins that could not be read. */
function explain(error: CsvError, line: number): Rejection {
  const { code } = error
  if (code === 'CSV_QUOTE_NOT_CLOSED') return new Rejection('a quote opens in the row that begins here and never closes', line)
  if (code === 'CSV_MAX_RECORD_SIZE')
    return new Rejection('the row that begins here has more than 16 MiB; perhaps a quote opens in it and never closes', line)
  if (code === 'CSV_INVALID_CLOSING_QUOTE' || code === 'INVALID_OPENING_QUOTE') {
    return new Rejection(
      'the quotes of the row that begins here do not match: put the whole field in quotes, and write a quote inside it twice',
      line,
    )
  }
  return new Rejection('the row that begins here can not be read as CSV', line)
}
