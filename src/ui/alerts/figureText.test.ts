import { expect, it } from 'vitest'
import { conditionText, maxTyped } from './figureText.ts'

it.each([
  ['latency_p95', 0.001, 1_234.5, 'warns above 0.001 ms, critical above 1234.5 ms'],
  ['error_rate', 0.0004, 0.07, 'warns above 0.04 %, critical above 7 %'],
  ['success_rate', 0.99995, null, 'warns below 99.995 %'],
  ['throughput', 0.001, null, 'warns below 0.001 req/s'],
  ['runtime_silent', 30.5, null, 'warns above 30.5 s'],
] as const)('a condition tells thresholds as they were asked for: %s', (figure, warning, critical, text) => {
  expect(conditionText({ figure, warning, critical })).toBe(text)
})

it('a share is typed up to 100 percent', () => {
  expect([maxTyped('error_rate'), maxTyped('latency_p95')]).toEqual([100, 1e9])
})
