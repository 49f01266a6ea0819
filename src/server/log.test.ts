import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

test('the parameters of a failed query stay out of the log, whatever they look like', () => {
  const program = `
    import { createLog } from ${JSON.stringify(fileURLToPath(new URL('./log.ts', import.meta.url)))}
    const error = new Error('Failed query: select $1\\nparams: one\\n    at two,a secret')
    createLog('test').error('it failed', { error: new Error('outer', { cause: error }) })`
  const written = execFileSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' })
  expect(written).toContain('Failed query: select $1')
  expect(written).not.toContain('a secret')
})
