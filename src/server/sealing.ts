/** Secrets that must be kept in the open to be used: an external server's key, a webhook's secret. */
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto'
import { env } from './env.ts'
import { AppError } from './errors.ts'

const form = 'v1'
const nonceBytes = 12
const tagBytes = 16

/** The key is derived (HKDF, RFC 5869) from the installation's secret for this purpose alone; its id tells whether the secret is still the same. */
function keyOf(secret: string): { key: Buffer; id: string } {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'neuroweaver sealed secrets', 32))
  return { key, id: createHash('sha256').update(key).digest('base64url').slice(0, 8) }
}

const ownKey = () => keyOf(env().NEXTAUTH_SECRET)
const knownKeys = () => [ownKey(), ...env().NEUROWEAVER_PREVIOUS_SECRETS.map(keyOf)]

/** What every text begins with that is sealed under the present secret. */
export const ownPrefix = (): string => `${form}.${ownKey().id}.`

/** Encrypts a text with AES-256-GCM (NIST SP 800-38D). @returns `v1.KEY_ID.BASE64URL(nonce, tag, ciphertext)`. */
export function seal(text: string): string {
  const { key } = ownKey()
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return `${ownPrefix()}${Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url')}`
}

/**
 * The text of what `seal` gave, under the present secret or a previous one.
 * @throws AppError conflict when no known secret opens it, or the text was tampered with.
 */
export function unseal(sealed: string): string {
  const [version, id, payload = ''] = sealed.split('.')
  const known = version === form ? knownKeys().find((one) => one.id === id) : undefined
  if (!known) throw lost('It was sealed under a NEXTAUTH_SECRET that is not known any more')
  const bytes = Buffer.from(payload, 'base64url')
  try {
    const decipher = createDecipheriv('aes-256-gcm', known.key, bytes.subarray(0, nonceBytes))
    decipher.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes))
    return Buffer.concat([decipher.update(bytes.subarray(nonceBytes + tagBytes)), decipher.final()]).toString('utf8')
  } catch (cause) {
    throw lost('It was damaged since it was sealed', cause)
  }
}

const lost = (why: string, cause?: unknown) =>
  new AppError(
    'conflict',
    `This secret can not be opened. ${why}. Add the former NEXTAUTH_SECRET to NEUROWEAVER_PREVIOUS_SECRETS and start again, or enter the secret again.`,
    { cause },
  )
