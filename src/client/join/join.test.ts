/** Machines that join by the archive that web serves, with nothing but its address and the token. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RuntimeView } from '#src/contracts/access.ts'
import { buildClient } from '#src/launcher/build.ts'
import { inRoot } from '#src/launcher/paths.ts'
import { preparePython } from '#src/launcher/python.ts'
import { isRoot, runTool, waitFor } from '#src/launcher/tools.ts'
import { useDatabase } from '#src/testing/database.ts'
import { type Host, makeNetwork, type Network, whyNoHosts } from '#src/testing/hosts.ts'
import { freePort } from '#src/testing/ports.ts'
import { registerTextClassifier } from '#src/testing/textClassifier.ts'
import { uploadBytes } from '#src/testing/upload.ts'
import { startWeb, type TestWeb } from '#src/testing/web.ts'

const run = promisify(execFile)
const database = useDatabase()
const folder = mkdtempSync(join(tmpdir(), 'neuroweaver-join-'))
const home = join(folder, 'home')
const cli = join(folder, 'package', 'cli.js')
const noHosts = whyNoHosts()
const python = await preparePython()
const noTrainers = 'reason' in python ? python.reason : noHosts
let web: TestWeb

/** What is installed beside the program is what this repository has installed and verified already. */
async function installEngine(): Promise<void> {
  const archive = JSON.parse(readFileSync(inRoot('dist/runtime.json'), 'utf8')) as { file: string }
  await run('tar', ['-xzf', inRoot('dist', archive.file), '-C', folder])
  const lock = readFileSync(join(folder, 'runtime/inference/package-lock.json'))
  const engine = join(home, `engine-${createHash('sha256').update(lock).digest('hex').slice(0, 16)}`)
  mkdirSync(engine, { recursive: true })
  symlinkSync(inRoot('node_modules'), join(engine, 'node_modules'))
  writeFileSync(join(engine, '.complete'), '')
}

beforeAll(async () => {
  await buildClient()
  await installEngine()
  await run('tar', ['-xzf', inRoot('dist/neuroweaver.tgz'), '-C', folder])
  web = await startWeb({ databaseUrl: database.url, dataDir: join(folder, 'data'), worker: true, env: { HOST: '0.0.0.0' } })
}, 300_000)
afterAll(async () => {
  for (const one of joined.splice(0)) one.kill()
  await web?.stop()
  rmSync(folder, { recursive: true, force: true })
})

type Joined = { child: ChildProcess; said: () => string; ended: Promise<number | null>; kill: () => void }
const joined: Joined[] = []

function start(command: string, args: string[], own: Record<string, string> = {}): Joined {
  // Neither the token nor the quiet that the tests of services are given.
  const settings: NodeJS.Dict<string> = { ...process.env, LOG_LEVEL: 'info' }
  const { RUNTIME_TOKEN: _token, ...others } = settings
  const env = { ...others, ...own }
  const child = spawn(command, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'], cwd: folder, env: env as NodeJS.ProcessEnv })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk))
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const kill = () => {
    try {
      process.kill(-(child.pid as number), 'SIGKILL')
    } catch {
      // It has ended already.
    }
  }
  const made = { child, said: () => said, ended, kill }
  joined.push(made)
  return made
}

async function until<T>(what: string, ask: () => T | undefined | false | Promise<T | undefined | false>, limitMs = 120_000): Promise<T> {
  const found = await waitFor(async () => (await ask()) || undefined, limitMs, 200)
  if (found === undefined) throw new Error(`waited in vain for ${what}:\n${joined.map(({ said }) => said()).join('\n---\n')}`)
  return found
}

async function rest<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(`${web.url}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${web.adminKey}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${path} answered ${response.status} ${text}`)
  return JSON.parse(text) as T
}

async function trpc<T>(path: string, input?: unknown): Promise<T> {
  const response = await fetch(`${web.url}/api/trpc/${path}`, {
    method: input === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${web.adminKey}`, 'content-type': 'application/json' },
    ...(input === undefined ? {} : { body: JSON.stringify(input) }),
  })
  return ((await response.json()) as { result: { data: T } }).result.data
}

const findRuntime = async (name: string) => (await trpc<RuntimeView[]>('runtimes.list')).find((one) => one.name === name)

/** The inference runtime as its image starts it, with a data folder of its own or the one that is given. */
function startContainer(name: string, stateDir = mkdtempSync(join(folder, 'volume-'))) {
  const env = {
    NEUROWEAVER_CONTROL_URL: web.url,
    NEUROWEAVER_STATE_DIR: stateDir,
    NEUROWEAVER_RUNTIME_NAME: name,
    INFERENCE_PORT: '0',
    RUNTIME_TOKEN: web.runtimeToken,
  }
  return { ...start(process.execPath, ['--no-warnings', inRoot('runtimes/inference/server.ts')], env), stateDir }
}

const refused = (token: string[], more = ['--home', home]) =>
  start(process.execPath, [cli, 'runtime', 'join', web.url, '--kind', 'inference', ...more, ...token])

describe('a machine that may not join', () => {
  it.each([
    ['no token', () => [], 'No token was given. Put it after --token'],
    ['a wrong token', () => ['--token', 'wrong'], 'not the runtime token of this installation'],
    ['a wrong token with a dash at its front', () => ['--token', '-wrong'], 'not the runtime token of this installation'],
    ['the key of a person', () => ['--token', web.adminKey], 'the key of a person or a program'],
  ])('with %s is told what to do', async (_what, token, message) => {
    const attempt = refused(token())
    expect(await attempt.ended).toBe(77)
    expect(attempt.said()).toContain(message)
    expect(attempt.said()).toContain('file runtime.token')
  })

  it('with its token forgotten before the next option is told so', async () => {
    const attempt = refused(['--token', '--name', 'forgetful'])
    expect(await attempt.ended).toBe(64)
    expect(attempt.said()).toContain("Option '--token' argument is ambiguous")
  })

  it.each([
    ['is in use', () => ['--port', String(web.port)], /^Port \d+ of 127\.0\.0\.1 is in use by .*\. Choose another with --port\.$/m],
    [
      'is one that clients refuse',
      () => ['--port', '10080'],
      /^Port 10080 of .* belongs to another protocol.*\. Choose another with --port\.$/m,
    ],
    ['is of no address here', () => ['--host', '192.0.2.1'], /of 192\.0\.2\.1 can not be listened on: .*\. Choose another with --host\.$/m],
  ])('because its port %s is told so', async (_what, options, sentence) => {
    const attempt = refused(['--token', web.runtimeToken, '--name', 'portless', ...options()])
    expect(await attempt.ended).toBe(69)
    expect(attempt.said()).toMatch(sentence)
  })

  it('because its folder can not be is told so, and how to choose another', async () => {
    const file = join(folder, 'a-file')
    writeFileSync(file, '')
    const attempt = refused(['--token', web.runtimeToken, '--name', 'folderless'], ['--home', join(file, 'home')])
    expect(await attempt.ended).toBe(1)
    expect(attempt.said()).toBe(
      `The folder ${join(file, 'home')} can not be written: a part of its path is a file. Choose another folder with --home.\n`,
    )
  })

  it('because its disk is full is told so', async (context) => {
    const small = join(folder, 'small')
    mkdirSync(small)
    const mounted = isRoot() ? (await runTool('mount', ['-t', 'tmpfs', '-o', 'size=300k', 'tmpfs', small])).status === 0 : false
    if (!mounted) return context.skip('only root, outside of most containers, can mount a disk that is small enough to fill')
    try {
      const attempt = refused(['--token', web.runtimeToken, '--name', 'full'], ['--home', small])
      expect(await attempt.ended).toBe(1)
      expect(attempt.said()).toBe(
        `The folder ${small} can not be written: its disk is full. Free some space, or choose a folder on another disk with --home.\n`,
      )
    } finally {
      await runTool('umount', [small])
    }
  })

  it('is told the version that is needed when its own is older', async () => {
    const response = await fetch(`${web.url}/api/runtime/v1/enrol`, {
      method: 'POST',
      headers: { authorization: `Bearer ${web.runtimeToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        kind: 'training',
        name: 'old',
        version: '0.0.9',
        protocol: 1,
        boot_id: '00000000-0000-7000-8000-000000000000',
        devices: [],
        capacity: 1,
      }),
    })
    expect(response.status).toBe(409)
    expect(await response.text()).toContain('This runtime is version 0.0.9; 0.1.0 or newer is needed')
  })
})

it("the command is of web's version, though npm has kept an older one, and ends with it", async () => {
  const older = join(folder, 'package', 'older.js')
  writeFileSync(older, readFileSync(cli, 'utf8').replaceAll('has joined', 'has joined by an older command'))
  const port = String(await freePort())
  const args = ['runtime', 'join', web.url, '--kind', 'inference', '--name', 'kept', '--home', home, '--port', port]
  const joining = () => start(process.execPath, [older, ...args, '--token', web.runtimeToken])
  const first = joining()
  await until('it to join', () => first.said().includes(`has joined ${web.url}`))
  first.child.kill('SIGTERM')
  expect(await first.ended).toBe(0)
  const second = joining()
  await until('it to join again', () => second.said().includes(`has joined ${web.url}`))
  second.child.kill('SIGKILL')
  const isServing = () =>
    fetch(`http://127.0.0.1:${port}/v2/health/live`).then(
      () => true,
      () => false,
    )
  await until('the runtime to end', async () => !(await isServing()))
}, 300_000)

type Job = { status: string; attempt: number; model_id: string | null; error?: { message: string } }
const table = () => {
  const rows = Array.from({ length: 20_000 }, (_, row) => `${row % 97},${(row * 7919) % 1009},${((row % 97) + row) % 3 ? 'yes' : 'no'}`)
  return Buffer.from(`a,b,label\n${rows.join('\n')}\n`)
}

/** A Python whose wall clock is an hour ahead, in every process that it starts. */
function pythonAnHourAhead(path: string): string {
  const shim = join(folder, 'ahead')
  mkdirSync(shim)
  const shift = [
    'import datetime, time',
    'wall = time.time',
    'time.time = lambda: wall() + 3600',
    'class Ahead(datetime.datetime):',
    '    @classmethod',
    '    def now(cls, tz=None):',
    '        return super().now(tz) + datetime.timedelta(hours=1)',
    'datetime.datetime = Ahead',
  ]
  writeFileSync(join(shim, 'sitecustomize.py'), `${shift.join('\n')}\n`)
  const wrapper = join(shim, 'python')
  writeFileSync(wrapper, `#!/bin/sh\nPYTHONPATH="${shim}:$PYTHONPATH" exec "${path}" "$@"\n`, { mode: 0o755 })
  return wrapper
}

/** Beside each other, for the second waits for leases most of its time. */
describe.concurrent('machines that join', () => {
  it('serve: one joins by npm exec, serves through web by digest, and ends when it is removed', async () => {
    const tgz = `--package=${web.url}/dist/neuroweaver.tgz`
    const args = ['exec', '--yes', '--prefer-offline', tgz, '--', 'neuroweaver', 'runtime', 'join', web.url]
    // An address of its own, as on a machine with several: web and the command itself find it there alone.
    const address = process.platform === 'linux' ? ['--host', '127.0.0.2'] : []
    const own = ['--name', 'far', ...address, '--port', String(await freePort()), '--home', home]
    const more = ['--kind', 'inference', ...own, '--token', web.runtimeToken]
    const runtime = start('npm', [...args, ...more])
    await until('the runtime to join', () => runtime.said().includes('has joined'))
    expect(await findRuntime('far')).toMatchObject({ kind: 'inference', status: 'live', version: '0.1.0' })
    const namesake = refused(['--token', web.runtimeToken], ['--name', 'far', '--home', join(folder, 'another')])
    expect(await namesake.ended).toBe(73)
    expect(namesake.said()).toContain('The name "far" is taken by another inference runtime, which joined from')
    // Started without the command, as a container is, it asks web itself, waits, and takes nothing from the one that serves.
    const container = startContainer('far')
    await until('the namesake to be refused', () => container.said().includes('is taken by another inference runtime'))

    await registerTextClassifier(web.url, web.adminKey, 'reviews')
    await until('the version', async () => (await rest<{ status: string }>('GET', '/models/reviews')).status === 'ready')
    await rest('POST', '/models/reviews/deploy', {})
    await until('the deployment', async () => (await rest<{ status: string }>('GET', '/deployments/reviews')).status === 'ready')
    const answer = await fetch(`${web.url}/v2/models/reviews/infer`, {
      method: 'POST',
      headers: { authorization: `Bearer ${web.adminKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ inputs: [{ name: 'text', datatype: 'BYTES', shape: [1, 1], data: ['a good film'] }] }),
    })
    expect(answer.status).toBe(200)

    await trpc('runtimes.remove', { id: (await findRuntime('far'))?.id })
    expect(await runtime.ended).toBe(78)
    expect(runtime.said()).toContain('removed by an admin')
    await until('the namesake to have the name', () => container.said().includes('enrolled'))
    expect(container.said().split('is taken by another')).toHaveLength(2)
    expect(container.child.exitCode).toBeNull()

    // Killed, it leaves the name to one that has nothing of its data, as soon as it has been silent; to one that has, at once.
    const kept = container.stateDir
    container.kill()
    const again = startContainer('far', kept)
    await until('the same one', () => again.said().includes('enrolled'))
    expect(again.said()).not.toContain('is taken by another')
    again.kill()
    const empty = startContainer('far')
    await until('the one with an empty folder', () => empty.said().includes('enrolled'))
    expect(empty.said().split('is taken by another')).toHaveLength(2)
    await trpc('runtimes.remove', { id: (await findRuntime('far'))?.id })
    expect(await empty.ended).toBe(78)
    expect(await findRuntime('far')).toBeUndefined()
  }, 300_000)

  let network: Network
  const path = 'path' in python ? python.path : ''
  beforeAll(() => {
    if (!noTrainers) network = makeNetwork()
  })
  const trainers: Joined[] = []
  afterAll(() => {
    for (const one of trainers) one.kill()
    network?.remove()
  })

  async function joinFrom(host: Host, name: string, interpreter = path): Promise<Joined & { log: () => string }> {
    const origin = `http://${network.webAddress}:${web.port}`
    const own = join(folder, name)
    const args = ['runtime', 'join', origin, '--kind', 'training', '--name', name, '--home', own, '--python', interpreter]
    const [command = '', ...before] = host.prefix
    const runtime = start(command, [...before, process.execPath, cli, ...args, '--token', web.runtimeToken])
    trainers.push(runtime)
    await until(`${name} to join`, () => runtime.said().includes('has joined'))
    const slug = createHash('sha256').update(`${origin} training ${name}`).digest('hex').slice(0, 12)
    return { ...runtime, log: () => readFileSync(join(own, `training-${slug}`, 'logs/training.log'), 'utf8') }
  }

  it.skipIf(noTrainers)(
    `train: one is cut off, one is killed, one joins late${noTrainers ? ` (skipped: ${noTrainers})` : ''}`,
    async () => {
      const first = network.addHost()
      const cutOff = await joinFrom(first, 'cut-off')
      const upload_id = await uploadBytes(web.url, web.adminKey, 'table.csv', table())
      await rest('POST', '/datasets', { name: 'table', files: [{ path: 'table.csv', upload_id }] })
      await until('the data set', async () => (await rest<{ status: string }>('GET', '/datasets/table')).status === 'ready')
      const { id } = await rest<{ id: string }>('POST', '/training/jobs', {
        recipe: 'tabular-classification',
        dataset: 'table',
        columns: { target: 'label' },
        model_name: 'shared',
        // Long enough to be under way still when a busy machine comes round to look.
        hyper_parameters: { rounds: 800, early_stopping_rounds: 0 },
      })
      const job = () => rest<Job>('GET', `/training/jobs/${id}`)
      const attempted = (attempt: number) => async () => {
        const now = await job()
        return now.status === 'running' && now.attempt === attempt
      }
      await until('the first attempt', attempted(1))
      first.setConnected(false)

      const killed = await joinFrom(network.addHost(), 'killed')
      await until('the second attempt', attempted(2))
      killed.kill()

      const late = await joinFrom(network.addHost(), 'late', pythonAnHourAhead(path))
      await until('the third attempt', attempted(3))
      expect(cutOff.log()).not.toContain('The lease is lost')
      first.setConnected(true)
      await until('the one that was cut off to be refused', () => cutOff.log().includes('The lease is lost'))

      const isOver = async () => {
        const now = await job()
        return ['succeeded', 'failed'].includes(now.status) && now
      }
      const done = await until('the end', isOver)
      expect(done).toMatchObject({ status: 'succeeded', attempt: 3 })
      const attempts = (await rest<{ attempt: number }[]>('GET', `/training/jobs/${id}/events`)).map(({ attempt }) => attempt)
      expect(attempts, 'no attempt is heard of after the next has begun').toEqual(attempts.toSorted((a, b) => a - b))
      expect(attempts).toEqual(expect.arrayContaining([1, 2, 3]))
      expect(await rest<unknown[]>('GET', '/models/shared/versions')).toHaveLength(1)
      await until('it to be heard of again', async () => (await findRuntime('cut-off'))?.status === 'live')
      expect(existsSync(join(folder, 'late'))).toBe(true)
      late.child.kill('SIGTERM')
      expect(await late.ended).toBe(0)
    },
    300_000,
  )
})
