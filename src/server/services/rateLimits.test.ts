import { expect, it } from 'vitest'
import { senderOf, takeToken } from './rateLimits.ts'

it.each([
  ['198.51.100.7', '198.51.100.7', true],
  ['198.51.100.7', '198.51.100.8', false],
  ['::ffff:198.51.100.7', '198.51.100.7', true],
  ['2001:db8:1:2::7', '2001:db8:1:2:ffff:ffff:ffff:ffff', true],
  ['2001:db8:1:2::7', '2001:db8:1:3::7', false],
  ['fe80::1', 'fe80::2', true],
])('A13, L1: %s and %s are one sender: %s', (one, other, isOne) => {
  expect(senderOf(one) === senderOf(other)).toBe(isOne)
})

it('A13, L1: frees nobody who is at a limit when very many others come', () => {
  const limit = { perMinute: 10 }
  const now = 1_000_000
  for (let call = 0; call < 10; call++) expect(takeToken('guesser', limit, now).retryAfterSeconds).toBeUndefined()
  for (let other = 0; other < 120_000; other++) takeToken(`other ${other}`, limit, now)
  expect(takeToken('guesser', limit, now).retryAfterSeconds).toBe(6)
})
