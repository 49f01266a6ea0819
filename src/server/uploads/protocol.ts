/** What tus 1.0.0 says in headers, read strictly: a number is digits, and nothing is guessed. */
import type { IncomingMessage } from 'node:http'
import { limits } from '#src/contracts/common.ts'
import { AppError } from '#src/server/errors.ts'

export const tusVersion = '1.0.0'
export const bodyType = 'application/offset+octet-stream'
const maxMetadataBytes = 8 * 1024
const maxFilenameChars = 500

/** A refusal whose status is tus's own, or that needs a header beside it. */
export class ProtocolRefusal extends Error {
  readonly status: number
  readonly code: string
  readonly headers: Record<string, string>

  constructor(status: number, code: string, message: string, headers: Record<string, string> = {}) {
    super(message)
    this.name = 'ProtocolRefusal'
    this.status = status
    this.code = code
    this.headers = headers
  }
}

const headerOf = (req: IncomingMessage, name: string): string | undefined => {
  const value = req.headers[name]
  return Array.isArray(value) ? value.join(', ') : value
}

/** @throws AppError bad_request for anything but a whole number that JavaScript holds exactly. */
function numberOf(req: IncomingMessage, name: string): number | undefined {
  const text = headerOf(req, name)
  if (text === undefined) return undefined
  const value = /^(0|[1-9]\d{0,15})$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(value)) return value
  throw new AppError('bad_request', `${name}: must be a whole number of bytes below 2^53, once and in digits.`)
}

export const contentLengthOf = (req: IncomingMessage): number | undefined => numberOf(req, 'content-length')
export const isChunked = (req: IncomingMessage): boolean => req.headers['transfer-encoding'] !== undefined

/** A method in a header would pass by whatever looked at the real one. */
export function refuseOverride(req: IncomingMessage): void {
  if (req.headers['x-http-method-override'] === undefined) return
  throw new AppError('bad_request', 'X-HTTP-Method-Override is not taken: use the method itself.')
}

export function refuseOtherVersion(req: IncomingMessage): void {
  if (req.headers['tus-resumable'] === tusVersion) return
  throw new ProtocolRefusal(412, 'precondition_failed', `Tus-Resumable: must be ${tusVersion}.`, { 'tus-version': tusVersion })
}

export function refuseOtherMethods(req: IncomingMessage, methods: string[]): void {
  if (methods.includes(req.method ?? '')) return
  const allowed = [...methods, 'OPTIONS'].join(', ')
  throw new ProtocolRefusal(405, 'method_not_allowed', `Use one of ${allowed}.`, { allow: allowed })
}

export type Creation = { sizeBytes: number; filename: string; expectedSha256: string | null; metadata: string; hasBody: boolean }

/** @throws AppError bad_request, payload_too_large. */
export function readCreation(req: IncomingMessage): Creation {
  if (req.headers['upload-concat'] !== undefined)
    throw new AppError('bad_request', 'Concatenation is not offered: send the file as one upload (parallelUploads: 1).')
  if (req.headers['upload-defer-length'] !== undefined)
    throw new AppError('bad_request', 'Upload-Defer-Length is not offered: give Upload-Length.')
  const sizeBytes = numberOf(req, 'upload-length')
  if (sizeBytes === undefined) throw new AppError('bad_request', 'Upload-Length is missing.')
  if (sizeBytes > limits.uploadBytes) throw new AppError('payload_too_large', `An upload may have at most ${limits.uploadBytes} bytes.`)
  const hasBody = headerOf(req, 'content-type') === bodyType
  const length = contentLengthOf(req)
  if (hasBody && length !== undefined && length > sizeBytes)
    throw new AppError('payload_too_large', `The body has ${length} bytes, but Upload-Length is ${sizeBytes}.`)
  return { sizeBytes, hasBody, ...readMetadata(headerOf(req, 'upload-metadata')) }
}

const badMetadata = (why: string) => new AppError('bad_request', `Upload-Metadata: ${why}.`)

function readMetadata(header = ''): Pick<Creation, 'filename' | 'expectedSha256' | 'metadata'> {
  if (Buffer.byteLength(header) > maxMetadataBytes) throw badMetadata(`has more than ${maxMetadataBytes} bytes`)
  const pairs = new Map<string, Buffer>()
  for (const pair of header === '' ? [] : header.split(',')) {
    const [key, value] = readPair(pair.trim())
    if (pairs.has(key)) throw badMetadata(`has the key "${key}" twice`)
    pairs.set(key, value)
  }
  return { metadata: header, filename: filenameOf(pairs.get('filename')), expectedSha256: sha256Of(pairs.get('sha256')) }
}

/** One key, a space, a value in base64; the value may be left out. */
function readPair(pair: string): [string, Buffer] {
  const match = /^([\x21-\x2b\x2d-\x7e]+)(?: +([A-Za-z0-9+/]*={0,2}))?$/.exec(pair)
  if (!match?.[1] || (match[2] ?? '').length % 4 !== 0)
    throw badMetadata('must be pairs of an ASCII key and a base64 value, parted by commas')
  return [match[1], Buffer.from(match[2] ?? '', 'base64')]
}

/** For display only; it is never a path. */
function filenameOf(value: Buffer | undefined): string {
  if (!value || value.length === 0) throw badMetadata('must hold the key "filename" with the name of the file')
  const name = utf8Of(value)
  if (name.length > maxFilenameChars) throw badMetadata(`has a filename of more than ${maxFilenameChars} characters`)
  if (/\p{Cc}/u.test(name)) throw badMetadata('has a filename with control characters')
  return name
}

function sha256Of(value: Buffer | undefined): string | null {
  if (!value) return null
  const text = utf8Of(value).toLowerCase()
  if (!/^[0-9a-f]{64}$/.test(text)) throw badMetadata('has a sha256 that is not 64 hex digits')
  return text
}

function utf8Of(value: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value)
  } catch {
    throw badMetadata('has a value that is not UTF-8')
  }
}

export const checksumAlgorithms = ['sha1', 'sha256', 'md5'] as const
export type Checksum = { algorithm: (typeof checksumAlgorithms)[number]; digest: Buffer }

function readChecksum(req: IncomingMessage): Checksum | undefined {
  const header = headerOf(req, 'upload-checksum')
  if (header === undefined) return undefined
  const [, name, base64 = ''] = /^(\S+) ([A-Za-z0-9+/]+={0,2})$/.exec(header) ?? []
  const algorithm = checksumAlgorithms.find((known) => known === name)
  const digest = Buffer.from(base64, 'base64')
  const bytes = { sha1: 20, sha256: 32, md5: 16 }
  if (algorithm && digest.length === bytes[algorithm] && base64.length % 4 === 0) return { algorithm, digest }
  throw new AppError('bad_request', `Upload-Checksum: must be one of ${checksumAlgorithms.join(', ')}, a space, and the digest in base64.`)
}

export type Append = { offset: number; lengthBytes: number | undefined; checksum: Checksum | undefined }

/** @throws AppError unsupported_media_type, bad_request. */
export function readAppend(req: IncomingMessage): Append {
  if (headerOf(req, 'content-type') !== bodyType) throw new AppError('unsupported_media_type', `Content-Type: must be ${bodyType}.`)
  if (req.headers['upload-length'] !== undefined)
    throw new AppError('bad_request', 'Upload-Length was given when the upload was made, and stays.')
  const offset = numberOf(req, 'upload-offset')
  if (offset === undefined) throw new AppError('bad_request', 'Upload-Offset is missing.')
  return { offset, lengthBytes: isChunked(req) ? undefined : (contentLengthOf(req) ?? 0), checksum: readChecksum(req) }
}
