/** Turns of the event loop, of which everything that web does at once takes its share. */

const waiting: (() => void)[] = []

/**
 * Waits for a turn of the event loop of one's own. Event streams open by it: they come back by the thousand, all at once, when this
 * process or the network was away, and together they would hold up every other call for as long as all of them take.
 */
export function ownTurn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve)
    if (waiting.length === 1) setImmediate(next)
  })
}

function next(): void {
  waiting[0]?.()
  waiting.shift()
  if (waiting.length > 0) setImmediate(next)
}
