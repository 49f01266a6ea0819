import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { z } from 'zod'
import { root } from '#src/launcher/paths.ts'

/** What one suite found. A reason says which test failed or was skipped, and why. */
export type Counts = { passed: number; failed: number; skipped: number; reasons: string[] }

/** What a failure says at its front and at its end is shown: between them a process may have told its life. */
const [firstLines, lastLines] = [8, 6]

/** Names a failure so that it is understood where only the end of the output was kept. */
function describeFailure(file: string, name: string, message = 'no message'): string {
  const lines = stripVTControlCharacters(message).trim().split('\n')
  if (lines.length > firstLines + lastLines) lines.splice(firstLines, lines.length - firstLines - lastLines, '…')
  return `failed: ${file}: ${name}\n${lines.map((line) => `    ${line}`.trimEnd()).join('\n')}`
}

const vitestSchema = z.object({
  numPassedTests: z.number(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().optional(),
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string(), failureMessages: z.array(z.string()).nullish() })),
    }),
  ),
})

/** Counts of vitest's JSON report; a file that fails to load counts as one failure. */
export function countVitest(report: unknown): Counts {
  const { testResults } = vitestSchema.parse(report)
  const all = testResults.flatMap(({ assertionResults }) => assertionResults)
  const skipped = all.filter(({ status }) => status !== 'passed' && status !== 'failed')
  const failures = testResults.flatMap(({ name: file, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === 'failed')
      .map(({ fullName, failureMessages }) => describeFailure(relative(root, file), fullName, failureMessages?.[0])),
  )
  const broken = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((one) => one.status === 'failed'),
  )
  return {
    passed: all.filter(({ status }) => status === 'passed').length,
    failed: failures.length + broken.length,
    skipped: skipped.length,
    reasons: [
      ...skipped.map(({ fullName, status }) => `${status === 'todo' ? 'to do' : 'skipped'}: ${fullName}`),
      ...failures,
      ...broken.map(({ name, message }) => describeFailure(relative(root, name), 'did not run', message)),
    ],
  }
}

const attributeOf = (tag: string, name: string): string => new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1] ?? ''

const entities: Record<string, string> = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&apos;': "'", '&amp;': '&', '&#10;': '\n' }
const unescapeXml = (text: string): string => text.replace(/&(lt|gt|quot|apos|amp|#10);/g, (entity) => entities[entity] ?? entity)

/** Counts of a JUnit report, as pytest writes it. */
export function countJunit(xml: string): Counts {
  const suites = xml.match(/<testsuite\s[^>]*>/g) ?? []
  const sum = (name: string) => suites.reduce((total, tag) => total + Number(attributeOf(tag, name) || 0), 0)
  const failed = sum('failures') + sum('errors')
  const skipped = sum('skipped')
  const reasons = [...xml.matchAll(/(<testcase\s[^>]*[^/]>)\s*<(skipped|failure|error)(\s[^>]*>)/g)].map(
    ([, testcase = '', kind = '', tag = '']) => {
      const [file, name] = [attributeOf(testcase, 'classname'), unescapeXml(attributeOf(testcase, 'name'))]
      const message = unescapeXml(attributeOf(tag, 'message'))
      return kind === 'skipped' ? `skipped: ${file} ${name}: ${message}` : describeFailure(file, name, message)
    },
  )
  return { passed: sum('tests') - failed - skipped, failed, skipped, reasons }
}

const specSchema = z.object({
  title: z.string(),
  file: z.string(),
  tests: z.array(
    z.object({
      status: z.string(),
      annotations: z.array(z.object({ type: z.string(), description: z.string().optional() })),
      results: z.array(z.object({ error: z.object({ message: z.string().optional() }).optional() })),
    }),
  ),
})
type SuiteNode = { title: string; specs?: z.infer<typeof specSchema>[] | undefined; suites?: SuiteNode[] | undefined }
const suiteSchema: z.ZodType<SuiteNode> = z.lazy(() =>
  z.object({ title: z.string(), specs: z.array(specSchema).optional(), suites: z.array(suiteSchema).optional() }),
)
const playwrightSchema = z.object({
  suites: z.array(suiteSchema),
  errors: z.array(z.object({ message: z.string().optional() })),
  stats: z.object({ expected: z.number(), unexpected: z.number(), flaky: z.number(), skipped: z.number() }),
})

function reasonsOf({ specs = [], suites = [] }: SuiteNode): string[] {
  const own = specs.flatMap(({ title, file, tests }) =>
    tests.flatMap(({ status, annotations, results }) => {
      if (status === 'skipped') return `skipped: ${title}: ${annotations[0]?.description ?? 'no reason given'}`
      if (status === 'unexpected') return describeFailure(file, title, results.at(-1)?.error?.message)
      return []
    }),
  )
  return [...own, ...suites.flatMap(reasonsOf)]
}

/** Counts of Playwright's JSON report; an error outside of the tests counts as one failure. */
export function countPlaywright(report: unknown): Counts {
  const { suites, errors, stats } = playwrightSchema.parse(report)
  return {
    passed: stats.expected + stats.flaky,
    failed: stats.unexpected + errors.length,
    skipped: stats.skipped,
    reasons: [...suites.flatMap(reasonsOf), ...errors.map(({ message }) => describeFailure('playwright', 'outside of the tests', message))],
  }
}

export const readReport = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'))
