/** Unified sign-on tokens: JWTs (RFC 7519) that the systems beside this one issue, in the three shapes that are in use. */
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { z } from 'zod'
import { email, type Permission } from '#src/contracts/access.ts'
import { text } from '#src/contracts/common.ts'
import { env } from '#src/server/env.ts'
import { AppError } from '#src/server/errors.ts'

export type UnifiedToken = {
  kind: 'person' | 'system'
  /** A person's e-mail, or the system's name. */
  subject: string
  name: string
  permissions: Permission[]
  issuedAt: Date | null
  expiresAt: Date
}

const leewaySeconds = 30
/** How far the clock of an issuer may be ahead: a later time of issue would shut out every token after it. */
const aheadSeconds = 60
const longestYears = 5
const maxTokenLength = 16 * 1024
/** The largest time that a Date holds, in seconds: `exp` beyond it is no time. */
const maxSeconds = 8.64e12
/** A token of another type was made for something else (RFC 8725, 3.11); most say what they all are, or nothing. */
const isKnownType = (typ: string) => /^(application\/)?(at\+)?jwt$/i.test(typ)
const keySetOptions = { cooldownDuration: 5_000, cacheMaxAge: 10 * 60_000, timeoutDuration: 5_000 }

const wants = { read: ['read'], write: ['read', 'write', 'deploy'], admin: ['read', 'write', 'deploy', 'admin'] } as const
const ofRole: Record<string, keyof typeof wants> = { admin: 'admin', manager: 'write', user: 'read', viewer: 'read' }

/** True for what looks like a JWT; API keys and runtime credentials have no dots. */
export const isToken = (bearer: string): boolean => bearer.startsWith('eyJ') && bearer.split('.').length === 3

const refused = (why: string, cause?: unknown) =>
  new AppError('unauthorized', `This token is refused: ${why}. Sign in again where it was issued, or use an API key.`, { cause })

const seconds = z.number().int().min(0).max(maxSeconds)
const list = z.array(z.string().max(200)).max(200)
const times = { exp: seconds, iat: seconds.optional() }

const crossSystem = z.object({
  ...times,
  type: z.literal('cross_system'),
  sub: email,
  user_id: z.union([z.string(), z.number()]),
  name: text(200).optional(),
  permissions: list,
  target_system: z.string(),
})
const system = z.object({
  ...times,
  type: z.literal('system'),
  system: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/),
  targetSystem: z.string(),
  permissions: list,
})
const userSession = z.object({
  ...times,
  userId: z.union([z.string(), z.number()]),
  username: text(200).optional(),
  email,
  roles: list.default([]),
  permissions: list.default([]),
  systemAccess: z.object({ neuroweaver: z.boolean() }),
})

/** `neuroweaver:write` of a person's token, `write` of a system's; what is another system's counts for nothing here. */
function rightsOf(named: readonly (keyof typeof wants | undefined)[]): Permission[] {
  const all = new Set<Permission>(named.flatMap((name) => (name ? wants[name] : [])))
  return wants.admin.filter((permission) => all.has(permission))
}

const wantOf = (named: string): keyof typeof wants | undefined => (named in wants ? (named as keyof typeof wants) : undefined)
const ours = (permission: string) => (permission.startsWith('neuroweaver:') ? wantOf(permission.slice('neuroweaver:'.length)) : undefined)
const notForUs = () => new AppError('forbidden', 'This token is for another system. Ask for one whose target is neuroweaver.')

/** When a token was issued and when it ends, which is often given in milliseconds by mistake. */
function timesOf({ exp, iat }: { exp: number; iat?: number | undefined }): Pick<UnifiedToken, 'expiresAt' | 'issuedAt'> {
  const now = Date.now() / 1000
  if (iat !== undefined && iat > now + aheadSeconds) throw refused('its claim "iat" is in the future: it counts seconds since 1970')
  if (exp > now + longestYears * 366 * 86_400)
    throw refused(`its claim "exp" is more than ${longestYears} years away: it counts seconds since 1970`)
  return { expiresAt: new Date(exp * 1000), issuedAt: iat === undefined ? null : new Date(iat * 1000) }
}

/** Reads the claims of a verified token. */
function readClaims(payload: JWTPayload): UnifiedToken {
  if (payload.type === 'cross_system') {
    const claims = parseClaims(crossSystem, payload)
    if (claims.target_system !== 'neuroweaver') throw notForUs()
    return {
      kind: 'person',
      subject: claims.sub,
      name: claims.name || claims.sub,
      permissions: rightsOf(claims.permissions.map(ours)),
      ...timesOf(claims),
    }
  }
  if (payload.type === 'system') {
    const claims = parseClaims(system, payload)
    if (claims.targetSystem !== 'neuroweaver') throw notForUs()
    return {
      kind: 'system',
      subject: claims.system,
      name: claims.system,
      permissions: rightsOf(claims.permissions.map(wantOf)),
      ...timesOf(claims),
    }
  }
  const claims = parseClaims(userSession, payload)
  if (!claims.systemAccess.neuroweaver) throw notForUs()
  const named = claims.permissions.some((permission) => permission.startsWith('neuroweaver:'))
    ? claims.permissions.map(ours)
    : claims.roles.map((role) => ofRole[role])
  return { kind: 'person', subject: claims.email, name: claims.username || claims.email, permissions: rightsOf(named), ...timesOf(claims) }
}

function parseClaims<T extends z.ZodType>(schema: T, payload: JWTPayload): z.output<T> {
  const parsed = schema.safeParse(payload)
  if (parsed.success) return parsed.data
  const first = parsed.error.issues[0]
  throw refused(`its claim "${first?.path.join('.') ?? 'type'}" is missing or has the wrong form`, parsed.error)
}

let keySet: { url: string; get: JWTVerifyGetKey } | undefined

/** What a token's own header brings about while its key is looked for; all else says that the keys are not there. */
const isOfToken = (error: unknown) =>
  error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys || error instanceof errors.JOSENotSupported

function remoteKeys(url: string): JWTVerifyGetKey {
  if (keySet?.url !== url) keySet = { url, get: createRemoteJWKSet(new URL(url), keySetOptions) }
  const { get } = keySet
  return async (header, token) => {
    try {
      return await get(header, token)
    } catch (error) {
      throw isOfToken(error) ? error : keysAway(error)
    }
  }
}

const keysAway = (cause: unknown) =>
  new AppError('unavailable', 'The keys that verify unified tokens can not be fetched just now. Try again in a moment.', {
    cause,
    retryAfterSeconds: 2,
  })

function refusalOf(error: unknown): AppError {
  if (error instanceof AppError) return error
  if (error instanceof errors.JWTExpired) return refused('it has expired', error)
  if (error instanceof errors.JWTClaimValidationFailed) return refused(`its claim "${error.claim}" is not as it must be`, error)
  return refused('its signature or form is not right', error)
}

/**
 * Verifies a unified token: HS256 by the shared secret, RS256 and ES256 by the keys at the JWKS address, each only where it is set up,
 * so that no header chooses the algorithm (RFC 8725, 3.1). Keys named inside a token are never used.
 * @throws AppError unauthorized for a token that is not good, forbidden for one that is meant for another system, unavailable when its
 *   keys can not be fetched.
 */
export async function verifyToken(token: string): Promise<UnifiedToken> {
  const { UNIFIED_JWT_SECRET: secret, UNIFIED_JWKS_URL: url, UNIFIED_JWT_ISSUER: issuer, UNIFIED_JWT_AUDIENCE: audience } = env()
  if (!secret && !url) throw refused('unified sign-on is not set up here')
  if (token.length > maxTokenLength) throw refused('it is too long')
  try {
    const { alg, typ } = decodeProtectedHeader(token)
    if (typ !== undefined && !isKnownType(String(typ)))
      throw refused('its type is not JWT or at+jwt, so that it was made for something else')
    const options = {
      clockTolerance: leewaySeconds,
      requiredClaims: ['exp'],
      ...(issuer ? { issuer } : {}),
      ...(audience ? { audience } : {}),
    }
    const bySecret = alg === 'HS256' && secret !== undefined
    if (!bySecret && (url === undefined || (alg !== 'RS256' && alg !== 'ES256')))
      throw refused('its algorithm is not one that is used here')
    const { payload } = bySecret
      ? await jwtVerify(token, new TextEncoder().encode(secret), { ...options, algorithms: ['HS256'] })
      : await jwtVerify(token, remoteKeys(url as string), { ...options, algorithms: ['RS256', 'ES256'] })
    return readClaims(payload)
  } catch (error) {
    throw refusalOf(error)
  }
}

/** What a token says that was verified before. @throws AppError unauthorized when it can not be read any more. */
export function readVerified(token: string): UnifiedToken {
  try {
    return readClaims(decodeJwt(token))
  } catch (error) {
    throw refusalOf(error)
  }
}
