'use client'

type Handle = FileSystemFileHandle & {
  queryPermission?: (options: { mode: 'read' }) => Promise<PermissionState>
  requestPermission?: (options: { mode: 'read' }) => Promise<PermissionState>
}

const storeName = 'handles'

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open('neuroweaver-uploads', 1)
    request.onupgradeneeded = () => request.result.createObjectStore(storeName)
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}

async function use<T>(mode: IDBTransactionMode, run: (store: IDBObjectStore) => IDBRequest<T>): Promise<T | undefined> {
  try {
    const database = await open()
    return await new Promise<T>((resolve, reject) => {
      const request = run(database.transaction(storeName, mode).objectStore(storeName))
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error)
    }).finally(() => database.close())
  } catch {
    // A private window may have no database: the person then picks the file again.
    return undefined
  }
}

/** Keeps a dropped file's handle, so that its upload can go on after a reload. */
export const keepHandle = (uploadUrl: string, handle: FileSystemFileHandle) => use('readwrite', (store) => store.put(handle, uploadUrl))
export const dropHandle = (uploadUrl: string) => use('readwrite', (store) => store.delete(uploadUrl))

/** The file behind a kept handle; `canAsk` shows the browser's own question, which needs a click. */
export async function fileOfHandle(uploadUrl: string, canAsk: boolean): Promise<File | null> {
  const handle = (await use('readonly', (store) => store.get(uploadUrl))) as Handle | undefined
  if (!handle?.queryPermission) return null
  try {
    let state = await handle.queryPermission({ mode: 'read' })
    if (state === 'prompt' && canAsk) state = (await handle.requestPermission?.({ mode: 'read' })) ?? state
    return state === 'granted' ? await handle.getFile() : null
  } catch {
    return null
  }
}
