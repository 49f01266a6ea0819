import { type ChildProcess, spawn } from 'node:child_process'

/**
 * A shell that reads the pids of our processes from a pipe and outlives the launcher: when the pipe closes without "bye"
 * (the launcher was killed), it stops every process group, kills what is left after five seconds, and then stops Postgres.
 * A shell needs one megabyte and nothing of the children, unlike a parent-death signal, which macOS does not have and which
 * a child's own children do not inherit.
 */
const script = `
trap '' INT HUP TERM
groups='' postgres=''
while read -r verb pid; do
  case "$verb" in
    add) groups="$groups $pid" ;;
    drop) kept=''; for group in $groups; do [ "$group" = "$pid" ] || kept="$kept $group"; done; groups=$kept ;;
    postgres) postgres=$pid ;;
    bye) exit 0 ;;
  esac
done
for group in $groups; do kill -TERM "$group" 2>/dev/null; done
tries=0
while [ $tries -lt 50 ]; do
  alive=''
  for group in $groups; do kill -0 "-$group" 2>/dev/null && alive="$alive $group"; done
  [ -z "$alive" ] && break
  groups=$alive
  tries=$((tries + 1))
  sleep 0.1
done
for group in $groups; do kill -KILL "-$group" 2>/dev/null; done
[ -z "$postgres" ] || kill -INT "$postgres" 2>/dev/null
`

export type Guardian = {
  pid: number | undefined
  /** Tells it of a process that leads a group of its own. */
  add(pid: number): void
  drop(pid: number): void
  setPostgres(pid: number): void
  /** The launcher stopped everything itself. */
  dismiss(): void
  /** Closes the pipe as the launcher's death would. */
  abandon(): void
}

/** Starts the process that stops ours when the launcher is killed. */
export function startGuardian(): Guardian {
  const child: ChildProcess = spawn('/bin/sh', ['-c', script], { detached: true, cwd: '/', stdio: ['pipe', 'ignore', 'ignore'] })
  child.on('error', () => {})
  child.stdin?.on('error', () => {})
  child.unref()
  const tell = (line: string) => child.stdin?.write(`${line}\n`)
  return {
    pid: child.pid,
    add: (pid) => tell(`add ${pid}`),
    drop: (pid) => tell(`drop ${pid}`),
    setPostgres: (pid) => tell(`postgres ${pid}`),
    dismiss: () => child.stdin?.end('bye\n'),
    abandon: () => child.stdin?.end(),
  }
}
