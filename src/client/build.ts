/**
 * Makes what web serves under `/dist`, run by the launcher when it is stale: `neuroweaver.tgz`, the typed client as .js and .d.ts with
 * the command `neuroweaver`; and the archive of the runtimes' own programs and that command once more, which it fetches, with
 * `runtime.json` about it.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { rollup } from 'rollup'
import { dts } from 'rollup-plugin-dts'
import { buildInference } from '../../runtimes/inference/build.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const entry = join(root, 'src/client/index.ts')
const dist = join(root, 'dist')
const engine = 'onnxruntime-node'
const dependencies = ['@trpc/client', '@trpc/server', 'zod']

async function buildScript(folder: string): Promise<void> {
  await build({
    entryPoints: [entry],
    outfile: join(folder, 'index.js'),
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    external: dependencies,
  })
}

/** The command needs nothing installed beside it. */
async function buildCommand(outfile: string): Promise<void> {
  await build({
    entryPoints: [join(root, 'src/client/cli.ts')],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    banner: { js: '#!/usr/bin/env node' },
  })
}

/** The router's types reach into every room of the server; they are gathered into one file that names only tRPC. */
async function buildTypes(folder: string): Promise<void> {
  const bundle = await rollup({
    input: entry,
    external: (id) => dependencies.some((name) => id === name || id.startsWith(`${name}/`)) || id.startsWith('node:'),
    plugins: [
      dts({
        tsconfig: join(root, 'tsconfig.json'),
        compilerOptions: { noEmit: false, declaration: true, incremental: false, skipLibCheck: true },
      }),
    ],
    onwarn: () => {},
  })
  await bundle.write({ file: join(folder, 'index.d.ts'), format: 'es' })
  await bundle.close()
}

type OwnManifest = { version: string; description: string; dependencies: Record<string, string> }
const readOwn = async () => JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as OwnManifest

async function writeManifest(folder: string): Promise<void> {
  const own = await readOwn()
  const manifest = {
    name: 'neuroweaver',
    version: own.version,
    description: `${own.description}: the typed client, and the command by which runtimes join`,
    private: true,
    type: 'module',
    exports: { '.': { types: './index.d.ts', default: './index.js' } },
    types: './index.d.ts',
    bin: { neuroweaver: './cli.js' },
    engines: { node: '>=20' },
    dependencies: Object.fromEntries(dependencies.map((name) => [name, own.dependencies[name]])),
  }
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
}

type Locked = { dependencies?: Record<string, string> }

/** The part of our lock file that one package needs, so that `npm ci` elsewhere installs and verifies the very same bytes. */
async function writeEngineLock(folder: string): Promise<void> {
  const { packages } = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as { packages: Record<string, Locked> }
  const needed: Record<string, Locked> = {}
  const add = (name: string) => {
    const path = `node_modules/${name}`
    const found = packages[path]
    if (!found || needed[path]) return
    needed[path] = found
    for (const dependency of Object.keys(found.dependencies ?? {})) add(dependency)
  }
  add(engine)
  const about = { name: 'neuroweaver-inference', dependencies: { [engine]: (await readOwn()).dependencies[engine] } }
  const lock = { ...about, lockfileVersion: 3, requires: true, packages: { '': about, ...needed } }
  await writeFile(join(folder, 'package.json'), JSON.stringify({ ...about, private: true, type: 'module' }))
  await writeFile(join(folder, 'package-lock.json'), JSON.stringify(lock))
}

async function copyTraining(folder: string): Promise<void> {
  const source = join(root, 'runtimes/training')
  await cp(join(source, 'neuroweaver_training'), join(folder, 'neuroweaver_training'), {
    recursive: true,
    filter: (path) => !path.includes('__pycache__'),
  })
  for (const name of ['requirements-core.txt', 'requirements-torch.txt']) await cp(join(source, name), join(folder, name))
}

const pack = (archive: string, folder: string, name: string) => promisify(execFile)('tar', ['-czf', archive, '-C', folder, name])

/** Puts a file in place in one step, so that a download never meets half of it. */
async function place(from: string, target: string): Promise<void> {
  await cp(from, `${target}.new`)
  await rename(`${target}.new`, target)
}

async function packClient(work: string, command: string): Promise<void> {
  const folder = join(work, 'package')
  await mkdir(folder)
  await cp(command, join(folder, 'cli.js'))
  await Promise.all([buildScript(folder), buildTypes(folder), writeManifest(folder)])
  await pack(join(work, 'neuroweaver.tgz'), work, 'package')
  await place(join(work, 'neuroweaver.tgz'), join(dist, 'neuroweaver.tgz'))
}

/** The archive is named by its digest: `runtime.json`, written last, never points to other bytes than it says. */
async function packRuntimes(work: string, command: string): Promise<void> {
  const folder = join(work, 'runtime')
  await Promise.all([mkdir(join(folder, 'inference'), { recursive: true }), mkdir(join(folder, 'training'), { recursive: true })])
  await Promise.all([buildInference(join(folder, 'inference')), copyTraining(join(folder, 'training'))])
  await cp(command, join(folder, 'command/cli.mjs'))
  await writeEngineLock(join(folder, 'inference'))
  await pack(join(work, 'runtime.tgz'), work, 'runtime')
  const content = await readFile(join(work, 'runtime.tgz'))
  const sha256 = createHash('sha256').update(content).digest('hex')
  const about = { version: (await readOwn()).version, file: `runtime-${sha256.slice(0, 16)}.tgz`, sha256, size_bytes: content.length }
  await place(join(work, 'runtime.tgz'), join(dist, about.file))
  await writeFile(join(work, 'runtime.json'), `${JSON.stringify(about)}\n`)
  await place(join(work, 'runtime.json'), join(dist, 'runtime.json'))
  for (const name of await readdir(dist))
    if (/^runtime-[0-9a-f]{16}\.tgz$/.test(name) && name !== about.file) await rm(join(dist, name), { force: true })
}

/** Builds both archives into `dist`. */
async function buildArchives(): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'neuroweaver-client-'))
  try {
    await mkdir(dist, { recursive: true })
    const command = join(work, 'cli.js')
    await buildCommand(command)
    await Promise.all([packClient(work, command), packRuntimes(work, command)])
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

if (import.meta.main) await buildArchives()
