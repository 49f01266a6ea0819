/**
 * Binary messages over the pipe between the server and a replica:
 * u32 length of the whole frame, u32 length of the header, the header as JSON, then the numeric tensors, each at a multiple of 8 bytes.
 * Little-endian. Structured clones over Node's own channel took about three times as long for small tensors.
 */
import type { Duplex } from 'node:stream'
import type { Datatype } from '#src/contracts/signature.ts'
import { arrayTypes, type Value } from './datatypes.ts'

export type Header = Record<string, unknown>
type TensorHeader = { d: Datatype; s: number[]; t?: string[] }
export type TypedValue = Value & { datatype: Datatype }

const align = (offset: number) => Math.ceil(offset / 8) * 8
const joinBelowBytes = 64 * 1024

/** Writes one message; tensors keep their order. */
export function writeFrame(pipe: Duplex, header: Header, tensors: readonly TypedValue[] = []): void {
  const described = tensors.map(
    ({ datatype, shape, data }): TensorHeader => (Array.isArray(data) ? { d: datatype, s: shape, t: data } : { d: datatype, s: shape }),
  )
  const text = Buffer.from(JSON.stringify(tensors.length === 0 ? header : { ...header, tensors: described }))
  const blobs = tensors.flatMap(({ data }) => (Array.isArray(data) ? [] : [new Uint8Array(data.buffer, data.byteOffset, data.byteLength)]))
  const start = align(8 + text.length)
  const total = blobs.reduce((offset, blob) => align(offset + blob.length), start)
  if (total < joinBelowBytes) pipe.write(joined(text, blobs, start, total))
  else writeParts(pipe, text, blobs, start, total)
}

function joined(text: Buffer, blobs: Uint8Array[], start: number, total: number): Buffer {
  const frame = Buffer.allocUnsafe(total)
  frame.writeUInt32LE(total, 0)
  frame.writeUInt32LE(text.length, 4)
  frame.set(text, 8)
  let offset = start
  for (const blob of blobs) {
    frame.set(blob, offset)
    offset = align(offset + blob.length)
  }
  return frame
}

/** Large tensors are handed to the kernel as they lie, without a copy. */
function writeParts(pipe: Duplex, text: Buffer, blobs: Uint8Array[], start: number, total: number): void {
  const head = Buffer.alloc(start)
  head.writeUInt32LE(total, 0)
  head.writeUInt32LE(text.length, 4)
  head.set(text, 8)
  pipe.cork()
  pipe.write(head)
  for (const blob of blobs) {
    pipe.write(blob)
    const padding = align(blob.length) - blob.length
    if (padding > 0) pipe.write(Buffer.alloc(padding))
  }
  pipe.uncork()
}

function parseFrame(frame: Buffer): { header: Header; tensors: TypedValue[] } {
  const headerLength = frame.readUInt32LE(4)
  const header = JSON.parse(frame.toString('utf8', 8, 8 + headerLength)) as Header & { tensors?: TensorHeader[] }
  let offset = align(8 + headerLength)
  const tensors = (header.tensors ?? []).map(({ d, s, t }): TypedValue => {
    if (d === 'BYTES') return { datatype: d, shape: s, data: t ?? [] }
    const type = arrayTypes[d]
    const length = s.reduce((product, size) => product * size, 1)
    const data = new type(frame.buffer, frame.byteOffset + offset, length)
    offset = align(offset + data.byteLength)
    return { datatype: d, shape: s, data }
  })
  return { header, tensors }
}

/** Calls `onFrame` for every whole message; each lies in memory of its own, so its tensors may be kept. */
export function readFrames(pipe: Duplex, onFrame: (header: Header, tensors: TypedValue[]) => void): void {
  const prefix = Buffer.alloc(4)
  let prefixed = 0
  let frame: Buffer | undefined
  let filled = 0
  pipe.on('data', (chunk: Buffer) => {
    let position = 0
    while (position < chunk.length) {
      if (!frame) {
        const taken = chunk.copy(prefix, prefixed, position, position + 4 - prefixed)
        prefixed += taken
        position += taken
        if (prefixed < 4) return
        frame = Buffer.allocUnsafeSlow(prefix.readUInt32LE(0))
        filled = prefix.copy(frame)
        prefixed = 0
      }
      const taken = chunk.copy(frame, filled, position)
      filled += taken
      position += taken
      if (filled < frame.length) return
      const { header, tensors } = parseFrame(frame)
      frame = undefined
      onFrame(header, tensors)
    }
  })
}
