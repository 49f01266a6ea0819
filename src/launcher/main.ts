import { chdir } from 'node:process'
import { root } from '#src/launcher/paths.ts'
import { LauncherError, say } from '#src/launcher/terminal.ts'

/** Every command is loaded only when asked for, so that each starts as fast as it can. */
const commands: Record<string, (args: string[]) => Promise<number>> = {
  start: async () => (await import('#src/launcher/start.ts')).start({ isDev: false }),
  dev: async () => (await import('#src/launcher/start.ts')).start({ isDev: true }),
  test: async (args) => (await import('#src/launcher/test.ts')).test(args),
  check: async () => (await import('#src/launcher/check.ts')).check(),
  demo: async (args) => (await import('#src/launcher/demo.ts')).demo(args),
  bench: async (args) => (await import('#src/launcher/demo.ts')).bench(args),
  nw: async (args) => (await import('#src/launcher/demo.ts')).nw(args),
}

/** A killed parent closes the channel that it opened: stop as if it had sent SIGTERM. */
function followParent(): void {
  if (!process.channel) return
  process.channel.unref()
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
}

async function run(): Promise<number> {
  const [name = 'start', ...args] = process.argv.slice(2)
  const command = commands[name]
  if (!command) throw new LauncherError(`There is no command "${name}". There are: ${Object.keys(commands).join(', ')}.`, 64)
  return command(args)
}

chdir(root)
followParent()
try {
  process.exitCode = await run()
} catch (error) {
  if (error instanceof LauncherError) say(error.message)
  else console.error(error)
  process.exitCode = error instanceof LauncherError ? error.exitCode : 1
}
// Idle connections and timers of a finished command must not hold the process.
process.exit()
