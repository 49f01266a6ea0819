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

  test.each([
    ['NEUROWEAVER_URL', 'neuro.example.org', 'NEUROWEAVER_URL: must be an origin without a path, like https://neuroweaver.example.org'],
    [
      'NEUROWEAVER_URL',
      'https://example.org/ml',
      'NEUROWEAVER_URL: must be an origin without a path, like https://neuroweaver.example.org',
    ],
    ['UNIFIED_JWKS_URL', 'keys', 'UNIFIED_JWKS_URL: must be an address that begins with http:// or https://'],
    ['SMTP_URL', 'mail.example.org', 'SMTP_URL: must be like smtp://user:password@host:587, or smtps://'],
    ['NEXTAUTH_SECRET', 'short', 'NEXTAUTH_SECRET: must have at least 32 characters'],
    ['NEUROWEAVER_ADMIN_EMAIL', 'me', 'NEUROWEAVER_ADMIN_EMAIL: must be an e-mail address'],
    ['PORT', 'http', 'PORT: must be a number from 0 to 65535'],
    ['LOG_LEVEL', 'loud', 'LOG_LEVEL: must be one of debug, info, warn, error'],
    // What matches nothing would be looked past in silence: the record would then hold the address of the proxy for everybody.
    ['NEUROWEAVER_TRUSTED_PROXIES', '10.0.0.0/8, nginx', 'NEUROWEAVER_TRUSTED_PROXIES: "nginx" is no address or CIDR, like 10.0.0.0/8'],
    ['NEUROWEAVER_OUTBOUND_ALLOW', 'hook.test, 10.0.0.0/99', 'NEUROWEAVER_OUTBOUND_ALLOW: "10.0.0.0/99" is no host, address or CIDR'],
    ['NEUROWEAVER_OUTBOUND_ALLOW', 'http://10.0.0.1', 'NEUROWEAVER_OUTBOUND_ALLOW: "http://10.0.0.1" is no host, address or CIDR'],
    ['NEUROWEAVER_ALLOWED_HOSTS', 'https://neuro.example.org', 'NEUROWEAVER_ALLOWED_HOSTS: "https://neuro.example.org" is no host name'],
  ])('%s: what is wrong with "%s" is said in words', (name, value, sentence) => {
    expect(() => parseEnv({ ...least, [name]: value })).toThrow(`  ${sentence}`)
  })

  test('what is right with them is taken', () => {
    const right = {
      NEUROWEAVER_URL: 'https://neuro.example.org/',
      NEUROWEAVER_TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/8,fd00::/8, ',
      NEUROWEAVER_OUTBOUND_ALLOW: 'hook.test, 10.1.0.0/16, [fd00::1], my_service',
      NEUROWEAVER_ALLOWED_HOSTS: 'web, neuro.example.org:8443, [::1]',
    }
    expect(parseEnv({ ...least, ...right })).toMatchObject({ webUrl: 'https://neuro.example.org' })
  })

  test('what does nothing alone asks for the rest', () => {
    const half = {
      NEUROWEAVER_ADMIN_EMAIL: 'a@example.org',
      OIDC_ISSUER: 'https://id.example.org',
      OIDC_CLIENT_ID: 'us',
      LOG_LEVEL: 'loud',
    }
    expect(() => parseEnv({ ...least, ...half })).toThrow(
      /LOG_LEVEL: [\s\S]*NEUROWEAVER_ADMIN_PASSWORD: is missing, beside NEUROWEAVER_ADMIN_EMAIL\n {2}OIDC_CLIENT_SECRET: is missing, beside OIDC_ISSUER and OIDC_CLIENT_ID\n/,
    )
  })
})
