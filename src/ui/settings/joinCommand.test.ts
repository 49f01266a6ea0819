import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { dockerCommand, isThisMachineOnly, npmCommand } from './joinCommand.ts'

const joining = { kind: 'training', origin: 'https://nw.example.org', name: '', token: '' } as const

/** The words as a shell would give them to the program. */
const wordsOf = (command: string) =>
  execFileSync('sh', ['-c', `show() { for word in "$@"; do printf '%s\\n' "$word"; done; }; show ${command}`], { encoding: 'utf8' })
    .trim()
    .split('\n')

describe('the command that joins', () => {
  it('names the archive, the address and a place for the token', () => {
    const words = wordsOf(npmCommand(joining))
    expect(words).toContain('--package=https://nw.example.org/dist/neuroweaver.tgz')
    expect(words.slice(words.indexOf('join'))).toEqual([
      'join',
      'https://nw.example.org',
      '--kind',
      'training',
      '--token',
      'PUT-THE-RUNTIME-TOKEN-HERE',
    ])
  })

  it.each([npmCommand, dockerCommand])('carries a name and a token of any characters as they are', (make) => {
    const typed = { ...joining, name: "the $HOME of 'it'", token: 'a`b"c;d e' }
    const words = wordsOf(make(typed)).join('\n')
    expect(words).toContain(typed.name)
    expect(words).toContain(typed.token)
  })

  it('opens the port of an inference container', () => {
    expect(wordsOf(dockerCommand({ ...joining, kind: 'inference' }))).toEqual(
      expect.arrayContaining(['3001:3001', 'neuroweaver/inference']),
    )
  })

  it('knows addresses that another machine would take for itself', () => {
    expect(['http://127.0.0.1:3000', 'http://localhost', 'http://[::1]:3000'].map(isThisMachineOnly)).toEqual([true, true, true])
    expect(isThisMachineOnly(joining.origin)).toBe(false)
  })
})
