import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { homedir, hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { RuntimeKind } from '#src/contracts/runtime.ts'
import { findPython } from '#src/launcher/python.ts'
import { LauncherError } from '#src/launcher/terminal.ts'
import { runTool } from '#src/launcher/tools.ts'

export const usage = `neuroweaver runtime join URL --token TOKEN

Adds a runtime on this machine to the NeuroWeaver at URL, and runs it until Ctrl-C. This machine reaches URL over HTTP(S) and the
registries of npm (inference) or PyPI (training); nothing needs to reach it but callers of an inference runtime.

  --token TOKEN        the runtime token of the installation; or RUNTIME_TOKEN in the environment, or --token-file FILE
  --kind KIND          training or inference; by default training where there is an NVIDIA GPU, else inference
  --name NAME          under which it appears on the runtimes page; by default this machine's name
  --devices DEVICES    training: cpu, or GPUs by index or UUID with commas between them; by default all
  --port PORT          inference: where it listens; by default 3001
  --host ADDRESS       inference: on which address; by default on all, or on loopback where web is on this machine
  --advertise ORIGIN   inference: how web and callers reach it, for example https://gpu-1.example.org
  --home FOLDER        programs, downloaded files and credentials; by default ~/.neuroweaver
  --python PATH        training: a Python that has the packages, in place of an environment of its own
  --prepare            fetch and install everything, but do not join`

export type JoinOptions = {
  webUrl: string
  token: string
  kind: RuntimeKind
  name: string
  devices: string | undefined
  port: number
  host: string | undefined
  advertise: string | undefined
  home: string
  /** Folder of this runtime's credential, cache and logs. */
  stateDir: string
  python: string | undefined
  isPrepareOnly: boolean
}

const wrong = (message: string) => new LauncherError(`${message}\n\n${usage}`, 64)

function originOf(text: string | undefined, what: string): string {
  const isWeb = text !== undefined && URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol)
  if (!isWeb) throw wrong(`${what} must be an http or https address, for example https://neuroweaver.example.org.`)
  return text.replace(/\/+$/, '')
}

/** What somebody copies from the browser is the address of a page. */
function webOf(text: string | undefined): string {
  const given = originOf(text, 'URL')
  const { origin, href } = new URL(given)
  if (href.replace(/\/$/, '') !== origin) throw wrong(`URL must be an address without a path: ${origin}`)
  return origin
}

function portOf(text: string): number {
  const port = Number(text)
  if (!/^\d+$/.test(text) || port < 1 || port > 65_535) throw wrong('--port must be a number from 1 to 65535.')
  return port
}

async function findGpus(): Promise<{ index: string; uuid: string }[]> {
  const { status, output } = await runTool('nvidia-smi', ['--query-gpu=index,uuid', '--format=csv,noheader'])
  const rows = [...output.matchAll(/^(\d+), *(\S+)$/gm)]
  return status === 0 ? rows.map(([, index = '', uuid = '']) => ({ index, uuid })) : []
}

/** GPU machines are there to train; serving needs no more than Node. */
async function chooseKind(): Promise<RuntimeKind> {
  return (await findGpus()).length > 0 && (await findPython()) ? 'training' : 'inference'
}

/** A runtime that was to have a GPU and found none would train on the processor, and nobody would be told. */
async function checkDevices(devices: string | undefined): Promise<void> {
  if (devices === undefined || devices === 'cpu') return
  const gpus = await findGpus()
  for (const wished of devices.split(',').map((one) => one.trim()))
    if (!gpus.some(({ index, uuid }) => wished === index || (wished.startsWith('GPU-') && uuid.startsWith(wished)))) {
      const known = gpus.map(({ index, uuid }) => `${index} (${uuid})`).join(', ') || 'none'
      throw wrong(`--devices: there is no GPU ${wished} here. nvidia-smi lists ${known}.`)
    }
}

function kindOf(text: string): RuntimeKind {
  if (text !== 'training' && text !== 'inference') throw wrong('--kind must be training or inference.')
  return text
}

async function tokenOf(given: string | undefined, file: string | undefined): Promise<string> {
  if (file === undefined) return (given ?? process.env.RUNTIME_TOKEN ?? '').trim()
  const content = await readFile(file, 'utf8').catch((error: Error) => {
    throw new LauncherError(`The token file could not be read: ${error.message}`, 66)
  })
  return content.trim()
}

const spec = {
  token: { type: 'string' },
  'token-file': { type: 'string' },
  kind: { type: 'string' },
  name: { type: 'string' },
  devices: { type: 'string' },
  port: { type: 'string', default: '3001' },
  host: { type: 'string' },
  advertise: { type: 'string' },
  home: { type: 'string' },
  python: { type: 'string' },
  prepare: { type: 'boolean', default: false },
} as const

/** What stands after an option that takes a value is its value, also with a dash at its front, as a token may have; an option is none. */
function withValues(args: string[]): string[] {
  const [first, value, ...rest] = args
  if (first === undefined) return []
  const takes = Object.entries(spec).some(([name, { type }]) => type === 'string' && first === `--${name}`)
  const isOption = Object.keys(spec).some((name) => value === `--${name}` || value?.startsWith(`--${name}=`))
  if (!takes || value === undefined || isOption) return [first, ...withValues(args.slice(1))]
  return [`${first}=${value}`, ...withValues(rest)]
}

function parse(args: string[]) {
  try {
    return parseArgs({ args: withValues(args), options: spec, allowPositionals: true })
  } catch (error) {
    throw wrong((error as Error).message)
  }
}

/** @throws LauncherError with the usage for what is not understood. */
export async function parseOptions(args: string[]): Promise<JoinOptions> {
  const { values, positionals } = parse(args)
  if (positionals.length > 1) throw wrong(`"${positionals[1]}" is one address too many.`)
  const webUrl = webOf(positionals[0])
  const advertise = values.advertise === undefined ? undefined : originOf(values.advertise, '--advertise')
  const port = portOf(values.port)
  const kind = values.kind === undefined ? await chooseKind() : kindOf(values.kind)
  if (kind === 'training') await checkDevices(values.devices)
  const name = (values.name ?? hostname()).slice(0, 100)
  const home = resolve(values.home ?? join(homedir(), '.neuroweaver'))
  const slug = createHash('sha256').update(`${webUrl} ${kind} ${name}`).digest('hex').slice(0, 12)
  return {
    webUrl,
    token: await tokenOf(values.token, values['token-file']),
    kind,
    name,
    devices: values.devices,
    port,
    host: values.host,
    advertise,
    home,
    stateDir: join(home, `${kind}-${slug}`),
    python: values.python,
    isPrepareOnly: values.prepare,
  }
}
