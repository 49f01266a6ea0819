import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { identityOf } from '#src/launcher/identity.ts'
import { checkDataVersion, lockDataFolder, withLock } from '#src/launcher/locks.ts'
import { makeSecrets } from '#src/launcher/secrets.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'neuroweaver-data-'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('data folder', () => {
  it('belongs to one running instance at a time', () => {
    const release = lockDataFolder(folder, 'http://127.0.0.1:3000')
    expect(() => lockDataFolder(folder, 'http://127.0.0.1:3100')).toThrow(/in use by a running NeuroWeaver.*127\.0\.0\.1:3000/)
    release()
    lockDataFolder(folder, 'http://127.0.0.1:3100')()
    expect(existsSync(join(folder, 'instance.lock'))).toBe(false)
  })

  it('is free again when its instance was killed, also when another process has its pid now', async () => {
    const child = spawn('sleep', ['100'])
    const owner = {
      pid: child.pid as number,
      identity: identityOf(child.pid as number),
      host: (await import('node:os')).hostname(),
      url: 'x',
    }
    writeFileSync(join(folder, 'instance.lock'), JSON.stringify(owner))
    expect(() => lockDataFolder(folder, 'y')).toThrow(/in use/)
    child.kill('SIGKILL')
    await once(child, 'exit')
    lockDataFolder(folder, 'y')()
    writeFileSync(join(folder, 'instance.lock'), JSON.stringify({ ...owner, pid: process.pid }))
    lockDataFolder(folder, 'y')()
  })

  it('of a newer version is refused', () => {
    checkDataVersion(folder, '1.2.3')
    checkDataVersion(folder, '1.10.0')
    expect(() => checkDataVersion(folder, '1.9.9')).toThrow(/last used by NeuroWeaver 1\.10\.0; this is 1\.9\.9/)
  })
})

describe('a set-up step', () => {
  it('is done by one process at a time', async () => {
    const order: string[] = []
    const work = (name: string) =>
      withLock(join(folder, 'step.lock'), async () => {
        order.push(`${name} begins`)
        await new Promise((resolve) => setImmediate(resolve))
        order.push(`${name} ends`)
      })
    await Promise.all([work('a'), work('b')])
    expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends'])
  })
})

describe('secrets', () => {
  it('are made once and readable by their owner alone', () => {
    const first = makeSecrets(folder, {}, '127.0.0.1')
    expect(makeSecrets(folder, {}, '127.0.0.1')).toEqual(first)
    expect(first.RUNTIME_TOKEN).toMatch(/^[0-9a-z]{64}$/)
    expect(first.NEXTAUTH_SECRET.length).toBeGreaterThanOrEqual(32)
    for (const name of ['runtime.token', 'session.secret', 'bootstrap.key']) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600)
    expect(readFileSync(join(folder, 'runtime.token'), 'utf8').trim()).toBe(first.RUNTIME_TOKEN)
  })

  it('give way to settings without being overwritten', () => {
    const made = makeSecrets(folder, {}, '127.0.0.1')
    expect(makeSecrets(folder, { RUNTIME_TOKEN: 'from-the-settings' }, '127.0.0.1').RUNTIME_TOKEN).toBe('from-the-settings')
    expect(makeSecrets(folder, {}, '127.0.0.1')).toEqual(made)
  })

  it('have a setup code where strangers can come first', () => {
    expect(makeSecrets(folder, {}, '127.0.0.1').NEUROWEAVER_SETUP_CODE).toBeUndefined()
    expect(makeSecrets(folder, {}, '0.0.0.0').NEUROWEAVER_SETUP_CODE).toMatch(/^[A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]{4}$/)
    expect(makeSecrets(folder, { NEUROWEAVER_URL: 'https://models.example.org' }, '127.0.0.1').NEUROWEAVER_SETUP_CODE).toBeDefined()
    expect(makeSecrets(folder, { NEUROWEAVER_URL: 'http://[::1]:3000' }, '::1').NEUROWEAVER_SETUP_CODE).toBeUndefined()
    const admin = { NEUROWEAVER_ADMIN_EMAIL: 'a@example.org', NEUROWEAVER_ADMIN_PASSWORD: 'long enough' }
    expect(makeSecrets(folder, admin, '0.0.0.0').NEUROWEAVER_SETUP_CODE).toBeUndefined()
  })
})
