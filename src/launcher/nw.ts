import { doctor } from '#src/launcher/doctor.ts'

const usage = `npm run nw -- COMMAND

  doctor    what this machine has and lacks: Node, Python, GPU, disk, ports, database`

const commands: Record<string, () => Promise<number>> = { doctor }

const command = commands[process.argv[2] ?? '']
if (!command) console.error(usage)
process.exitCode = command ? await command() : 64
