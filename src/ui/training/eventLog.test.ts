import { describe, expect, it } from 'vitest'
import type { TrainingEvent } from '#src/contracts/training.ts'
import { EventLog, mergePoints } from './eventLog.ts'

const at = (second: number) => new Date(Date.UTC(2025, 0, 1, 0, 0, second)).toISOString()
const metric = (seq: number, step: number, value: number | null, attempt = 1): TrainingEvent => ({
  seq,
  attempt,
  at: at(seq),
  type: 'metric',
  name: 'train_loss',
  step,
  value,
})
const progress = (seq: number, step: number, second: number, attempt = 1): TrainingEvent => ({
  seq,
  attempt,
  at: at(second),
  type: 'progress',
  progress: step / 100,
  step,
  total_steps: 100,
  eta_seconds: 9,
})

describe('EventLog', () => {
  it('takes an event once, however often it comes', () => {
    const log = new EventLog()
    const line: TrainingEvent = { seq: 1, attempt: 1, at: at(0), type: 'log', level: 'info', message: 'hello' }
    log.add(line)
    log.add(line)
    expect(log.view().lines).toHaveLength(1)
  })

  it('tells the rate of late, and begins anew with an attempt', () => {
    const log = new EventLog()
    log.add(progress(1, 10, 0))
    expect(log.view().progress?.stepsPerSecond).toBeNull()
    log.add(progress(2, 30, 4))
    expect(log.view().progress).toMatchObject({ step: 30, totalSteps: 100, stepsPerSecond: 5, value: 0.3 })
    log.add(progress(3, 5, 9, 2))
    expect(log.view().progress).toMatchObject({ step: 5, stepsPerSecond: null, attempt: 2 })
  })

  it('gives views that later events do not change', () => {
    const log = new EventLog()
    log.add(metric(1, 1, 0.5))
    const before = log.view()
    log.add(metric(2, 2, 0.4))
    expect(before.points.get('train_loss')?.size).toBe(1)
    expect(log.view().points.get('train_loss')?.size).toBe(2)
  })

  it('keeps warnings apart from the log and in it', () => {
    const log = new EventLog()
    log.add({ seq: 4, attempt: 1, at: at(0), type: 'warning', message: 'column dropped' })
    expect(log.view().warnings.map((one) => one.message)).toEqual(['column dropped'])
    expect(log.view().lines[0]?.level).toBe('warn')
  })
})

it('joins what was fetched with what was heard; a repeated step is the later attempt’s', () => {
  const log = new EventLog()
  log.add(metric(9, 2, 0.2, 2))
  log.add(metric(10, 3, null, 2))
  const merged = mergePoints(
    [
      {
        name: 'train_loss',
        points: [
          { step: 1, value: 0.9 },
          { step: 2, value: 0.8 },
        ],
      },
      { name: 'lr', points: [] },
    ],
    log.view().points,
  )
  expect(merged.get('train_loss')).toEqual([
    { x: 1, y: 0.9 },
    { x: 2, y: 0.2 },
    { x: 3, y: null },
  ])
  expect(merged.get('lr')).toEqual([])
})
