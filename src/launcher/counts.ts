import { readFileSync } from 'node:fs'
import { z } from 'zod'

/** What one suite found. A reason says which test was skipped and why, or what failed outside of any test. */
export type Counts = { passed: number; failed: number; skipped: number; reasons: string[] }

const vitestSchema = z.object({
  numPassedTests: z.number(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().optional(),
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string(), meta: z.unknown().optional() })),
    }),
  ),
})

/** Counts of vitest's JSON report; a file that fails to load counts as one failure. */
export function countVitest(report: unknown): Counts {
  const { testResults } = vitestSchema.parse(report)
  const all = testResults.flatMap(({ assertionResults }) => assertionResults)
  const skipped = all.filter(({ status }) => status !== 'passed' && status !== 'failed')
  const broken = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((one) => one.status === 'failed'),
  )
  return {
    passed: all.filter(({ status }) => status === 'passed').length,
    failed: all.filter(({ status }) => status === 'failed').length + broken.length,
    skipped: skipped.length,
    reasons: [
      ...skipped.map(({ fullName, status }) => `${status === 'todo' ? 'to do' : 'skipped'}: ${fullName}`),
      ...broken.map(({ name, message }) => `${name} did not run: ${(message ?? '').split('\n')[0]}`),
    ],
  }
}

const attributeOf = (tag: string, name: string): string => new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1] ?? ''

const entities: Record<string, string> = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&apos;': "'", '&amp;': '&' }
const unescapeXml = (text: string): string => text.replace(/&(lt|gt|quot|apos|amp);/g, (entity) => entities[entity] ?? entity)

/** Counts of a JUnit report, as pytest writes it. */
export function countJunit(xml: string): Counts {
  const suites = xml.match(/<testsuite\s[^>]*>/g) ?? []
  const sum = (name: string) => suites.reduce((total, tag) => total + Number(attributeOf(tag, name) || 0), 0)
  const failed = sum('failures') + sum('errors')
  const skipped = sum('skipped')
  const reasons = [...xml.matchAll(/(<testcase\s[^>]*[^/]>)\s*(<skipped\s[^>]*>)/g)].map(
    ([, testcase = '', tag = '']) =>
      `skipped: ${attributeOf(testcase, 'classname')} ${unescapeXml(attributeOf(testcase, 'name'))}: ${unescapeXml(attributeOf(tag, 'message'))}`,
  )
  return { passed: sum('tests') - failed - skipped, failed, skipped, reasons }
}

const annotation = z.object({ type: z.string(), description: z.string().optional() })
const specSchema = z.object({ title: z.string(), tests: z.array(z.object({ status: z.string(), annotations: z.array(annotation) })) })
type SuiteNode = { title: string; specs?: z.infer<typeof specSchema>[] | undefined; suites?: SuiteNode[] | undefined }
const suiteSchema: z.ZodType<SuiteNode> = z.lazy(() =>
  z.object({ title: z.string(), specs: z.array(specSchema).optional(), suites: z.array(suiteSchema).optional() }),
)
const playwrightSchema = z.object({
  suites: z.array(suiteSchema),
  errors: z.array(z.object({ message: z.string().optional() })),
  stats: z.object({ expected: z.number(), unexpected: z.number(), flaky: z.number(), skipped: z.number() }),
})

function skipReasons(suite: SuiteNode): string[] {
  const own = (suite.specs ?? []).flatMap(({ title, tests }) =>
    tests
      .filter(({ status }) => status === 'skipped')
      .map(({ annotations }) => `skipped: ${title}: ${annotations[0]?.description ?? 'no reason given'}`),
  )
  return [...own, ...(suite.suites ?? []).flatMap(skipReasons)]
}

/** Counts of Playwright's JSON report; an error outside of the tests counts as one failure. */
export function countPlaywright(report: unknown): Counts {
  const { suites, errors, stats } = playwrightSchema.parse(report)
  return {
    passed: stats.expected + stats.flaky,
    failed: stats.unexpected + errors.length,
    skipped: stats.skipped,
    reasons: [
      ...suites.flatMap(skipReasons),
      ...errors.map(({ message }) => (message ?? 'an error outside of the tests').split('\n')[0] ?? ''),
    ],
  }
}

export const readReport = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'))
