import { describe, expect, it } from 'vitest'
import { fieldsInUse, fieldsOf, readField, readFields } from './formSchema.ts'

const schema = {
  type: 'object',
  properties: {
    learning_rate: { type: 'number', title: 'Learning rate', exclusiveMinimum: 0, maximum: 1, default: 0.05 },
    rounds: { type: 'integer', minimum: 1, maximum: 10_000, default: 500 },
    early_stop: { anyOf: [{ type: 'integer', minimum: 1 }, { type: 'null' }], default: 50, 'x-advanced': true },
    algorithm: { enum: ['gbdt', 'mlp'], default: 'gbdt' },
    is_balanced: { type: 'boolean', default: false },
  },
}
const fields = fieldsOf(schema)

it('reads titles, kinds, limits and what is folded away', () => {
  expect(fields.map(({ name, title, kind, isAdvanced, isNullable }) => ({ name, title, kind, isAdvanced, isNullable }))).toEqual([
    { name: 'learning_rate', title: 'Learning rate', kind: 'number', isAdvanced: false, isNullable: false },
    { name: 'rounds', title: 'Rounds', kind: 'integer', isAdvanced: false, isNullable: false },
    { name: 'early_stop', title: 'Early stop', kind: 'integer', isAdvanced: true, isNullable: true },
    { name: 'algorithm', title: 'Algorithm', kind: 'choice', isAdvanced: false, isNullable: false },
    { name: 'is_balanced', title: 'Is balanced', kind: 'boolean', isAdvanced: false, isNullable: false },
  ])
})

describe('readField', () => {
  const [rate, rounds] = fields as [(typeof fields)[0], (typeof fields)[0]]
  it.each([
    ['0', { problem: 'Must be above 0 and at most 1.' }],
    ['0,1', { value: 0.1 }],
    ['fast', { problem: 'Give a number.' }],
    ['', {}],
  ])('a rate of "%s"', (text, expected) => expect(readField(rate, text)).toEqual(expected))

  it('wants whole rounds', () => expect(readField(rounds, '1.5')).toEqual({ problem: 'Give a whole number.' }))
})

it('sends only what was changed', () => {
  expect(readFields(fields, { rounds: '500', learning_rate: '0.1', early_stop: '', is_balanced: 'true' })).toEqual({
    values: { learning_rate: 0.1, early_stop: null, is_balanced: true },
    problems: {},
  })
})

it('leaves out what another choice makes idle', () => {
  const some = fieldsOf({
    properties: {
      algorithm: { enum: ['gbdt', 'mlp'], default: 'gbdt' },
      epochs: { type: 'integer', default: 3, 'x-when': { algorithm: 'mlp' } },
    },
  })
  expect(fieldsInUse(some, {}).map((field) => field.name)).toEqual(['algorithm'])
  expect(fieldsInUse(some, { algorithm: 'mlp' }).map((field) => field.name)).toEqual(['algorithm', 'epochs'])
})

it('takes a help that names a choice as a setting of that choice', () => {
  const some = fieldsOf({
    properties: {
      algorithm: { enum: ['lightgbm', 'mlp'], default: 'lightgbm', description: 'Trees or a net.' },
      rounds: { type: 'integer', default: 500, description: 'LightGBM: the largest number of trees.' },
      epochs: { type: 'integer', default: 100, description: 'MLP: passes over the rows.' },
      note: { type: 'string', description: 'Hint: say what it is for.' },
    },
  })
  expect(fieldsInUse(some, {}).map((field) => [field.name, field.help])).toEqual([
    ['algorithm', 'Trees or a net.'],
    ['rounds', 'The largest number of trees.'],
    ['note', 'Hint: say what it is for.'],
  ])
  expect(fieldsInUse(some, { algorithm: 'mlp' }).map((field) => field.name)).toEqual(['algorithm', 'epochs', 'note'])
})
