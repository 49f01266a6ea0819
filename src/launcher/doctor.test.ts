/** The doctor and a start that fails, as somebody at a terminal has them: they say the same sentences. */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { tryDatabase } from '#src/launcher/database.ts'
import { inRoot } from '#src/launcher/paths.ts'
import { preparePython, whyNoPython } from '#src/launcher/python.ts'
import { isRoot, runTool } from '#src/launcher/tools.ts'
import { freePort } from '#src/testing/ports.ts'

const run = promisify(execFile)
const folder = mkdtempSync(join(tmpdir(), 'neuroweaver-doctor-'))

type Ended = { status: number; output: string }

/** `npm run nw -- doctor` or `npm start`, with these settings and no others. */
async function launch(args: string[], env: Record<string, string>): Promise<Ended> {
  const { PATH = '', HOME = '' } = process.env
  const own: Record<string, string> = { PATH, HOME, HOST: '127.0.0.1', NEUROWEAVER_DATA_DIR: join(folder, 'data'), ...env }
  const done = run(process.execPath, [inRoot('src/launcher/main.ts'), ...args], { env: own as NodeJS.ProcessEnv, timeout: 60_000 })
  return done.then(
    ({ stdout, stderr }) => ({ status: 0, output: stdout + stderr }),
    (error: { code: number; stdout: string; stderr: string }) => ({ status: error.code, output: error.stdout + error.stderr }),
  )
}

/** Without the names and the indentation that the doctor puts before each sentence. */
const plain = (output: string) => output.replace(/^(ok {2}|LOOK) .{15} /gm, '').replace(/^ {21}/gm, '')

/** A stand-in for NVIDIA's program, in a folder that goes first on the PATH. */
function standIn(name: string, script: string): string {
  const bin = join(folder, `${name}-bin`)
  mkdirSync(bin, { recursive: true })
  writeFileSync(join(bin, 'nvidia-smi'), `#!/bin/sh\n${script}\n`)
  chmodSync(join(bin, 'nvidia-smi'), 0o755)
  return [bin, process.env.PATH].join(delimiter)
}

let taken: Server
let takenPort: number

beforeAll(async () => {
  taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  takenPort = (taken.address() as AddressInfo).port
})
afterAll(() => {
  taken.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Each fault alone stops a start; the doctor finds them all at once. */
const newer = join(folder, 'newer')
const faults: [name: string, env: () => Record<string, string>, sentence: () => RegExp][] = [
  [
    'a port in use',
    () => ({ PORT: String(takenPort) }),
    () => new RegExp(`Port ${takenPort} of 127.0.0.1 is in use.*\nChoose another one with PORT`),
  ],
  [
    'a database that is not there',
    () => ({ DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing', NEUROWEAVER_PROCESSES: 'worker' }),
    () => /The database at 127.0.0.1:1\/nothing can not be used: nothing listens there. Start PostgreSQL, or correct/,
  ],
  [
    'wrong settings',
    () => ({ LOG_LEVEL: 'loud', SMTP_URL: 'mail.example.org' }),
    () => /These settings are missing or wrong:\n {2}SMTP_URL: .*\n {2}LOG_LEVEL: .*\nCorrect them in \.env/,
  ],
  [
    'a data folder from a newer version',
    () => ({ NEUROWEAVER_DATA_DIR: newer }),
    () => /was last used by NeuroWeaver 99\.0\.0; this is .*, which is older\.\nStart version 99\.0\.0 or newer/,
  ],
]

describe('what is wrong', () => {
  let found: Ended

  beforeAll(async () => {
    mkdirSync(newer)
    writeFileSync(join(newer, 'installation.json'), JSON.stringify({ version: '99.0.0' }))
    const all = Object.assign({}, ...faults.map(([, env]) => env()))
    const broken = standIn('broken', 'echo "Failed to initialize NVML: Driver/library version mismatch"; exit 18')
    found = await launch(['nw', 'doctor'], {
      ...all,
      NEUROWEAVER_PROCESSES: 'web,training',
      NEUROWEAVER_PYTHON: '/nowhere/python',
      PATH: broken,
    })
  })

  it.each(faults)('%s: the doctor and the start say the same', async (_name, env, sentence) => {
    expect(found.status).toBe(1)
    expect(plain(found.output)).toMatch(sentence())
    const { PORT = String(await freePort()), ...rest } = env()
    const started = await launch(['start'], { PORT, INFERENCE_PORT: String(await freePort()), NEUROWEAVER_NO_PAGES: '1', ...rest })
    expect(started.status).not.toBe(0)
    expect(started.output).toMatch(sentence())
    expect(started.output).not.toMatch(/^ +at /m)
  })

  it('no Python, and a driver that does not answer', async () => {
    expect(found.output).toContain(`LOOK Python          ${whyNoPython('/nowhere/python')}`)
    expect(found.output).toMatch(/LOOK GPU .*nvidia-smi ends with status 18: Failed to initialize NVML/)
    process.env.NEUROWEAVER_PYTHON = '/nowhere/python'
    try {
      expect(await preparePython()).toEqual({ reason: whyNoPython('/nowhere/python') })
    } finally {
      delete process.env.NEUROWEAVER_PYTHON
    }
  })

  it('a port that is none is said, and the rest is still found', async () => {
    const { status, output } = await launch(['nw', 'doctor'], { PORT: 'http', NEUROWEAVER_PROCESSES: 'web' })
    expect(status).toBe(1)
    expect(output).toContain('LOOK Settings        PORT must be a port number from 0 (any free one) to 65535; it is "http".')
    expect(output).toContain('ok   Node')
  })

  it('a port that browsers do not open', async () => {
    const env = { PORT: '10080', NEUROWEAVER_PROCESSES: 'web', NEUROWEAVER_NO_PAGES: '1' }
    const [doctor, start] = [await launch(['nw', 'doctor'], env), await launch(['start'], env)]
    expect([doctor.status, start.status]).toEqual([1, 1])
    for (const { output } of [doctor, start])
      expect(plain(output)).toMatch(/Port 10080 .* belongs to another protocol, so that browsers refuse to open it\.\n.*PORT=10180/)
  })

  it('a setting whose name is not quite one', async () => {
    const { status, output } = await launch(['nw', 'doctor'], { UNIFIED_JWT_ISUER: 'https://id.example.org', RUNTIME_TOKEN_FILE: '/x' })
    expect(status).toBe(1)
    expect(output).toContain(
      'LOOK Settings        UNIFIED_JWT_ISUER is no setting, so it has no effect. Write UNIFIED_JWT_ISSUER, if that is meant.',
    )
    expect(output).not.toContain('RUNTIME_TOKEN_FILE')
  })

  it('a full disk', async (context) => {
    const small = join(folder, 'small')
    mkdirSync(small)
    const mounted = isRoot() ? (await runTool('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', small])).status === 0 : false
    if (!mounted) return context.skip('only root, outside of most containers, can mount a disk that is small enough to fill')
    try {
      const env = { NEUROWEAVER_DATA_DIR: small, PORT: String(await freePort()), INFERENCE_PORT: String(await freePort()) }
      const sentence = `The data folder ${small} can not be written: its disk is full. Free some space`
      const [doctor, start] = [await launch(['nw', 'doctor'], env), await launch(['start'], env)]
      expect([doctor.status, start.status]).toEqual([1, 1])
      expect(doctor.output).toContain(sentence)
      expect(start.output).toContain(sentence)
    } finally {
      await runTool('umount', [small])
    }
  })

  it.each([
    ['a wrong password', { password: 'wrong' }, 'the password is not the right one'],
    ['a wrong name', { pathname: '/there-is-none' }, 'there is no database of that name'],
    ['a wrong host', { hostname: 'there-is-none.invalid' }, /there is no host of that name|can not be looked up/],
  ])('%s of the database', async (_name, wrong, sentence) => {
    const url = Object.assign(new URL(inject('testCluster').adminUrl), wrong)
    expect(await tryDatabase(url.href)).toMatchObject({ problem: expect.stringMatching(sentence) })
  })
})

it('says what there is when all is well', async () => {
  const PATH = standIn('two', 'printf "0, NVIDIA A100, 40960 MiB, 550.54.15\\n1, NVIDIA A100, 40960 MiB, 550.54.15\\n"')
  const env = {
    PORT: String(await freePort()),
    INFERENCE_PORT: String(await freePort()),
    DATABASE_URL: inject('testCluster').adminUrl,
    PATH,
  }
  const { status, output } = await launch(['nw', 'doctor'], { ...env, NEUROWEAVER_PROCESSES: 'web,worker,inference' })
  expect(status, output).toBe(0)
  for (const name of [
    'Node',
    'Memory',
    'Settings',
    'Python',
    'GPU',
    'Disk',
    'Data folder',
    'Web port',
    'Inference port',
    'Database',
    'Chromium',
    'Docker',
  ])
    expect(output).toMatch(new RegExp(`^ok   ${name} `, 'm'))
  expect(output).toContain(
    'set: PORT, INFERENCE_PORT, NEUROWEAVER_DATA_DIR, DATABASE_URL, NEUROWEAVER_PROCESSES'.replace('set: ', 'set: HOST, '),
  )
  expect(output).toContain('0, NVIDIA A100, 40960 MiB, 550.54.15; 1, NVIDIA A100')
  expect(output).not.toContain(new URL(inject('testCluster').adminUrl).password)
})
