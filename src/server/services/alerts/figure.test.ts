import { expect, it } from 'vitest'
import { formatFigure, formatThreshold } from './figure.ts'

it.each([
  ['latency_p95', 0.4, '0.4 ms'],
  ['latency_p95', 0, '0 ms'],
  ['latency_p95', 6_012.3, '6012 ms'],
  ['error_rate', 0.0004, '0.04 %'],
  ['error_rate', 0.0526, '5.3 %'],
  ['throughput', 0.0031, '0.0031 requests a second'],
] as const)('a small value is not rounded to nothing: %s %d', (figure, value, text) => {
  expect(formatFigure(figure, value)).toBe(text)
})

it.each([
  ['latency_p95', 0.001, '0.001 ms'],
  ['latency_p95', 5_000, '5000 ms'],
  ['error_rate', 0.07, '7 %'],
  ['success_rate', 0.99995, '99.995 %'],
  ['throughput', 0.001, '0.001 requests a second'],
  ['cost_per_request', 0.00012, '0.00012'],
] as const)('a threshold is told as it was asked for: %s %d', (figure, threshold, text) => {
  expect(formatThreshold(figure, threshold)).toBe(text)
})
