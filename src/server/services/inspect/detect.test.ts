import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { bytes, onnxFile } from '#src/testing/onnx.ts'
import { inspectFile } from './detect.ts'

const folder = mkdtempSync(join(tmpdir(), 'neuroweaver-detect-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function inspect(filename: string, content: Buffer | string) {
  const path = join(folder, 'content')
  writeFileSync(path, content)
  return inspectFile(path, filename)
}

const png = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')

function safetensors(header: unknown, dataBytes = 16, length?: bigint): Buffer {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header))
  const prefix = Buffer.alloc(8)
  prefix.writeBigUInt64LE(length ?? BigInt(text.length))
  return Buffer.concat([prefix, text, Buffer.alloc(dataBytes)])
}
const weight = { dtype: 'F32', shape: [2, 2], data_offsets: [0, 16] }

function parquet(footerBytes: number): Buffer {
  const tail = Buffer.alloc(8)
  tail.writeUInt32LE(footerBytes)
  tail.write('PAR1', 4)
  return Buffer.concat([Buffer.from('PAR1'), Buffer.alloc(20), tail])
}

describe('inspectFile', () => {
  it.each<[string, string, Buffer | string, string]>([
    ['ONNX by its name', 'model.onnx', onnxFile(), 'onnx'],
    ['ONNX under another name', 'model.bin', onnxFile(), 'onnx'],
    ['CSV', 'Data.CSV', 'a,b\n1,2\n', 'csv'],
    ['JSON Lines', 'data.jsonl', '{"a":1}\n', 'jsonl'],
    ['JSON', 'config.json', '{}', 'json'],
    ['safetensors', 'w.safetensors', safetensors({ w: weight, __metadata__: { format: 'pt' } }), 'safetensors'],
    ['safetensors under another name', 'w.bin', safetensors({ w: weight }), 'safetensors'],
    ['Parquet', 'data.parquet', parquet(20), 'parquet'],
    ['Parquet whose footer lies', 'data.parquet', parquet(21), 'unknown'],
    ['an image under the name of a table', 'data.csv', png, 'unknown'],
    ['a pickle', 'model.pkl', Buffer.from('80049502', 'hex'), 'unknown'],
    ['words', 'README.md', '# Read me\n', 'unknown'],
    ['nothing', 'empty.bin', '', 'unknown'],
    ['a name that every object has', 'a.constructor', 'x', 'unknown'],
  ])('knows %s', async (_name, filename, content, format) => {
    expect(await inspect(filename, content)).toMatchObject({ ok: true, format })
  })

  it.each<[string, string, Buffer | string, RegExp]>([
    ['an image', 'model.onnx', png, /This is a PNG image, not an ONNX file/],
    ['nothing', 'model.onnx', '', /The file is empty/],
    ['half of one', 'model.onnx', onnxFile().subarray(0, 70), /cut off/],
    ['a pickle', 'model.onnx', Buffer.from('8004', 'hex'), /Python pickle/],
    ['a zip', 'model.onnx', Buffer.from('504b0304', 'hex'), /zip archive/],
    ['ORT format', 'model.onnx', Buffer.from('\x20\0\0\0ORTM\0\0\0\0'), /ORT format/],
    ['a graph with custom operators', 'm.onnx', onnxFile({ graph: [bytes(1, [bytes(4, 'X'), bytes(7, 'me')])] }), /custom operator/],
  ])('refuses %s under the name of a model', async (_name, filename, content, reason) => {
    expect(await inspect(filename, content)).toEqual({ ok: false, reason: expect.stringMatching(reason) })
  })

  it('keeps a model that can not be served under another name, and says why', async () => {
    expect(await inspect('graph.bin', onnxFile({ outputs: [] }))).toMatchObject({
      ok: true,
      format: 'unknown',
      rejection: expect.stringContaining('no outputs'),
    })
  })

  it.each<[string, Buffer | string]>([
    ['no bytes', ''],
    ['a header of no bytes', safetensors('', 16)],
    ['a header past the end', safetensors({}, 0, 1000n)],
    ['a header of 2^64 - 1 bytes', safetensors({}, 0, 2n ** 64n - 1n)],
    ['a header that is no JSON', safetensors('{"a":', 0)],
    ['a header 100,000 deep', safetensors(`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`, 0)],
    [
      'the same name twice',
      safetensors('{"w":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"w":{"dtype":"F32","shape":[4],"data_offsets":[16,32]}}', 32),
    ],
    ['tensors that overlap', safetensors({ a: weight, b: weight })],
    ['a gap', safetensors({ a: weight, b: { ...weight, data_offsets: [20, 36] } }, 36)],
    ['offsets that run backwards', safetensors({ a: { ...weight, data_offsets: [16, 0] } })],
    ['offsets past the end', safetensors({ a: weight }, 8)],
    ['bytes after the last tensor', safetensors({ a: weight }, 17)],
    ['a shape of another size', safetensors({ a: { ...weight, shape: [3, 2] } })],
    ['a shape past any size', safetensors({ a: { ...weight, shape: [2 ** 53 - 1, 2 ** 53 - 1] } })],
    ['a type that every object has', safetensors({ a: { ...weight, dtype: 'constructor' } })],
    ['a key of every object', safetensors('{"__proto__":{"dtype":"F32"}}', 0)],
  ])('refuses safetensors with %s', async (_name, content) => {
    expect(await inspect('w.safetensors', content)).toEqual({ ok: false, reason: expect.stringContaining('not a whole safetensors file') })
  })
})
