import type { Datatype } from '#src/contracts/signature.ts'

/** ONNX element types (onnx.proto, TensorProto.DataType) that the Open Inference Protocol can carry. */
export const datatypes: Record<number, Datatype> = {
  1: 'FP32',
  2: 'UINT8',
  3: 'INT8',
  4: 'UINT16',
  5: 'INT16',
  6: 'INT32',
  7: 'INT64',
  8: 'BYTES',
  9: 'BOOL',
  10: 'FP16',
  11: 'FP64',
  12: 'UINT32',
  13: 'UINT64',
}

/** Names of those that it can not. */
export const otherTypes: Record<number, string> = {
  14: 'complex64',
  15: 'complex128',
  16: 'bfloat16',
  17: 'float8e4m3fn',
  18: 'float8e4m3fnuz',
  19: 'float8e5m2',
  20: 'float8e5m2fnuz',
  21: 'uint4',
  22: 'int4',
  23: 'float4e2m1',
  24: 'float8e8m0',
}

/** Bits of an element in `raw_data`; strings are never raw. */
export const elementBits: Record<number, number> = {
  1: 32,
  2: 8,
  3: 8,
  4: 16,
  5: 16,
  6: 32,
  7: 64,
  9: 8,
  10: 16,
  11: 64,
  12: 32,
  13: 64,
  14: 64,
  15: 128,
  16: 16,
  17: 8,
  18: 8,
  19: 8,
  20: 8,
  21: 4,
  22: 4,
  23: 4,
  24: 8,
}

/** Operator sets of onnxruntime 1.30's CPU build, with the newest version that it loads; tried one by one. */
export const operatorSets = new Map([
  ['', 26],
  ['ai.onnx', 26],
  ['ai.onnx.ml', 5],
  ['com.microsoft', 1],
  ['com.microsoft.nchwc', 1],
])

/** The newest file version that onnxruntime 1.30 loads. */
export const maxIrVersion = 13
