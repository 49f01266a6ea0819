import { describe, expect, it } from 'vitest'
import { createJob, isFinal, type Job, jobStatus } from '#src/contracts/training.ts'
import { againInput, hasEnded, statusLabel, tookSeconds } from './jobFacts.ts'

it('knows the same ends as the contract', () => {
  for (const status of jobStatus.options) expect(hasEnded(status)).toBe(isFinal(status))
})

describe('tookSeconds', () => {
  const startedAt = '2025-01-01T00:00:00Z'
  it('counts to the end, or to now', () => {
    expect(tookSeconds({ startedAt, finishedAt: '2025-01-01T00:01:30Z' }, 0)).toBe(90)
    expect(tookSeconds({ startedAt, finishedAt: null }, Date.parse('2025-01-01T00:00:05Z'))).toBe(5)
    expect(tookSeconds({ startedAt: null, finishedAt: null }, 0)).toBeNull()
  })
})

it('says more than the status while people wait', () => {
  expect(statusLabel({ status: 'running', progress: 0.427, isCancelRequested: false })).toBe('Running 42 %')
  expect(statusLabel({ status: 'running', progress: 0.4, isCancelRequested: true })).toBe('Cancelling')
  expect(statusLabel({ status: 'failed', progress: 0.4, isCancelRequested: true })).toBeUndefined()
})

it('makes a request of a job that the contract takes', () => {
  const job = {
    name: 'churn on customers',
    recipe: 'tabular-classification',
    datasetName: 'customers',
    datasetVersion: 3,
    columns: { target: 'churned' },
    modelName: 'churn',
    base: null,
    hyperParameters: { rounds: 10 },
    split: { test: 0.25 },
    resources: { device: 'cpu', gpus: 0 },
    seed: 7,
  } as unknown as Job
  expect(createJob.parse(againInput(job))).toMatchObject({
    dataset: 'customers',
    datasetVersion: 3,
    seed: 7,
    split: { test: 0.25 },
    hyperParameters: { rounds: 10 },
  })
})
