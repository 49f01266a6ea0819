/** The command `neuroweaver` of the archive that web serves. */
import { followParent } from '#src/client/join/handOver.ts'
import { join } from '#src/client/join/join.ts'
import { parseOptions, usage } from '#src/client/join/options.ts'
import { LauncherError, say, stoppedStatus } from '#src/launcher/terminal.ts'
import { stopTools } from '#src/launcher/tools.ts'

async function main(): Promise<void> {
  followParent()
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.on(name, () => {
      stop.abort()
      stopTools()
    })
  const [noun, verb, ...args] = process.argv.slice(2)
  if (noun !== 'runtime' || verb !== 'join' || args.includes('--help')) {
    say(usage)
    process.exitCode = args.includes('--help') || noun === '--help' ? 0 : 64
    return
  }
  process.exitCode = await join(await parseOptions(args), stop.signal).catch((error: unknown) => {
    if (stop.signal.aborted) throw new LauncherError('Stopped.', stoppedStatus)
    throw error
  })
}

await main().catch((error: unknown) => {
  console.error(error instanceof LauncherError ? error.message : error)
  process.exitCode = error instanceof LauncherError ? error.exitCode : 1
})
