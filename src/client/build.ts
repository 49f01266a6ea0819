/** Makes `dist/neuroweaver.tgz`: the typed client as .js and .d.ts, which web serves itself. Run by the launcher when it is stale. */
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { rollup } from 'rollup'
import { dts } from 'rollup-plugin-dts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const entry = join(root, 'src/client/index.ts')
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

async function writeManifest(folder: string): Promise<void> {
  const own = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    version: string
    description: string
    dependencies: Record<string, string>
  }
  const manifest = {
    name: 'neuroweaver',
    version: own.version,
    description: `${own.description}: the typed client`,
    private: true,
    type: 'module',
    exports: { '.': { types: './index.d.ts', default: './index.js' } },
    types: './index.d.ts',
    engines: { node: '>=20' },
    dependencies: Object.fromEntries(dependencies.map((name) => [name, own.dependencies[name]])),
  }
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
}

/** Builds the archive and puts it in place in one step, so that a download never meets half of it. */
export async function buildClient(): Promise<string> {
  const work = await mkdtemp(join(tmpdir(), 'neuroweaver-client-'))
  try {
    const folder = join(work, 'package')
    await mkdir(folder)
    await Promise.all([buildScript(folder), buildTypes(folder), writeManifest(folder)])
    await promisify(execFile)('tar', ['-czf', join(work, 'neuroweaver.tgz'), '-C', work, 'package'])
    const target = join(root, 'dist/neuroweaver.tgz')
    await mkdir(join(root, 'dist'), { recursive: true })
    await cp(join(work, 'neuroweaver.tgz'), `${target}.new`)
    await rename(`${target}.new`, target)
    return target
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

if (import.meta.main) await buildClient()
