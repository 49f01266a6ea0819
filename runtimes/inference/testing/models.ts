import type { Datatype, Signature, TensorSpec } from '#src/contracts/signature.ts'
import { buildModel, type ModelSpec, type ValueInfo } from './onnx.ts'

export type TestModel = { bytes: Uint8Array; signature: Signature }

const specOf = ({ name, datatype, shape }: ValueInfo): TensorSpec => ({
  name,
  datatype,
  shape: shape.map((size) => (typeof size === 'number' ? size : -1)),
})

/** A model with the signature that its own graph declares. */
export function testModel(spec: ModelSpec): TestModel {
  return { bytes: buildModel(spec), signature: { inputs: spec.inputs.map(specOf), outputs: spec.outputs.map(specOf) } }
}

/** y = x · scale, FP32 [n, width]. */
export const scaleModel = (scale: number, width = 2): TestModel =>
  testModel({
    inputs: [{ name: 'x', datatype: 'FP32', shape: ['n', width] }],
    outputs: [{ name: 'y', datatype: 'FP32', shape: ['n', width] }],
    nodes: [{ op: 'Mul', inputs: ['x', 'scale'], outputs: ['y'] }],
    initializers: [{ name: 'scale', datatype: 'FP32', shape: [1], data: [scale] }],
  })

/** Gives each input back under the name `out_NAME`. */
export const identityModel = (inputs: readonly { name: string; datatype: Datatype; width?: number }[]): TestModel =>
  testModel({
    inputs: inputs.map(({ name, datatype, width = 1 }) => ({ name, datatype, shape: ['n', width] })),
    outputs: inputs.map(({ name, datatype, width = 1 }) => ({ name: `out_${name}`, datatype, shape: ['n', width] })),
    nodes: inputs.map(({ name }) => ({ op: 'Identity', inputs: [name], outputs: [`out_${name}`] })),
  })

/** Fills memory with as many floats as `size` says: FP32 of shape `size`, summed, so that the answer is small. */
export const bombModel = (): TestModel =>
  testModel({
    inputs: [{ name: 'size', datatype: 'INT64', shape: [1] }],
    outputs: [{ name: 'sum', datatype: 'FP32', shape: [1] }],
    nodes: [
      {
        op: 'ConstantOfShape',
        inputs: ['size'],
        outputs: ['filled'],
        attributes: { value: { tensor: { name: '', datatype: 'FP32', shape: [1], data: [1] } } },
      },
      { op: 'ReduceSum', inputs: ['filled'], outputs: ['sum'], attributes: { keepdims: 1 } },
    ],
  })

/** Adds 1 to `start` as often as `count` says, one by one. */
export const loopModel = (): TestModel =>
  testModel({
    inputs: [
      { name: 'count', datatype: 'INT64', shape: [1] },
      { name: 'start', datatype: 'FP32', shape: [1] },
    ],
    outputs: [{ name: 'end', datatype: 'FP32', shape: [1] }],
    nodes: [
      {
        op: 'Loop',
        inputs: ['count', '', 'start'],
        outputs: ['end'],
        attributes: {
          body: {
            graph: {
              inputs: [
                { name: 'index', datatype: 'INT64', shape: [] },
                { name: 'go_on', datatype: 'BOOL', shape: [] },
                { name: 'value', datatype: 'FP32', shape: [1] },
              ],
              outputs: [
                { name: 'still', datatype: 'BOOL', shape: [] },
                { name: 'next', datatype: 'FP32', shape: [1] },
              ],
              nodes: [
                { op: 'Identity', inputs: ['go_on'], outputs: ['still'] },
                { op: 'Add', inputs: ['value', 'one'], outputs: ['next'] },
              ],
              initializers: [{ name: 'one', datatype: 'FP32', shape: [1], data: [1] }],
            },
          },
        },
      },
    ],
  })

/** Looks `index` (INT64 [n, 1]) up in five numbers; an index past them is an error of the graph. */
export const gatherModel = (): TestModel =>
  testModel({
    inputs: [{ name: 'index', datatype: 'INT64', shape: ['n', 1] }],
    outputs: [{ name: 'found', datatype: 'FP32', shape: ['n', 1] }],
    nodes: [{ op: 'Gather', inputs: ['table', 'index'], outputs: ['found'], attributes: { axis: 0 } }],
    initializers: [{ name: 'table', datatype: 'FP32', shape: [5], data: [10, 20, 30, 40, 50] }],
  })

/** A chain of matrix products [n, width], to spend some time. */
export const denseModel = (width: number, layers: number): TestModel =>
  testModel({
    inputs: [{ name: 'x', datatype: 'FP32', shape: ['n', width] }],
    outputs: [{ name: 'y', datatype: 'FP32', shape: ['n', width] }],
    nodes: Array.from({ length: layers }, (_, layer) => ({
      op: 'MatMul',
      inputs: [layer === 0 ? 'x' : `h${layer}`, `w${layer}`],
      outputs: [layer === layers - 1 ? 'y' : `h${layer + 1}`],
    })),
    initializers: Array.from({ length: layers }, (_, layer) => ({
      name: `w${layer}`,
      datatype: 'FP32' as const,
      shape: [width, width],
      data: Array.from({ length: width * width }, (_, index) => Math.sin(index + layer) / width),
    })),
  })
