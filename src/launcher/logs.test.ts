import { expect, test } from 'vitest'
import { forTerminal } from './logs.ts'

const line = (level: string, message: string) => JSON.stringify({ level, message, error: { message: 'why' } })

test('the terminal shows warnings and errors in words, and all in a verbose start', () => {
  expect(forTerminal(line('warn', 'slow'), false, false)).toBe('WARN slow (why)')
  expect(forTerminal(line('info', 'GET /'), false, false)).toBeUndefined()
  expect(forTerminal(line('info', 'GET /'), false, true)).toBe('INFO GET / (why)')
  expect(forTerminal('a stack trace', true, false)).toBe('a stack trace')
})

test("nobody's words steer the terminal or turn the line around", () => {
  const hostile = 'a\u001b[2Jb\u0007c\u202ed\r\ne\u001b]0;title\u0007'
  for (const shown of [forTerminal(line('error', hostile), false, false), forTerminal(hostile, true, false)])
    expect(shown).not.toMatch(/[\p{Cc}\u202e]/u)
})
