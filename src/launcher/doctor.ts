/** `npm run nw -- doctor`: what was found, and how to mend what is wrong, in the very words that a start would use. */
import { existsSync, statfsSync } from 'node:fs'
import { availableParallelism, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { findChromium } from '#src/launcher/chromium.ts'
import { databaseUrlOf, tryDatabase } from '#src/launcher/database.ts'
import { findFolderProblem } from '#src/launcher/dataFolder.ts'
import { readJson } from '#src/launcher/files.ts'
import { findVersionProblem, readDataVersion } from '#src/launcher/locks.ts'
import { inRoot } from '#src/launcher/paths.ts'
import { findPortProblem } from '#src/launcher/ports.ts'
import { findClusterProblem } from '#src/launcher/postgres-files.ts'
import { findPython, whyNoPython } from '#src/launcher/python.ts'
import { findMisspelt, findSettingsProblem, localUrls, readSettings, readSource, type Settings } from '#src/launcher/settings.ts'
import { runTool, which } from '#src/launcher/tools.ts'
import { settingNames } from '#src/server/env.ts'

type Finding = { name: string; isGood: boolean; text: string }

const good = (name: string, text: string): Finding => ({ name, isGood: true, text })
const bad = (name: string, text: string): Finding => ({ name, isGood: false, text })
const either = (name: string, problem: string | undefined, text: string): Finding => (problem ? bad(name, problem) : good(name, text))

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`
const leastDiskBytes = 5e9
const leastMemoryBytes = 2e9

function memory(): Finding {
  // Inside a container that has a limit, the limit is what there is.
  const bytes = Math.min(totalmem(), process.constrainedMemory() || totalmem())
  const text = `${gigabytes(bytes)}, ${availableParallelism()} cores, ${process.platform}-${process.arch}`
  const advice = 'less than 2 GB: training and large models will be killed. Give the machine or the container more.'
  return bytes < leastMemoryBytes ? bad('Memory', `${text}: ${advice}`) : good('Memory', text)
}

function nearestFolder(path: string): string {
  return existsSync(path) ? path : nearestFolder(dirname(path))
}

function disk({ dataDir }: Settings): Finding {
  const { bavail, bsize } = statfsSync(nearestFolder(dataDir))
  const text = `${gigabytes(bavail * bsize)} free for ${dataDir}`
  if (bavail * bsize > leastDiskBytes) return good('Disk', text)
  return bad('Disk', `${text}. Free some space, or choose a folder on another disk with NEUROWEAVER_DATA_DIR.`)
}

function dataFolder({ dataDir }: Settings): Finding {
  const { version } = readJson(inRoot('package.json')) as { version: string }
  if (!existsSync(dataDir)) return good('Data folder', `${dataDir} is made at the first start`)
  const used = readDataVersion(dataDir)
  const text = `${dataDir}, ${used ? `of version ${used}` : 'new'}, can be written`
  return either('Data folder', findVersionProblem(dataDir, version) ?? findFolderProblem(dataDir), text)
}

async function python({ processes, source: { NEUROWEAVER_PYTHON: wished } }: Settings): Promise<Finding> {
  const found = await findPython(wished)
  if (found) return good('Python', `${found.version} at ${found.path}`)
  return processes.has('training') ? bad('Python', whyNoPython(wished)) : good('Python', 'none, and no training runs here')
}

async function gpu(): Promise<Finding> {
  if (!which('nvidia-smi')) return good('GPU', 'none: training and inference use the processor')
  const query = ['--query-gpu=index,name,memory.total,driver_version', '--format=csv,noheader']
  const { status, output } = await runTool('nvidia-smi', query)
  if (status === 0 && output.trim()) return good('GPU', output.trim().split('\n').join('; '))
  const said = output.trim().split('\n')[0] ?? ''
  return bad(
    'GPU',
    `nvidia-smi ends with status ${status}: ${said}\nInstall the driver that fits the kernel, or restart the machine after an upgrade of it.`,
  )
}

async function port(name: string, setting: string, host: string, number: number, probe: string): Promise<Finding> {
  const problem = await findPortProblem(setting, host, number)
  if (!problem) return good(name, `${number} is free`)
  const isOurs = await fetch(probe, { signal: AbortSignal.timeout(3_000) }).then(
    (response) => response.ok && (response.headers.get('content-type') ?? '').includes('json'),
    () => false,
  )
  return isOurs ? good(name, `${number}: a NeuroWeaver answers`) : bad(name, problem)
}

async function database(settings: Settings): Promise<Finding> {
  const cluster = join(settings.dataDir, 'postgres', 'data')
  if (!settings.databaseUrl && existsSync(cluster)) {
    const problem = findClusterProblem(cluster)
    if (problem) return bad('Database', problem)
  }
  const url = databaseUrlOf(settings)
  if (!url) return good('Database', 'embedded, made at the first start')
  const found = await tryDatabase(url)
  if ('version' in found) return good('Database', `PostgreSQL ${found.version} at ${new URL(url).host}`)
  return settings.databaseUrl ? bad('Database', found.problem) : good('Database', 'embedded, not running')
}

function chromium(): Finding {
  return good('Chromium', findChromium() ?? 'none: only the browser tests need it (Debian: apt-get install chromium)')
}

async function docker(): Promise<Finding> {
  if (!which('docker')) return good('Docker', 'none: only containers need it')
  const { status, output } = await runTool('docker', ['version', '--format', '{{.Server.Version}}'])
  return good(
    'Docker',
    status === 0 ? `engine ${output.trim()}` : 'the program is here, the engine does not answer: only containers need it',
  )
}

type Read = { settings: Settings; finding: Finding }

/** What is wrong is said, and looked past: the rest of the findings may be what somebody came for. */
function settingsFinding(): Read {
  const source = readSource()
  const set = [...settingNames, 'NEUROWEAVER_PROCESSES'].filter((name) => source[name])
  const text = set.length ? `set: ${set.join(', ')}` : 'none is set: all have their defaults'
  const { DATABASE_URL: url, ...rest } = source
  const isUrl = url !== undefined && URL.canParse(url)
  const problem = [findSettingsProblem(source), ...findMisspelt(source)].filter(Boolean).join('\n') || undefined
  try {
    return { settings: readSettings({ source: isUrl ? source : rest }), finding: either('Settings', problem, text) }
  } catch (error) {
    const { PORT: _port, INFERENCE_PORT: _inference, NEUROWEAVER_PROCESSES: _processes, ...tame } = rest
    const settings = readSettings({ source: isUrl ? { ...tame, DATABASE_URL: url } : tame })
    return { settings, finding: bad('Settings', [(error as Error).message, problem].filter(Boolean).join('\n')) }
  }
}

/** @returns 1 when something is wrong, each of which is printed with how to mend it. */
export async function doctor(): Promise<number> {
  const { settings, finding } = settingsFinding()
  const urls = localUrls(settings)
  const findings: Finding[] = [
    good('Node', `${process.version} at ${process.execPath}`),
    memory(),
    finding,
    ...(await Promise.all([
      python(settings),
      gpu(),
      disk(settings),
      dataFolder(settings),
      port('Web port', 'PORT', settings.host, settings.port, `${urls.web}/health`),
      port('Inference port', 'INFERENCE_PORT', settings.host, settings.inferencePort, `${urls.inference}/v2/health/live`),
      database(settings),
      chromium(),
      docker(),
    ])),
  ]
  for (const { name, isGood, text } of findings)
    console.log(`${isGood ? 'ok  ' : 'LOOK'} ${name.padEnd(15)} ${text.split('\n').join(`\n${' '.repeat(21)}`)}`)
  return findings.every(({ isGood }) => isGood) ? 0 : 1
}
