import { LauncherError } from '#src/launcher/terminal.ts'

const usage = `npm run nw -- COMMAND

  doctor         what this machine has and lacks, which settings are wrong, and how to mend it
  audit [HEAD]   whether the record of changes is whole, also against a head that was kept
  verify [HEAD]  reads every artifact again and compares its digest, then checks the record: after a restore, or when a disk is in doubt`

/** Each is loaded when it is asked for: the doctor runs also where the rest cannot. */
const commands: Record<string, () => Promise<(args: string[]) => Promise<number>>> = {
  doctor: async () => (await import('#src/launcher/doctor.ts')).doctor,
  audit: async () => (await import('#src/launcher/audit.ts')).audit,
  verify: async () => (await import('#src/launcher/verify.ts')).verify,
}

const [name = '', ...args] = process.argv.slice(2)
const command = commands[name]
if (!command) console.error(usage)
try {
  process.exitCode = command ? await (await command())(args) : 64
} catch (error) {
  if (!(error instanceof LauncherError)) throw error
  console.error(error.message)
  process.exitCode = error.exitCode
}
