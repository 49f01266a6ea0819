/** What others install: the archive that web serves, in an empty folder, type-checked and run. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from '@playwright/test'
import { type Product, startProduct } from './product.ts'

const run = promisify(execFile)
const tsc = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url))

const program = `
import { createClient, type Inputs, type Outputs } from 'neuroweaver'

const neuroweaver = createClient({ url: process.argv[2] as string, apiKey: process.argv[3] as string })
const order: Inputs['models']['list']['orderBy'] = 'name asc'
const page: Outputs['models']['list'] = await neuroweaver.models.list.query({ orderBy: order })
const total: number = page.total
// @ts-expect-error there is no such order
await neuroweaver.models.list.query({ orderBy: 'size asc' }).catch((error) => console.log(error.data.code))
console.log(String(total))
declare const process: { argv: string[] }
`

test.describe('the typed client', () => {
  let product: Product
  const folder = mkdtempSync(join(tmpdir(), 'neuroweaver-client-'))

  test.beforeAll(async () => {
    test.setTimeout(300_000)
    product = await startProduct()
  })
  test.afterAll(async () => {
    await product?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  test('installs from web, type-checks a program and runs it', async () => {
    test.setTimeout(180_000)
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module', private: true }))
    writeFileSync(join(folder, 'program.ts'), program)
    await run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', `${product.url}/dist/neuroweaver.tgz`], { cwd: folder })
    const flags = [
      '--strict',
      '--skipLibCheck',
      '--target',
      'es2022',
      '--lib',
      'es2022,dom',
      '--module',
      'nodenext',
      '--moduleResolution',
      'nodenext',
      '--outDir',
      'out',
      'program.ts',
    ]
    const checked = await run(process.execPath, [tsc, ...flags], { cwd: folder }).catch((error: { stdout: string }) => ({
      stdout: error.stdout,
    }))
    expect(checked.stdout).toBe('')
    const { stdout } = await run(process.execPath, ['out/program.js', product.url, product.apiKey], { cwd: folder })
    expect(stdout.trim().split('\n')).toEqual(['bad_request', '0'])
  })
})
