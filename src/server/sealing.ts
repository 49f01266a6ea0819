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

/** Encrypts a text with AES-256-GCM (NIST SP 800-38D). @returns `v1.KEY_ID.BASE64URL(nonce, tag, ciphertext)`. */
export function seal(text: string): string {
  const { key, id } = keyOf(env().NEXTAUTH_SECRET)
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return `${form}.${id}.${Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url')}`
}

/**
 * The text of what `seal` gave.
 * @throws AppError conflict when the installation's secret has changed since, or the text was tampered with.
 */
export function unseal(sealed: string): string {
  const [version, id, payload = ''] = sealed.split('.')
  const own = keyOf(env().NEXTAUTH_SECRET)
  const changed = (cause?: unknown) =>
    new AppError('conflict', 'This secret was kept under another NEXTAUTH_SECRET than the present one. Enter it again.', { cause })
  if (version !== form || id !== own.id) throw changed()
  const bytes = Buffer.from(payload, 'base64url')
  try {
    const decipher = createDecipheriv('aes-256-gcm', own.key, bytes.subarray(0, nonceBytes))
    decipher.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes))
    return Buffer.concat([decipher.update(bytes.subarray(nonceBytes + tagBytes)), decipher.final()]).toString('utf8')
  } catch (cause) {
    throw changed(cause)
  }
}
