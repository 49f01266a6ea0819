'use client'
import { useEffect, useSyncExternalStore } from 'react'
import { isNotFound } from '#src/ui/kit/errors.ts'
import { trpc } from '#src/ui/trpc.tsx'
import { cancelUpload, pauseUpload, restoreUploads, resumeUpload, startUpload } from '#src/ui/uploads/tusUploads.ts'
import { isMoving, type UploadItem, uploadStore, whenSent } from '#src/ui/uploads/uploadStore.ts'

export function useUploadItems(): UploadItem[] {
  return useSyncExternalStore(uploadStore.subscribe, uploadStore.read, uploadStore.readOnServer)
}

/** The uploads of this tab, and what can be done with them. */
export function useUploads() {
  return { items: useUploadItems(), start: startUpload, pause: pauseUpload, resume: resumeUpload, cancel: cancelUpload, whenSent }
}

/** Asks what became of one that has arrived, until the server has verified it. */
function VerifyWatch({ item }: { item: UploadItem }) {
  const { data } = trpc.uploads.get.useQuery(
    { id: item.uploadId ?? '' },
    { enabled: item.uploadId !== null, refetchInterval: 1500, staleTime: 0 },
  )
  useEffect(() => {
    if (data?.status === 'ready') uploadStore.patch(item.key, { state: 'ready' })
    if (data?.status === 'rejected') uploadStore.patch(item.key, { state: 'rejected', reason: data.reason ?? 'It could not be verified.' })
  }, [data, item.key])
  return null
}

function useLeaveGuard(isOn: boolean) {
  useEffect(() => {
    if (!isOn) return
    const guard = (event: BeforeUnloadEvent) => event.preventDefault()
    window.addEventListener('beforeunload', guard)
    return () => window.removeEventListener('beforeunload', guard)
  }, [isOn])
}

/** Lives in the frame, so that uploads go on from page to page and come back after a reload. */
export function UploadProvider({ children }: { children: React.ReactNode }) {
  const items = useUploadItems()
  const utils = trpc.useUtils()
  useLeaveGuard(items.some((item) => isMoving(item.state)))
  useEffect(() => {
    const lookUp = (id: string) =>
      utils.client.uploads.get.query({ id }).catch((error: unknown) => {
        if (isNotFound(error)) return null
        throw error
      })
    // Without an answer the list stays in the browser for the next time.
    void restoreUploads(lookUp).catch(() => {})
  }, [utils])
  return (
    <>
      {children}
      {items
        .filter((item) => item.state === 'verifying')
        .map((item) => (
          <VerifyWatch key={item.key} item={item} />
        ))}
    </>
  )
}
