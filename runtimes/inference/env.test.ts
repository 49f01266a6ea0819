import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

it('names every setting that is wrong, and ends with the status by which it is not started again', async () => {
  const { PATH = '' } = process.env
  const env: Record<string, string> = { PATH, NEUROWEAVER_CONTROL_URL: 'neuroweaver.example.org', INFERENCE_PORT: 'http' }
  const started = promisify(execFile)(process.execPath, ['--no-warnings', join(import.meta.dirname, 'server.ts')], {
    env: env as NodeJS.ProcessEnv,
  })
  const { code, stdout } = (await started.catch((error: unknown) => error)) as { code: number; stdout: string }
  expect(code).toBe(78)
  expect(stdout).toContain('INFERENCE_PORT: must be a number from 0 to 65535')
  expect(stdout).toContain('NEUROWEAVER_CONTROL_URL: must be an address that begins with http:// or https://')
})
