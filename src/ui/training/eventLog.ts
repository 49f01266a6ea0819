import type { TrainingEvent } from '#src/contracts/training.ts'
import type { Point } from '#src/ui/charts/types.ts'
import { type LogLine, linesOf } from './logLines.ts'

export type JobWarning = { key: string; message: string; attempt: number; at: string }
export type JobProgress = {
  value: number
  step: number
  totalSteps: number | null
  etaSeconds: number | null
  stepsPerSecond: number | null
  attempt: number
}

export type EventView = {
  lines: readonly LogLine[]
  warnings: readonly JobWarning[]
  /** Every figure heard so far, by metric; where a step came twice, the later attempt's. */
  points: ReadonlyMap<string, ReadonlyMap<number, number | null>>
  progress: JobProgress | null
  /** The trainer's own word for what it does just now. */
  phase: string | null
  lastSeq: number
}

export const emptyView: EventView = { lines: [], warnings: [], points: new Map(), progress: null, phase: null, lastSeq: 0 }

/** So many reports back, the rate is taken: long enough to be calm, short enough to be of now. */
const rateWindow = 8

/** What a job has said, gathered as it comes. `view()` gives a picture that does not change afterwards. */
export class EventLog {
  #lines: LogLine[] = []
  #warnings: JobWarning[] = []
  #points = new Map<string, Map<number, number | null>>()
  #reports: { step: number; atMs: number }[] = []
  #progress: JobProgress | null = null
  #phase: string | null = null
  #attempt = 0
  #lastSeq = 0

  /** Takes an event; one that was heard before, as after a reconnect, changes nothing. */
  add(event: TrainingEvent): void {
    if (event.seq <= this.#lastSeq) return
    this.#lastSeq = event.seq
    if (event.attempt !== this.#attempt) this.#startAttempt(event.attempt)
    this.#lines.push(...linesOf(event))
    if (event.type === 'warning')
      this.#warnings.push({ key: String(event.seq), message: event.message, attempt: event.attempt, at: event.at })
    if (event.type === 'state') this.#phase = event.state
    if (event.type === 'metric') this.#addPoint(event.name, event.step, event.value)
    if (event.type === 'progress') this.#report(event)
  }

  view(): EventView {
    const points = new Map([...this.#points].map(([name, steps]) => [name, new Map(steps)]))
    return {
      lines: [...this.#lines],
      warnings: [...this.#warnings],
      points,
      progress: this.#progress,
      phase: this.#phase,
      lastSeq: this.#lastSeq,
    }
  }

  #startAttempt(attempt: number) {
    this.#attempt = attempt
    this.#reports = []
  }

  #addPoint(name: string, step: number, value: number | null) {
    const steps = this.#points.get(name) ?? new Map<number, number | null>()
    steps.set(step, value)
    this.#points.set(name, steps)
  }

  #report(event: Extract<TrainingEvent, { type: 'progress' }>) {
    this.#reports = [...this.#reports.slice(1 - rateWindow), { step: event.step, atMs: Date.parse(event.at) }]
    const first = this.#reports[0]
    const last = this.#reports.at(-1)
    const seconds = first && last ? (last.atMs - first.atMs) / 1000 : 0
    this.#progress = {
      value: event.progress,
      step: event.step,
      totalSteps: event.total_steps ?? null,
      etaSeconds: event.eta_seconds,
      stepsPerSecond: first && last && seconds > 0 && last.step > first.step ? (last.step - first.step) / seconds : null,
      attempt: event.attempt,
    }
  }
}

type Fetched = { name: string; points: readonly { step: number; value: number | null }[] }

/** What was fetched and what was heard since, as one ascending line a metric. */
export function mergePoints(fetched: readonly Fetched[], heard: EventView['points']): Map<string, Point[]> {
  const names = new Set([...fetched.map((one) => one.name), ...heard.keys()])
  return new Map(
    [...names].map((name) => {
      const steps = new Map<number, number | null>(
        fetched.find((one) => one.name === name)?.points.map((point) => [point.step, point.value]),
      )
      for (const [step, value] of heard.get(name) ?? []) steps.set(step, value)
      return [name, [...steps].map(([x, y]) => ({ x, y })).sort((left, right) => left.x - right.x)]
    }),
  )
}
