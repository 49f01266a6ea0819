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
