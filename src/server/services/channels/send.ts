/** Sends one delivery by the way of its channel. */
import { createTransport } from 'nodemailer'
import type { ChannelKind } from '#src/contracts/channel.ts'
import { env } from '#src/server/env.ts'
import { AppError } from '#src/server/errors.ts'
import { outboundFetch } from '#src/server/outbound.ts'
import { messageOf } from './message.ts'
import { networkReason } from './networkReason.ts'
import { signatureOf } from './secret.ts'

export type Parcel = {
  /** The same at every try, so that a receiver can tell a repeat. */
  id: string
  kind: ChannelKind
  projectId: string
  /** Address, or e-mail addresses separated by commas. */
  target: string
  /** What signs it; none for what is not signed. */
  secrets: readonly string[]
  event: string
  payload: Record<string, unknown>
  correlationId: string | null
}
export type Receipt = { isDelivered: boolean; status: number | null; answer: string | null; error: string | null }

const timeoutMs = 10_000
/** For a try as a whole, which a mail server could draw out one line at a time; less than the lease of a delivery. */
const wholeMs = 30_000
const maxAnswerBytes = 64 * 1024
const maxKeptAnswer = 4096
const redacted = '[redacted]'

/** What may be a password in an address: all that follows its host. */
function secretParts(address: string): string[] {
  if (!URL.canParse(address)) return []
  const { pathname, search } = new URL(address)
  return [address, pathname, search].filter((part) => part.length > 1)
}

/** What may be kept of a text that came back: nothing that was secret on the way out, no NUL, at most 4 KB. */
const keep = (text: string, secrets: readonly string[]): string =>
  secrets
    .reduce((kept, secret) => kept.replaceAll(secret, redacted), text)
    .replaceAll('\0', '')
    .toWellFormed()
    .slice(0, maxKeptAnswer)

async function post(parcel: Parcel, body: string, headers: Record<string, string>): Promise<Receipt> {
  const signatures = (headers['webhook-signature'] ?? '').split(' ').filter(Boolean)
  const hidden = [...secretParts(parcel.target), ...parcel.secrets, ...signatures]
  try {
    const answer = await outboundFetch(parcel.target, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'NeuroWeaver',
        ...(parcel.correlationId ? { 'x-correlation-id': parcel.correlationId } : {}),
        ...headers,
      },
      body,
      timeoutMs,
      maxBytes: maxAnswerBytes,
    })
    const isDelivered = answer.status >= 200 && answer.status < 300
    const why = answer.status >= 300 && answer.status < 400 ? ' Redirects are not followed: give the address that it leads to.' : ''
    const error = isDelivered ? null : `It answered ${answer.status}.${why}`
    return { isDelivered, status: answer.status, answer: keep(answer.body.toString('utf8'), hidden), error }
  } catch (error) {
    return { isDelivered: false, status: null, answer: null, error: keep(sayWhy(error, parcel.target), hidden) }
  }
}

/** A refusal names the field that it came from, which is another one here. */
const sayWhy = (error: unknown, address: string) =>
  networkReason(error, address) ?? (error instanceof Error ? error.message.replace(/^url: /, 'The address ') : String(error))

const sendWebhook = (parcel: Parcel) => {
  const { title, url } = messageOf(parcel)
  const body = JSON.stringify({ ...parcel.payload, title, url })
  const seconds = Math.floor(Date.now() / 1000)
  return post(parcel, body, {
    'webhook-id': parcel.id,
    'webhook-timestamp': String(seconds),
    'webhook-signature': parcel.secrets.map((secret) => signatureOf(secret, parcel.id, seconds, body)).join(' '),
  })
}

/** Slack reads `&`, `<` and `>` as marks of its own. */
const slackText = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

const sendSlack = (parcel: Parcel) => {
  const { title, lines, url } = messageOf(parcel)
  const text = [`*${slackText(title)}*`, ...lines.map(slackText), `<${url}|Open in NeuroWeaver>`].join('\n')
  return post(parcel, JSON.stringify({ text, blocks: [{ type: 'section', text: { type: 'mrkdwn', text: text.slice(0, 3000) } }] }), {})
}

async function sendEmail(parcel: Parcel): Promise<Receipt> {
  const { SMTP_URL: url, SMTP_FROM: from } = env()
  if (!url) throw new AppError('conflict', 'No mail server is set up. Set SMTP_URL and start again.')
  const { title, lines, url: page } = messageOf(parcel)
  const transport = createTransport({ url, connectionTimeout: timeoutMs, greetingTimeout: timeoutMs, socketTimeout: timeoutMs }, { from })
  try {
    const sent = await transport.sendMail({
      to: parcel.target,
      subject: title.slice(0, 200),
      text: [...lines, '', page, ''].join('\n'),
      messageId: `<${parcel.id}@neuroweaver>`,
    })
    const isDelivered = sent.rejected.length === 0
    return {
      isDelivered,
      status: null,
      answer: keep(sent.response, []),
      error: isDelivered ? null : `Refused for ${sent.rejected.join(', ')}.`,
    }
  } finally {
    transport.close()
  }
}

const senders: Record<ChannelKind, (parcel: Parcel) => Promise<Receipt>> = { webhook: sendWebhook, slack: sendSlack, email: sendEmail }

async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${limitMs / 1000} s`)), limitMs)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}

/** Never throws: what went wrong is in the receipt. */
export async function send(parcel: Parcel, limitMs = wholeMs): Promise<Receipt> {
  try {
    return await within(limitMs, senders[parcel.kind](parcel))
  } catch (error) {
    // A mail server's address may carry a password.
    const { SMTP_URL: url = '' } = env()
    const hidden = [...secretParts(parcel.target), ...(url === '' ? [] : [url])]
    return { isDelivered: false, status: null, answer: null, error: keep(sayWhy(error, url), hidden) }
  }
}
