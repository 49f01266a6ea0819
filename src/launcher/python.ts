import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { hashFiles, writeDurably } from '#src/launcher/files.ts'
import { withLock } from '#src/launcher/locks.ts'
import { cacheDir, inRoot } from '#src/launcher/paths.ts'
import { step } from '#src/launcher/terminal.ts'
import { isRoot, runTool, which } from '#src/launcher/tools.ts'

/** The interpreter of the training runtime, or why there is none: everything but training runs without it. */
export type Python = { path: string } | { reason: string }

const candidates = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python3.14', 'python']
const probe = 'import sys, venv, ensurepip; print(sys.version_info[0], sys.version_info[1], sys.executable)'
const installPython = 'Install Python 3.10 or newer with its venv module (Debian: apt-get install python3-venv), then start again.'
/** Why training does not run, and what to do. */
export const whyNoPython = (wished: string | undefined): string =>
  wished
    ? `NEUROWEAVER_PYTHON names ${wished}, which is no Python 3.10 or newer with venv. Correct it, or leave it out.`
    : `No Python 3.10 or newer with venv was found. ${installPython}`
/** Old environments are some gigabytes each; one that nobody used for a fortnight is removed. */
const unusedMs = 14 * 24 * 3_600_000

type Interpreter = { path: string; version: string }

async function probeInterpreter(name: string): Promise<Interpreter | undefined> {
  const result = await runTool(name, ['-c', probe])
  const match = /^(\d+) (\d+) (.+)$/m.exec(result.output)
  if (result.status !== 0 || !match) return undefined
  const [major, minor, path] = [Number(match[1]), Number(match[2]), match[3] as string]
  return major === 3 && minor >= 10 ? { path, version: `${major}.${minor}` } : undefined
}

/** The one that is wished for (`NEUROWEAVER_PYTHON`), else the first Python on PATH that is 3.10 or newer and can make environments. */
export async function findPython(wished = process.env.NEUROWEAVER_PYTHON): Promise<Interpreter | undefined> {
  for (const name of wished ? [wished] : candidates) {
    const found = wished || which(name) ? await probeInterpreter(name) : undefined
    if (found) return found
  }
  return undefined
}

/** Where the training runtime's sources lie, which of its requirement files are wanted, and where environments are kept. */
export type PythonPlace = { trainingDir: string; environmentsDir: string; requirements: string[] }

const inRepository: PythonPlace = {
  trainingDir: inRoot('runtimes/training'),
  environmentsDir: cacheDir,
  requirements: ['requirements.txt'],
}

function requirementFiles(trainingDir: string): string[] {
  return readdirSync(trainingDir)
    .filter((name) => /^requirements.*\.txt$/.test(name))
    .map((name) => join(trainingDir, name))
}

function environmentDir(interpreter: Interpreter, { trainingDir, environmentsDir }: PythonPlace): string {
  const requirements = hashFiles(trainingDir, requirementFiles(trainingDir))
  const hash = createHash('sha256').update(`${requirements} ${interpreter.version} ${process.platform} ${process.arch}`).digest('hex')
  return join(environmentsDir, `python-${hash.slice(0, 16)}`)
}

/** One line of pip or uv as a few words of progress; undefined for the others. */
export function summarise(line: string): string | undefined {
  const download = /^Downloading (?:\S*\/)?([\w.]+)-\d\S*(?: \((.+?)\))?$/.exec(line)
  if (download) return `downloading ${download[1]}${download[2] ? ` (${download[2]})` : ''}`
  const collect = /^Collecting ([\w.[\]-]+)/.exec(line)
  if (collect) return `looking for ${collect[1]}`
  if (line.startsWith('Installing collected packages')) return 'unpacking'
  return undefined
}

type Install = { place: PythonPlace; dir: string; python: string; detail: (text: string) => void }

function failure(what: string, output: string): Error {
  return new Error(`${what}: ${output.trim().split('\n').slice(-4).join(' ')}`)
}

async function makeEnvironment(interpreter: Interpreter, install: Install): Promise<void> {
  const { place, dir, python, detail } = install
  rmSync(dir, { recursive: true, force: true })
  const uv = which('uv')
  const [command, args] = uv ? [uv, ['venv', '--python', interpreter.path, dir]] : [interpreter.path, ['-m', 'venv', dir]]
  const made = await runTool(command, args)
  if (made.status !== 0) throw failure('The environment could not be made', made.output)
  const installer = uv
    ? [uv, 'pip', 'install', '--python', python]
    : [python, '-m', 'pip', 'install', '--no-input', '--disable-pip-version-check', '--progress-bar', 'off']
  // uv does not read pip's settings.
  const links = process.env.UV_FIND_LINKS ?? process.env.PIP_FIND_LINKS
  const wanted = place.requirements.flatMap((name) => ['-r', name])
  const result = await runTool(installer[0] as string, [...installer.slice(1), ...wanted], {
    cwd: place.trainingDir,
    env: { ...process.env, ...(links ? { UV_FIND_LINKS: links } : {}) },
    onLine: (line) => {
      const summary = summarise(line)
      if (summary) detail(summary)
    },
  })
  if (result.status !== 0) throw failure('pip could not install the packages', result.output)
}

const importAll = `
import importlib, importlib.util
for name in ("numpy", "lightgbm", "onnx", "onnxruntime", "torch"):
    if importlib.util.find_spec(name):
        importlib.import_module(name)
`

/** LightGBM's wheel needs a library of the operating system, which small images leave out. */
async function installLibgomp(): Promise<void> {
  const install = 'apt-get install -y libgomp1'
  if (!isRoot() || !which('apt-get')) throw new Error(`LightGBM needs the system's libgomp1 (Debian: ${install})`)
  const result = await runTool('sh', ['-c', `apt-get update -qq && ${install} --no-install-recommends`], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  })
  if (result.status !== 0) throw failure(`"${install}" failed`, result.output)
}

/** @throws Error that says what does not load. */
export async function verifyPackages({ python, detail }: Pick<Install, 'python' | 'detail'>): Promise<void> {
  detail('checking that everything loads')
  const env = { ...process.env, OMP_NUM_THREADS: '1' }
  const first = await runTool(python, ['-c', importAll], { env })
  if (first.status === 0) return
  if (!first.output.includes('libgomp.so.1')) throw failure('The packages do not load', first.output)
  detail('installing libgomp1')
  await installLibgomp()
  const second = await runTool(python, ['-c', importAll], { env })
  if (second.status !== 0) throw failure('The packages do not load', second.output)
}

function removeUnused({ environmentsDir }: PythonPlace, current: string): void {
  for (const name of readdirSync(environmentsDir).filter((entry) => /^python-[0-9a-f]{16}$/.test(entry))) {
    const dir = join(environmentsDir, name)
    const usedAt = statSync(join(dir, '.complete'), { throwIfNoEntry: false })?.mtimeMs ?? statSync(dir).mtimeMs
    if (dir !== current && Date.now() - usedAt > unusedMs) rmSync(dir, { recursive: true, force: true })
  }
}

/**
 * The Python environment of the training runtime, made when it is missing. It is named by what its requirements say, so that a
 * change of them makes a new one; a marker is written last, so that a half-made one is thrown away.
 */
export async function preparePython(
  place: PythonPlace = inRepository,
  wished: string | undefined = process.env.NEUROWEAVER_PYTHON,
): Promise<Python> {
  if (!existsSync(join(place.trainingDir, 'neuroweaver_training'))) return { reason: 'The training runtime is not part of this copy.' }
  const interpreter = await findPython(wished)
  if (!interpreter) return { reason: whyNoPython(wished) }
  const dir = environmentDir(interpreter, place)
  const [marker, python] = [join(dir, '.complete'), join(dir, 'bin', 'python')]
  const isComplete = () => existsSync(marker) && existsSync(python)
  mkdirSync(place.environmentsDir, { recursive: true })
  if (isComplete()) {
    utimesSync(marker, new Date(), new Date())
    return { path: python }
  }
  return withLock(`${dir}.lock`, async () => {
    if (isComplete()) return { path: python }
    try {
      await step(`Installing the Python packages (Python ${interpreter.version})`, async (detail) => {
        const install = { place, dir, python, detail }
        await makeEnvironment(interpreter, install)
        await verifyPackages(install)
      })
    } catch (error) {
      return { reason: `The Python packages could not be installed. ${(error as Error).message}` }
    }
    writeDurably(marker, `${new Date().toISOString()}\n`)
    removeUnused(place, dir)
    return { path: python }
  })
}
