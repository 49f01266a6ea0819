import type { IncomingMessage, ServerResponse } from 'node:http'
import { sendJson } from './http.ts'
import { readHealth } from './services/health.ts'

/** Cheap, open, and 503 while the product can not do its work, as load balancers read it. */
export async function handleHealth(_req: IncomingMessage, res: ServerResponse): Promise<void> {
  const health = await readHealth()
  sendJson(res, health.status === 'unavailable' ? 503 : 200, health, { 'cache-control': 'no-store' })
}
