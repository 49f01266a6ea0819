import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import type { DesiredDeployment } from '#src/contracts/runtime.ts'
import { deploymentOf, digestOf, targetOf } from './testing/control-plane.ts'
import { loopModel, scaleModel, type TestModel } from './testing/models.ts'
import { replicaPids, RuntimeHarness, until } from './testing/runtime.ts'
import { ServerProcess } from './testing/server-process.ts'

let harness: RuntimeHarness
afterEach(() => harness.stop())

const start = async (change: ConstructorParameters<typeof RuntimeHarness>[0] = {}) => {
  harness = await new RuntimeHarness(change).start()
  return harness
}
const ask = { inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }] }
type Answer = { model_version: string; outputs: { data: number[] }[] }
const answerOf = async (name: string): Promise<Answer> => (await (await harness.infer(name, ask)).json()) as Answer

const goldenOf = (model: TestModel, outputs: number[], tolerance = 1e-3) =>
  JSON.stringify({
    format: 1,
    tolerance,
    cases: [
      {
        name: 'first',
        inputs: ask.inputs,
        outputs: [{ name: model.signature.outputs[0]?.name, datatype: 'FP32', shape: [1, 2], data: outputs }],
      },
    ],
  })

const movedTo = (deployment: DesiredDeployment, ...targets: DesiredDeployment['targets']): DesiredDeployment => ({ ...deployment, targets })

describe('changing versions', () => {
  it('swaps under load without one failed request', async () => {
    await start()
    const deployment = deploymentOf(harness.control, 'swap', scaleModel(2), { replicas: 2 })
    await harness.deploy(deployment)
    const seen = new Map<string, number>()
    const failures: number[] = []
    let isOver = false
    const caller = async () => {
      while (!isOver) {
        const response = await harness.infer('swap', ask)
        if (response.ok) {
          const { model_version, outputs } = (await response.json()) as Answer
          seen.set(model_version, (seen.get(model_version) ?? 0) + 1)
          expect(outputs[0]?.data).toEqual(model_version === '1' ? [2, 4] : [3, 6])
        } else failures.push(response.status)
      }
    }
    const callers = Array.from({ length: 8 }, caller)
    await until('version 1 to serve', () => (seen.get('1') ?? 0) > 50)
    const next = movedTo(deployment, targetOf(harness.control, scaleModel(3), 100, { version: 2 }))
    await harness.deploy(next)
    await until('version 2 to serve', () => (seen.get('2') ?? 0) > 50)
    isOver = true
    await Promise.all(callers)
    expect(failures).toEqual([])
    await until('the old replicas to end', async () => (await replicaPids(process.pid)).length === 2)
    expect((await answerOf('swap')).model_version).toBe('2')
  }, 40_000)

  it('keeps the old version serving when the new one fails its parity check', async () => {
    await start()
    const deployment = deploymentOf(harness.control, 'gate', scaleModel(2))
    await harness.deploy(deployment)
    const model = scaleModel(3)
    const wrong = movedTo(
      deployment,
      targetOf(harness.control, model, 100, { version: 2, files: [harness.control.addBlob('golden.json', goldenOf(model, [3, 6.1]))] }),
    )
    harness.control.desire(wrong)
    const report = await harness.untilFailed(wrong)
    expect(report.reason_code).toBe('parity')
    expect(report.reason).toMatch(/"y"\[1\] is 6, 6.1 was expected/)
    expect(report.parity).toMatchObject({ passed: false, cases: 1, tolerance: 1e-3 })
    expect((await answerOf('gate')).model_version).toBe('1')
    expect(harness.report(deployment)?.state).toBe('ready')

    const right = movedTo(
      deployment,
      targetOf(harness.control, model, 100, { version: 3, files: [harness.control.addBlob('golden.json', goldenOf(model, [3, 6.0005]))] }),
    )
    await harness.deploy(right)
    expect(harness.report(right)?.parity).toMatchObject({ passed: true, cases: 1 })
    expect((await answerOf('gate')).model_version).toBe('3')
  })

  it('shares traffic by weight, and gives each version by its number', async () => {
    await start()
    const deployment = deploymentOf(harness.control, 'split', scaleModel(2))
    const first = { ...(deployment.targets[0] as DesiredDeployment['targets'][number]), weight: 80 }
    await harness.deploy(
      movedTo(
        deployment,
        first,
        targetOf(harness.control, scaleModel(3), 20, { version: 2 }),
        targetOf(harness.control, scaleModel(4), 0, { version: 3 }),
      ),
    )
    const versions = []
    for (let index = 0; index < 300; index++) versions.push((await answerOf('split')).model_version)
    const share = versions.filter((version) => version === '2').length / versions.length
    expect(share).toBeGreaterThan(0.1)
    expect(share).toBeLessThan(0.32)
    expect(versions).not.toContain('3')
    const direct = await harness.fetch('/v2/models/split/versions/3/infer', {
      method: 'POST',
      body: JSON.stringify(ask),
      headers: { 'content-type': 'application/json' },
    })
    expect(((await direct.json()) as Answer).model_version).toBe('3')
  })

  it('scales, undeploys, and leaves no process behind', async () => {
    await start()
    const deployment = deploymentOf(harness.control, 'scaled', scaleModel(2), { replicas: 3 })
    await harness.deploy(deployment)
    const one = { ...deployment, replicas: 1 }
    await harness.deploy(one)
    await until('one process', async () => (await replicaPids(process.pid)).length === 1)
    harness.control.desire()
    await until('no process', async () => (await replicaPids(process.pid)).length === 0)
    expect((await harness.infer('scaled', ask)).status).toBe(404)
  })
})

describe('files', () => {
  it('resumes a download where it broke off', async () => {
    await start()
    harness.control.cutAfter = 100_000
    await harness.deploy(deploymentOf(harness.control, 'resumed', { ...scaleModel(2), bytes: padded(scaleModel(2).bytes, 3_000_000) }))
    expect(harness.control.ranges.length).toBeGreaterThan(0)
    expect((await answerOf('resumed')).outputs[0]?.data).toEqual([2, 4])
    expect(await readdir(join(harness.stateDir, 'cache'))).toHaveLength(1)
  })

  it('reads a shared directory in place, and goes round a damaged file in it', async () => {
    const shared = await mkdtemp(join(tmpdir(), 'nw-shared-'))
    await start({ artifactDir: shared })
    const good = deploymentOf(harness.control, 'good', scaleModel(2))
    const damaged = deploymentOf(harness.control, 'damaged', scaleModel(3))
    for (const [deployment, isDamaged] of [
      [good, false],
      [damaged, true],
    ] as const) {
      const sha256 = deployment.targets[0]?.files[0]?.sha256 ?? ''
      await mkdir(join(shared, sha256.slice(0, 2)), { recursive: true })
      const bytes = harness.control.blobs.get(sha256) as Uint8Array
      await writeFile(join(shared, sha256.slice(0, 2), sha256), isDamaged ? Buffer.alloc(bytes.length) : bytes)
    }
    await harness.deploy(good, damaged)
    expect((await answerOf('damaged')).outputs[0]?.data).toEqual([3, 6])
    expect(harness.control.calls.filter((path) => path.startsWith('/artifacts/'))).toHaveLength(1)
    await rm(shared, { recursive: true })
  })
})

/** ONNX readers skip unknown fields, so a model can be made as long as a test wants. */
const padded = (bytes: Uint8Array, length: number): Uint8Array => {
  const body = Buffer.alloc(length)
  const prefix = Buffer.from([0xfa, 0x3f, 0, 0, 0, 0])
  let rest = length
  for (let index = 2; index < 6; index++) {
    prefix[index] = (rest & 0x7f) | (index < 5 ? 0x80 : 0)
    rest >>>= 7
  }
  return Buffer.concat([bytes, prefix, body])
}

describe('web is away', () => {
  it('goes on serving known callers, refuses unknown ones with 503, and delivers its figures afterwards', async () => {
    await start()
    harness.control.freshMs = 50
    const deployment = deploymentOf(harness.control, 'steady', scaleModel(2))
    await harness.deploy(deployment)
    expect((await harness.infer('steady', ask)).status).toBe(200)
    await harness.control.stop()
    await sleep(100)
    for (let index = 0; index < 5; index++) expect((await harness.infer('steady', ask)).status).toBe(200)
    const unknown = await harness.infer('steady', ask, { headers: { authorization: 'Bearer never-seen' } })
    expect(unknown.status).toBe(503)
    expect(unknown.headers.get('retry-after')).toBeTruthy()
    await harness.control.start()
    await until('all requests to be counted', () => countOf(deployment) === 6, 15_000)
  }, 30_000)

  it('serves again after a restart of its own, from what it kept', async () => {
    await start()
    await harness.deploy(deploymentOf(harness.control, 'kept', scaleModel(2)))
    await harness.runtime?.stop()
    await harness.control.stop()
    await harness.startRuntime()
    await until('the model to be ready', async () => (await fetch(`${harness.url}/v2/health/ready`)).ok)
    // Nobody can say who may call, until web is back: then everything goes on by itself.
    expect((await harness.infer('kept', ask)).status).toBe(503)
    await harness.control.start()
    await until('an answer', async () => (await harness.infer('kept', ask)).ok)
    const mode = (await stat(join(harness.stateDir, 'credential.json'))).mode & 0o777
    expect(mode).toBe(0o600)
  })

  it('starts before web does', async () => {
    harness = await new RuntimeHarness().startControl()
    await harness.control.stop()
    await harness.startRuntime()
    expect((await fetch(`${harness.url}/v2/health/live`)).status).toBe(200)
    expect((await fetch(`${harness.url}/v2/health/ready`)).status).toBe(503)
    await harness.control.start()
    await harness.deploy(deploymentOf(harness.control, 'late', scaleModel(2)))
    expect((await harness.infer('late', ask)).status).toBe(200)
  })

  it('enrols again when its credential is no longer known', async () => {
    await start()
    await harness.deploy(deploymentOf(harness.control, 'again', scaleModel(2)))
    const before = harness.control.enrolments
    harness.control.forgetCredential()
    await until('another enrolment', () => harness.control.enrolments > before)
    expect((await harness.infer('again', ask)).status).toBe(200)
  })

  it('shows at its next start what it was given last', async () => {
    await start()
    await until('an enrolment', () => harness.control.enrolments === 1)
    expect(harness.control.proof).toBeNull()
    const given = async () =>
      (JSON.parse(await readFile(join(harness.stateDir, 'credential.json'), 'utf8')) as { credential: string }).credential
    const first = await until('the credential to be kept', () => given().catch(() => undefined))
    await harness.runtime?.stop()
    await harness.startRuntime()
    await until('another credential to be kept', async () => (await given()) !== first)
    expect(harness.control.proof).toBe(digestOf(first))
  })

  it('waits while another runtime has its name, says so once, and comes back by itself', async () => {
    harness = await new RuntimeHarness().startControl()
    harness.control.nameTaken = 'The name is taken by another inference runtime.'
    const server = new ServerProcess(
      { controlUrl: harness.control.url, stateDir: harness.stateDir, runtimeToken: harness.control.enrolToken },
      { LOG_LEVEL: 'info' },
    )
    try {
      const url = await server.url
      await until('three refusals', () => harness.control.refusals === 3)
      expect((await fetch(`${url}/v2/health/live`)).status).toBe(200)
      expect(server.written.split(harness.control.nameTaken.replaceAll('"', '\\"'))).toHaveLength(2)
      harness.control.nameTaken = undefined
      await until('the enrolment', () => harness.control.enrolments === 1)
      await until('what it serves', async () => (await fetch(`${url}/v2/health/ready`)).ok)
      expect(server.child.exitCode).toBeNull()
    } finally {
      server.child.kill('SIGTERM')
      await server.exited
    }
  }, 30_000)

  it('takes away a right within the fresh time', async () => {
    await start()
    harness.control.freshMs = 200
    await harness.deploy(deploymentOf(harness.control, 'revoked', scaleModel(2)))
    expect((await harness.infer('revoked', ask)).status).toBe(200)
    harness.control.grants.clear()
    await until('a refusal', async () => (await harness.infer('revoked', ask)).status === 401, 2000)
  })
})

const countOf = (deployment: DesiredDeployment): number =>
  [...harness.control.metrics.values()]
    .filter((report) => report.deployment_id === deployment.deployment_id)
    .reduce((sum, report) => sum + report.requests, 0)

describe('figures', () => {
  it('reports requests, errors and histograms by minute, cumulative', async () => {
    await start()
    const deployment = deploymentOf(harness.control, 'counted', scaleModel(2))
    await harness.deploy(deployment)
    for (let index = 0; index < 7; index++) await harness.infer('counted', ask)
    await harness.infer('counted', { inputs: [] })
    await until('eight requests', () => countOf(deployment) === 8)
    await sleep(harness.control.heartbeatMs * 2)
    expect(countOf(deployment)).toBe(8)
    const reports = [...harness.control.metrics.values()]
    expect(reports.reduce((sum, report) => sum + report.errors, 0)).toBe(0)
    expect(reports.flatMap((report) => report.latency_counts).reduce((sum, count) => sum + count, 0)).toBe(8)
    expect(reports.flatMap((report) => report.queue_counts).reduce((sum, count) => sum + count, 0)).toBe(7)
    const text = await (await harness.fetch('/metrics')).text()
    expect(text).toContain('nw_inference_requests_total{deployment="counted",version="1"} 8')
    expect(text).toContain('process_cpu_user_seconds_total')
    harness.control.allow('elsewhere', ['other'])
    const others = await (await harness.fetch('/metrics', { headers: { authorization: 'Bearer elsewhere' } })).text()
    expect(others).not.toContain('counted')
  })
})

describe('the process', () => {
  const startServer = async (openFiles?: number) => {
    harness = await new RuntimeHarness().startControl()
    const own = { controlUrl: harness.control.url, stateDir: harness.stateDir, runtimeToken: harness.control.enrolToken }
    const server = new ServerProcess(own, {}, openFiles)
    await server.url
    await harness.deploy(deploymentOf(harness.control, 'own', loopModel(), { replicas: 2, timeout_ms: 60_000 }))
    return { server, url: await server.url, pids: await replicaPids(server.child.pid ?? 0) }
  }
  const isGone = async (pid: number) => {
    const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
    return status === undefined || /\) Z/.test(status)
  }

  it('stops cleanly on SIGTERM', async () => {
    const { server, pids } = await startServer()
    expect(pids).toHaveLength(2)
    const startedAt = Date.now()
    server.child.kill('SIGTERM')
    expect(await server.exited).toBe(0)
    expect(Date.now() - startedAt).toBeLessThan(5000)
    for (const pid of pids) await until('the replica to end', () => isGone(pid))
  }, 30_000)

  it('leaves no replica behind when it is killed, not even one that computes', async () => {
    const { server, url, pids } = await startServer()
    const endless = {
      inputs: [
        { name: 'count', datatype: 'INT64', shape: [1], data: ['9223372036854775807'] },
        { name: 'start', datatype: 'FP32', shape: [1], data: [0] },
      ],
    }
    const headers = { authorization: `Bearer ${harness.token}`, 'content-type': 'application/json' }
    for (let index = 0; index < 2; index++)
      fetch(`${url}/v2/models/own/infer`, { method: 'POST', headers, body: JSON.stringify(endless) }).catch(() => {})
    await sleep(300)
    server.child.kill('SIGKILL')
    await server.exited
    for (const pid of pids) await until('the replica to end', () => isGone(pid))
  }, 30_000)

  it('L2: deploys and serves while idle connections take all that they get of its open files', async () => {
    const { server, url } = await startServer(200)
    const idle = Array.from({ length: 400 }, () => connect(Number(new URL(url).port), '127.0.0.1').on('error', () => {}))
    await until('the last of them to be closed', () => idle.some(({ closed }) => closed))
    await harness.deploy(deploymentOf(harness.control, 'late', scaleModel(2)))
    for (const socket of idle) socket.destroy()
    const headers = { authorization: `Bearer ${harness.token}`, 'content-type': 'application/json' }
    const infer = () => fetch(`${url}/v2/models/late/infer`, { method: 'POST', headers, body: JSON.stringify(ask) })
    await until('an answer', async () => (await infer().catch(() => undefined))?.status === 200)
    server.child.kill('SIGTERM')
    expect(await server.exited).toBe(0)
  }, 60_000)

  it('is missed by a replica that comes up only after it was killed', async () => {
    const gone = spawn('true')
    await once(gone, 'exit')
    const file = fileURLToPath(new URL('./replica.ts', import.meta.url))
    const replica = spawn(process.execPath, ['--no-warnings', file, String(2 ** 30), String(gone.pid)], {
      stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
    })
    expect(await once(replica, 'exit')).toEqual([null, 'SIGKILL'])
  }, 20_000)
})

it('tells which variable is wrong', async () => {
  await start()
  const { readEnv } = await import('./env.ts')
  expect(() => readEnv({ INFERENCE_PORT: 'x', NEUROWEAVER_CONTROL_URL: 'ftp://x' } as unknown as NodeJS.ProcessEnv)).toThrow(
    /INFERENCE_PORT[\s\S]*NEUROWEAVER_CONTROL_URL/,
  )
})
