import { expect, test } from 'vitest'
import type { TrafficChange } from '#src/contracts/deployment.ts'
import { changeWords, numbered, shareChanges, shareSeries } from './traffic.ts'

const change = (minute: number, kind: TrafficChange['kind'], targets: TrafficChange['targets']): TrafficChange => ({
  id: String(minute),
  at: new Date(minute * 60_000).toISOString(),
  kind,
  targets,
  reason: null,
  by: null,
})
const [one, two, other] = [
  { model: 'churn', version: 1, weight: 100 },
  { model: 'churn', version: 2, weight: 10 },
  { model: 'backup', version: 1, weight: 100 },
]
const changes = [
  change(0, 'deployed', [one]),
  change(2, 'switched', [{ ...one, weight: 90 }, two]),
  change(3, 'switched', [other]),
  change(4, 'stopped', []),
]

test('a version keeps its colour, and one of another model that has the same is hatched and named', () => {
  expect(shareSeries(changes, 'churn')).toEqual([
    { key: 'churn/1', label: 'version 1', color: 0, isHatched: false },
    { key: 'churn/2', label: 'version 2', color: 1, isHatched: false },
    { key: 'backup/1', label: 'backup v1', color: 0, isHatched: true },
  ])
  expect(shareChanges(changes).map(({ shares }) => shares)).toEqual([
    { 'churn/1': 100 },
    { 'churn/1': 90, 'churn/2': 10 },
    { 'backup/1': 100 },
    {},
  ])
})

test('changes on the axis are numbered from the oldest and said in words', () => {
  const shown = numbered([change(0, 'recorded', [one]), ...changes.slice(1)], 0)
  expect(shown.map((of) => `${of.number} ${changeWords(of, 'churn')}`)).toEqual([
    '1 Switched: version 1 90 %, version 2 10 %',
    '2 Switched: all to backup v1',
    '3 Stopped',
  ])
  expect(numbered(changes, 180_000).map(({ number, kind }) => `${number} ${kind}`)).toEqual(['1 switched', '2 stopped'])
})
