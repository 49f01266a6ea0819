/** Whose address counts, behind proxies and without. */
import type { IncomingMessage } from 'node:http'
import { expect, test, vi } from 'vitest'
import { addressOf, refuseOtherHosts } from './address.ts'

vi.hoisted(() => {
  // The settings are read once, when they are first asked for.
  process.env.NEUROWEAVER_TRUSTED_PROXIES = '127.0.0.1, 10.0.0.0/8, fd00::/8'
  process.env.NEUROWEAVER_URL = 'https://models.example.org'
  process.env.NEUROWEAVER_ALLOWED_HOSTS = 'web'
})

const from = (remoteAddress: string, forwarded?: string) =>
  ({ headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }, socket: { remoteAddress } }) as unknown as IncomingMessage

test.for([
  ['198.51.100.7', undefined, '198.51.100.7'],
  ['198.51.100.7', '203.0.113.9', '198.51.100.7'],
  ['127.0.0.1', '203.0.113.9', '203.0.113.9'],
  ['::ffff:127.0.0.1', '203.0.113.9', '203.0.113.9'],
  ['10.1.2.3', '6.6.6.6, 203.0.113.9, 10.9.9.9', '203.0.113.9'],
  ['fd00::1', '2001:db8::5', '2001:db8::5'],
  ['127.0.0.1', 'unknown, <script>', '127.0.0.1'],
] as const)('a socket of %s that forwards for %s is %s', ([socket, forwarded, address]) => {
  expect(addressOf(from(socket, forwarded))).toBe(address)
})

test.for([
  ['models.example.org', true],
  ['MODELS.example.org.:443', true],
  ['web:3000', true],
  ['localhost:3000', true],
  ['192.0.2.4:3000', true],
  ['[::1]:3000', true],
  ['models.example.org.evil.net', false],
  ['evil.net', false],
  ['', false],
] as const)('the host "%s" is answered: %s', ([host, isAnswered]) => {
  const ask = () => refuseOtherHosts({ headers: { host }, headersDistinct: { host: [host] } } as unknown as IncomingMessage)
  if (isAnswered) expect(ask).not.toThrow()
  else expect(ask).toThrow()
})

test('a page passes on the address that web wrote; nobody else can name one', () => {
  const headers = { 'x-neuroweaver-address': '203.0.113.9' }
  expect(addressOf({ headers } as unknown as IncomingMessage)).toBe('203.0.113.9')
  expect(addressOf({ headers, socket: { remoteAddress: '198.51.100.7' } } as unknown as IncomingMessage)).toBe('198.51.100.7')
})
