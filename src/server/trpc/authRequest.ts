/** What next-auth would answer with 500, as if it were at fault itself, or with success although it did nothing. */
import { createHash } from 'node:crypto'
import type { NextRequest } from 'next/server'
import type { ErrorDetail } from '#src/server/errors.ts'

/** An address that an answer can carry in a header: a path of this site, or a whole address. */
function isWayBack(value: unknown): boolean {
  if (typeof value !== 'string' || !/^[\x20-\x7e]*$/.test(value)) return false
  return value === '' || value.startsWith('/') || /^https?:$/.test(URL.parse(value)?.protocol ?? '')
}

type Fields = Record<string, unknown>

/** The body as next-auth will read it, by the type that it says it is. @throws SyntaxError for what is no JSON. */
async function fieldsOf(request: NextRequest): Promise<Fields> {
  if (request.method !== 'POST' || !request.body) return {}
  const type = request.headers.get('content-type') ?? ''
  const text = await request.clone().text()
  if (type.includes('application/json')) return JSON.parse(text) ?? {}
  return type.includes('application/x-www-form-urlencoded') ? Object.fromEntries(new URLSearchParams(text)) : {}
}

/** The cookie that next-auth keeps the way back in, over HTTP and over HTTPS. */
const cookieNames = ['next-auth.callback-url', '__Secure-next-auth.callback-url']

function problemOf(request: NextRequest, fields: Fields | undefined): ErrorDetail | undefined {
  const { callbackUrl, error = '' } = Object.fromEntries(request.nextUrl.searchParams)
  if (!fields) return { path: 'body', message: 'is not valid JSON' }
  const kept = cookieNames.map((name) => request.cookies.get(name)?.value)
  if (![callbackUrl, fields.callbackUrl, ...kept].every((value) => value === undefined || isWayBack(value)))
    return { path: 'callbackUrl', message: 'must be a path that begins with a slash, or a whole address, in ASCII; its cookie too' }
  return isWayBack(`/${error}`) ? undefined : { path: 'error', message: 'must be a word in ASCII' }
}

/** What only a page of ours may ask for: it alone can read the token that it sends beside its cookie. */
const changes = /\/api\/auth\/(signin|signout|callback)(\/|$)/
const tokenCookies = ['next-auth.csrf-token', '__Host-next-auth.csrf-token']

/** next-auth signs the token with its secret, in the cookie. */
function isOfOurPage(request: NextRequest, { csrfToken }: Fields): boolean {
  if (typeof csrfToken !== 'string') return false
  const hash = createHash('sha256').update(`${csrfToken}${process.env.NEXTAUTH_SECRET}`).digest('hex')
  return tokenCookies.some((name) => request.cookies.get(name)?.value === `${csrfToken}|${hash}`)
}

/** The answer to a request that can not be used, or undefined for one that next-auth may see. */
export async function refusalOf(request: NextRequest): Promise<Response | undefined> {
  const fields = await fieldsOf(request).catch(() => undefined)
  const problem = problemOf(request, fields)
  if (problem) return refusal(request, 400, 'bad_request', problem)
  const isChange = request.method === 'POST' && changes.test(request.nextUrl.pathname)
  if (!isChange || (fields && isOfOurPage(request, fields))) return undefined
  return refusal(request, 403, 'forbidden', { path: 'csrfToken', message: 'must be the one of /api/auth/csrf, sent with its cookie' })
}

function refusal(request: NextRequest, status: number, code: string, problem: ErrorDetail): Response {
  const message = `${problem.path}: ${problem.message}`
  const correlation_id = request.headers.get('x-correlation-id') ?? ''
  return Response.json({ error: { code, message, details: [problem], correlation_id } }, { status })
}
