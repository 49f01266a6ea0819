/** Reads protobuf out of a file in steps, without ever holding more than a window of it. */
import { isUtf8 } from 'node:buffer'
import { readSync } from 'node:fs'
import { Rejection } from './text.ts'

const windowBytes = 256 * 1024
const maxDepth = 64
const maxNameBytes = 4096
/** Some ten times what the largest graphs in use have; a flood of tiny fields would otherwise keep the worker for minutes. */
const maxFields = 20_000_000

/** The bytes are no protobuf message. `isCutOff`: a length points past the end of the file. */
export class Malformed extends Error {
  override readonly name = 'Malformed'
  readonly isCutOff: boolean

  constructor(message: string, isCutOff = false) {
    super(message)
    this.isCutOff = isCutOff
  }
}

export type Field = { number: number; wireType: 0 | 1 | 2 | 5; value: bigint; start: number; end: number }

/** A cursor over one open file. Positions are bytes from its start. */
export class ProtobufFile {
  readonly #fd: number
  readonly sizeBytes: number
  readonly #window = Buffer.allocUnsafe(windowBytes)
  #windowStart = 0
  #windowEnd = 0
  #at = 0
  #depth = 0
  #fields = 0

  constructor(fd: number, sizeBytes: number) {
    this.#fd = fd
    this.sizeBytes = sizeBytes
  }

  /**
   * Calls `visit` for each field of the message between two positions. What `visit` does not read is skipped.
   * @throws Malformed; Rejection past 64 levels or 20 million fields.
   */
  message(start: number, end: number, visit: (field: Field) => void): void {
    if (this.#depth === maxDepth) throw new Rejection(`the graph is nested more than ${maxDepth} levels deep`)
    this.#depth++
    for (this.#at = start; this.#at < end; ) {
      if (++this.#fields > maxFields) throw new Rejection('the file has more fields than any graph needs')
      const field = this.#field(end)
      visit(field)
      this.#at = field.end
    }
    this.#depth--
  }

  /** Visits the fields of a field that holds a message. */
  within(field: Field, visit: (field: Field) => void): void {
    if (field.wireType !== 2) throw new Malformed('a message has the wrong type')
    this.message(field.start, field.end, visit)
  }

  /** The text of a name. @throws Malformed when it is no UTF-8; Rejection when it has more than 4096 bytes. */
  text(field: Field): string {
    if (field.wireType !== 2) throw new Malformed('a name has the wrong type')
    if (field.end - field.start > maxNameBytes) throw new Rejection(`a name in the file has ${field.end - field.start} bytes`)
    const bytes = this.#bytes(field)
    if (!isUtf8(bytes)) throw new Malformed('a name is not UTF-8')
    return bytes.toString('utf8')
  }

  #bytes({ start, end }: Field): Buffer {
    if (start >= this.#windowStart && end <= this.#windowEnd)
      return this.#window.subarray(start - this.#windowStart, end - this.#windowStart)
    const bytes = Buffer.alloc(end - start)
    if (readSync(this.#fd, bytes, 0, bytes.length, start) !== bytes.length) throw new Malformed('the file became shorter', true)
    return bytes
  }

  /** Calls `visit` for each number of a repeated field, packed or not. */
  numbers(field: Field, visit: (value: bigint) => void): void {
    if (field.wireType === 0) return visit(field.value)
    if (field.wireType !== 2) throw new Malformed('a number has the wrong type')
    for (this.#at = field.start; this.#at < field.end; ) {
      if (++this.#fields > maxFields) throw new Rejection('the file has more fields than any graph needs')
      visit(this.#varint(field.end))
    }
  }

  #field(end: number): Field {
    const tag = this.#small(end)
    const [number, wireType] = [Math.floor(tag / 8), tag % 8]
    if (number === 0 || number > 0x1fffffff) throw new Malformed('a field has no number')
    if (wireType === 0) {
      const value = this.#varint(end)
      return { number, wireType, value, start: this.#at, end: this.#at }
    }
    if (wireType !== 1 && wireType !== 2 && wireType !== 5) throw new Malformed('a field has an unknown type')
    const length = wireType === 2 ? this.#small(end) : wireType === 1 ? 8 : 4
    const start = this.#at
    if (start + length > end) throw new Malformed('a field is longer than what holds it', start + length > this.sizeBytes)
    return { number, wireType, value: 0n, start, end: start + length }
  }

  /** Seven bits a byte, at most ten bytes (64 bits). */
  #varint(end: number): bigint {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte(end)
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return BigInt.asUintN(64, value)
    }
    throw new Malformed('a number has more than ten bytes')
  }

  /** The same for tags and lengths, faster. Above 2^53 it is not exact, but then it is past the end of any file. */
  #small(end: number): number {
    let value = 0
    for (let scale = 1, count = 0; count < 10; scale *= 128, count++) {
      const byte = this.#byte(end)
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
    throw new Malformed('a number has more than ten bytes')
  }

  #byte(end: number): number {
    if (this.#at >= end) throw new Malformed('a number is cut off', end >= this.sizeBytes)
    if (this.#at < this.#windowStart || this.#at >= this.#windowEnd) this.#fill()
    return this.#window[this.#at++ - this.#windowStart] as number
  }

  #fill(): void {
    this.#windowStart = this.#at
    this.#windowEnd = this.#at + readSync(this.#fd, this.#window, 0, windowBytes, this.#at)
    if (this.#windowEnd === this.#windowStart) throw new Malformed('the file became shorter', true)
  }
}
