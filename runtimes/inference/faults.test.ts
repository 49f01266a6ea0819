import { once } from 'node:events'
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DesiredDeployment } from '#src/contracts/runtime.ts'
import { ControlPlane } from './control.ts'
import { Metrics } from './metrics.ts'
import { deploymentOf } from './testing/control-plane.ts'
import { bombModel, gatherModel, identityModel, loopModel, scaleModel } from './testing/models.ts'
import { replicaPids, RuntimeHarness, until } from './testing/runtime.ts'

const harness = new RuntimeHarness()
const x = (rows: number[][]) => ({ inputs: [{ name: 'x', datatype: 'FP32', shape: [rows.length, 2], data: rows }] })
const loop = (count: number | string) => ({
  inputs: [
    { name: 'count', datatype: 'INT64', shape: [1], data: [count] },
    { name: 'start', datatype: 'FP32', shape: [1], data: [0] },
  ],
})
/** Computes for seconds, far longer than it takes to send what is to wait behind it. */
const longLoop = loop(2_000_000)
const bomb = (floats: number) => ({ inputs: [{ name: 'size', datatype: 'INT64', shape: [1], data: [floats] }] })
const look = (index: number) => ({ inputs: [{ name: 'index', datatype: 'INT64', shape: [1, 1], data: [index] }] })
let scale: DesiredDeployment
let looping: DesiredDeployment
let left: DesiredDeployment

beforeAll(async () => {
  await harness.start()
  scale = deploymentOf(harness.control, 'scale', scaleModel(2), { replicas: 2 })
  looping = deploymentOf(harness.control, 'loop', loopModel(), { timeout_ms: 20_000 })
  left = deploymentOf(harness.control, 'left', loopModel(), { timeout_ms: 20_000 })
  const impatient = deploymentOf(harness.control, 'impatient', loopModel(), { timeout_ms: 800 })
  await harness.deploy(
    scale,
    looping,
    left,
    impatient,
    deploymentOf(harness.control, 'bomb', bombModel(), { memory_limit_bytes: 400 * 1024 * 1024, timeout_ms: 60_000 }),
    deploymentOf(harness.control, 'gather', gatherModel()),
  )
}, 60_000)
afterAll(() => harness.stop())

const answers = async (name: string, body: object): Promise<boolean> => (await harness.infer(name, body)).ok

describe('one model cannot take the others down', () => {
  it('stops a request that computes too long, and the model answers again', async () => {
    const running = harness.infer('impatient', loop('9223372036854775807'))
    expect(await answers('scale', x([[1, 2]]))).toBe(true)
    const response = await running
    expect(response.status).toBe(504)
    expect(await response.json()).toEqual({ error: expect.stringContaining('time limit') })
    await until('the loop to answer again', () => answers('impatient', loop(3)))
  })

  it('stops a replica that passes its memory limit', async () => {
    const response = await harness.infer('bomb', bomb(300_000_000))
    expect([503, 507]).toContain(response.status)
    expect(await answers('scale', x([[1, 2]]))).toBe(true)
    await until('the model to answer again', () => answers('bomb', bomb(10)))
  })

  it('says that there is not enough memory when an allocation fails', async () => {
    const response = await harness.infer('bomb', bomb(2 ** 45))
    expect([503, 507]).toContain(response.status)
    await until('the model to answer again', () => answers('bomb', bomb(10)))
  })

  it('starts a killed replica again, while the other one serves', async () => {
    // Which model's replica this is, is chance: those that are asked later wait until theirs serves.
    const [victim] = await replicaPids(harness.replicaParent)
    process.kill(victim as number, 'SIGKILL')
    const statuses = await Promise.all(Array.from({ length: 30 }, async () => (await harness.infer('scale', x([[1, 2]]))).status))
    expect(statuses.filter((status) => status !== 200 && status !== 503)).toEqual([])
    await until('two replicas again', () => harness.report(scale)?.ready_replicas === 2)
  })
})

describe('requests of several callers', () => {
  it('gives each caller its own rows, as if it had been alone', async () => {
    const bodies = Array.from({ length: 200 }, (_, index) => x(Array.from({ length: 1 + (index % 3) }, (_, row) => [index, row])))
    const responses = await Promise.all(bodies.slice(0, 60).map((body) => harness.infer('scale', body)))
    for (const [index, response] of responses.entries()) {
      const answer = (await response.json()) as { outputs: { data: number[]; shape: number[] }[] }
      const expected = bodies[index]?.inputs[0]?.data.flat().map((value) => value * 2)
      expect(answer.outputs[0]?.data).toEqual(expected)
    }
  })

  it('fails only the caller whose row is bad', async () => {
    await until('the model to serve', () => answers('gather', look(1)))
    const indices = Array.from({ length: 40 }, (_, index) => (index % 10 === 7 ? 99 : index % 5))
    const responses = await Promise.all(indices.map((index) => harness.infer('gather', look(index))))
    for (const [position, response] of responses.entries()) {
      const index = indices[position] as number
      const answer = (await response.json()) as { outputs?: { data: number[] }[]; error?: string }
      if (index === 99) {
        expect(response.status).toBe(400)
        expect(answer.error).toMatch(/could not compute this request/)
        expect(answer.error).not.toMatch(/onnxruntime_src|\.cc/)
      } else expect(answer).toMatchObject({ outputs: [{ data: [(index + 1) * 10] }] })
    }
  })

  it('refuses with 429 what the queue cannot hold, and serves the rest', async () => {
    const busy = harness.infer('loop', longLoop)
    const crowd = Array.from({ length: 90 }, () => harness.infer('loop', loop(1)))
    const responses = await Promise.all([busy, ...crowd])
    const refused = responses.filter((response) => response.status === 429)
    expect(refused.length).toBeGreaterThan(0)
    expect(refused[0]?.headers.get('retry-after')).toBe('1')
    expect(responses.filter((response) => response.status === 200).length).toBeGreaterThanOrEqual(60)
  })

  it('drops a request whose own deadline passes in the queue', async () => {
    const busy = harness.infer('loop', longLoop)
    const late = await harness.infer('loop', loop(1), { headers: { 'x-nw-timeout-ms': '1' } })
    expect(late.status).toBe(504)
    expect((await busy).status).toBe(200)
    expect((await harness.infer('loop', loop(1), { headers: { 'x-nw-timeout-ms': 'soon' } })).status).toBe(400)
  })

  it('computes nothing for callers that left', async () => {
    const busy = harness.infer('left', longLoop)
    const leaving = Array.from({ length: 20 }, () => {
      const request = httpRequest(`${harness.url}/v2/models/left/infer`, {
        method: 'POST',
        headers: { authorization: `Bearer ${harness.token}`, 'content-type': 'application/json' },
      })
      request.on('error', () => {})
      request.end(JSON.stringify(loop('9223372036854775807')))
      return request
    })
    await Promise.all(leaving.map((request) => once(request, 'finish')))
    for (const request of leaving) request.destroy()
    expect((await busy).status).toBe(200)
    expect(await answers('left', loop(1))).toBe(true)
    await until('the counts to arrive', () => requestsOf(left) >= 2)
    expect(requestsOf(left)).toBeLessThan(20)
  })
})

const requestsOf = ({ deployment_id: id }: DesiredDeployment): number =>
  [...harness.control.metrics.values()].filter((report) => report.deployment_id === id).reduce((sum, report) => sum + report.requests, 0)

describe('a version that cannot be served says why', () => {
  const others = () => [scale, looping]
  it.each<[string, string, () => Partial<DesiredDeployment> & { bytes?: Uint8Array }]>([
    ['a file that is no model', 'load', () => ({ bytes: Buffer.from('this is not a model, whatever its name says') })],
    ['a signature of another graph', 'load', () => ({ bytes: identityModel([{ name: 'z', datatype: 'FP32' }]).bytes })],
    ['a device that is not here', 'resource_unavailable', () => ({ device: 'cuda' })],
    ['a limit below what loading takes', 'memory', () => ({ memory_limit_bytes: 20 * 1024 * 1024 })],
  ])('%s', async (title, code, change) => {
    const { bytes, ...rest } = change()
    const model = scaleModel(4)
    const deployment = deploymentOf(harness.control, `bad-${title.length}`, bytes ? { ...model, bytes } : model, rest)
    harness.control.desire(...others(), deployment)
    const report = await harness.untilFailed(deployment)
    expect(report.reason_code).toBe(code)
    expect(report.reason).toMatch(/\.$/)
    const response = await harness.infer(deployment.name, x([[1, 2]]))
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBeTruthy()
    expect(await answers('scale', x([[1, 2]]))).toBe(true)
  })

  it('a file whose bytes are not what was registered', async () => {
    const deployment = deploymentOf(harness.control, 'corrupt', scaleModel(5))
    const file = deployment.targets[0]?.files[0]
    harness.control.blobs.set(file?.sha256 ?? '', Buffer.alloc(file?.size_bytes ?? 0))
    harness.control.desire(...others(), deployment)
    expect((await harness.untilFailed(deployment)).reason_code).toBe('download')
    expect(await answers('scale', x([[1, 2]]))).toBe(true)
  })

  it('weights outside the file are never looked for', async () => {
    const { buildModel } = await import('./testing/onnx.ts')
    const model = scaleModel(1)
    const bytes = buildModel({
      inputs: [{ name: 'x', datatype: 'FP32', shape: ['n', 2] }],
      outputs: [{ name: 'y', datatype: 'FP32', shape: ['n', 2] }],
      nodes: [{ op: 'Mul', inputs: ['x', 'scale'], outputs: ['y'] }],
      initializers: [{ name: 'scale', datatype: 'FP32', shape: [1], data: [], external: '../credential.json' }],
    })
    const deployment = deploymentOf(harness.control, 'outside', { ...model, bytes })
    harness.control.desire(...others(), deployment)
    const report = await harness.untilFailed(deployment)
    expect(report.reason_code).toBe('load')
    expect(report.reason).not.toContain(harness.stateDir)
  })
})

describe('a replica outlives nothing', () => {
  it('knows neither the token nor the settings of the server', async () => {
    for (const pid of await replicaPids(harness.replicaParent))
      expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).not.toMatch(/TOKEN|CONTROL_URL/)
  })
})

describe('a machine that is not as it should be', () => {
  it('says that its disk is full, and serves once there is room', async () => {
    const wanted = deploymentOf(harness.control, 'roomless', scaleModel(5))
    const { sha256 } = wanted.targets[0]?.files[0] ?? { sha256: '' }
    const folder = join(harness.stateDir, 'cache')
    mkdirSync(folder, { recursive: true })
    // Every write to it finds no space left; it is removed with what could not be written.
    symlinkSync('/dev/full', join(folder, `${sha256}.part`))
    harness.control.desire(scale, wanted)
    const report = await harness.untilFailed(wanted)
    expect(report).toMatchObject({ reason_code: 'download', reason: expect.stringContaining('disk of this runtime is full') })
    expect(await answers('scale', x([[1, 2]]))).toBe(true)
    await until('the model to be served', () => harness.report(wanted)?.state === 'ready')
  })

  it('counts by the clock of web when its own is an hour off', () => {
    const control = new ControlPlane({
      controlUrl: 'http://web',
      runtimeToken: 'x',
      stateDir: '/',
      name: 'x',
      version: '0.1.0',
      url: 'http://x',
    })
    const metrics = new Metrics(() => control.now())
    const anHourOn = new Date(Date.now() + 3_600_000)
    control.setClock(anHourOn.toISOString(), Date.now())
    metrics.record({ deploymentId: 'd', versionId: 'v', deployment: 'd', version: '1' }, 200, 1, undefined)
    const minute = Date.parse(metrics.pending()[0]?.minute ?? '')
    expect(Math.abs(minute - anHourOn.getTime())).toBeLessThan(120_000)
  })
})
