/** Checks that the header of a safetensors file fits what it holds: 8 bytes length, JSON, then the tensors end to end. */
import type { FileHandle } from 'node:fs/promises'
import { z } from 'zod'

/** A tenth of what the reference reader takes, and ten times what the largest models have. */
const maxHeaderBytes = 10 * 1024 * 1024

const bits = new Map(
  Object.entries({
    BOOL: 8,
    U8: 8,
    I8: 8,
    F8_E4M3: 8,
    F8_E5M2: 8,
    F8_E8M0: 8,
    F4: 4,
    F6_E2M3: 6,
    F6_E3M2: 6,
    I16: 16,
    U16: 16,
    F16: 16,
    BF16: 16,
    I32: 32,
    U32: 32,
    F32: 32,
    C64: 64,
    F64: 64,
    I64: 64,
    U64: 64,
  }),
)

const whole = z.number().int().min(0)
const tensor = z.strictObject({ dtype: z.string(), shape: z.array(whole).max(64), data_offsets: z.tuple([whole, whole]) })

const damaged = (why: string) => `This is not a whole safetensors file: ${why}. Save the model again.`

/** @returns why it can not be one; undefined when its header and its size agree. */
export async function safetensorsFault(file: FileHandle, sizeBytes: number): Promise<string | undefined> {
  if (sizeBytes < 10) return damaged('it is too short')
  const length = (await read(file, 0, 8)).readBigUInt64LE(0)
  if (length < 2n || length > BigInt(sizeBytes - 8)) return damaged('its header would be longer than the file')
  if (length > BigInt(maxHeaderBytes)) return damaged(`its header has more than ${maxHeaderBytes} bytes`)
  const text = (await read(file, 8, Number(length))).toString('utf8')
  if (!text.startsWith('{')) return damaged('its header is no JSON object')
  return faultOf(text, sizeBytes - 8 - Number(length))
}

async function read(file: FileHandle, position: number, length: number): Promise<Buffer> {
  return (await file.read(Buffer.alloc(length), 0, length, position)).buffer
}

function faultOf(text: string, dataBytes: number): string | undefined {
  let header: [string, unknown][]
  try {
    header = Object.entries(JSON.parse(text) as object).filter(([name]) => name !== '__metadata__')
  } catch {
    return damaged('its header is no valid JSON')
  }
  const spans: [number, number][] = []
  for (const [name, value] of header) {
    const parsed = tensor.safeParse(value)
    const fault = parsed.success ? tensorFault(parsed.data) : 'is not described as a tensor'
    if (fault || !parsed.success) return damaged(`"${name.slice(0, 100)}" ${fault}`)
    spans.push(parsed.data.data_offsets)
  }
  return spanFault(spans, dataBytes)
}

function tensorFault({ dtype, shape, data_offsets: [start, end] }: z.infer<typeof tensor>): string | undefined {
  const width = bits.get(dtype)
  if (width === undefined) return `has the unknown type ${dtype.slice(0, 20)}`
  const elements = shape.reduce((product, size) => product * size, 1)
  return elements * width === (end - start) * 8 ? undefined : 'has another size than its shape needs'
}

/** The reference reader wants neither gaps nor overlaps; equal names show as a gap, since JSON keeps the last. */
function spanFault(spans: [number, number][], dataBytes: number): string | undefined {
  let at = 0
  for (const [start, end] of spans.sort((one, other) => one[0] - other[0] || one[1] - other[1])) {
    if (start !== at || end < start) return damaged('its tensors do not lie end to end')
    at = end
  }
  return at === dataBytes ? undefined : damaged('its tensors do not fill it')
}
