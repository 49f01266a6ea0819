import { describe, expect, test } from 'vitest'
import { filePath, metadata, name, tags } from './common.ts'

describe('names and paths', () => {
  test.each([
    ['churn', true],
    ['a.b-c_1', true],
    ['', false],
    ['-a', false],
    ['a b', false],
    ['register', false],
    ['0197b1f0-4a6e-7cc1-9d0a-5f1f3a2b4c5d', false],
    ['a'.repeat(100), true],
    ['a'.repeat(101), false],
    ['naïve', false],
  ])('the name %j', (value, isGood) => expect(name.safeParse(value).success).toBe(isGood))

  test.each([
    ['model.onnx', true],
    ['onnx/model.onnx', true],
    ['blåbær.csv', true],
    ['../etc/passwd', false],
    ['a/../b', false],
    ['/etc/passwd', false],
    ['a//b', false],
    ['a/./b', false],
    ['a\\b', false],
    ['C:x', false],
    ['a\u0000b', false],
    ['a\nb', false],
    ['\ud800', false],
    ['a'.repeat(501), false],
  ])('the path %j', (value, isGood) => expect(filePath.safeParse(value).success).toBe(isGood))

  test('a key that would reach the prototype is dropped', () => {
    const parsed = metadata.parse(JSON.parse('{"a": 1, "__proto__": {"admin": true}}'))
    expect(Object.keys(parsed)).toEqual(['a'])
    expect((parsed as { admin?: boolean }).admin).toBeUndefined()
    expect(Object.keys(tags.parse(JSON.parse('{"__proto__": "x"}')))).toEqual([])
  })

  test('metadata is bounded in size, keys and depth', () => {
    const deep = JSON.parse(`${'{"a":'.repeat(30)}1${'}'.repeat(30)}`)
    expect(metadata.safeParse(deep).success).toBe(false)
    expect(metadata.safeParse({ a: 'x'.repeat(70_000) }).success).toBe(false)
    expect(metadata.safeParse(Object.fromEntries(Array.from({ length: 201 }, (_, index) => [`k${index}`, 1]))).success).toBe(false)
    expect(metadata.safeParse({ a: { b: [1, 'two', null] } }).success).toBe(true)
  })
})
