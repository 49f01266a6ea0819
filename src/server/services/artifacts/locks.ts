/** One request at a time writes to an upload. */
import { AppError } from '#src/server/errors.ts'

type Holder = {
  /** True when nothing came for so long that its connection is probably dead. */
  isStalled: () => boolean
  /** Asks it to keep what it has and let go. */
  stop: () => void
  released: Promise<void>
}

const holders = new Map<string, Holder>()

/**
 * Takes the right to write. A request whose sender fell silent gives way: after a broken connection the same client comes
 * back long before the old connection is known to be dead.
 * @throws AppError conflict while another request is writing.
 */
export async function holdUpload(id: string, holder: Omit<Holder, 'released'>): Promise<() => void> {
  for (let current = holders.get(id); current; current = holders.get(id)) {
    if (!current.isStalled()) throw new AppError('conflict', 'Another request is writing to this upload. Ask for its offset and try again.')
    current.stop()
    await current.released
  }
  let release: () => void = () => undefined
  const released = new Promise<void>((resolve) => {
    release = () => {
      holders.delete(id)
      resolve()
    }
  })
  holders.set(id, { ...holder, released })
  return release
}

/** Makes whoever writes to an upload let go of it, and waits until they have. */
export async function stopReceiving(id: string): Promise<void> {
  const holder = holders.get(id)
  holder?.stop()
  await holder?.released
}

/** As `stopReceiving`, but only where the sender fell silent, so that its bytes are counted. */
export async function releaseStalled(id: string): Promise<void> {
  if (holders.get(id)?.isStalled()) await stopReceiving(id)
}

/** Keeps what every open upload has received so far; called before the process ends. */
export async function stopAllReceiving(): Promise<void> {
  await Promise.all([...holders.keys()].map(stopReceiving))
}
