import type { z } from 'zod'
import type { inferResponse, Signature, Tensor } from '#src/contracts/signature.ts'

export type InferResponse = z.infer<typeof inferResponse>

export type ClassRow = { label: string; shares: { label: string; share: number }[] }
export type PlaygroundResult =
  | { kind: 'classes'; rows: ClassRow[] }
  | { kind: 'numbers'; rows: (number | null)[] }
  | { kind: 'tensors'; outputs: Tensor[] }

const find = (response: InferResponse, name: string) => response.outputs.find((output) => output.name === name)

/** Shares of each class for one row, the largest first. */
function sharesOf(probabilities: Tensor, row: number, labels: readonly string[] | undefined) {
  const classes = probabilities.shape.at(-1) ?? 0
  return Array.from({ length: classes }, (_, index) => ({
    label: labels?.[index] ?? `class ${index}`,
    share: Number(probabilities.data[row * classes + index] ?? 0),
  })).sort((left, right) => right.share - left.share)
}

/** Reads an answer by what the protocol's outputs are called: labels with their shares, predicted numbers, or any tensors. */
export function readResult(response: InferResponse, signature: Signature | null): PlaygroundResult {
  const probabilities = find(response, 'probabilities')
  const label = find(response, 'label')
  const labels =
    signature?.outputs.find((output) => output.name === 'probabilities')?.labels ??
    signature?.outputs.find((output) => output.name === 'label')?.labels
  if (label) {
    const rows = label.data.map(
      (value, row): ClassRow => ({ label: String(value), shares: probabilities ? sharesOf(probabilities, row, labels) : [] }),
    )
    return { kind: 'classes', rows }
  }
  const prediction = find(response, 'prediction')
  if (prediction) return { kind: 'numbers', rows: prediction.data.map((value) => (typeof value === 'number' ? value : null)) }
  return { kind: 'tensors', outputs: response.outputs }
}

export type ParsedRequest = { inputs: Tensor[] } | { problem: string }

const isTensor = (value: unknown): value is Tensor => {
  const tensor = value as Partial<Tensor> | null
  return (
    typeof tensor?.name === 'string' && typeof tensor.datatype === 'string' && Array.isArray(tensor.shape) && Array.isArray(tensor.data)
  )
}

/** A request as somebody wrote it: the tensors, or what is wrong in a sentence. */
export function parseRequest(text: string): ParsedRequest {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (error) {
    return { problem: `This is not JSON: ${error instanceof Error ? error.message : String(error)}` }
  }
  const inputs = (parsed as { inputs?: unknown } | null)?.inputs
  if (!Array.isArray(inputs) || inputs.length === 0) return { problem: 'Give an object with a list "inputs".' }
  const wrong = inputs.findIndex((input) => !isTensor(input))
  return wrong === -1 ? { inputs } : { problem: `inputs[${wrong}] needs name, datatype, shape and data.` }
}

/** The request with a tensor a line: to be read and edited. */
export const requestText = (inputs: readonly Tensor[]) =>
  `{\n  "inputs": [\n${inputs.map((input) => `    ${JSON.stringify(input)}`).join(',\n')}\n  ]\n}`
