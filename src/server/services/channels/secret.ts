/** What signs a webhook's messages. */
import { createHmac, randomBytes } from 'node:crypto'
import { seal, unseal } from '#src/server/sealing.ts'

/** Both secrets sign until the former one ends, so that a receiver can change over in between. */
export type WebhookSecret = { current: string; former?: string; formerUntil?: string }

const prefix = 'whsec_'
const formerHours = 24

export const newSecret = (): string => `${prefix}${randomBytes(32).toString('base64')}`

export const sealSecret = (secret: WebhookSecret): string => seal(JSON.stringify(secret))
/** @throws AppError conflict when it was sealed under another secret of the installation. */
export const unsealSecret = (sealed: string): WebhookSecret => JSON.parse(unseal(sealed))

/** What is kept when a secret is made anew; one that can no longer be opened is left behind. */
export function rotated(sealed: string, current: string): WebhookSecret {
  try {
    return { current, former: unsealSecret(sealed).current, formerUntil: new Date(Date.now() + formerHours * 3_600_000).toISOString() }
  } catch {
    return { current }
  }
}

/** The secrets that sign just now. */
export const signingSecrets = ({ current, former, formerUntil }: WebhookSecret): string[] =>
  former && Date.parse(formerUntil ?? '') > Date.now() ? [current, former] : [current]

/** The signature of the Standard Webhooks specification: HMAC-SHA256 over id, time in seconds and body. */
export function signatureOf(secret: string, id: string, seconds: number, body: string): string {
  const key = Buffer.from(secret.slice(prefix.length), 'base64')
  return `v1,${createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')}`
}
