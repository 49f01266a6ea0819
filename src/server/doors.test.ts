/** What anybody may send to web before it is known who they are. */
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { useRest } from '#src/testing/rest.ts'

const use = useRest()
const chunk = 'a'.repeat(2 ** 16)

/** Sends a head and the first bytes of a body that does not end. @returns the status line. */
async function begin(path: string, framing: string): Promise<string | undefined> {
  const socket = connect(use.rest.web.port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.setTimeout(5_000, () => socket.destroy())
  socket.write(`POST ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer wrong\r\n${framing}`)
  const answer = await text(socket).catch(() => '')
  return answer.split('\r\n', 1)[0]
}

describe('an enrolment with a wrong token', () => {
  const of = (framing: string) => begin('/api/runtime/v1/enrol', `Content-Type: application/json\r\n${framing}`)
  it('is refused before its body has come', async () => {
    expect(await of(`Content-Length: ${2 ** 24}\r\n\r\n{`)).toContain('401')
  })
})

describe('a form for a page', () => {
  it('is refused when it is large, or does not say how large it is', async () => {
    const form = '/api/auth/callback/credentials'
    expect(await begin(form, `Content-Length: ${2 ** 30}\r\n\r\n${chunk}`)).toContain('413')
    expect(await begin(form, `Transfer-Encoding: chunked\r\n\r\n10000\r\n${chunk}\r\n`)).toContain('413')
  })
})

/** Sends a request without a body, just as it is written. @returns its status, and what it says of the error. */
async function ask(line: string, headers: string[] = ['Host: localhost']): Promise<[number, unknown]> {
  const socket = connect(use.rest.web.port, '127.0.0.1')
  socket.setTimeout(5_000, () => socket.destroy())
  socket.write(`${[`${line} HTTP/1.1`, 'Connection: close', 'Accept: text/html', ...headers].join('\r\n')}\r\n\r\n`)
  const answer = await text(socket)
  return [Number(answer.split(' ')[1]), JSON.parse(answer.split('\r\n\r\n')[1] || '{}')]
}
const refusal = (code: string, message: unknown = expect.any(String)) => ({ error: { code, message, correlation_id: expect.any(String) } })

describe('A10: a form that signs somebody in', () => {
  const post = (headers: string[]) =>
    ask('POST /api/auth/callback/credentials', ['Host: localhost', 'Content-Type: application/x-www-form-urlencoded', ...headers])

  it.each([
    ['of another site', ['Origin: https://evil.example.org']],
    ['of a page that hides its origin', ['Origin: null']],
    ['of another site, whose browser tells no origin', ['Sec-Fetch-Site: cross-site']],
    ['of another name of the same site', ['Sec-Fetch-Site: same-site', 'Origin: http://other.localhost']],
  ])('%s is refused', async (_what, headers) => {
    expect(await post(headers)).toEqual([403, refusal('forbidden')])
  })

  it.each([[['Origin: http://localhost']], [['Sec-Fetch-Site: same-origin']], [[]]])('of ours comes through: %j', async (headers) => {
    expect((await post(headers))[0]).toBe(404)
  })
})

describe('an address for a page', () => {
  it.each([
    '/%c0%af',
    '/models/%zz',
    '/models/%',
    '/sign-in/%ff',
    '/_next/static/%zz',
    '/dist/%zz',
    '/api/auth/%zz',
    '/api/trpc/%zz',
    '/uploads/%zz',
  ])('or for another door, whose percent signs can not be read, is a bad request: %s', async (path) => {
    expect(await ask(`GET ${path}`)).toEqual([400, refusal('bad_request', expect.stringContaining('%25'))])
  })

  it('that can not be read is left to the runtime below /v2, which has its own words for it', async () => {
    expect(await ask('GET /v2/models/%zz')).toEqual([503, refusal('unavailable')])
  })

  it.each(['/_next/image?url=%2Fhealth&w=64&q=75', '/_next/image', '/_global-error'])(
    'that Next has and no page is not there: %s',
    async (path) => {
      expect(await ask(`GET ${path}`)).toEqual([404, refusal('not_found', 'There is no such address.')])
    },
  )

  it('takes no TRACE', async () => {
    expect(await ask('TRACE /api/auth/csrf')).toEqual([405, refusal('method_not_allowed')])
  })
})

describe('a request that names two hosts', () => {
  it('is refused, whichever of them is ours', async () => {
    for (const second of ['localhost', 'evil.example.org'])
      expect(await ask('GET /health', ['Host: localhost', `host: ${second}`])).toEqual([400, refusal('bad_request')])
    expect((await ask('GET /health'))[0]).toBe(200)
  })
})
