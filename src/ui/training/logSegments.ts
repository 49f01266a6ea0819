import type { AnsiColor, Span } from './ansi.ts'

export type Segment = { text: string; color: AnsiColor | null; isBold: boolean; hit: number | null }
export type LineHit = { start: number; end: number; index: number }

/** Cuts a line's spans again at the places that were searched for, so that each piece has one look. */
export function segment(spans: readonly Span[], hits: readonly LineHit[]): Segment[] {
  if (hits.length === 0) return spans.map((span) => ({ ...span, hit: null }))
  const edges = [...new Set(hits.flatMap((hit) => [hit.start, hit.end]))].sort((left, right) => left - right)
  const segments: Segment[] = []
  let at = 0
  for (const { text, ...look } of spans) {
    const inside = edges.filter((edge) => edge > at && edge < at + text.length).map((edge) => edge - at)
    let from = 0
    for (const to of [...inside, text.length]) {
      const hit = hits.find((one) => one.start <= at + from && at + from < one.end)
      segments.push({ text: text.slice(from, to), ...look, hit: hit?.index ?? null })
      from = to
    }
    at += text.length
  }
  return segments
}
