import { describe, expect, it } from 'vitest'
import type { Signature, Tensor } from '#src/contracts/signature.ts'
import { type InferResponse, parseRequest, readResult, requestText } from './playgroundResult.ts'

const answer = (outputs: Tensor[]): InferResponse => ({ model_name: 'm', model_version: '3', outputs })
const signature: Signature = { inputs: [], outputs: [{ name: 'probabilities', datatype: 'FP32', shape: [-1, 3], labels: ['a', 'b', 'c'] }] }

describe('readResult', () => {
  it('ranks the classes of every row', () => {
    const response = answer([
      { name: 'label', datatype: 'BYTES', shape: [2, 1], data: ['b', 'c'] },
      { name: 'probabilities', datatype: 'FP32', shape: [2, 3], data: [0.2, 0.7, 0.1, 0.1, 0.3, 0.6] },
    ])
    expect(readResult(response, signature)).toEqual({
      kind: 'classes',
      rows: [
        {
          label: 'b',
          shares: [
            { label: 'b', share: 0.7 },
            { label: 'a', share: 0.2 },
            { label: 'c', share: 0.1 },
          ],
        },
        {
          label: 'c',
          shares: [
            { label: 'c', share: 0.6 },
            { label: 'b', share: 0.3 },
            { label: 'a', share: 0.1 },
          ],
        },
      ],
    })
  })

  it('reads a predicted number, and leaves other outputs as they are', () => {
    expect(readResult(answer([{ name: 'prediction', datatype: 'FP32', shape: [1, 1], data: [4.5] }]), null)).toEqual({
      kind: 'numbers',
      rows: [4.5],
    })
    const output: Tensor = { name: 'logits', datatype: 'FP32', shape: [1, 2], data: [1, 2] }
    expect(readResult(answer([output]), null)).toEqual({ kind: 'tensors', outputs: [output] })
  })
})

describe('parseRequest', () => {
  const inputs: Tensor[] = [{ name: 'x', datatype: 'FP32', shape: [1, 1], data: [null] }]
  it('takes back what it wrote', () => expect(parseRequest(requestText(inputs))).toEqual({ inputs }))
  it.each([
    ['{', /not JSON/],
    ['{}', /list "inputs"/],
    ['{"inputs":[{"name":"x"}]}', /inputs\[0\]/],
  ])('says what is wrong with %s', (text, problem) => {
    expect(parseRequest(text)).toEqual({ problem: expect.stringMatching(problem) })
  })
})
