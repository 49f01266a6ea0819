import { expect, it } from 'vitest'
import { enclosingTicks, insideTicks, timeTicks } from './ticks.ts'

it.each([
  [0, 0.018, [0, 0.005, 0.01, 0.015, 0.02]],
  [0.41, 1.12, [0.4, 0.6, 0.8, 1, 1.2]],
  [0, 0, [0, 0.25, 0.5, 0.75, 1]],
  [3, 3, [2.6, 2.8, 3, 3.2, 3.4]],
  [-5, 5, [-5, -2.5, 0, 2.5, 5]],
])('%d to %d stands between %j', (low, high, ticks) => expect(enclosingTicks(low, high, 4)).toEqual(ticks))

it('puts steps at round numbers inside', () => {
  expect(insideTicks(1, 675, 4)).toEqual([200, 400, 600])
  expect(insideTicks(1, 3, 6)).toEqual([1, 2, 3])
  expect(insideTicks(4, 4, 4)).toEqual([4])
})

it('puts times at whole minutes and hours', () => {
  const at = (time: string) => Date.parse(`2025-03-01T${time}:00`)
  expect(timeTicks(at('08:24'), at('09:23'), 5)).toEqual([at('08:30'), at('08:45'), at('09:00'), at('09:15')])
  expect(timeTicks(at('00:05'), at('23:55'), 8)).toEqual([
    at('03:00'),
    at('06:00'),
    at('09:00'),
    at('12:00'),
    at('15:00'),
    at('18:00'),
    at('21:00'),
  ])
})
