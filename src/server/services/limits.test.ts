import { expect, it } from 'vitest'
import { visitor } from './access.ts'
import { openStream } from './limits.ts'

it('L2: 10,000 streams are as many as all may have open together, and one that ends makes room', () => {
  const open = (person: number) => openStream({ ...visitor('', null), userId: `person ${person}` })
  const releases = Array.from({ length: 10_000 }, (_, index) => open(index % 100))
  try {
    expect(() => open(100)).toThrow(expect.objectContaining({ code: 'unavailable', status: 503, retryAfterSeconds: 15 }))
    releases[0]?.()
    // What is given back twice makes room once.
    releases[0]?.()
    releases.push(open(100))
    expect(() => open(101)).toThrow('There are 10000 event streams open')
  } finally {
    for (const release of releases) release()
  }
  open(0)()
})
