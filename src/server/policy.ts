/** What answers tell browsers that they may do with them. */
import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { env } from './env.ts'

const hstsSeconds = 31_536_000

/** Headers of every answer. What is no page is data: nothing in it runs, wherever it is opened. */
export function setSecurityHeaders(res: ServerResponse): void {
  res.setHeader('x-content-type-options', 'nosniff')
  res.setHeader('x-frame-options', 'DENY')
  res.setHeader('referrer-policy', 'same-origin')
  res.setHeader('cross-origin-opener-policy', 'same-origin')
  res.setHeader('cross-origin-resource-policy', 'same-origin')
  res.setHeader('permissions-policy', 'camera=(), geolocation=(), microphone=(), payment=(), usb=()')
  res.setHeader('content-security-policy', "default-src 'none'; frame-ancestors 'none'; sandbox")
  if (env().webUrl.startsWith('https:')) res.setHeader('strict-transport-security', `max-age=${hstsSeconds}; includeSubDomains`)
}

/**
 * The policy of a page: its own files, and scripts that carry this answer's nonce. Styles may stand in the page, because charts and the
 * widgets compute theirs; scripts may not. Next reads the nonce from the request's header and puts it on every script that it writes.
 */
export function setPagePolicy(req: IncomingMessage, res: ServerResponse, isDev: boolean): void {
  const nonce = randomBytes(18).toString('base64')
  const forms = ["'self'", env().OIDC_ISSUER ? new URL(env().OIDC_ISSUER as string).origin : ''].filter(Boolean).join(' ')
  const policy = [
    "default-src 'self'",
    // The reload of development compiles in the browser.
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${isDev ? " 'unsafe-eval'" : ''}`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    `connect-src 'self'${isDev ? ' ws:' : ''}`,
    "object-src 'none'",
    "base-uri 'none'",
    `form-action ${forms}`,
    "frame-ancestors 'none'",
  ].join('; ')
  req.headers['content-security-policy'] = policy
  req.headers['x-nonce'] = nonce
  res.setHeader('content-security-policy', policy)
}
