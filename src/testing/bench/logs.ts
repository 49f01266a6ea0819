/** What logging costs: 500 lines a second for five seconds in a process of its own, beside the same loop that writes nothing. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Collector } from '#src/testing/collector.ts'
import type { BenchResult } from './result.ts'

const run = promisify(execFile)
const linesPerSecond = 500
const seconds = 5
/** The first batch loads what sends it, once. */
const warmUpSeconds = 3
const logFile = fileURLToPath(new URL('../../telemetry/log.ts', import.meta.url))

/** Ten lines every 20 ms, as requests come. Prints its own share of a core on standard error, once it is warm. */
const program = (isLogging: boolean) => `
  import { createLog, requestScope } from ${JSON.stringify(logFile)}
  const log = createLog('rest')
  const burst = () => requestScope.run({ correlationId: 'c0ffee00-0000-4000-8000-000000000000', userId: 'u' }, () => {
    for (let n = 0; n < 10; n++) ${isLogging ? `log.info('GET /api/v1/models/some-model/versions/12', { statusCode: 200, duration: 12.34, data: { n } })` : 'JSON.stringify({ n })'}
  })
  let left = ${(linesPerSecond / 10) * (seconds + warmUpSeconds)}
  let start
  const timer = setInterval(() => {
    burst()
    if (left-- === ${(linesPerSecond / 10) * seconds}) start = { cpu: process.cpuUsage(), at: performance.now() }
    if (left > 0) return
    clearInterval(timer)
    const { user, system } = process.cpuUsage(start.cpu)
    process.stderr.write(String((user + system) / 1000 / (performance.now() - start.at)))
  }, 20)`

async function shareOf(isLogging: boolean, env: Record<string, string> = {}): Promise<number> {
  const { stderr } = await run(process.execPath, ['--input-type=module', '--eval', program(isLogging)], {
    env: { ...process.env, LOG_LEVEL: 'info', ...env },
    maxBuffer: 64 * 1024 * 1024,
  })
  return Number(stderr)
}

export async function benchLogs(): Promise<BenchResult[]> {
  const collector = await new Collector().start()
  const floor = await shareOf(false)
  const plain = await shareOf(true)
  const shipped = await shareOf(true, { LOG_SINK_URL: collector.url })
  collector.stop()
  const result = (name: string, share: number): BenchResult => ({
    name,
    value: Number(((share - floor) * 100).toFixed(2)),
    unit: '% of a core for 500 lines/s',
    floor: Number((floor * 100).toFixed(2)),
    ratio: Number((share / floor).toFixed(2)),
  })
  return [result('logs', plain), result('logs_with_sink', shipped)]
}
