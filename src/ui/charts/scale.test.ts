import { describe, expect, it } from 'vitest'
import { formatFigure, lastPoint, rowsOf, sample, smooth, spread, thin } from './scale.ts'

describe('rowsOf', () => {
  it('joins series that have different steps', () => {
    const rows = rowsOf(
      [
        {
          key: 'a.b',
          label: 'a',
          points: [
            { x: 2, y: 1 },
            { x: 1, y: 3 },
          ],
        },
        { key: 'c', label: 'c', points: [{ x: 2, y: 5 }] },
      ],
      false,
    )
    expect(rows).toEqual([
      { x: 1, values: { 'a.b': 3 } },
      { x: 2, values: { 'a.b': 1, c: 5 } },
    ])
  })

  it('leaves out what a logarithm cannot show', () => {
    expect(
      rowsOf(
        [
          {
            key: 'a',
            label: 'a',
            points: [
              { x: 1, y: 0 },
              { x: 2, y: 4 },
            ],
          },
        ],
        true,
      ).map((row) => row.values.a),
    ).toEqual([null, 4])
  })
})

describe('smooth', () => {
  it('keeps a constant line where it is from the first point on', () => {
    const flat = smooth(
      [1, 2, 3].map((x) => ({ x, y: 7 })),
      0.9,
    )
    for (const { y } of flat) expect(y).toBeCloseTo(7, 10)
  })

  it('passes over points without a value', () => {
    expect(
      smooth(
        [
          { x: 1, y: 1 },
          { x: 2, y: null },
          { x: 3, y: 1 },
        ],
        0.5,
      ).map((point) => point.y),
    ).toEqual([1, null, 1])
  })
})

describe('spread', () => {
  it('keeps labels apart and inside', () => {
    const places = spread([10, 11, null, 99], 14, 0, 100)
    expect(places[2]).toBeNull()
    expect((places[1] as number) - (places[0] as number)).toBeGreaterThanOrEqual(14)
    expect(places[3]).toBe(99)
  })

  it('pushes up what would fall below the lower edge', () => {
    const places = spread([95, 98, 99], 14, 0, 100) as number[]
    expect(Math.max(...places)).toBeLessThanOrEqual(100)
    expect(new Set(places.map((place) => Math.round(place / 14))).size).toBe(3)
  })
})

it('samples evenly with both ends', () => {
  const picked = sample(
    Array.from({ length: 1001 }, (_, index) => index),
    11,
  )
  expect(picked).toEqual([0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000])
})

it('finds the last point with a value', () => {
  expect(
    lastPoint([
      { x: 1, y: 2 },
      { x: 2, y: null },
    ]),
  ).toEqual({ x: 1, y: 2 })
  expect(lastPoint([])).toBeNull()
})

it('writes numbers as people do', () => {
  expect([0, 0.000012, 0.12345, 1234, 12345678.5].map(formatFigure)).toEqual(['0', '1.20e-5', '0.1235', '1,234', '1.23e+7'])
})

it('thins a long line and keeps its spike', () => {
  const points = Array.from({ length: 10_000 }, (_, x) => ({ x, y: x === 7_777 ? 99 : 1 }))
  const thinned = thin(points, 100)
  expect(thinned.length).toBeLessThanOrEqual(400)
  expect(thinned.some((point) => point.y === 99)).toBe(true)
  expect(thin(points.slice(0, 300), 100)).toHaveLength(300)
})
