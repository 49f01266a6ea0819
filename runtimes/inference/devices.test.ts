/** GPUs as nvidia-smi lists them: a stand-in that prints what its manual shows. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Devices } from './devices.ts'
import { deploymentOf } from './testing/control-plane.ts'
import { scaleModel } from './testing/models.ts'
import { RuntimeHarness, until } from './testing/runtime.ts'
import { ServerProcess } from './testing/server-process.ts'

const query = '--query-gpu=index,uuid,name,memory.total,memory.used,utilization.gpu --format=csv,noheader,nounits'
const [first, second] = ['GPU-6e1b2c1d-0001-4c5e-8a8a-000000000001', 'GPU-6e1b2c1d-0002-4c5e-8a8a-000000000002']
const two = `0, ${first}, NVIDIA A100-SXM4-40GB, 40960, 1024, 7\n1, ${second}, NVIDIA A100-SXM4-40GB, 40960, 0, 0\n`
const mib = 1024 * 1024
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nw-gpus-'))
  vi.stubEnv('CUDA_VISIBLE_DEVICES', undefined)
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true, force: true })
})

/** A PATH whose nvidia-smi answers the one query that it is to be asked, notes each question, and fails for another. */
function standIn(output: string, { status = 0, before = '' } = {}): string {
  const bin = join(folder, 'bin')
  mkdirSync(bin, { recursive: true })
  writeFileSync(join(bin, 'answer'), output)
  const script = `#!/bin/sh\necho asked >> "${bin}/questions"\n${before}\n[ "$*" = "${query}" ] || exit 2\ncat "${bin}/answer"\nexit ${status}\n`
  writeFileSync(join(bin, 'nvidia-smi'), script, { mode: 0o755 })
  return `${bin}${delimiter}${process.env.PATH}`
}
const questions = () =>
  readFileSync(join(folder, 'bin', 'questions'), 'utf8')
    .trim()
    .split('\n').length

function gpusOf(output: string, options: Parameters<typeof standIn>[1] = {}) {
  vi.stubEnv('PATH', standIn(output, options))
  return new Devices().gpus()
}

describe('the list', () => {
  it('has index, UUID, memory and load', async () => {
    const facts = { kind: 'cuda', name: 'NVIDIA A100-SXM4-40GB', memory_bytes: 40960 * mib }
    expect(await gpusOf(two)).toEqual([
      { ...facts, index: 0, uuid: first, memory_used_bytes: 1024 * mib, load: 0.07 },
      { ...facts, index: 1, uuid: second, memory_used_bytes: 0, load: 0 },
    ])
  })

  it.each([
    ['nothing', '', 0],
    ['no devices', 'No devices were found\n', 6],
    ['a driver that fails', 'NVIDIA-SMI has failed because it could not communicate\n', 9],
  ])('is the processor alone for %s', async (_what, output, status) => {
    vi.stubEnv('PATH', standIn(output, { status }))
    expect(await new Devices().list()).toMatchObject([{ kind: 'cpu', index: 0 }])
  })

  it('leaves out figures that a device does not have, and takes a name with commas', async () => {
    expect(await gpusOf(`0, ${first}, NVIDIA GB10, rev 2, [N/A], [Not Supported], [N/A]\n`)).toEqual([
      { kind: 'cuda', index: 0, uuid: first, name: 'NVIDIA GB10, rev 2' },
    ])
  })

  it.each([
    ['1', [second]],
    [first, [first]],
    ['GPU-6e1b2c1d-0002', [second]],
    ['', []],
    ['-1', []],
  ])('holds what CUDA_VISIBLE_DEVICES=%s allows', async (wished, seen) => {
    vi.stubEnv('CUDA_VISIBLE_DEVICES', wished)
    expect((await gpusOf(two)).map(({ uuid }) => uuid)).toEqual(seen)
  })

  it('asks once in ten seconds, and gives what it knows while it asks again', async () => {
    let now = 0
    vi.spyOn(performance, 'now').mockImplementation(() => now)
    try {
      vi.stubEnv('PATH', standIn(two))
      const devices = new Devices()
      await Promise.all([devices.gpus(), devices.gpus()])
      now = 9_999
      await devices.gpus()
      expect(questions()).toBe(1)
      standIn('', { before: `while [ ! -e "${folder}/go" ]; do sleep 0.02; done` })
      now = 10_000
      expect(await devices.gpus()).toHaveLength(2)
      expect(await devices.gpus()).toHaveLength(2)
      writeFileSync(join(folder, 'go'), '')
      await until('the second answer', async () => (await devices.gpus()).length === 0)
      expect(questions()).toBe(2)
    } finally {
      vi.restoreAllMocks()
    }
  })
})

describe('a runtime on a machine with GPUs', () => {
  it('shows them from its first word on, and says why it serves none of them', async () => {
    const harness = await new RuntimeHarness().startControl()
    const options = { controlUrl: harness.control.url, stateDir: harness.stateDir, runtimeToken: harness.control.enrolToken }
    const server = new ServerProcess(options, { PATH: standIn(two) })
    try {
      await server.url
      await until('a heartbeat', () => harness.control.heartbeats > 0)
      for (const found of [harness.control.introduced, harness.control.devices])
        expect(found.map(({ kind, uuid }) => [kind, uuid])).toEqual([
          ['cpu', undefined],
          ['cuda', first],
          ['cuda', second],
        ])
      const wanted = deploymentOf(harness.control, 'on-cuda', scaleModel(2), { device: 'cuda' })
      harness.control.desire(wanted)
      const report = await harness.untilFailed(wanted)
      expect(report.reason_code).toBe('resource_unavailable')
      expect(report.reason).toContain('There is a GPU here (NVIDIA A100-SXM4-40GB), but this build of the inference runtime has no CUDA')
      expect(report.reason).toContain('untested')
    } finally {
      server.child.kill('SIGTERM')
      await server.exited
      await harness.stop()
    }
  }, 30_000)

  it('without any, a deployment for CUDA is told that there is none', async () => {
    vi.stubEnv('PATH', standIn('No devices were found\n', { status: 6 }))
    const harness = await new RuntimeHarness().start()
    try {
      const wanted = deploymentOf(harness.control, 'on-cuda', scaleModel(2), { device: 'cuda' })
      harness.control.desire(wanted)
      expect((await harness.untilFailed(wanted)).reason).toMatch(
        /^The machine of this inference runtime has no GPU: nvidia-smi lists none\./,
      )
    } finally {
      await harness.stop()
    }
  })
})
