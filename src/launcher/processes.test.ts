import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startGuardian } from '#src/launcher/guardian.ts'
import { identityOf, isRunning, signal } from '#src/launcher/identity.ts'
import { instanceVariable, noteProcesses, stopLeftovers } from '#src/launcher/leftovers.ts'
import { createSupervisor, type ProcessSpec, type Supervisor, waitUntilGone } from '#src/launcher/processes.ts'
import { waitFor } from '#src/launcher/tools.ts'

let folder: string
let lines: string[]
let supervisor: Supervisor

/** A program that says when it runs and when it is told to stop. */
const polite = `
process.on('SIGTERM', () => { console.log(JSON.stringify({ level: 'warn', message: process.argv[1] + ' stops' })); process.exit(0) })
console.log(JSON.stringify({ level: 'warn', message: process.argv[1] + ' runs' }))
setInterval(() => {}, 1000)`

const spec = (name: string, code: string, stopStage = 1): ProcessSpec => ({
  name,
  command: process.execPath,
  args: ['-e', code, name],
  env: { PATH: process.env.PATH ?? '', [instanceVariable]: folder },
  cwd: folder,
  stopStage,
})

const seen = (text: string) => waitFor(() => lines.find((line) => line.includes(text)), 10_000)
const pidOf = (name: string) => supervisor.state(name)?.pid as number

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'neuroweaver-processes-'))
  lines = []
  supervisor = createSupervisor({ logDir: join(folder, 'logs'), report: (line) => lines.push(line) })
})

afterEach(async () => {
  await supervisor.stop()
  rmSync(folder, { recursive: true, force: true })
})

describe('supervisor', () => {
  it('starts a killed process again at once', async () => {
    supervisor.run(spec('web', polite))
    await seen('web runs')
    const first = pidOf('web')
    signal(first, 'SIGKILL')
    expect(await waitFor(() => (pidOf('web') && pidOf('web') !== first ? true : undefined), 5_000)).toBe(true)
    expect(lines).toContain('web was ended by SIGKILL; it starts again at once.')
  })

  it('waits longer and longer before it starts a process that keeps dying', async () => {
    supervisor.run(spec('worker', 'process.exit(3)'))
    await seen('starts again in 1 s')
    expect(lines.filter((line) => line.includes('ended with status 3')).slice(0, 3)).toEqual([
      'worker ended with status 3; it starts again at once.',
      'worker ended with status 3; it starts again in 0.5 s.',
      'worker ended with status 3; it starts again in 1 s.',
    ])
  })

  it('does not start a process again whose settings are wrong', async () => {
    supervisor.run(spec('web', 'console.error("PORT is wrong"); process.exit(78)'))
    await seen('not started again')
    expect(supervisor.state('web')).toMatchObject({ pid: undefined, failure: 'ended with status 78' })
    expect(lines).toContain('[web] PORT is wrong')
  })

  it('stops in order and leaves no child of a child', async () => {
    const parent = `const { spawn } = require('node:child_process'); const child = spawn('sleep', ['100']);
      require('node:fs').writeFileSync('child', String(child.pid)); ${polite}`
    supervisor.run(spec('web', polite, 3))
    supervisor.run(spec('worker', polite, 2))
    supervisor.run(spec('training', parent, 1))
    await Promise.all(['web', 'worker', 'training'].map((name) => seen(`${name} runs`)))
    await supervisor.stop()
    expect(lines.filter((line) => line.includes('stops'))).toEqual([
      '[training] WARN training stops',
      '[worker] WARN worker stops',
      '[web] WARN web stops',
    ])
    expect(await waitUntilGone([Number(readFileSync(join(folder, 'child'), 'utf8'))], 2_000)).toBe(true)
  })

  it('keeps everything in the log and shows warnings and errors only', async () => {
    const code = `console.log('{"level":"info","message":"quiet"}'); console.log('{"level":"error","message":"loud","error":{"message":"why"}}');
      setInterval(() => {}, 1000)`
    supervisor.run(spec('web', code))
    await seen('loud')
    expect(lines).toEqual(['[web] ERROR loud (why)'])
    expect(readFileSync(join(folder, 'logs', 'web.log'), 'utf8')).toContain('quiet')
  })
})

describe('after the launcher was killed', () => {
  it('the guardian stops every group that it was told of', async () => {
    const guardian = startGuardian()
    supervisor = createSupervisor({ logDir: join(folder, 'logs'), guardian, report: (line) => lines.push(line) })
    // Not the supervisor's own restart is under test: the process says so by ending as wrongly set up.
    supervisor.run(spec('web', `process.on('SIGTERM', () => process.exit(78)); console.error('runs'); setInterval(() => {}, 1000)`))
    await seen('runs')
    const pid = pidOf('web')
    guardian.abandon()
    expect(await waitUntilGone([pid, guardian.pid as number], 5_000)).toBe(true)
  })

  it('the next start stops what is left, and nobody else', async () => {
    supervisor.run(spec('stranger', polite))
    supervisor.run(spec('worker', polite))
    await Promise.all([seen('stranger runs'), seen('worker runs')])
    const [stranger, worker] = [pidOf('stranger'), pidOf('worker')]
    noteProcesses(folder, 'another start', { worker })
    const noted = JSON.parse(readFileSync(join(folder, 'run', 'processes.json'), 'utf8'))
    noted.processes.push({ name: 'web', pid: stranger, identity: 'a process that had this pid before' })
    writeFileSync(join(folder, 'run', 'processes.json'), JSON.stringify(noted))
    expect(await stopLeftovers(folder)).toBe(1)
    expect(isRunning(worker)).toBe(false)
    expect(identityOf(stranger)).toBeDefined()
  })
})
