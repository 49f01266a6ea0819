/**
 * Bundles the runtime into a folder: `node runtimes/inference/build.ts FOLDER`. Each file is a process or thread of its own;
 * the engine stays outside, because its binaries cannot be bundled.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const entries = ['server', 'replica', 'watchdog']

/** Writes `server.js`, `replica.js` and `watchdog.js`, which need Node 20 or newer and the package `onnxruntime-node` beside them. */
export async function buildInference(folder: string): Promise<void> {
  await build({
    entryPoints: entries.map((name) => fileURLToPath(new URL(`./${name}.ts`, import.meta.url))),
    outdir: folder,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external: ['onnxruntime-node'],
    // Some of what is bundled is CommonJS and requires Node's own modules.
    banner: { js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);" },
  })
  await writeFile(join(folder, 'package.json'), '{"type":"module"}\n')
}

if (import.meta.main) await buildInference(process.argv[2] ?? 'dist/inference')
