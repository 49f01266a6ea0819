import { describe, expect, test } from 'vitest'
import { FilterError, parseFilter } from './filter.ts'

describe('the filter grammar', () => {
  test.each([
    ["tags.team = 'ml'", [{ kind: 'tags', key: 'team', operator: '=', value: 'ml' }]],
    ["metadata.data.source != 'a''", undefined],
    ['metrics.accuracy >= 0.9', [{ kind: 'metrics', key: 'accuracy', operator: '>=', value: 0.9 }]],
    [
      "status = 'ready' and metrics.rmse < 1e-3",
      [
        { kind: 'status', key: '', operator: '=', value: 'ready' },
        { kind: 'metrics', key: 'rmse', operator: '<', value: 0.001 },
      ],
    ],
    [`tags."my key" = 'it\\'s'`, [{ kind: 'tags', key: 'my key', operator: '=', value: "it's" }]],
    ['metadata.layers = 3', [{ kind: 'metadata', key: 'layers', operator: '=', value: 3 }]],
    ['', undefined],
    ['tags', undefined],
    ["tags.a ~ 'b'", undefined],
    ["tags.a = 'b' or tags.c = 'd'", undefined],
    ["tags.a > 'b'", undefined],
    ["metrics.a = 'b'", undefined],
    ["status > 'ready'", undefined],
    ["tags.a = 'b'; drop table models", undefined],
    [`${"tags.a = 'b' and ".repeat(30)}tags.a = 'b'`, undefined],
  ])('%s', (source, clauses) => {
    if (clauses) expect(parseFilter(source)).toEqual(clauses)
    else expect(() => parseFilter(source)).toThrow(FilterError)
  })
})
