import { expect, test } from 'vitest'
import { auditFilter } from '#src/contracts/audit.ts'
import { auditInput } from './auditInput.ts'

test('reads what an address says, and takes what cannot be read for not given', () => {
  expect(auditInput({ q: 'churn', action: 'model.', source: 'rest', from: '2026-01-02T03:04:05Z' })).toEqual({
    q: 'churn',
    action: 'model.',
    source: 'rest',
    from: '2026-01-02T03:04:05.000Z',
    to: undefined,
  })
  const odd = auditInput({ source: 'toString', from: 'yesterday', to: '+020000-01-01T00:00:00Z', actor: '' })
  expect(odd).toEqual({ source: undefined, from: undefined, to: undefined })
})

test('makes nothing that the server refuses, however an address is written', () => {
  const twice = { actor: ['a', 'b'], from: ['x'] } as unknown as Record<string, string>
  for (const params of [{}, twice, { q: 'x'.repeat(5000) }, { to: '9999-12-31T23:59:59Z' }, { from: '0000-01-01T00:00:00Z' }])
    expect(auditFilter.safeParse(auditInput(params)).success, JSON.stringify(params).slice(0, 80)).toBe(true)
})
