import { describe, expect, it } from 'vitest'
import type { DeploymentSummary } from '#src/contracts/deployment.ts'
import { byAttention, deploymentHref, evenWeights, fleetOf, rateText, weightsProblem } from './deploymentFacts.ts'

const summary = (name: string, status: DeploymentSummary['status'], requests: number, errors = 0, p95Ms: number | null = null) =>
  ({ id: `id-${name}`, name, status, lastHour: { requests, errors, p95Ms, spark: [] } }) as unknown as DeploymentSummary

it('shows trouble first, then the busiest', () => {
  const list = [summary('a', 'ready', 5), summary('b', 'failed', 0), summary('c', 'ready', 9), summary('d', 'stopped', 99)]
  expect(list.toSorted(byAttention).map((one) => one.name)).toEqual(['b', 'c', 'a', 'd'])
})

it('adds up the fleet and names its slowest', () => {
  expect(fleetOf([summary('a', 'ready', 90, 9, 12), summary('b', 'ready', 10, 1, 40), summary('c', 'failed', 0)])).toMatchObject({
    requests: 100,
    errorShare: 0.1,
    slowest: { name: 'b' },
    ready: 2,
  })
  expect(fleetOf([])).toEqual({ requests: 0, errorShare: null, slowest: null, ready: 0 })
})

it('leads to a stopped one by its id', () => {
  expect(deploymentHref(summary('a b', 'ready', 0))).toBe('/deployments/a%20b')
  expect(deploymentHref(summary('a', 'stopped', 0))).toBe('/deployments/id-a')
})

it('writes rates that can be read', () =>
  expect([0, 0.5, 1234, 0.02, 0.0001].map(rateText)).toEqual(['0/s', '0.5/s', '1,200/s', '1.2/min', '< 0.1/min']))

describe('weights', () => {
  it('share out evenly to 100', () => {
    expect(evenWeights(3)).toEqual([34, 33, 33])
    expect(evenWeights(7).reduce((sum, weight) => sum + weight)).toBe(100)
  })
  it.each([
    [[{ version: '1', weight: '100' }], null],
    [
      [
        { version: '1', weight: '90' },
        { version: '2', weight: '5' },
      ],
      'The weights add up to 95 %, not 100 %.',
    ],
    [
      [
        { version: '1', weight: '50' },
        { version: '1', weight: '50' },
      ],
      'A version stands in two rows. Join them.',
    ],
    [[{ version: '', weight: '100' }], 'Choose a version in each row.'],
    [[{ version: '1', weight: '1e2' }], 'Weights are whole percents.'],
  ])('%j: %s', (rows, problem) => expect(weightsProblem(rows)).toBe(problem))
})
