/** Files of text, read as bytes that are known to be UTF-8. */
import { isUtf8 } from 'node:buffer'
import { createReadStream } from 'node:fs'

const chunkBytes = 1024 * 1024
export const maxLineBytes = 16 * 1024 * 1024

/** Why a file can not be used, and where: a sentence for the person who made it. */
export class Rejection extends Error {
  override readonly name = 'Rejection'
  readonly line: number | undefined

  constructor(message: string, line?: number) {
    super(message)
    this.line = line
  }

  /** The whole sentence, beginning with the file's name. */
  about(file: string): string {
    return this.line === undefined ? `${file}: ${this.message}.` : `${file}, line ${this.line}: ${this.message}.`
  }
}

const nulByte = 0
const newline = 0x0a
const carriageReturn = 0x0d

/**
 * The bytes of a UTF-8 file, without a byte order mark.
 * @throws Rejection for UTF-16, for bytes that are not UTF-8 and for NUL bytes, naming the line.
 */
export async function* readText(path: string): AsyncGenerator<Buffer> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let isFirst = true
  for await (const chunk of createReadStream(path, { highWaterMark: chunkBytes }) as AsyncIterable<Buffer>) {
    if (isFirst) refuseOtherEncodings(chunk)
    await check(path, decoder, chunk)
    yield isFirst && chunk.indexOf('\uFEFF') === 0 ? chunk.subarray(3) : chunk
    isFirst = false
  }
  await check(path, decoder, undefined)
}

function refuseOtherEncodings(start: Buffer): void {
  const mark = start.length >= 2 ? start.readUInt16BE(0) : 0
  const isWide =
    mark === 0xfffe ||
    mark === 0xfeff ||
    (start.length >= 4 && (start[0] === 0) !== (start[1] === 0) && (start[2] === 0) === (start[0] === 0))
  if (isWide) throw new Rejection('the text is UTF-16: save it as UTF-8')
}

async function check(path: string, decoder: TextDecoder, chunk: Buffer | undefined): Promise<void> {
  if (chunk?.includes(nulByte))
    throw new Rejection('there is a NUL byte: this is no text, or it was damaged', await lineOf(path, (line) => line.includes(nulByte)))
  try {
    decoder.decode(chunk, { stream: chunk !== undefined })
  } catch {
    throw new Rejection('this is not UTF-8 text: save the file as UTF-8', await lineOf(path, (line) => !isUtf8(line)))
  }
}

/** Number, from 1, of the first line that `isIt`; the file is read again, which only a bad one has to pay for. */
async function lineOf(path: string, isIt: (line: Buffer) => boolean): Promise<number> {
  let number = 0
  for await (const line of lines(createReadStream(path, { highWaterMark: chunkBytes }))) {
    number++
    if (isIt(line)) break
  }
  return Math.max(1, number)
}

/** Splits bytes at LF, CRLF taken as one; the last line may end without. @throws Rejection for a line above 16 MiB. */
export async function* lines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let parts: Buffer[] = []
  let held = 0
  let count = 0
  for await (const chunk of chunks) {
    let start = 0
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      count++
      yield withoutReturn(parts.length === 0 ? chunk.subarray(start, end) : Buffer.concat([...parts, chunk.subarray(start, end)]))
      parts = []
      held = 0
      start = end + 1
    }
    held += chunk.length - start
    if (held > maxLineBytes) throw new Rejection('the line has more than 16 MiB', count + 1)
    if (start < chunk.length) parts.push(chunk.subarray(start))
  }
  if (held > 0) yield withoutReturn(Buffer.concat(parts))
}

const withoutReturn = (line: Buffer): Buffer => (line.at(-1) === carriageReturn ? line.subarray(0, -1) : line)
