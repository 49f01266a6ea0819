/** What an upload is: by its content, and by its name only where content can be anything. */
import { type FileHandle, open } from 'node:fs/promises'
import type { Signature } from '#src/contracts/signature.ts'
import type { ArtifactFormat } from '#src/contracts/upload.ts'
import { inspectOnnx } from './onnx.ts'
import { safetensorsFault } from './safetensors.ts'

/** Whole, as far as is known; `rejection` says why content that looks like a model is none. Or refused, with the reason. */
export type Inspection =
  | { ok: true; format: ArtifactFormat; signature: Signature | null; rejection: string | null }
  | { ok: false; reason: string }

const found = (format: ArtifactFormat, rejection: string | null = null): Inspection => ({ ok: true, format, signature: null, rejection })
const unknown = found('unknown')

/** Content whose first bytes say what it is, so that it can be named when it comes under a false name. */
const magics: [name: string, bytes: Buffer][] = [
  ['a PNG image', Buffer.from('89504e470d0a1a0a', 'hex')],
  ['a JPEG image', Buffer.from('ffd8ff', 'hex')],
  ['a GIF image', Buffer.from('GIF8')],
  ['a PDF document', Buffer.from('%PDF-')],
  ['a zip archive', Buffer.from('504b0304', 'hex')],
  ['a gzip archive', Buffer.from('1f8b', 'hex')],
  ['a zstd archive', Buffer.from('28b52ffd', 'hex')],
  ['a 7z archive', Buffer.from('377abcaf271c', 'hex')],
  ['an HDF5 file', Buffer.from('894844460d0a1a0a', 'hex')],
  ['a Python pickle', Buffer.from('8002', 'hex')],
  ['a Python pickle', Buffer.from('8003', 'hex')],
  ['a Python pickle', Buffer.from('8004', 'hex')],
  ['a Python pickle', Buffer.from('8005', 'hex')],
  ['a NumPy array', Buffer.from('934e554d5059', 'hex')],
  ['a GGUF model', Buffer.from('GGUF')],
  ['a program', Buffer.from('7f454c46', 'hex')],
  ['a Parquet file', Buffer.from('PAR1')],
]
const ortModel = Buffer.from('ORTM')

/** Text is what its name says; whether it is well-formed is found when a data set is made of it. */
const textFormats = new Map<string, ArtifactFormat>([
  ['csv', 'csv'],
  ['tsv', 'csv'],
  ['jsonl', 'jsonl'],
  ['ndjson', 'jsonl'],
  ['json', 'json'],
])

/**
 * Says what a file is, without running anything in it.
 * @param filename as its owner calls it; a name that promises ONNX or safetensors is held to it.
 */
export async function inspectFile(path: string, filename: string): Promise<Inspection> {
  const file = await open(path, 'r')
  try {
    const sizeBytes = (await file.stat()).size
    return await inspect(path, file, sizeBytes, extensionOf(filename))
  } finally {
    await file.close()
  }
}

const extensionOf = (filename: string): string => /\.([A-Za-z0-9]{1,16})$/.exec(filename)?.[1]?.toLowerCase() ?? ''

async function inspect(path: string, file: FileHandle, sizeBytes: number, extension: string): Promise<Inspection> {
  const start = await readAt(file, 0, Math.min(sizeBytes, 64))
  const magic = magics.find(([, bytes]) => start.subarray(0, bytes.length).equals(bytes))
  if (extension === 'onnx') return inspectNamedOnnx(path, sizeBytes, start, magic?.[0])
  if (extension === 'safetensors') {
    const fault = await safetensorsFault(file, sizeBytes)
    return fault ? { ok: false, reason: fault } : found('safetensors')
  }
  if (magic?.[0] === 'a Parquet file') return (await isParquet(file, sizeBytes)) ? found('parquet') : unknown
  if (magic) return unknown
  const byName = textFormats.get(extension)
  if (byName && !start.includes(0)) return found(byName)
  return byName ? unknown : inspectNameless(path, file, sizeBytes)
}

function inspectNamedOnnx(path: string, sizeBytes: number, start: Buffer, magic: string | undefined): Inspection {
  if (sizeBytes === 0) return { ok: false, reason: 'The file is empty. Export the model again.' }
  if (magic) return { ok: false, reason: `This is ${magic}, not an ONNX file. Export the model as ONNX.` }
  if (start.subarray(4, 8).equals(ortModel))
    return { ok: false, reason: 'This is a model in ORT format. Upload the ONNX file that it was made from.' }
  const report = inspectOnnx(path, sizeBytes)
  return report.ok ? { ok: true, format: 'onnx', signature: report.signature, rejection: null } : { ok: false, reason: report.reason }
}

/** Another name promises nothing, so that nothing is refused; what could have been a model says why it is none. */
async function inspectNameless(path: string, file: FileHandle, sizeBytes: number): Promise<Inspection> {
  if (sizeBytes === 0) return unknown
  if ((await safetensorsFault(file, sizeBytes)) === undefined) return found('safetensors')
  const report = inspectOnnx(path, sizeBytes)
  if (report.ok) return { ok: true, format: 'onnx', signature: report.signature, rejection: null }
  return found('unknown', report.isOnnx ? report.reason : null)
}

/** Magic at both ends, and a footer that fits between them. */
async function isParquet(file: FileHandle, sizeBytes: number): Promise<boolean> {
  if (sizeBytes < 12) return false
  const end = await readAt(file, sizeBytes - 8, 8)
  return end.subarray(4).equals(Buffer.from('PAR1')) && end.readUInt32LE(0) <= sizeBytes - 12
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position)
  return buffer.subarray(0, bytesRead)
}
