import { audit } from '#src/launcher/audit.ts'
import { doctor } from '#src/launcher/doctor.ts'

const usage = `npm run nw -- COMMAND

  doctor         what this machine has and lacks: Node, Python, GPU, disk, ports, database
  audit [HEAD]   whether the record of changes is whole, also against a head that was kept`

const commands: Record<string, (args: string[]) => Promise<number>> = { doctor, audit }

const [name = '', ...args] = process.argv.slice(2)
const command = commands[name]
if (!command) console.error(usage)
process.exitCode = command ? await command(args) : 64
