import { describe, expect, test } from 'vitest'
import { parseFilter } from '#src/contracts/filter.ts'
import type { Model } from '#src/contracts/model.ts'
import { clausesOf, joinClauses, suggestClauses } from '#src/ui/models/filterWords.ts'

describe('clausesOf', () => {
  test.each([
    ['', []],
    ["status = 'ready'", ["status = 'ready'"]],
    ["status = 'ready' AND metrics.auc > 0.9", ["status = 'ready'", 'metrics.auc > 0.9']],
    ["tags.note = 'black and white' and status = 'ready'", ["tags.note = 'black and white'", "status = 'ready'"]],
    ["tags.brand = 'm and m\\'s' and tags.\"a and b\" = 'x'", ["tags.brand = 'm and m\\'s'", 'tags."a and b" = \'x\'']],
    ["tags.land = 'x'", ["tags.land = 'x'"]],
  ])('%s', (filter, expected) => {
    expect(clausesOf(filter)).toEqual(expected)
    expect(clausesOf(joinClauses(expected))).toEqual(expected)
  })
})

test('suggests clauses of what the shown models have, and the filter language takes them', () => {
  const model = { status: 'ready', tags: { owner: "O'Hara", 'a b': 'x' }, metrics: { auc: 0.98, loss: null } } as unknown as Model
  const clauses = suggestClauses([model])
  expect(clauses).toEqual(["status = 'ready'", "tags.owner = 'O\\'Hara'", 'tags."a b" = \'x\'', 'metrics.auc > 0.88'])
  expect(parseFilter(joinClauses(clauses)).map(({ key, value }) => [key, value])).toEqual([
    ['', 'ready'],
    ['owner', "O'Hara"],
    ['a b', 'x'],
    ['auc', 0.88],
  ])
})
