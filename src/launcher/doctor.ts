import { existsSync, statfsSync } from 'node:fs'
import { availableParallelism, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { Client } from 'pg'
import { readText } from '#src/launcher/files.ts'
import { isPortFree } from '#src/launcher/ports.ts'
import { findPython } from '#src/launcher/python.ts'
import { localUrls, readSettings, type Settings } from '#src/launcher/settings.ts'
import { runTool } from '#src/launcher/tools.ts'

type Finding = { name: string; isGood: boolean; text: string }

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`
const leastDiskBytes = 5e9

function nearestFolder(path: string): string {
  return existsSync(path) ? path : nearestFolder(dirname(path))
}

function disk(settings: Settings): Finding {
  const { bavail, bsize } = statfsSync(nearestFolder(settings.dataDir))
  const freeBytes = bavail * bsize
  return { name: 'Disk', isGood: freeBytes > leastDiskBytes, text: `${gigabytes(freeBytes)} free for ${settings.dataDir}` }
}

async function python(): Promise<Finding> {
  const found = await findPython()
  const text = found ? `${found.version} at ${found.path}` : 'none of 3.10 or newer with venv: training does not run here'
  return { name: 'Python', isGood: found !== undefined, text }
}

async function gpu(): Promise<Finding> {
  const query = ['--query-gpu=name,memory.total,driver_version', '--format=csv,noheader']
  const result = await runTool('nvidia-smi', query)
  const names = result.output.trim().split('\n').join('; ')
  return { name: 'GPU', isGood: true, text: result.status === 0 ? names : 'none: training and inference use the processor' }
}

async function port(name: string, host: string, number: number, probe: string): Promise<Finding> {
  if (await isPortFree(host, number)) return { name, isGood: true, text: `${number} is free` }
  const isOurs = await fetch(probe, { signal: AbortSignal.timeout(3_000) }).then(
    (response) => response.ok,
    () => false,
  )
  return { name, isGood: isOurs, text: isOurs ? `${number} answers` : `${number} is in use by another program: choose another one` }
}

async function embeddedUrl(settings: Settings): Promise<string | undefined> {
  const dir = join(settings.dataDir, 'postgres')
  const [password, kept] = [readText(join(dir, 'password')), readText(join(dir, 'port'))]
  return password && kept ? `postgres://neuroweaver:${password}@127.0.0.1:${kept}/neuroweaver` : undefined
}

async function database(settings: Settings): Promise<Finding> {
  const url = settings.databaseUrl ?? (await embeddedUrl(settings))
  if (!url) return { name: 'Database', isGood: true, text: 'embedded, not made yet' }
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 3_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    const result = await client.query<{ server_version: string }>('SHOW server_version')
    return { name: 'Database', isGood: true, text: `PostgreSQL ${result.rows[0]?.server_version} at ${new URL(url).host}` }
  } catch (error) {
    const isEmbedded = !settings.databaseUrl
    return {
      name: 'Database',
      isGood: isEmbedded,
      text: isEmbedded ? 'embedded, not running' : `${new URL(url).host}: ${(error as Error).message}`,
    }
  } finally {
    await client.end().catch(() => {})
  }
}

/** Prints what this machine has and lacks. @returns 1 when something is missing that the default installation needs. */
export async function doctor(): Promise<number> {
  const settings = readSettings()
  const urls = localUrls(settings)
  const memory = `${availableParallelism()} cores, ${gigabytes(totalmem())} memory`
  const findings: Finding[] = [
    { name: 'Node', isGood: true, text: `${process.version} at ${process.execPath}` },
    { name: 'Machine', isGood: true, text: `${process.platform}-${process.arch}, ${memory}` },
    ...(await Promise.all([
      python(),
      gpu(),
      disk(settings),
      port('Web port', settings.host, settings.port, `${urls.web}/health`),
      port('Inference port', settings.host, settings.inferencePort, `${urls.inference}/v2/health/live`),
      database(settings),
    ])),
  ]
  for (const { name, isGood, text } of findings) console.log(`${isGood ? 'ok  ' : 'LOOK'} ${name.padEnd(15)} ${text}`)
  return findings.every(({ isGood }) => isGood) ? 0 : 1
}
