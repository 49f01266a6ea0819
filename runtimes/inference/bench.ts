import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { ControlPlaneStandIn, deploymentOf } from './testing/control-plane.ts'
import { HttpSocket } from './testing/http-socket.ts'
import { denseModel, type TestModel } from './testing/models.ts'
import { until } from './testing/runtime.ts'
import { ServerProcess } from './testing/server-process.ts'

export type BenchResult = { name: string; value: number; unit: string; floor: number; ratio: number }
type Floor = { p50Us: number; perSecond: number }

const token = 'key-of-the-benchmark'
const seconds = 3
const run = promisify(execFile)

/**
 * Median latency that the runtime adds to bare `session.run` (its whole path: HTTP, authorisation, checks, queue, the
 * replica's pipe, JSON), and throughput at 8 callers beside one process that runs unbatched; each pair measured in one go.
 */
export async function benchAddedLatency(): Promise<BenchResult[]> {
  const small = await measure('small', denseModel(16, 3), 16, 8)
  const large = await measure('large', denseModel(768, 12), 768, 4)
  const added = small.p50Us - small.floor.p50Us
  return [
    {
      name: 'inference_added_latency_p50',
      value: added / 1000,
      unit: 'ms',
      floor: small.floor.p50Us / 1000,
      ratio: small.p50Us / small.floor.p50Us,
    },
    throughput('inference_throughput_small_c8', small),
    throughput('inference_throughput_large_c4', large),
  ]
}

type Measured = { p50Us: number; perSecond: number; floor: Floor }

const throughput = (name: string, { perSecond, floor }: Measured): BenchResult => ({
  name,
  value: perSecond,
  unit: 'requests/s',
  floor: floor.perSecond,
  ratio: perSecond / floor.perSecond,
})

async function measure(name: string, model: TestModel, width: number, callers: number): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), 'nw-bench-'))
  const control = await new ControlPlaneStandIn().start()
  control.allow(token)
  control.heartbeatMs = 5000
  const deployment = deploymentOf(control, name, model)
  control.desire(deployment)
  const server = new ServerProcess({ controlUrl: control.url, stateDir: folder, runtimeToken: control.enrolToken })
  try {
    const url = await server.url
    await until('the model to be ready', () => control.reports.get(deployment.targets[0]?.version_id ?? '')?.state === 'ready')
    const body = JSON.stringify({ inputs: [{ name: 'x', datatype: 'FP32', shape: [1, width], data: new Array(width).fill(0.5) }] })
    const sockets = await Promise.all(Array.from({ length: callers }, () => HttpSocket.open(url, `/v2/models/${name}/infer`, token, body)))
    const floor = await measureFloor(folder, model, width)
    const p50Us = await medianUs(sockets[0] as HttpSocket)
    const perSecond = await countPerSecond(sockets)
    for (const socket of sockets) socket.close()
    return { p50Us, perSecond, floor }
  } finally {
    server.child.kill('SIGTERM')
    await server.exited
    await control.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

async function measureFloor(folder: string, model: TestModel, width: number): Promise<Floor> {
  const file = join(folder, 'floor.onnx')
  await writeFile(file, model.bytes)
  const script = fileURLToPath(new URL('./testing/floor.ts', import.meta.url))
  const { stdout } = await run(process.execPath, ['--no-warnings', script, file, String(width), String(seconds)])
  return JSON.parse(stdout) as Floor
}

async function medianUs(socket: HttpSocket): Promise<number> {
  const times: number[] = []
  for (let index = 0; index < 500; index++) await checked(socket)
  const endAt = performance.now() + seconds * 1000
  while (performance.now() < endAt) {
    const before = performance.now()
    await checked(socket)
    times.push(performance.now() - before)
  }
  times.sort((left, right) => left - right)
  return (times[times.length >> 1] as number) * 1000
}

async function countPerSecond(sockets: readonly HttpSocket[]): Promise<number> {
  const startedAt = performance.now()
  let count = 0
  const caller = async (socket: HttpSocket) => {
    while (performance.now() - startedAt < seconds * 1000) {
      await checked(socket)
      count++
    }
  }
  await Promise.all(sockets.map(caller))
  return (count / (performance.now() - startedAt)) * 1000
}

async function checked(socket: HttpSocket): Promise<void> {
  const answer = await socket.send()
  if (!answer.startsWith('HTTP/1.1 200')) throw new Error(`the runtime answered: ${answer.slice(0, 300)}`)
}
