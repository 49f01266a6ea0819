/** Lists are arrays; where the next page is stands in the Link header (RFC 8288). */
import type { IncomingMessage } from 'node:http'
import type { Page } from '#src/contracts/common.ts'
import { env } from '#src/server/env.ts'
import { maxSkip } from './fields.ts'
import type { ListAnswer } from './route.ts'

/** A page that a service gave, each item as REST shows it. */
export const listOf = <T>(page: Page<T>, present: (item: T) => unknown): ListAnswer => ({
  items: page.items.map(present),
  total: page.total,
  next: page.nextCursor === null ? null : { cursor: page.nextCursor },
})

/** A page of a list that is short enough to be read whole. */
export function sliceOf<T>(
  items: readonly T[],
  { limit, skip }: { limit: number; skip: number },
  present: (item: T) => unknown,
): ListAnswer {
  const end = skip + limit
  const hasMore = end < items.length && end <= maxSkip
  return { items: items.slice(skip, end).map(present), total: items.length, next: hasMore ? { skip: end } : null }
}

const plainHost = /^[A-Za-z0-9.\-_[\]:]{1,255}$/

/** The origin that this client reached us by; a setting wins, since a proxy may stand before us. */
export function originOf(req: IncomingMessage): string {
  const { NEUROWEAVER_URL, webUrl } = env()
  const { host } = req.headers
  return NEUROWEAVER_URL || !host || !plainHost.test(host) ? webUrl : `http://${host}`
}

export function listHeaders(req: IncomingMessage, url: URL, answer: ListAnswer): Record<string, string> {
  const headers: Record<string, string> = { 'x-total-count': String(answer.total), 'cache-control': 'no-store' }
  if (!answer.next) return headers
  const query = new URLSearchParams(url.search)
  query.delete('skip')
  query.delete('cursor')
  for (const [name, value] of Object.entries(answer.next)) query.set(name, String(value))
  return { ...headers, link: `<${originOf(req)}${url.pathname}?${query}>; rel="next"` }
}
