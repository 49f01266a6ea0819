import { type Instance, startInstance } from '#src/launcher/instance.ts'
import { findMisspelt, readSettings } from '#src/launcher/settings.ts'
import { say } from '#src/launcher/terminal.ts'

/** npm and the terminal both send the same Ctrl-C: what comes within this time is one press. */
const samePressMs = 1_000

/**
 * Settles at the first Ctrl-C, SIGTERM or hang-up; `onSecond` is called when Ctrl-C is pressed again.
 * npm passes a signal on that the whole group has already got, so SIGTERM again and again means no more than once.
 */
function stopRequest(onSecond: () => void): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let firstAt = 0
    const take = (name: NodeJS.Signals) => {
      if (firstAt === 0) {
        firstAt = Date.now()
        resolve(name)
      } else if (name === 'SIGINT' && Date.now() - firstAt > samePressMs) onSecond()
    }
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, take)
  })
}

/** `npm start` and `npm run dev`: everything runs until it is told to stop. @returns the exit status. */
export async function start({ isDev }: { isDev: boolean }): Promise<number> {
  const settings = readSettings({ isDev })
  for (const warning of findMisspelt(settings.source)) say(warning)
  let current: { stop(): Promise<void>; kill(): void } | undefined
  const stopped = stopRequest(() => {
    current?.kill()
    process.exit(130)
  })
  const starting = startInstance(settings, (partial) => {
    current = partial
  })
  // When the person stops during set-up, its failure is the expected outcome and not worth a message.
  starting.catch(() => {})
  const outcome = await Promise.race([starting, stopped])
  if (typeof outcome !== 'string') {
    printReady(outcome)
    await stopped
  }
  say('Stopping.')
  await current?.stop()
  return 0
}

function printReady({ url, processes, secrets: { NEUROWEAVER_SETUP_CODE: setupCode } }: Instance): void {
  if (!processes.includes('web')) return say(`Ready: ${processes.join(', ')}. Web does not run here.`)
  if (setupCode) say(`The first page asks for this code, until there is an admin: ${setupCode}`)
  say(`NeuroWeaver is ready: ${url}`)
}
