/** Sends one delivery by the way of its channel. */
import { createHmac } from 'node:crypto'
import { createTransport } from 'nodemailer'
import type { ChannelKind } from '#src/contracts/channel.ts'
import { env } from '#src/server/env.ts'
import { AppError } from '#src/server/errors.ts'
import { outboundFetch } from '#src/server/outbound.ts'
import { messageOf } from './message.ts'

export type Parcel = {
  id: string
  kind: ChannelKind
  /** Address, or e-mail addresses separated by commas. */
  target: string
  secret: string | null
  event: string
  payload: Record<string, unknown>
  correlationId: string | null
}
export type Receipt = { isDelivered: boolean; status: number | null; answer: string | null; error: string | null }

const timeoutMs = 10_000
const maxAnswerBytes = 64 * 1024
const maxKeptAnswer = 4096

/** The signature of a webhook by the Standard Webhooks specification: HMAC-SHA256 over id, time and body. */
export function signatureOf(secret: string, id: string, seconds: number, body: string): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  return `v1,${createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')}`
}

async function post(parcel: Parcel, body: string, headers: Record<string, string>): Promise<Receipt> {
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
    maxRedirects: 3,
  })
  const isDelivered = answer.status >= 200 && answer.status < 300
  const text = answer.body.toString('utf8').replaceAll('\0', '').slice(0, maxKeptAnswer)
  return { isDelivered, status: answer.status, answer: text, error: isDelivered ? null : `It answered ${answer.status}.` }
}

const sendWebhook = (parcel: Parcel) => {
  const body = JSON.stringify(parcel.payload)
  const seconds = Math.floor(Date.now() / 1000)
  return post(parcel, body, {
    'webhook-id': parcel.id,
    'webhook-timestamp': String(seconds),
    ...(parcel.secret ? { 'webhook-signature': signatureOf(parcel.secret, parcel.id, seconds, body) } : {}),
  })
}

/** Slack reads `&`, `<` and `>` as marks of its own. */
const slackText = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

const sendSlack = (parcel: Parcel) => {
  const { title, lines, url } = messageOf(parcel.event, parcel.payload)
  const text = [`*${slackText(title)}*`, ...lines.map(slackText), `<${url}|Open in NeuroWeaver>`].join('\n')
  return post(parcel, JSON.stringify({ text, blocks: [{ type: 'section', text: { type: 'mrkdwn', text: text.slice(0, 3000) } }] }), {})
}

async function sendEmail(parcel: Parcel): Promise<Receipt> {
  const { SMTP_URL: url, SMTP_FROM: from } = env()
  if (!url) throw new AppError('conflict', 'No mail server is set up. Set SMTP_URL and start again.')
  const { title, lines, url: page } = messageOf(parcel.event, parcel.payload)
  const transport = createTransport(url, { from }, )
  try {
    const sent = await transport.sendMail({
      to: parcel.target,
      subject: title.slice(0, 200),
      text: [...lines, '', page, ''].join('\n'),
      messageId: `<${parcel.id}@neuroweaver>`,
    })
    return { isDelivered: sent.rejected.length === 0, status: null, answer: sent.response.slice(0, maxKeptAnswer), error: sent.rejected.length === 0 ? null : `Refused for ${sent.rejected.join(', ')}.` }
  } finally {
    transport.close()
  }
}

const senders: Record<ChannelKind, (parcel: Parcel) => Promise<Receipt>> = { webhook: sendWebhook, slack: sendSlack, email: sendEmail }

/** Never throws: what went wrong is in the receipt. */
export async function send(parcel: Parcel): Promise<Receipt> {
  try {
    return await senders[parcel.kind](parcel)
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    return { isDelivered: false, status: null, answer: null, error: text.replaceAll(parcel.target, '[address]').slice(0, 500) }
  }
}
