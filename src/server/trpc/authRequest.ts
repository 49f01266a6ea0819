/** What next-auth would answer with 500, as if it were at fault itself. */
import type { NextRequest } from 'next/server'
import type { ErrorDetail } from '#src/server/errors.ts'

/** An address that an answer can carry in a header: a path of this site, or a whole address. */
function isWayBack(value: unknown): boolean {
  if (typeof value !== 'string' || !/^[\x20-\x7e]*$/.test(value)) return false
  return value === '' || value.startsWith('/') || /^https?:$/.test(URL.parse(value)?.protocol ?? '')
}

/** The body as next-auth will read it, by the type that it says it is. @throws SyntaxError for what is no JSON. */
async function fieldsOf(request: NextRequest): Promise<Record<string, unknown>> {
  if (request.method !== 'POST' || !request.body) return {}
  const type = request.headers.get('content-type') ?? ''
  const text = await request.clone().text()
  if (type.includes('application/json')) return JSON.parse(text) ?? {}
  return type.includes('application/x-www-form-urlencoded') ? Object.fromEntries(new URLSearchParams(text)) : {}
}

/** The cookie that next-auth keeps the way back in, over HTTP and over HTTPS. */
const cookieNames = ['next-auth.callback-url', '__Secure-next-auth.callback-url']

async function problemOf(request: NextRequest): Promise<ErrorDetail | undefined> {
  const { callbackUrl, error = '' } = Object.fromEntries(request.nextUrl.searchParams)
  const fields = await fieldsOf(request).catch(() => undefined)
  if (!fields) return { path: 'body', message: 'is not valid JSON' }
  const kept = cookieNames.map((name) => request.cookies.get(name)?.value)
  if (![callbackUrl, fields.callbackUrl, ...kept].every((value) => value === undefined || isWayBack(value)))
    return { path: 'callbackUrl', message: 'must be a path that begins with a slash, or a whole address, in ASCII; its cookie too' }
  return isWayBack(`/${error}`) ? undefined : { path: 'error', message: 'must be a word in ASCII' }
}

/** The answer to a request that can not be used, or undefined for one that next-auth may see. */
export async function refusalOf(request: NextRequest): Promise<Response | undefined> {
  const problem = await problemOf(request)
  if (!problem) return undefined
  const message = `${problem.path}: ${problem.message}`
  const correlation_id = request.headers.get('x-correlation-id') ?? ''
  return Response.json({ error: { code: 'bad_request', message, details: [problem], correlation_id } }, { status: 400 })
}
