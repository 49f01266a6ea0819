import { expect, test, vi } from 'vitest'
import { step } from '#src/launcher/terminal.ts'
import { runTool, stopTools, waitFor } from '#src/launcher/tools.ts'

test('a step that somebody stops has not failed, one that ends badly has', async () => {
  const lines: string[] = []
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => lines.push(String(text)) > 0)
  const failed = step('Failing', async () => {
    await waitFor(() => (lines.includes('Failing ...\n') ? true : undefined), 10_000)
    throw new Error('broken')
  })
  await expect(failed).rejects.toThrow('broken')
  const stopped = step('Stopped', async () => {
    const { status } = await runTool('sleep', ['30'])
    throw new Error(`ended with ${status}`)
  })
  await waitFor(() => (lines.includes('Stopped ...\n') ? true : undefined), 10_000)
  stopTools()
  await expect(stopped).rejects.toThrow('ended with')
  vi.restoreAllMocks()
  expect(lines.filter((line) => line.includes('failed'))).toEqual([expect.stringMatching(/^Failing: failed after \d s\n$/)])
})
