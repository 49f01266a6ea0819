/** The log sink against a real server that is slow, dead, hanging or wrong. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Collector, eventually } from '#src/testing/collector.ts'
import { LogSink, type SinkOptions } from './sink.ts'

let collector: Collector
beforeEach(async () => {
  collector = await new Collector().start()
})
afterEach(() => collector.stop())

const lineOf = (number: number) => JSON.stringify({ id: String(number) })
const describeLoss = (lines: number) => JSON.stringify({ id: `lost ${lines}` })
const ids = () => collector.lines.map(({ id }) => id)
const open = (options: Partial<SinkOptions> = {}) =>
  new LogSink({ url: collector.url, describeLoss, batchLines: 10, batchMs: 20, firstRetryMs: 20, ...options })
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => String(from + index))

test('lines go out in batches, in order, with the token', async () => {
  const sink = open({ token: 'the-token' })
  for (let number = 0; number < 35; number++) sink.push(lineOf(number))
  await eventually(() => collector.lines.length === 35)
  expect(ids()).toEqual(numbers(0, 35))
  expect(collector.requests).toBe(4)
  expect([...collector.authorizations]).toEqual(['Bearer the-token'])
})

test('a slow sink holds up nobody, and the buffer never grows past its bounds', async () => {
  collector.mood = { afterMs: 100 }
  const sink = open({ bufferLines: 100 })
  const startedAt = performance.now()
  for (let number = 0; number < 50_000; number++) sink.push(lineOf(number))
  expect(performance.now() - startedAt).toBeLessThan(3_000)
  await eventually(() => ids().at(-1) === '49999')
  const lost = ids().flatMap((id) => (id.startsWith('lost ') ? [Number(id.slice(5))] : []))
  const arrived = ids().filter((id) => !id.startsWith('lost '))
  expect(arrived.length).toBeLessThanOrEqual(130)
  expect(lost.reduce((sum, one) => sum + one, 0) + arrived.length).toBe(50_000)
})

test.each([
  ['an unavailable', { status: 503 }],
  ['a hanging', 'hanging'],
] as const)('%s sink gets everything once it is back', async (_, mood) => {
  collector.mood = mood
  const sink = open({ timeoutMs: 200 })
  for (let number = 0; number < 25; number++) sink.push(lineOf(number))
  await eventually(() => collector.requests >= 2)
  collector.mood = {}
  await eventually(() => collector.lines.length === 25)
  expect(ids()).toEqual(numbers(0, 25))
})

test('a dead address is tried again without end and without noise, and flushing gives up in time', async () => {
  collector.stop()
  const sink = open()
  sink.push(lineOf(0))
  await sink.flush(300)
  collector = await new Collector().start()
})

test('a batch that the sink will never take does not hold up what follows', async () => {
  collector.mood = { status: 413 }
  const sink = open()
  for (let number = 0; number < 10; number++) sink.push(lineOf(number))
  await eventually(() => collector.requests === 1)
  collector.mood = {}
  sink.push(lineOf(10))
  await sink.flush(1_000)
  expect(ids()).toEqual(['lost 10', '10'])
})
