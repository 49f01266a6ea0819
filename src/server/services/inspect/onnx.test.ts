import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InferenceSession } from 'onnxruntime-node'
import { afterAll, describe, expect, it } from 'vitest'
import { bytes, int, node, onnxFile, opset, tensorValue, varint, weights } from '#src/testing/onnx.ts'
import { inspectOnnx } from './onnx.ts'

const folder = mkdtempSync(join(tmpdir(), 'neuroweaver-onnx-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function inspect(content: Buffer) {
  const path = join(folder, 'model.onnx')
  writeFileSync(path, content)
  return inspectOnnx(path, content.length)
}

const reasonOf = (content: Buffer): string => {
  const report = inspect(content)
  return report.ok ? 'accepted' : report.reason
}

/** Of the processor: how long it takes on a clock is the machine's affair. */
function computedMs(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since)
  return (user + system) / 1000
}

/** A type that holds another: 4 sequence, 5 map, 9 optional. */
const wrapped = (name: string, kind: number, inside: Buffer[]) => [bytes(1, name), bytes(2, [bytes(kind, inside)])]
const floatTensor = bytes(1, [int(1, 1)])

describe('inspectOnnx', () => {
  it('finds inputs and outputs of a file that onnxruntime loads', async () => {
    const content = onnxFile()
    expect(inspect(content)).toEqual({
      ok: true,
      signature: { inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 4] }], outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 4] }] },
    })
    const session = await InferenceSession.create(content)
    expect(session.inputNames).toEqual(['x'])
    await session.release()
  })

  it('leaves weights out of the inputs, and gives every free dimension as -1', () => {
    const inputs = [tensorValue('x', 7, [2, null]), tensorValue('w', 1, [4]), tensorValue('free', 8, 'none'), tensorValue('scalar', 9, [])]
    expect(inspect(onnxFile({ irVersion: 3, inputs }))).toMatchObject({
      signature: {
        inputs: [
          { name: 'x', datatype: 'INT64', shape: [2, -1] },
          { name: 'free', datatype: 'BYTES', shape: [-1] },
          { name: 'scalar', datatype: 'BOOL', shape: [] },
        ],
      },
    })
  })

  it('agrees with onnxruntime about versions at both ends of what it loads', async () => {
    const loads = (content: Buffer) =>
      InferenceSession.create(content, { logSeverityLevel: 4 }).then(
        (session) => session.release().then(() => true),
        () => false,
      )
    for (const content of [
      onnxFile({ irVersion: 1 }),
      onnxFile({ irVersion: 13 }),
      onnxFile({ irVersion: 14 }),
      onnxFile({ opsets: [opset(26)] }),
      onnxFile({ opsets: [opset(27)] }),
      onnxFile({ opsets: [opset(17), opset(5, 'ai.onnx.ml')] }),
      onnxFile({ opsets: [opset(17), opset(6, 'ai.onnx.ml')] }),
      onnxFile({ opsets: [opset(17), opset(1, 'com.example')] }),
    ]) {
      expect(inspect(content).ok).toBe(await loads(content))
    }
  })

  it('takes operators that the file defines itself', () => {
    const call = node('Twice', ['x'], ['y'], [bytes(7, 'local')])
    const twice = bytes(25, [
      bytes(1, 'Twice'),
      bytes(4, 'a'),
      bytes(5, 'b'),
      bytes(7, [bytes(1, 'a'), bytes(2, 'b'), bytes(4, 'Identity')]),
      bytes(10, 'local'),
    ])
    expect(reasonOf(onnxFile({ graph: [call], opsets: [opset(17), opset(1, 'local')], extra: [twice] }))).toBe('accepted')
    expect(reasonOf(onnxFile({ graph: [call], opsets: [opset(17), opset(1, 'local')] }))).toMatch(/custom operator "local.Twice"/)
  })

  const external = [bytes(13, [bytes(1, 'location'), bytes(2, '../../etc/passwd')]), int(14, 1)]
  const externalTensor = [int(1, 4), int(2, 1), bytes(8, 'w'), ...external]
  const inBranch = bytes(5, [bytes(1, 'then_branch'), bytes(6, [bytes(5, externalTensor)])])
  const nested = (depth: number): Buffer =>
    depth === 0 ? node('Identity', ['x'], ['y']) : node('If', ['c'], ['y'], [bytes(5, [bytes(6, [nested(depth - 1)])])])

  it.each<[string, Buffer, RegExp]>([
    ['nothing', Buffer.alloc(0), /is empty/],
    ['zeros', Buffer.alloc(4096), /not an ONNX file/],
    ['words', Buffer.from('age,city\n41,Oslo\n'), /not an ONNX file/],
    ['half of it', onnxFile().subarray(0, 60), /cut off/],
    ['all but the last byte', onnxFile().subarray(0, -1), /cut off/],
    ['a graph alone, without its version', onnxFile({ irVersion: null }), /not an ONNX file/],
    ['no graph', Buffer.concat([int(1, 8), opset(17)]), /not an ONNX file/],
    ['two graphs', Buffer.concat([onnxFile(), bytes(7, [])]), /more than one graph/],
    ['IR version 999', onnxFile({ irVersion: 999 }), /IR version 999, but 1 to 13/],
    ['IR version 0', onnxFile({ irVersion: 0 }), /IR version 0/],
    ['no opset', onnxFile({ opsets: [] }), /opset_import/],
    ['opset 999', onnxFile({ opsets: [opset(999)] }), /version 999 of the operators ai\.onnx.*opset_version=26/],
    [
      'a domain named as what every object has',
      onnxFile({ opsets: [opset(17), opset(1, 'constructor')], graph: [node('A', [], ['y'], [bytes(7, '__proto__')])] }),
      /custom operator "__proto__.A"/,
    ],
    [
      'a custom operator',
      onnxFile({ graph: [node('Magic', ['x'], ['y'], [bytes(7, 'com.example')])] }),
      /custom operator "com\.example\.Magic"/,
    ],
    ['a training graph', onnxFile({ extra: [bytes(20, [])] }), /training graph/],
    ['no outputs', onnxFile({ outputs: [] }), /no outputs/],
    ['external weights', onnxFile({ graph: [bytes(5, externalTensor)] }), /external data.*Save the model as one file/],
    ['external weights inside a branch', onnxFile({ graph: [node('If', ['x'], ['y'], [inBranch])] }), /external data/],
    [
      'external weights inside a function',
      onnxFile({ extra: [bytes(25, [bytes(7, [bytes(5, [bytes(5, externalTensor)])])])] }),
      /external data/,
    ],
    ['external weights in a sparse tensor', onnxFile({ graph: [bytes(15, [bytes(1, externalTensor)])] }), /external data/],
    [
      'an address for a location',
      onnxFile({ graph: [bytes(5, [int(14, 1), bytes(13, [bytes(1, 'location'), bytes(2, '*/_ORT_MEM_ADDR_/*')])])] }),
      /external data/,
    ],
    ['a negative dimension', onnxFile({ graph: [bytes(5, [int(1, -1), int(2, 1), bytes(9, Buffer.alloc(4))])] }), /negative dimension/],
    [
      'dimensions past any memory',
      onnxFile({ graph: [bytes(5, [int(1, 2 ** 31), int(1, 2 ** 31), int(2, 1), bytes(9, Buffer.alloc(4))])] }),
      /size that their shape needs/,
    ],
    [
      'packed dimensions that lie',
      onnxFile({ graph: [bytes(5, [bytes(1, Buffer.concat([varint(3), varint(5)])), int(2, 1), bytes(9, Buffer.alloc(4))])] }),
      /size that their shape needs/,
    ],
    ['subgraphs 2,000 deep', onnxFile({ graph: [nested(2_000)] }), /64 levels deep/],
    ['a length of 2 GB', Buffer.concat([int(1, 8), varint(7 * 8 + 2), varint(2 ** 31)]), /cut off/],
    ['a number of 11 bytes', Buffer.concat([varint(8), Buffer.alloc(10, 0xff), Buffer.from([1])]), /not an ONNX file/],
    ['groups', Buffer.concat([int(1, 8), Buffer.alloc(20_000, 0x3b)]), /not an ONNX file/],
    ['two inputs of one name', onnxFile({ inputs: [tensorValue('x'), tensorValue('x')] }), /two inputs of the graph are called "x"/i],
    ['an output without a name', onnxFile({ outputs: [tensorValue('')] }), /has no name/],
    ['a control character in a name', onnxFile({ inputs: [tensorValue('x\n')] }), /control characters/],
    ['a name that is not UTF-8', onnxFile({ inputs: [[bytes(1, Buffer.from([0xff])), ...tensorValue('x').slice(1)]] }), /not an ONNX file/],
    ['a sequence for an input', onnxFile({ inputs: [wrapped('x', 4, [bytes(1, [floatTensor])])] }), /"x" is a sequence/],
    ['a map for an output', onnxFile({ outputs: [wrapped('y', 5, [int(1, 7)])] }), /"y" is a map/],
    ['probabilities of ZipMap', onnxFile({ outputs: [wrapped('y', 4, [bytes(1, [bytes(5, [int(1, 7)])])])] }), /sequence of maps.*zipmap/i],
    ['an optional input', onnxFile({ inputs: [wrapped('x', 9, [bytes(1, [floatTensor])])] }), /"x" is optional/],
    ['an input of bfloat16', onnxFile({ inputs: [tensorValue('x', 16)] }), /bfloat16/],
    ['an input of no type', onnxFile({ inputs: [[bytes(1, 'x')]] }), /of no known type/],
  ])('says why %s can not be served', (_name, content, reason) => {
    const before = process.cpuUsage()
    expect(reasonOf(content)).toMatch(reason)
    expect(computedMs(before)).toBeLessThan(1_000)
  })

  it('skips 1.9 GB of weights, and refuses a file past 2 GiB, at once', () => {
    const path = join(folder, 'large.onnx')
    const sizeBytes = 1_900_000_000
    const tensorHead = Buffer.concat([int(1, sizeBytes / 4), int(2, 1), bytes(8, 'w'), varint(9 * 8 + 2), varint(sizeBytes)])
    const graphRest = Buffer.concat([bytes(11, tensorValue('x')), bytes(12, tensorValue('y'))])
    const tensorBytes = tensorHead.length + sizeBytes
    const initializer = Buffer.concat([varint(5 * 8 + 2), varint(tensorBytes), tensorHead])
    const head = Buffer.concat([
      int(1, 8),
      opset(17),
      varint(7 * 8 + 2),
      varint(graphRest.length + initializer.length + sizeBytes),
      graphRest,
      initializer,
    ])
    writeFileSync(path, head)
    truncateSync(path, head.length + sizeBytes)
    const before = process.memoryUsage().rss
    const computedBefore = process.cpuUsage()
    expect(inspectOnnx(path, head.length + sizeBytes).ok).toBe(true)
    expect(computedMs(computedBefore)).toBeLessThan(500)
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024)
    expect(inspectOnnx(path, 2 ** 31)).toMatchObject({ ok: false, reason: expect.stringContaining('less than 2 GiB') })
  })

  it('bounds a flood of unknown fields', () => {
    const flood = Buffer.alloc(60_000_000)
    for (let at = 0; at < flood.length; at += 2) flood.writeUInt16BE(0x7801, at)
    expect(reasonOf(Buffer.concat([onnxFile(), flood]))).toMatch(/more fields than any graph needs/)
  })

  it('holds for any bytes and any damage: an answer, never an exception', () => {
    const good = onnxFile({ graph: [nested(3), weights('w', [4], [1, 2, 3, 4])] })
    for (let at = 0; at < good.length; at++) {
      for (const value of [0x00, 0x7f, 0xff, (good[at] as number) ^ 1]) {
        const damaged = Buffer.from(good)
        damaged[at] = value
        expect(typeof inspect(damaged).ok).toBe('boolean')
      }
    }
  })
})
