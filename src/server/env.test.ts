import { describe, expect, test } from 'vitest'
import { parseEnv } from './env.ts'

const least = { DATABASE_URL: 'postgres://u:p@127.0.0.1/db', RUNTIME_TOKEN: 'x'.repeat(16), NEXTAUTH_SECRET: 'y'.repeat(32) }

describe('settings', () => {
  test('have defaults that work on one machine', () => {
    expect(parseEnv(least)).toMatchObject({ HOST: '127.0.0.1', PORT: 3000, INFERENCE_PORT: 3001, webUrl: 'http://127.0.0.1:3000' })
  })

  test('an empty one counts as not set', () => {
    expect(parseEnv({ ...least, NEUROWEAVER_URL: '', NEUROWEAVER_ADMIN_EMAIL: '' })).toMatchObject({ webUrl: 'http://127.0.0.1:3000' })
  })

  test('previous secrets come comma-separated, and none is too short', () => {
    const [one, two] = ['a'.repeat(32), 'b'.repeat(32)]
    expect(parseEnv(least).NEUROWEAVER_PREVIOUS_SECRETS).toEqual([])
    expect(parseEnv({ ...least, NEUROWEAVER_PREVIOUS_SECRETS: `${one}, ${two},` }).NEUROWEAVER_PREVIOUS_SECRETS).toEqual([one, two])
    expect(() => parseEnv({ ...least, NEUROWEAVER_PREVIOUS_SECRETS: 'short' })).toThrow(/at least 32 characters/)
  })

  test('what is wrong is named all at once', () => {
    expect(() => parseEnv({ ...least, PORT: '99999', DATABASE_URL: 'mysql://x', NEUROWEAVER_BOOTSTRAP_API_KEY: 'short' })).toThrow(
      /PORT[\s\S]*DATABASE_URL|DATABASE_URL[\s\S]*PORT/,
    )
    expect(() => parseEnv({ ...least, NEUROWEAVER_BOOTSTRAP_API_KEY: 'short' })).toThrow(/24 to 128 visible ASCII/)
  })
})
