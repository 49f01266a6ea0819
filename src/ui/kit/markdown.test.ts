import { describe, expect, test } from 'vitest'
import { parseBlocks, parseInline } from '#src/ui/kit/markdown.ts'

describe('parseBlocks', () => {
  test('splits headings, paragraphs, lists and code', () => {
    expect(parseBlocks('# Use\nFor flowers.\nAnd more.\n\n- one\n- two\n\n1. first\n```\ncode - x\n```')).toEqual([
      { kind: 'heading', text: 'Use' },
      { kind: 'paragraph', text: 'For flowers. And more.' },
      { kind: 'list', isOrdered: false, items: ['one', 'two'] },
      { kind: 'list', isOrdered: true, items: ['first'] },
      { kind: 'code', text: 'code - x' },
    ])
  })
  test('ends with an open fence and with nothing', () => {
    expect(parseBlocks('```\nx')).toEqual([{ kind: 'code', text: 'x' }])
    expect(parseBlocks('')).toEqual([])
  })
})

test('X1: parseInline keeps what is not its own as text, and follows only http links', () => {
  expect(parseInline('a `b` **c** [d](https://e.example) [x](javascript:alert(1))')).toEqual([
    { kind: 'text', text: 'a ' },
    { kind: 'code', text: 'b' },
    { kind: 'text', text: ' ' },
    { kind: 'strong', text: 'c' },
    { kind: 'text', text: ' ' },
    { kind: 'link', text: 'd', href: 'https://e.example' },
    { kind: 'text', text: ' [x](javascript:alert(1))' },
  ])
})
