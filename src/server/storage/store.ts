import type { Readable } from 'node:stream'

/** First and last byte to read, both counted in, as in an HTTP range. */
export type ByteRange = { start: number; end: number }

/**
 * Where artifacts live, by SHA-256 (64 lower-case hex digits; every method throws for another name).
 * Content never changes under its name, so adding it twice is the same as once.
 */
export interface ArtifactStore {
  has(sha256: string): Promise<boolean>
  /** @throws Error with code ENOENT when there is no such artifact. */
  sizeOf(sha256: string): Promise<number>
  /** Reads all of it, or a range of it. @throws Error with code ENOENT when there is no such artifact. */
  open(sha256: string, range?: ByteRange): Promise<Readable>
  /** Takes over a finished file, whose digest the caller has checked; once it returns, the content outlives a power cut. */
  adopt(stagingPath: string, sha256: string): Promise<void>
  /** Forgets it; no error when there is none. */
  remove(sha256: string): Promise<void>
  /** A path on this machine where the content can be read in place; whoever gets it must not write there. */
  pathOf(sha256: string): string
}
