'use client'

/** `waiting`: begun before a reload; it goes on once the file is picked again. `failed`: the way was lost; it can be tried again. */
export type UploadState = 'uploading' | 'paused' | 'waiting' | 'verifying' | 'ready' | 'rejected' | 'failed'

export type UploadItem = {
  /** Ours, in this browser. */
  key: string
  /** The server's id, known once it has answered. */
  uploadId: string | null
  filename: string
  sizeBytes: number
  sentBytes: number
  bytesPerSecond: number | null
  state: UploadState
  /** Why it was rejected or failed, in a sentence. */
  reason: string | null
}

export const isMoving = (state: UploadState) => state === 'uploading'
/** All bytes have arrived. */
export const isSent = (state: UploadState) => state === 'verifying' || state === 'ready'
export const isUnfinished = (state: UploadState) => state === 'uploading' || state === 'paused' || state === 'waiting' || state === 'failed'

export const secondsLeft = (item: UploadItem): number | null =>
  item.bytesPerSecond && isMoving(item.state) ? (item.sizeBytes - item.sentBytes) / item.bytesPerSecond : null

const listeners = new Set<() => void>()
const none: UploadItem[] = []
let items: UploadItem[] = none

function publish(next: UploadItem[]) {
  items = next
  for (const listener of listeners) listener()
}

/** The uploads of this tab; they outlive any page. */
export const uploadStore = {
  read: () => items,
  readOnServer: () => none,
  subscribe(listener: () => void) {
    listeners.add(listener)
    return () => void listeners.delete(listener)
  },
  find: (key: string) => items.find((item) => item.key === key),
  add: (item: UploadItem) => publish([...items.filter(({ key }) => key !== item.key), item]),
  patch: (key: string, change: Partial<UploadItem>) => publish(items.map((item) => (item.key === key ? { ...item, ...change } : item))),
  remove: (key: string) => publish(items.filter((item) => item.key !== key)),
  removeWhere: (test: (item: UploadItem) => boolean) => publish(items.filter((item) => !test(item))),
}

/**
 * Waits until all bytes of these uploads have arrived.
 * @throws Error with the sentence of the first one that was rejected, failed or taken away.
 */
export function whenSent(keys: string[]): Promise<{ path: string; uploadId: string }[]> {
  return new Promise((resolve, reject) => {
    const check = () => {
      const found = keys.map((key) => uploadStore.find(key))
      const lost = found.find((item) => !item || item.state === 'rejected' || item.state === 'failed')
      if (found.includes(undefined)) return settle(() => reject(new Error('A file was taken away before it had arrived.')))
      if (lost) return settle(() => reject(new Error(`${lost.filename}: ${lost.reason ?? 'it did not arrive.'}`)))
      if (found.every((item) => item && isSent(item.state) && item.uploadId)) {
        settle(() => resolve(found.map((item) => ({ path: item?.filename ?? '', uploadId: item?.uploadId ?? '' }))))
      }
    }
    const stop = uploadStore.subscribe(check)
    const settle = (then: () => void) => {
      stop()
      then()
    }
    check()
  })
}
