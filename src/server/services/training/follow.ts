import type { TrainingEvent } from '#src/contracts/training.ts'
import { listener } from '#src/server/db/listen.ts'
import type { Caller } from '../access.ts'
import { readEvents } from './events.ts'
import { watchJob } from './jobs.ts'

/** A lost notification delays a watcher by no more than this. */
const backstopMs = 3_000
/** As many as are held in memory for a watcher who reads slowly. */
const batch = 100

/** Every event after `after`, then each as it comes, until the job has ended and all was said, or `signal` aborts. */
export async function* followEvents(
  caller: Caller,
  jobId: string,
  after: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<TrainingEvent> {
  let seen = after
  while (!signal?.aborted) {
    const woken = listener().wait('nw_events', backstopMs, signal, (payload) => payload === jobId)
    // The state is read before the events: what ended the job is then surely among them.
    const { isFinal } = await watchJob(caller, jobId)
    const events = await readEvents(jobId, seen, batch)
    for (const event of events) yield event
    seen = events.at(-1)?.seq ?? seen
    if (events.length === batch) continue
    if (isFinal) return
    await woken
  }
}
