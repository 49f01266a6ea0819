import { expect, it } from 'vitest'
import { networkReason } from './networkReason.ts'

const coded = (message: string, code: string) => Object.assign(new Error(message), { code })

it.each([
  [coded('getaddrinfo ENOTFOUND hooks.example.test', 'ENOTFOUND'), 'The host hooks.example.test was not found (ENOTFOUND).'],
  // What a connection that tried two addresses throws.
  [
    Object.assign(new AggregateError([], ''), { code: 'ECONNREFUSED' }),
    'The host hooks.example.test refused the connection: nothing listens there (ECONNREFUSED).',
  ],
  // What the mail client throws has a code of its own.
  [
    coded('connect ECONNREFUSED 127.0.0.1:25', 'ESOCKET'),
    'The host hooks.example.test refused the connection: nothing listens there (ECONNREFUSED).',
  ],
  [new Error('failed', { cause: coded('', 'ETIMEDOUT') }), 'The host hooks.example.test did not answer in time (ETIMEDOUT).'],
  [coded('certificate has expired', 'CERT_HAS_EXPIRED'), 'The certificate of hooks.example.test has expired (CERT_HAS_EXPIRED).'],
  [new Error('the answer is longer than 65536 bytes'), undefined],
])('says in words why a connection failed: %s', (error, words) => {
  expect(networkReason(error, 'https://hooks.example.test/t0ps3cret')).toBe(words)
})
