import { expect, test } from 'vitest'
import { localPath } from '#src/ui/auth/localPath.ts'

const origin = 'http://127.0.0.1:3000'

test.each([
  ['/models?q=a#x', '/models?q=a#x'],
  ['http://127.0.0.1:3000/training', '/training'],
  ['//evil.example/x', '/'],
  ['/\\evil.example', '/'],
  ['https://evil.example', '/'],
  ['javascript:alert(1)', '/'],
  ['', '/'],
])('%s leads to %s', (wanted, expected) => {
  expect(localPath(wanted, origin)).toBe(expected)
})
