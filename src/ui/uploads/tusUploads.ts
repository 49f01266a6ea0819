'use client'
import type { DetailedError, PreviousUpload, Upload } from 'tus-js-client'
import { dropHandle, fileOfHandle, keepHandle } from '#src/ui/uploads/fileHandles.ts'
import { type UploadItem, uploadStore } from '#src/ui/uploads/uploadStore.ts'

const endpoint = '/uploads'
const retryDelays = [0, 1000, 3000, 5000, 10_000, 20_000, 30_000, 60_000]
/** Weight of the newest second in the shown rate: calm, and right within a few seconds. */
const rateWeight = 0.25

const running = new Map<string, Upload>()
const previous = new Map<string, PreviousUpload>()
const loadTus = () => import('tus-js-client')
const idOf = (url: string | null) => url?.split('/').filter(Boolean).at(-1) ?? null
/** The server may name itself by another origin than the page's: the path alone is ours. */
const pathOf = (url: string) => new URL(url, window.location.href).pathname

function reasonOf(error: Error | DetailedError): string {
  const response = 'originalResponse' in error ? error.originalResponse : null
  if (!response) return 'The server does not answer. What has arrived is kept.'
  try {
    const body = JSON.parse(response.getBody()) as { error?: { message?: string } }
    if (body.error?.message) return body.error.message
  } catch {
    // Not ours: an intermediate server answered in its own words.
  }
  return response.getBody().slice(0, 200) || `The server refused it (${response.getStatus()}).`
}

function meter(key: string) {
  let lastAt = performance.now()
  let lastSent: number | null = null
  return (sentBytes: number) => {
    const now = performance.now()
    lastSent ??= sentBytes
    if (now - lastAt < 500) return
    const rate = ((sentBytes - lastSent) / (now - lastAt)) * 1000
    const old = uploadStore.find(key)?.bytesPerSecond
    uploadStore.patch(key, { sentBytes, bytesPerSecond: old == null ? rate : old + rateWeight * (rate - old) })
    lastAt = now
    lastSent = sentBytes
  }
}

type Start = { key: string; file: File; handle?: FileSystemFileHandle | null; from?: PreviousUpload }

async function start({ key, file, handle, from }: Start) {
  const tus = await loadTus()
  const onProgress = meter(key)
  const path = file.webkitRelativePath || file.name
  const upload = new tus.Upload(file, {
    endpoint,
    retryDelays,
    // Every piece, and the check of the whole, go by one id in the log.
    headers: { 'x-correlation-id': key },
    metadata: { filename: path },
    removeFingerprintOnSuccess: true,
    onProgress,
    onUploadUrlAvailable: () => {
      uploadStore.patch(key, { uploadId: idOf(upload.url) })
      if (handle && upload.url) void keepHandle(pathOf(upload.url), handle)
    },
    onSuccess: () => {
      running.delete(key)
      if (upload.url) void dropHandle(pathOf(upload.url))
      uploadStore.patch(key, { sentBytes: file.size, bytesPerSecond: null, uploadId: idOf(upload.url), state: 'verifying' })
    },
    onError: (error) => uploadStore.patch(key, { state: 'failed', bytesPerSecond: null, reason: reasonOf(error) }),
  })
  const earlier = from ?? (await upload.findPreviousUploads())[0]
  if (earlier) upload.resumeFromPreviousUpload(earlier)
  running.set(key, upload)
  upload.start()
}

export type PickedFile = { file: File; handle?: FileSystemFileHandle | null }

/** Begins to upload, or goes on where the same file was left. @returns our key of it. */
export function startUpload({ file, handle = null }: PickedFile): string {
  const filename = file.webkitRelativePath || file.name
  const waiting = uploadStore.read().find((item) => item.state === 'waiting' && item.filename === filename && item.sizeBytes === file.size)
  if (waiting) {
    resumeWithFile(waiting.key, file)
    return waiting.key
  }
  const key = `upload-${crypto.getRandomValues(new Uint32Array(2)).join('-')}`
  const item: UploadItem = {
    key,
    uploadId: null,
    filename,
    sizeBytes: file.size,
    sentBytes: 0,
    bytesPerSecond: null,
    state: 'uploading',
    reason: null,
  }
  uploadStore.add(item)
  void start({ key, file, handle })
  return key
}

/** Goes on with one that a reload interrupted. @returns a sentence when it is another file. */
export function resumeWithFile(key: string, file: File): string | null {
  const item = uploadStore.find(key)
  if (!item) return null
  if (item.sizeBytes !== file.size)
    return `This is another file: ${item.filename} has ${item.sizeBytes.toLocaleString('en')} bytes, this one ${file.size.toLocaleString('en')}.`
  uploadStore.patch(key, { state: 'uploading', reason: null })
  void start({ key, file, from: previous.get(key) })
  return null
}

/** Tries to go on from a kept handle. @returns false when the person must pick the file. */
export async function resumeFromHandle(key: string, canAsk: boolean): Promise<boolean> {
  const url = previous.get(key)?.uploadUrl
  const file = url ? await fileOfHandle(pathOf(url), canAsk) : null
  return file !== null && resumeWithFile(key, file) === null
}

export function pauseUpload(key: string) {
  void running.get(key)?.abort()
  uploadStore.patch(key, { state: 'paused', bytesPerSecond: null })
}

/** After a pause or a failure. */
export function resumeUpload(key: string) {
  uploadStore.patch(key, { state: 'uploading', reason: null })
  running.get(key)?.start()
}

/** Stops it and has the server forget what has arrived. */
export async function cancelUpload(key: string) {
  const upload = running.get(key)
  const earlier = previous.get(key)
  running.delete(key)
  previous.delete(key)
  uploadStore.remove(key)
  if (earlier) localStorage.removeItem(earlier.urlStorageKey)
  const url = upload?.url ?? earlier?.uploadUrl
  if (url) void dropHandle(pathOf(url))
  await upload?.abort(true).catch(() => {})
  if (!upload && url) await (await loadTus()).Upload.terminate(url).catch(() => {})
}

type Known = { status: string; offsetBytes: number } | null

/**
 * Lists what a reload interrupted.
 * @param lookUp what the server knows of an upload; null when it has forgotten it.
 */
export async function restoreUploads(lookUp: (uploadId: string) => Promise<Known>) {
  if (!Object.keys(localStorage).some((key) => key.startsWith('tus::'))) return
  const tus = await loadTus()
  for (const earlier of await tus.defaultOptions.urlStorage.findAllUploads()) {
    const uploadId = idOf(earlier.uploadUrl)
    if (!uploadId || uploadStore.read().some((item) => item.uploadId === uploadId)) continue
    const known = await lookUp(uploadId)
    if (known?.status !== 'uploading') {
      localStorage.removeItem(earlier.urlStorageKey)
      continue
    }
    const key = `upload-${uploadId}`
    previous.set(key, earlier)
    const filename = earlier.metadata.filename ?? 'file'
    uploadStore.add({
      key,
      uploadId,
      filename,
      sizeBytes: earlier.size ?? 0,
      sentBytes: known.offsetBytes,
      bytesPerSecond: null,
      state: 'waiting',
      reason: null,
    })
    void resumeFromHandle(key, false)
  }
}
