import { expect, it } from 'vitest'
import { action } from '#src/contracts/access.ts'
import { actionOptions, keyStatus, limitsOf } from './keyFacts.ts'

it('offers every action that there is', () => {
  expect(actionOptions.map(([name]) => name).sort()).toEqual([...action.options].sort())
})

it('gives chosen actions the narrowest scope that opens them', () => {
  expect(limitsOf('choose', ['models:read', 'inference:call'])).toMatchObject({ scope: 'read' })
  expect(limitsOf('choose', ['models:write'])).toMatchObject({ scope: 'write', actions: ['models:write'] })
  expect(limitsOf('choose', ['administration:read'])).toMatchObject({ scope: 'admin' })
  expect(limitsOf('call', [])).toEqual({ scope: 'read', actions: ['inference:call'] })
  expect(limitsOf('admin', ['models:read'])).toEqual({ scope: 'admin' })
})

it('warns a week before a key ends', () => {
  const now = Date.parse('2026-01-01T00:00:00Z')
  const status = (expiresAt: string | null, revokedAt: string | null = null) => keyStatus({ expiresAt, revokedAt }, now).status
  expect(status('2026-01-20T00:00:00Z')).toBe('active')
  expect(status('2026-01-03T00:00:00Z')).toBe('degraded')
  expect(status('2025-12-31T00:00:00Z')).toBe('expired')
  expect(status(null, '2025-12-31T00:00:00Z')).toBe('revoked')
})
