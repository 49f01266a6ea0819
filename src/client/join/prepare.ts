/** Installs what a runtime's program needs beside it. */
import { cpSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { JoinOptions } from '#src/client/join/options.ts'
import { withLock } from '#src/launcher/locks.ts'
import { preparePython, verifyPackages } from '#src/launcher/python.ts'
import { LauncherError, step } from '#src/launcher/terminal.ts'
import { runTool } from '#src/launcher/tools.ts'

/** `npm exec` tells which npm it is, which need not be on PATH. */
function npm(args: string[], cwd: string) {
  const script = process.env.npm_execpath
  const [command, first] = script ? [process.execPath, [script]] : ['npm', []]
  const { npm_config_package: _package, npm_config_call: _call, ...env } = process.env
  return runTool(command, [...first, ...args], { cwd, env: { ...env, ONNXRUNTIME_NODE_INSTALL: 'skip' } })
}

async function installEngine(program: string, folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  for (const name of ['package.json', 'package-lock.json']) cpSync(join(program, 'inference', name), join(folder, name))
  const args = ['ci', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', '--no-update-notifier']
  const result = await step('Installing the inference engine', () => npm(args, folder))
  if (result.status !== 0)
    throw new LauncherError(`The inference engine could not be installed:\n${result.output.trim().split('\n').slice(-6).join('\n')}`)
  writeFileSync(join(folder, '.complete'), '')
}

/** The engine is 290 MB, so that versions of the program that want the same one share it. */
export async function prepareInference(program: string, { home }: JoinOptions): Promise<void> {
  const modules = join(program, 'inference', 'node_modules')
  if (existsSync(modules)) return
  const lock = await readFile(join(program, 'inference', 'package-lock.json'))
  const folder = join(home, `engine-${createHash('sha256').update(lock).digest('hex').slice(0, 16)}`)
  await withLock(`${folder}.lock`, async () => {
    if (!existsSync(join(folder, '.complete'))) await installEngine(program, folder)
    if (!existsSync(modules)) symlinkSync(join(folder, 'node_modules'), modules, 'junction')
  })
}

/** @returns the interpreter that has what the trainer needs. @throws LauncherError that says what to install. */
export async function prepareTraining(program: string, { home, python }: JoinOptions): Promise<string> {
  if (python) {
    await verifyPackages({ python, detail: () => {} }).catch((error: Error) => {
      throw new LauncherError(`${python} lacks what training needs. ${error.message}`)
    })
    return python
  }
  const made = await preparePython({
    trainingDir: join(program, 'training'),
    environmentsDir: home,
    requirements: ['requirements-core.txt', 'requirements-torch.txt'],
  })
  if ('reason' in made) throw new LauncherError(made.reason)
  return made.path
}
