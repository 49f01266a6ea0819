import { describe, expect, test } from 'vitest'
import type { Model } from '#src/contracts/model.ts'
import { clausesOf, joinClauses, suggestClauses } from '#src/ui/models/filterWords.ts'

describe('clausesOf', () => {
  test.each([
    ['', []],
    ["status = 'ready'", ["status = 'ready'"]],
    ["status = 'ready' AND metrics.auc > 0.9", ["status = 'ready'", 'metrics.auc > 0.9']],
    ["tags.note = 'black and white' and status = 'ready'", ["tags.note = 'black and white'", "status = 'ready'"]],
    ["tags.brand = 'm and m''s'", ["tags.brand = 'm and m''s'"]],
    ["tags.land = 'x'", ["tags.land = 'x'"]],
  ])('%s', (filter, expected) => {
    expect(clausesOf(filter)).toEqual(expected)
    expect(clausesOf(joinClauses(expected))).toEqual(expected)
  })
})

test('suggests what the shown models have, with quotes doubled', () => {
  const model = { status: 'ready', tags: { owner: "O'Hara", 'a b': 'x' }, metrics: { auc: 0.98, loss: null } } as unknown as Model
  expect(suggestClauses([model])).toEqual(["status = 'ready'", "tags.owner = 'O''Hara'", 'metrics.auc > 0.88'])
})
