import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { preparePython } from '#src/launcher/python.ts'
import { findMisspelt, readSource } from '#src/launcher/settings.ts'

const folder = mkdtempSync(join(tmpdir(), 'neuroweaver-settings-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function dotEnv(...lines: string[]): string {
  const path = join(folder, '.env')
  writeFileSync(path, `${lines.join('\n')}\n`)
  return path
}

test('.env is read as compose reads it: quotes, comments, export, and # within a value', () => {
  const path = dotEnv(
    '# the team',
    'PORT=3940 # web',
    'export HOST = 127.0.0.1',
    'NEUROWEAVER_ADMIN_PASSWORD="long # password" # the first',
    "SMTP_FROM='A B <a@example.org>'",
    'NEXTAUTH_SECRET=a#b',
    'LOG_LEVEL=',
  )
  expect(readSource({}, path)).toEqual({
    PORT: '3940',
    HOST: '127.0.0.1',
    NEUROWEAVER_ADMIN_PASSWORD: 'long # password',
    SMTP_FROM: 'A B <a@example.org>',
    NEXTAUTH_SECRET: 'a#b',
  })
  expect(readSource({ PORT: '1' }, path).PORT).toBe('1')
})

test('every name in .env is meant for us, so that one which is almost a setting is said', () => {
  const path = dotEnv('DATABSE_URL=x', 'INFERENCE_PROT=1', 'relaycore_url=x', 'WEB_MEMORY=4g', 'WORKR_MEMORY=4g', 'TEAM=ours', 'HOME=/root')
  const environment = { DATABASE_URLS: 'of another program', OIDC_ISUER: 'x', HOSTS: 'x' }
  expect(findMisspelt(readSource(environment, path), path)).toEqual([
    'DATABSE_URL is no setting, so it has no effect. Write DATABASE_URL, if that is meant.',
    'INFERENCE_PROT is no setting, so it has no effect. Write INFERENCE_PORT, if that is meant.',
    'relaycore_url is no setting, so it has no effect. Write RELAYCORE_URL, if that is meant.',
    'WORKR_MEMORY is no setting, so it has no effect. Write WORKER_MEMORY, if that is meant.',
    'OIDC_ISUER is no setting, so it has no effect. Write OIDC_ISSUER, if that is meant.',
  ])
})

test('a line of .env that is none is said', () => {
  const path = dotEnv('# fine', '', 'PORT 3940', 'HOST=127.0.0.1')
  expect(findMisspelt(readSource({}, path), path)).toEqual(['Line 3 of .env is neither NAME=value nor a comment, so it has no effect.'])
})

test('NEUROWEAVER_PYTHON counts in .env too, and is named when it is wrong', async () => {
  const { NEUROWEAVER_PYTHON } = readSource({}, dotEnv('NEUROWEAVER_PYTHON=/nowhere/python'))
  expect(await preparePython(undefined, NEUROWEAVER_PYTHON)).toEqual({
    reason: 'NEUROWEAVER_PYTHON names /nowhere/python, which is no Python 3.10 or newer with venv. Correct it, or leave it out.',
  })
})
