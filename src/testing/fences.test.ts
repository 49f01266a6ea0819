/** The fences hold only if the tool sees the rooms, so a planted violation must be caught. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cruise, type ICruiseResult } from 'dependency-cruiser'
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import config from '../../.dependency-cruiser.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'neuroweaver-fences-'))

const planted: Record<string, { text: string; rule: string }> = {
  'src/ui/a.ts': { text: "import { db } from '#src/server/db/client.ts'\nexport const a = db\n", rule: 'ui-stays-in-the-browser' },
  'src/ui/b.ts': { text: "export const b = () => import('node:fs')\n", rule: 'ui-has-no-node' },
  'src/contracts/c.ts': {
    text: "import { randomUUID } from 'node:crypto'\nexport const c = randomUUID\n",
    rule: 'contracts-carry-only-zod',
  },
  'src/app/d.ts': { text: "import { run } from '#src/server/services/things.ts'\nexport const d = run\n", rule: 'app-opens-doors-only' },
  'src/server/rest/e.ts': { text: "import { db } from '#src/server/db/client.ts'\nexport const e = db\n", rule: 'doors-call-services' },
  'src/server/trpc/auth.ts': { text: "import { i } from '#src/server/i.ts'\nexport const j = i\n", rule: 'pages-bundle-the-bridge-alone' },
  'src/server/services/things.ts': {
    text: "import { e } from '#src/server/rest/e.ts'\nexport const run = e\n",
    rule: 'services-know-no-door',
  },
  'src/server/db/f.ts': { text: "import { run } from '#src/server/services/things.ts'\nexport const f = run\n", rule: 'db-is-the-floor' },
  'runtimes/inference/g.ts': {
    text: "import { db } from '#src/server/db/client.ts'\nexport const g = db\n",
    rule: 'runtimes-see-contracts-only',
  },
  'src/server/h.ts': { text: "import { i } from './i.ts'\nexport const h = i\n", rule: 'no-circles' },
}
const clean = {
  'src/server/db/client.ts': 'export const db = 1\n',
  'src/server/i.ts': "import { h } from './h.ts'\nexport const i = () => h\n",
  'package.json': JSON.stringify({ type: 'module', imports: { '#src/*': './src/*' } }),
}

let result: ICruiseResult

beforeAll(async () => {
  const files = { ...clean, ...Object.fromEntries(Object.entries(planted).map(([path, { text }]) => [path, text])) }
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  const { forbidden, options } = config
  const found = await cruise(
    ['src', 'runtimes'],
    { ...options, baseDir: folder, ruleSet: { forbidden }, validate: true } as never,
    undefined,
    { tsConfig: extractTSConfig(join(root, 'tsconfig.json')) },
  )
  result = found.output as ICruiseResult
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the fences between rooms', () => {
  test('the tool reads TypeScript: it sees every planted module', () => {
    const seen = result.modules.map(({ source }) => source)
    for (const path of Object.keys(planted)) expect(seen).toContain(path)
  })

  test.each(Object.entries(planted))('%s is caught', (path, { rule }) => {
    const violations = result.summary.violations.filter(({ from }) => from === path).map((violation) => violation.rule.name)
    expect(violations).toContain(rule)
  })
})
