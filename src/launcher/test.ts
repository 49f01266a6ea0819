import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildPages } from '#src/launcher/build.ts'
import { runChecks } from '#src/launcher/check.ts'
import { prepareChromium } from '#src/launcher/chromium.ts'
import { type Counts, countJunit, countPlaywright, countVitest, readReport } from '#src/launcher/counts.ts'
import { inRoot, packageBin, root } from '#src/launcher/paths.ts'
import { type Postgres, startPostgres } from '#src/launcher/postgres.ts'
import { preparePython } from '#src/launcher/python.ts'
import { LauncherError, say, step } from '#src/launcher/terminal.ts'
import { runTool, stopTools } from '#src/launcher/tools.ts'

type Suite = (bench: Bench) => Promise<Counts>

/** What the suites of one run share. */
type Bench = { dir: string; env: NodeJS.ProcessEnv }

const none: Counts = { passed: 0, failed: 0, skipped: 0, reasons: [] }
const skip = (reason: string): Counts => ({ ...none, skipped: 1, reasons: [`skipped: ${reason}`] })
const crash = (reason: string): Counts => ({ ...none, failed: 1, reasons: [`failed: ${reason}`] })

/** Runs a suite's program; one that ends badly without saying which test failed counts as one failure. */
async function runSuite(name: string, command: string, args: string[], bench: Bench, count: () => Counts, cwd = root): Promise<Counts> {
  const { status } = await runTool(command, args, { cwd, env: bench.env, shouldStream: true })
  try {
    const counts = count()
    if (status === 0 || counts.failed > 0) return counts
    return { ...counts, failed: 1, reasons: [...counts.reasons, `failed: ${name} ended with status ${status}, although no test failed`] }
  } catch {
    return crash(`${name} ended with status ${status} and left no report`)
  }
}

const checks: Suite = async () => {
  const results = await runChecks()
  const failed = results.filter(({ isGood }) => !isGood)
  return {
    passed: results.length - failed.length,
    failed: failed.length,
    skipped: 0,
    reasons: failed.map(({ name }) => `failed: check of ${name}`),
  }
}

const vitest: Suite = (bench) => {
  const report = join(bench.dir, 'vitest.json')
  const args = [packageBin('vitest'), 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  return runSuite('vitest', process.execPath, args, bench, () => countVitest(readReport(report)))
}

const pytest: Suite = async (bench) => {
  const cwd = inRoot('runtimes/training')
  if (!existsSync(cwd)) return skip('Python tests: there is no training runtime here')
  const python = await preparePython()
  if ('reason' in python)
    return /could not be installed/.test(python.reason) ? crash(python.reason) : skip(`Python tests: ${python.reason}`)
  const report = join(bench.dir, 'pytest.xml')
  const args = ['-m', 'pytest', '-q', '-p', 'no:cacheprovider', `--junitxml=${report}`]
  const env = { ...bench.env, PYTHONPATH: cwd, OMP_NUM_THREADS: '1', OMP_WAIT_POLICY: 'PASSIVE' }
  return runSuite('pytest', python.path, args, { ...bench, env }, () => countJunit(readFileSync(report, 'utf8')), cwd)
}

const browser: Suite = async (bench) => {
  const chromium = await prepareChromium()
  if ('reason' in chromium) return skip(`browser tests: ${chromium.reason}`)
  try {
    await buildPages()
  } catch (error) {
    return crash((error as Error).message)
  }
  const report = join(bench.dir, 'playwright.json')
  const env = { ...bench.env, CHROMIUM_PATH: chromium.path, PLAYWRIGHT_JSON_OUTPUT_FILE: report }
  const args = [packageBin('playwright'), 'test', '--reporter=list,json']
  return runSuite('playwright', process.execPath, args, { ...bench, env }, () => countPlaywright(readReport(report)))
}

const suites: Record<string, Suite> = { check: checks, vitest, pytest, browser }

function chooseSuites(args: string[]): string[] {
  const unknown = args.filter((name) => !suites[name])
  if (unknown.length) throw new LauncherError(`There is no suite "${unknown[0]}". There are: ${Object.keys(suites).join(', ')}.`, 64)
  return args.length ? args : Object.keys(suites)
}

/** What takes long and needs no processor of ours goes first and together: downloads. */
async function prepare(names: string[]): Promise<void> {
  await Promise.all([
    names.includes('pytest') || names.includes('browser') ? preparePython() : undefined,
    names.includes('browser') ? prepareChromium() : undefined,
  ])
}

const sum = (all: Counts[], key: 'passed' | 'failed' | 'skipped'): number => all.reduce((total, counts) => total + counts[key], 0)

async function runAll(names: string[], bench: Bench): Promise<Counts[]> {
  const all: Counts[] = []
  for (const name of names) {
    say(`\n== ${name}`)
    const counts = await (suites[name] as Suite)(bench).catch((error: Error) => crash(`${name}: ${error.message}`))
    say(`== ${name}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
    all.push(counts)
  }
  return all
}

async function cleanUp(dir: string, postgres: Postgres | undefined): Promise<void> {
  stopTools()
  await postgres?.stop()
  rmSync(dir, { recursive: true, force: true })
}

/**
 * `npm test`: every check and test, or the suites that are named. Its last line is `N passed, N failed, N skipped`.
 * @returns the exit status.
 */
export async function test(args: string[]): Promise<number> {
  const names = chooseSuites(args)
  const dir = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'neuroweaver-test-'))
  let postgres: Postgres | undefined
  const end = () => void cleanUp(dir, postgres).finally(() => process.exit(130))
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, end)
  try {
    await prepare(names)
    postgres = await step('Starting a database for the tests', () => startPostgres({ dir: join(dir, 'postgres'), fsync: false }))
    const env: NodeJS.ProcessEnv = {
      ...process.env,
      TEST_DATABASE_URL: postgres.adminUrl,
      NEXT_TELEMETRY_DISABLED: '1',
      // Tests start the same programs a hundred times: each is stripped of its types and compiled once.
      NODE_COMPILE_CACHE: join(dir, 'compiled'),
    }
    const all = await runAll(names, { dir, env })
    // What failed stands last, where it is seen.
    const isFailure = (reason: string) => reason.startsWith('failed: ')
    const reasons = all.flatMap((counts) => counts.reasons).toSorted((a, b) => Number(isFailure(a)) - Number(isFailure(b)))
    if (reasons.length) say(`\n${reasons.join('\n')}`)
    say(`\n${sum(all, 'passed')} passed, ${sum(all, 'failed')} failed, ${sum(all, 'skipped')} skipped`)
    return sum(all, 'failed') > 0 ? 1 : 0
  } finally {
    await cleanUp(dir, postgres)
  }
}
