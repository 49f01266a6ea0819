import { expect, it } from 'vitest'
import { tokenizerConfig, tokenizerJson } from './testing/text.ts'
import { TextEncoder } from './tokenizer.ts'

const rowsOf = (encoder: TextEncoder, texts: string[]) => {
  const { inputIds, attentionMask, length } = encoder.encode(texts)
  return texts.map((_, row) => [inputIds, attentionMask].map((all) => [...all.subarray(row * length, (row + 1) * length)].map(Number)))
}

it('puts the special tokens round the text and pads to the longest', () => {
  expect(rowsOf(new TextEncoder(tokenizerJson, tokenizerConfig, 16), ['a good film', 'Bad'])).toEqual([
    [
      [2, 4, 5, 7, 3],
      [1, 1, 1, 1, 1],
    ],
    [
      [2, 6, 3, 0, 0],
      [1, 1, 1, 0, 0],
    ],
  ])
})

it('truncates to the length with the special tokens included, and keeps the last of them', () => {
  const [[ids, mask] = []] = rowsOf(new TextEncoder(tokenizerJson, tokenizerConfig, 5), ['a good film was bad'])
  expect(ids).toEqual([2, 4, 5, 7, 3])
  expect(mask).toEqual([1, 1, 1, 1, 1])
})

it('keeps the end where the tokenizer says so', () => {
  const [[ids] = []] = rowsOf(new TextEncoder(tokenizerJson, { ...tokenizerConfig, truncation_side: 'left' }, 5), ['a good film was bad'])
  expect(ids).toEqual([2, 7, 8, 6, 3])
})

it('takes empty, unknown and non-ASCII text', () => {
  expect(rowsOf(new TextEncoder(tokenizerJson, {}, 16), ['', '🙂', 'très films'])).toEqual([
    [
      [2, 3, 0, 0, 0],
      [1, 1, 0, 0, 0],
    ],
    [
      [2, 1, 3, 0, 0],
      [1, 1, 1, 0, 0],
    ],
    [
      [2, 11, 7, 10, 3],
      [1, 1, 1, 1, 1],
    ],
  ])
})
