/**
 * The first file that every npm script runs: plain JavaScript for Node 20 without package imports, because nothing may be
 * installed yet. It installs the packages when they are missing or stale and goes on in main.ts under Node 24.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const modules = join(root, 'node_modules')
const marker = join(modules, '.neuroweaver-lock')
const main = join(root, 'src', 'launcher', 'main.ts')
const oldestNode = 20
const wantedNode = 24
const heartbeatMs = 2_000
const lockStaleMs = 20_000
const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP']

const majorOf = (version) => Number(version.replace(/^v/, '').split('.')[0])
// Standard error, so that commands whose output is read by programs stay clean.
const say = (line) => process.stderr.write(`${line}\n`)
const delay = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

function fail(message) {
  say(message)
  process.exit(1)
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}

function lockHash() {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
}

/** True when npm's own record of what it installed agrees with the lock file: someone ran `npm ci` or `npm install` by hand. */
function isInstalledByHand() {
  const installed = readJson(join(modules, '.package-lock.json'))?.packages
  const wanted = readJson(join(root, 'package-lock.json'))?.packages
  if (!installed || !wanted) return false
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true
    if (installed[path]) return installed[path].version === entry.version
    return entry.optional === true || entry.peer === true
  })
}

function isInstalled() {
  const hash = lockHash()
  if (existsSync(marker) && readFileSync(marker, 'utf8').trim() === hash) return true
  if (!isInstalledByHand()) return false
  writeFileSync(marker, `${hash}\n`)
  return true
}

/** Only one process installs at a time; the holder touches the file, so that a killed one is noticed. */
async function withInstallLock(work) {
  const path = join(root, '.cache', 'install.lock')
  mkdirSync(dirname(path), { recursive: true })
  for (let hasSaid = false; ; await delay(500)) {
    try {
      writeFileSync(path, `${process.pid}\n`, { flag: 'wx' })
      break
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
    if (age > lockStaleMs) rmSync(path, { force: true })
    else if (!hasSaid) say('Waiting for another process that is installing the packages.')
    hasSaid = true
  }
  const beat = setInterval(() => utimesSync(path, new Date(), new Date()), heartbeatMs)
  const release = () => rmSync(path, { force: true })
  const stop = () => process.exit(130)
  process.once('exit', release)
  for (const signal of stopSignals) process.once(signal, stop)
  try {
    return await work()
  } finally {
    clearInterval(beat)
    for (const signal of stopSignals) process.off(signal, stop)
    process.off('exit', release)
    release()
  }
}

/** The system's PATH: npm is about to replace node_modules/.bin/node. */
function systemPath() {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !folder.startsWith(modules))
    .join(delimiter)
}

function npmCommand() {
  const cli = process.env.npm_execpath
  return cli?.endsWith('.js') && existsSync(cli) ? ['node', [cli]] : ['npm', []]
}

function runInstall() {
  const [command, before] = npmCommand()
  const args = [...before, 'ci', '--no-audit', '--no-fund', '--loglevel=error', '--include=dev', '--include=optional']
  // The script of onnxruntime-node fetches CUDA libraries from elsewhere; the CPU provider is in the package.
  const env = { ...process.env, PATH: systemPath(), ONNXRUNTIME_NODE_INSTALL: 'skip', NODE_ENV: 'development' }
  const began = Date.now()
  const tick = setInterval(() => say(`Installing packages: ${Math.round((Date.now() - began) / 1000)} s so far`), 10_000)
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 2, 2] })
    process.once('exit', () => child.kill())
    child.once('error', reject)
    child.once('exit', (code) => (code === 0 ? resolve(undefined) : reject(new Error(`npm ci ended with status ${code}`))))
  }).finally(() => {
    clearInterval(tick)
    say(`Installing packages: ended after ${Math.round((Date.now() - began) / 1000)} s`)
  })
}

/** @returns whether anything was installed. */
async function installWhenNeeded() {
  if (isInstalled()) return false
  return withInstallLock(async () => {
    if (isInstalled()) return false
    say('Installing packages: npm ci (a minute or two, the first time only)')
    rmSync(marker, { force: true })
    try {
      await runInstall()
    } catch (error) {
      fail(
        `The packages could not be installed: ${error.message}.\nCheck the network or npm's registry setting, then run the command again.`,
      )
    }
    mkdirSync(modules, { recursive: true })
    writeFileSync(`${marker}.new`, `${lockHash()}\n`)
    renameSync(`${marker}.new`, marker)
    return true
  })
}

/** Path of a Node that runs TypeScript files as they are. */
function findNode() {
  const bundled = join(modules, `node-${process.platform}-${process.arch}`, 'bin', 'node')
  if (existsSync(bundled)) return bundled
  if (majorOf(process.version) >= wantedNode) return process.execPath
  return fail(
    `NeuroWeaver needs Node ${wantedNode}. There is no packaged one for ${process.platform}-${process.arch}, and this is ${process.version}.\n` +
      `Install Node ${wantedNode} from https://nodejs.org and run the command again.`,
  )
}

/** npm that was killed forwards no signal: its child notices the new parent and stops by itself. */
function stopWhenOrphaned() {
  if (!process.env.npm_lifecycle_event) return
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    process.kill(process.pid, 'SIGTERM')
  }, 1_000)
  watch.unref()
}

/** Runs main.ts in a child under Node 24, forwards signals to it and takes over its exit status. */
function runUnder(node) {
  const child = spawn(node, [main, ...process.argv.slice(2)], { cwd: root, stdio: ['inherit', 'inherit', 'inherit', 'ipc'] })
  for (const signal of stopSignals) process.on(signal, () => child.kill(signal))
  child.once('error', (error) => fail(`${node} could not be started: ${error.message}`))
  child.once('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)))
}

if (majorOf(process.version) < oldestNode) {
  fail(`NeuroWeaver needs Node ${oldestNode} or newer; this is ${process.version}. Get it from https://nodejs.org.`)
}
const hasInstalled = await installWhenNeeded()
const node = findNode()
process.env.PATH = [join(modules, '.bin'), dirname(node), systemPath()].join(delimiter)
stopWhenOrphaned()
// An up-to-date Node goes on in this process, which saves a process and a start; not after an install, which replaced its file.
if (majorOf(process.version) >= wantedNode && !hasInstalled) await import(main)
else runUnder(node)
