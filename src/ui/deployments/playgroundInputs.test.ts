import { describe, expect, it } from 'vitest'
import type { TensorSpec } from '#src/contracts/signature.ts'
import { buildInputs, exampleOf, fieldsOf, inputNamed, textsOf } from './playgroundInputs.ts'

const specs: TensorSpec[] = [
  { name: 'age', datatype: 'FP32', shape: [-1, 1], hint: { min: 18, max: 90 } },
  { name: 'city', datatype: 'BYTES', shape: [-1, 1], hint: { categories: ['Oslo', 'Bergen'] } },
  { name: 'visits', datatype: 'INT64', shape: [-1] },
  { name: 'pixels', datatype: 'FP32', shape: [-1, 2, 2] },
]
const fields = fieldsOf(specs)

it('asks for each input in its own way', () => {
  expect(fields.map(({ kind, canMiss }) => [kind, canMiss])).toEqual([
    ['number', true],
    ['category', true],
    ['number', false],
    ['tensor', false],
  ])
  expect(fieldsOf([{ name: 'text', datatype: 'BYTES', shape: [-1, 1] }])[0]?.kind).toBe('text')
})

describe('buildInputs', () => {
  it('makes one row, with null and "" for what is missing', () => {
    const { inputs, problems } = buildInputs(fields, { age: '', city: '', visits: '3', pixels: '[[[1,2],[3,4]]]' })
    expect(problems).toEqual({})
    expect(inputs).toEqual([
      { name: 'age', datatype: 'FP32', shape: [1, 1], data: [null] },
      { name: 'city', datatype: 'BYTES', shape: [1, 1], data: [''] },
      { name: 'visits', datatype: 'INT64', shape: [1], data: [3] },
      { name: 'pixels', datatype: 'FP32', shape: [1, 2, 2], data: [1, 2, 3, 4] },
    ])
  })

  it('says what is wrong beside each field', () => {
    const { problems } = buildInputs(fields, { age: 'old', visits: '1.5', pixels: '[[1,2]]' })
    expect(problems).toEqual({
      age: 'Give a number.',
      visits: 'Give a whole number.',
      pixels: 'The shape is [1, 2], but [any, 2, 2] is wanted.',
    })
    expect(buildInputs(fields, { visits: '', pixels: '[[[1],[2,3]]]' }).problems).toMatchObject({
      visits: expect.stringMatching(/cannot be missing/),
      pixels: expect.stringMatching(/differ/),
    })
  })
})

it('fills examples that can be sent', () => {
  const texts = Object.fromEntries(fields.map((field) => [field.name, exampleOf(field)]))
  expect(texts).toEqual({ age: '54', city: 'Oslo', visits: '0', pixels: '[[[0,0],[0,0]]]' })
  expect(buildInputs(fields, texts).problems).toEqual({})
})

it('writes a float32 example without the digits of a double', () => {
  expect(fieldsOf([{ name: 'x', datatype: 'FP32', shape: [-1, 1], hint: { example: 5.099999904632568 } }]).map(exampleOf)).toEqual(['5.1'])
})

it('comes back from tensors to the form unchanged', () => {
  const texts = { age: '4.5', city: 'Oslo', visits: '2', pixels: '[[[1,2],[3,4]]]' }
  expect(textsOf(fields, buildInputs(fields, texts).inputs)).toEqual(texts)
})

it.each([
  ['Input "city" has the datatype FP32.', [], 'city'],
  ['A value is wrong.', ['inputs.age'], 'age'],
  ['visits must hold whole numbers.', [], 'visits'],
  ['The model is away.', [], null],
])('finds the field that "%s" talks of', (message, paths, expected) => {
  expect(inputNamed(fields, message, paths)).toBe(expected)
})
