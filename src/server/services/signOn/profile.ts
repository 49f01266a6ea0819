import { type Role, role, rolePermissions } from '#src/contracts/access.ts'
import { env } from '#src/server/env.ts'

/** `ml-admins=admin,ml=manager` as pairs. */
function roleMap(): [string, Role][] {
  return (env().OIDC_ROLE_MAP ?? '')
    .split(',')
    .filter(Boolean)
    .map((pair) => {
      const at = pair.lastIndexOf('=')
      return [pair.slice(0, at).trim(), role.parse(pair.slice(at + 1).trim())]
    })
}

/** The largest role that somebody's groups give. */
function roleOfGroups(groups: unknown): Role {
  const named = Array.isArray(groups) ? groups.map(String) : typeof groups === 'string' ? [groups] : []
  const given = roleMap().flatMap(([group, role]) => (named.includes(group) ? [role] : []))
  return given.reduce<Role>((best, next) => (rolePermissions[next].length > rolePermissions[best].length ? next : best), 'viewer')
}

const textOf = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)

/** What the claims of an ID token (OpenID Connect Core 1.0, 5.1) say of a person. */
export function profileOf(claims: Record<string, unknown>) {
  return {
    subject: String(claims.sub ?? ''),
    email: textOf(claims.email),
    isVerified: claims.email_verified === true || claims.email_verified === 'true',
    name: textOf(claims.name) ?? textOf(claims.preferred_username),
    role: roleOfGroups(claims[env().OIDC_GROUPS_CLAIM]),
  }
}
