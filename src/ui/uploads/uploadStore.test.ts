import { beforeEach, expect, test } from 'vitest'
import { secondsLeft, type UploadItem, uploadStore, whenSent } from '#src/ui/uploads/uploadStore.ts'

const item = (key: string, change: Partial<UploadItem> = {}): UploadItem => ({
  key,
  uploadId: null,
  filename: `${key}.onnx`,
  sizeBytes: 100,
  sentBytes: 0,
  bytesPerSecond: null,
  state: 'uploading',
  reason: null,
  ...change,
})

beforeEach(() => uploadStore.removeWhere(() => true))

test('whenSent waits for the last file and gives path and id', async () => {
  uploadStore.add(item('a', { state: 'ready', uploadId: '1' }))
  uploadStore.add(item('b'))
  let isSettled = false
  const sent = whenSent(['a', 'b']).finally(() => {
    isSettled = true
  })
  uploadStore.patch('b', { sentBytes: 60 })
  await Promise.resolve()
  expect(isSettled).toBe(false)
  uploadStore.patch('b', { state: 'verifying', uploadId: '2' })
  expect(await sent).toEqual([
    { path: 'a.onnx', uploadId: '1' },
    { path: 'b.onnx', uploadId: '2' },
  ])
})

test('whenSent fails with the reason of a rejected file, and when one is taken away', async () => {
  uploadStore.add(item('a'))
  const rejected = whenSent(['a'])
  uploadStore.patch('a', { state: 'rejected', reason: 'The digest differs.' })
  await expect(rejected).rejects.toThrow('a.onnx: The digest differs.')
  uploadStore.add(item('b'))
  const removed = whenSent(['b'])
  uploadStore.remove('b')
  await expect(removed).rejects.toThrow('taken away')
})

test('a paused file does not count as lost', async () => {
  uploadStore.add(item('a', { state: 'paused' }))
  const sent = whenSent(['a'])
  uploadStore.patch('a', { state: 'uploading' })
  uploadStore.patch('a', { state: 'ready', uploadId: '1' })
  expect(await sent).toHaveLength(1)
})

test('time left comes of the rate, while it moves', () => {
  expect(secondsLeft(item('a', { sentBytes: 40, bytesPerSecond: 20 }))).toBe(3)
  expect(secondsLeft(item('a', { state: 'paused', bytesPerSecond: 20 }))).toBeNull()
  expect(secondsLeft(item('a'))).toBeNull()
})
