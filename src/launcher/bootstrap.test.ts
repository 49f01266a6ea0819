import { execFile } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { inRoot } from '#src/launcher/paths.ts'

const run = promisify(execFile)
let folder: string

const write = (path: string, content: unknown) => {
  mkdirSync(join(folder, path, '..'), { recursive: true })
  writeFileSync(join(folder, path), typeof content === 'string' ? content : JSON.stringify(content))
}

const lockFile = (version: string, packages = {}, dependencies = {}) => {
  const root = { name: 'trial', version, dependencies }
  write('package.json', { ...root, type: 'module' })
  write('package-lock.json', { name: 'trial', version, lockfileVersion: 3, requires: true, packages: { '': root, ...packages } })
}

/** Runs a copy of the bootstrap in a repository of its own, whose main.ts prints what it was given. */
async function bootstrap(...args: string[]) {
  const env = { PATH: process.env.PATH, HOME: folder, npm_config_offline: 'true' } as unknown as NodeJS.ProcessEnv
  return run(process.execPath, [join(folder, 'src/launcher/bootstrap.mjs'), ...args], { env, cwd: folder }).catch((error) => error)
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'neuroweaver-bootstrap-'))
  write('src/launcher/main.ts', 'const given: string[] = process.argv.slice(2)\nconsole.log(given.join(" "))\nprocess.exit(given.length)')
  copyFileSync(inRoot('src/launcher/bootstrap.mjs'), join(folder, 'src/launcher/bootstrap.mjs'))
  lockFile('1.0.0')
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

it('installs what is missing, then runs the command and ends with its status', async () => {
  const first = await bootstrap('start', 'now')
  expect(first.stderr).toContain('npm ci')
  expect(first.stdout).toBe('start now\n')
  expect(first.code).toBe(2)
  const second = await bootstrap('start')
  expect(second.stderr).toBe('')
  expect(second.code).toBe(1)
}, 20_000)

it('installs again when the lock file has changed, and not when npm has already done that', async () => {
  write('node_modules/.package-lock.json', { packages: {} })
  expect((await bootstrap('start')).stderr).toBe('')
  const marker = readFileSync(join(folder, 'node_modules/.neuroweaver-lock'), 'utf8')
  lockFile('1.0.1')
  expect((await bootstrap('start')).stderr).toBe('')
  expect(readFileSync(join(folder, 'node_modules/.neuroweaver-lock'), 'utf8')).not.toBe(marker)
  const absent = { version: '1.0.0', resolved: 'https://registry.invalid/absent.tgz', integrity: 'sha512-AA==' }
  lockFile('1.0.2', { 'node_modules/absent': absent }, { absent: '1.0.0' })
  const failed = await bootstrap('start')
  expect(failed.stderr).toContain('The packages could not be installed')
  expect(failed.code).toBe(1)
  expect(existsSync(join(folder, 'node_modules/.neuroweaver-lock'))).toBe(false)
}, 20_000)
