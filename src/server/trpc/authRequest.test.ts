/** What strangers send to the addresses of next-auth, at the route that Next calls. */
import { createHash } from 'node:crypto'
import { NextRequest } from 'next/server'
import { describe, expect, it, vi } from 'vitest'
import { GET, POST } from '#src/app/api/auth/[...nextauth]/route.ts'
import { refusalOf } from './authRequest.ts'

type Sent = [method: string, path: string, body?: string, headers?: Record<string, string>]
const requestOf = ([method, path, body, headers]: Sent) =>
  new NextRequest(`http://127.0.0.1:3000/api/auth/${path}`, {
    method,
    body: body ?? null,
    headers: { 'x-correlation-id': 'c-1', ...headers },
  })
const csrf = 'a-token'
vi.hoisted(() => {
  process.env.NEXTAUTH_SECRET = 'what signs the token of the page'
})
const hash = createHash('sha256').update(`${csrf}${process.env.NEXTAUTH_SECRET}`).digest('hex')
const ofPage = (type: Record<string, string>, name = 'next-auth.csrf-token') => ({ ...type, cookie: `${name}=${csrf}%7C${hash}` })
const json = { 'content-type': 'application/json' }
const form = { 'content-type': 'application/x-www-form-urlencoded' }
const cookie = (name: string) => ({ cookie: `${name}=${encodeURIComponent('::')}` })

describe('a request to sign in', () => {
  it.each<[string, string, Sent]>([
    ['a body that is no JSON', 'body', ['POST', 'callback/token', '{"a":', json]],
    ['a way back that is a number', 'callbackUrl', ['POST', 'callback/token', '{"callbackUrl":5}', json]],
    ['a way back that is no address', 'callbackUrl', ['POST', 'callback/token', 'callbackUrl=::', form]],
    ['a way back that no header can carry', 'callbackUrl', ['POST', 'signout', 'callbackUrl=/%E6%97%A5', form]],
    ['a way back in the query that is no address', 'callbackUrl', ['GET', 'csrf?callbackUrl=::']],
    ['a way back into a script', 'callbackUrl', ['GET', 'signin?callbackUrl=javascript:1']],
    ['a way back in a cookie that is no address', 'callbackUrl', ['GET', 'csrf', undefined, cookie('next-auth.callback-url')]],
    ['the same over HTTPS', 'callbackUrl', ['GET', 'csrf', undefined, cookie('__Secure-next-auth.callback-url')]],
    ['an error that no header can carry', 'error', ['GET', 'error?error=%E6%97%A5']],
  ])('with %s gets 400, which names %s', async (_what, path, sent) => {
    const answer = await (sent[0] === 'GET' ? GET : POST)(requestOf(sent), { params: Promise.resolve({ nextauth: [] }) })
    const error = {
      code: 'bad_request',
      message: expect.any(String),
      details: [{ path, message: expect.any(String) }],
      correlation_id: 'c-1',
    }
    expect([answer.status, await answer.json()]).toEqual([400, { error }])
  })

  it.each<[string, Sent]>([
    ['a JSON body', ['POST', 'callback/token', `{"token":"a","csrfToken":"${csrf}"}`, ofPage(json)]],
    ['a form', ['POST', 'callback/credentials', `email=a&callbackUrl=/models&csrfToken=${csrf}`, ofPage(form)]],
    ['a form over HTTPS', ['POST', 'signout', `csrfToken=${csrf}`, ofPage(form, '__Host-next-auth.csrf-token')]],
    ['what went wrong in the browser', ['POST', '_log', 'code=1', form]],
    ['a whole address to go back to', ['GET', 'signin?callbackUrl=https://models.example.org/models']],
    ['an error', ['GET', 'error?error=Denied']],
  ])('with %s comes through, its body unread', async (_what, sent) => {
    const request = requestOf(sent)
    expect([await refusalOf(request), await request.text()]).toEqual([undefined, sent[2] ?? ''])
  })

  it.each<[string, Sent]>([
    ['no token', ['POST', 'callback/credentials', 'email=a&password=b', { ...form, cookie: ofPage(form).cookie }]],
    ['no cookie', ['POST', 'callback/credentials', `email=a&password=b&csrfToken=${csrf}`, form]],
    [
      'a cookie that another site made up',
      ['POST', 'signout', `csrfToken=${csrf}`, { ...form, cookie: `next-auth.csrf-token=${csrf}%7C${csrf}` }],
    ],
    ['another token than that of the cookie', ['POST', 'signin/oidc', 'csrfToken=another', ofPage(form)]],
    ['a token that is no text', ['POST', 'callback/token', '{"token":"a","csrfToken":[]}', ofPage(json)]],
    ['a body that is no object', ['POST', 'callback/token', 'null', ofPage(json)]],
    ['no body', ['POST', 'signout', undefined, ofPage({})]],
  ])('A10: with %s gets 403, and signs nobody in or out', async (_what, sent) => {
    const answer = await POST(requestOf(sent), { params: Promise.resolve({ nextauth: [] }) })
    expect([answer.status, answer.headers.getSetCookie(), await answer.json()]).toEqual([
      403,
      [],
      { error: expect.objectContaining({ code: 'forbidden', details: [{ path: 'csrfToken', message: expect.any(String) }] }) },
    ])
  })
})
