import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { uploadSnippets } from '#src/ui/uploads/uploadSnippets.ts'

test('the curl lines are valid shell, in either kind and with or without a key', () => {
  for (const kind of ['model', 'dataset'] as const) {
    for (const key of [null, 'nwk_abc']) {
      const [curl] = uploadSnippets({ origin: 'http://127.0.0.1:3000', key, kind })
      expect(() => execFileSync('bash', ['-n', '-c', curl?.code ?? ''])).not.toThrow()
      expect(curl?.code.includes('NEUROWEAVER_API_KEY')).toBe(key === null)
    }
  }
})
