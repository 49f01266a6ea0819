import type { IncomingMessage, ServerResponse } from 'node:http'
import { collectDefaultMetrics, Gauge, register } from 'prom-client'
import { callerOf } from './identity.ts'
import { authorize } from './services/access.ts'
import { countJobs } from './services/training/counts.ts'

collectDefaultMetrics({ prefix: 'neuroweaver_web_' })

new Gauge({
  name: 'neuroweaver_training_jobs',
  help: 'Training jobs by status',
  labelNames: ['status'],
  async collect() {
    for (const { status, count } of await countJobs().catch(() => [])) this.set({ status }, count)
  },
})

/** Figures of this process and of the queue, for Prometheus. */
export async function handleMetrics(req: IncomingMessage, res: ServerResponse): Promise<void> {
  authorize(await callerOf(req), 'read', ['metrics:read'])
  res.writeHead(200, { 'content-type': register.contentType }).end(await register.metrics())
}
