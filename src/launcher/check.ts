import { packageBin, root } from '#src/launcher/paths.ts'
import { say } from '#src/launcher/terminal.ts'
import { runTool } from '#src/launcher/tools.ts'

export type CheckResult = { name: string; isGood: boolean }

/** The slow ones first, so that two at a time end together. */
const checks = [
  { name: 'types', command: 'tsc', args: ['--noEmit'] },
  { name: 'dead code', command: 'knip', args: ['--no-progress'] },
  { name: 'fences', command: 'depcruise', args: ['--config', '.dependency-cruiser.mjs', 'src', 'runtimes'] },
  { name: 'lint', command: 'biome', args: ['check', '--colors=off', '.'] },
]

async function runOne({ name, command, args }: (typeof checks)[number]): Promise<CheckResult> {
  const began = performance.now()
  const result = await runTool(process.execPath, [packageBin(command), ...args], { cwd: root })
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  say(`check ${name}: ${result.status === 0 ? 'good' : `failed with status ${result.status}`} (${seconds} s)`)
  if (result.status !== 0) say(result.output.trimEnd())
  return { name, isGood: result.status === 0 }
}

/** Types, lint, fences and dead code, two at a time; what a failing one printed is shown. */
export async function runChecks(): Promise<CheckResult[]> {
  const queue = [...checks]
  const results: CheckResult[] = []
  const work = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) results.push(await runOne(next))
  }
  await Promise.all([work(), work()])
  return results
}

/** `npm run check`. @returns the exit status. */
export async function check(): Promise<number> {
  const results = await runChecks()
  const failed = results.filter(({ isGood }) => !isGood).map(({ name }) => name)
  say(failed.length ? `Failed: ${failed.join(', ')}` : 'All checks are good.')
  return failed.length ? 1 : 0
}
