import type { IncomingMessage, ServerResponse } from 'node:http'
import { sendJson } from './http.ts'
import { readHealth } from './services/health.ts'

const noStore = { 'cache-control': 'no-store' }

/**
 * Cheap and open, as load balancers ask: `/health/live` is 200 while this process answers at all, `/health/ready` and `/health`
 * are 503 while the product can not do its work. With `?strict` also while a part of it is missing.
 */
export async function handleHealth(_req: IncomingMessage, res: ServerResponse, { pathname, searchParams }: URL): Promise<void> {
  if (pathname === '/health/live') return sendJson(res, 200, { status: 'ok' }, noStore)
  const health = await readHealth()
  const strict = searchParams.get('strict')
  const isStrict = strict !== null && strict !== 'false' && strict !== '0'
  const isRefused = health.status === 'unavailable' || (isStrict && health.status === 'degraded')
  sendJson(res, isRefused ? 503 : 200, health, isRefused ? { ...noStore, 'retry-after': '2' } : noStore)
}
