declare const branded: unique symbol

/** A SHA-256 in 64 lower-case hex digits: the only text that ever becomes part of an artifact's path. */
export type Digest = string & { readonly [branded]: 'Digest' }

const hex = /^[0-9a-f]{64}$/

/** @throws Error for anything but 64 lower-case hex digits. */
export function asDigest(text: string): Digest {
  if (!hex.test(text)) throw new Error('an artifact is named by 64 lower-case hex digits')
  return text as Digest
}
