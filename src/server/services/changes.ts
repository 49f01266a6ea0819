import { type Change, change } from '#src/contracts/home.ts'
import { listener } from '#src/server/db/listen.ts'
import type { Caller } from './access.ts'
import { everywhere } from './audit.ts'

/** A page that can not keep up is told once that all changed, instead of being sent an endless backlog. */
const maxBacklog = 500

/** Each change in the caller's project, as it commits, until `signal` aborts. An id of `*` means: look at everything of this kind again. */
export async function* followChanges(caller: Caller, signal: AbortSignal | undefined): AsyncGenerator<Change> {
  const backlog = new Map<string, Change>()
  let wake = () => {}
  const put = (item: Change) => void backlog.set(`${item.kind}:${item.id}`, item)
  const gap = () => {
    backlog.clear()
    for (const kind of change.shape.kind.options) put({ kind, id: '*' })
    wake()
  }
  const heard = (payload: string) => {
    const [kind, projectId, id] = payload.split(':')
    if (projectId !== caller.project.id && projectId !== everywhere) return
    // A process of another version may speak of what this one does not know.
    const said = change.safeParse({ kind, id: id ?? '*' })
    if (!said.success) return
    put(said.data)
    if (backlog.size > maxBacklog) gap()
    wake()
  }
  listener().on('nw_change', heard)
  listener().on('reconnected', gap)
  const aborted = () => wake()
  signal?.addEventListener('abort', aborted)
  try {
    while (!signal?.aborted) {
      const [key, item] = backlog.entries().next().value ?? []
      if (key !== undefined && item) {
        backlog.delete(key)
        yield item
        continue
      }
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  } finally {
    signal?.removeEventListener('abort', aborted)
    listener().off('nw_change', heard)
    listener().off('reconnected', gap)
  }
}
