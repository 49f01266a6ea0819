const digits = 16

/** A byte count in a fixed width, so that it is overwritten in place and takes no new space on a full disk. */
export const formatOffset = (offset: number): Buffer => Buffer.from(String(offset).padStart(digits, '0'), 'latin1')

/** The count, or 0 for anything else than one. */
export function parseOffset(bytes: Buffer): number {
  const text = bytes.toString('latin1')
  return /^\d{16}$/.test(text) ? Number(text) : 0
}

export const offsetBytes = digits
