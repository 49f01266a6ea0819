import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { RuntimeEnv } from '../env.ts'

/** The runtime as its own process, as it runs in earnest. */
export class ServerProcess {
  readonly child: ChildProcess
  readonly url: Promise<string>
  readonly exited: Promise<number | null>

  /** All that it has written. */
  written = ''

  /** @param openFiles how many the process may have open; by default as many as this one. */
  constructor(
    env: Pick<RuntimeEnv, 'controlUrl' | 'stateDir'> & { runtimeToken: string },
    more: Record<string, string> = {},
    openFiles?: number,
  ) {
    const file = fileURLToPath(new URL('../server.ts', import.meta.url))
    const command = [process.execPath, '--no-warnings', file]
    const [program = '', ...args] = openFiles ? ['sh', '-c', `ulimit -n ${openFiles}; exec "$@"`, 'sh', ...command] : command
    this.child = spawn(program, args, {
      env: {
        PATH: process.env.PATH,
        HOST: '127.0.0.1',
        INFERENCE_PORT: '0',
        NEUROWEAVER_CONTROL_URL: env.controlUrl,
        NEUROWEAVER_STATE_DIR: env.stateDir,
        RUNTIME_TOKEN: env.runtimeToken,
        ...more,
      } as unknown as NodeJS.ProcessEnv,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.exited = new Promise((resolve) => this.child.once('exit', resolve))
    this.url = new Promise((resolve, reject) => {
      this.child.stdout?.on('data', (chunk: Buffer) => {
        this.written += chunk.toString()
        const url = /"url":"([^"]+)"/.exec(this.written)?.[1]
        if (url) resolve(url)
      })
      this.child.once('exit', () => reject(new Error(`the server ended:\n${this.written}`)))
    })
  }
}
