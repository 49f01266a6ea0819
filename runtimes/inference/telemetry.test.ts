/** What the runtime's process writes, ships and traces. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Collector, eventually, type LogLine } from '#src/testing/collector.ts'
import { deploymentOf } from './testing/control-plane.ts'
import { scaleModel } from './testing/models.ts'
import { RuntimeHarness } from './testing/runtime.ts'
import { ServerProcess } from './testing/server-process.ts'

const keys = 'id timestamp level system component message data correlationId userId sessionId error duration statusCode'.split(' ')
const harness = new RuntimeHarness()
let collector: Collector
let server: ServerProcess
let url: string

beforeAll(async () => {
  collector = await new Collector().start()
  await harness.startControl()
  const { stateDir, control } = harness
  server = new ServerProcess(
    { controlUrl: control.url, stateDir, runtimeToken: control.enrolToken },
    { LOG_LEVEL: 'debug', LOG_SINK_URL: `${collector.url}/logs`, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url },
  )
  url = await server.url
  await harness.deploy(deploymentOf(control, 'scale', scaleModel(2)))
}, 60_000)
afterAll(async () => {
  server.child.kill('SIGKILL')
  await server.exited
  await harness.stop()
  collector.stop()
})

const lines = () =>
  server.written
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as LogLine)
const infer = (headers: Record<string, string>, path = '/v2/models/scale/infer') =>
  fetch(`${url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${harness.token}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }] }),
  })
const lineOf = (correlationId: string) => eventually(() => lines().find((line) => line.correlationId === correlationId))

it('one line a request, in the shape of all, and a trace through queue and replica', async () => {
  const [traceId, parent] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331']
  expect((await infer({ 'x-correlation-id': 'one-call', traceparent: `00-${traceId}-${parent}-01` })).status).toBe(200)
  expect(await lineOf('one-call')).toMatchObject({ message: 'POST /v2/models/scale/infer', statusCode: 200, component: 'inference.server' })
  const spans = await eventually(() => {
    const found = collector.spans.filter((span) => span.traceId === traceId)
    return found.length >= 3 && Object.fromEntries(found.map((span) => [span.name, span]))
  })
  const request = spans['POST /v2/models/{name}/infer']
  expect(request?.parentSpanId).toBe(parent)
  for (const name of ['queue', 'replica']) expect(spans[name]?.parentSpanId).toBe(request?.spanId)
})

it('no secret, whichever way it comes, and the same keys everywhere', async () => {
  const key = `nwk_${'A1b2'.repeat(10)}`
  const token = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJlLW9mLWl0'
  for (const bearer of [key, token])
    for (const path of [`/v2/models/scale/infer?token=${key}`, `/v2/models/${key}/infer`, `/${token}`, '/metrics'])
      await infer({ authorization: `Bearer ${bearer}`, 'x-api-key': key }, path)
  await infer({ 'x-correlation-id': 'the-last' })
  await lineOf('the-last')
  await eventually(() => collector.lines.find(({ correlationId }) => correlationId === 'the-last'))
  const all = server.written + JSON.stringify(collector.lines) + JSON.stringify(collector.spans)
  for (const secret of [key, token, harness.token, harness.control.enrolToken]) expect(all).not.toContain(secret)
  for (const line of [...lines(), ...collector.lines]) expect(Object.keys(line)).toEqual(keys)
})
