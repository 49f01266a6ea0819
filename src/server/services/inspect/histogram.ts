const bins = 2048
/** Values are held this much smaller, since the range of two doubles can be more than a double holds. */
const scale = 1 / 16
export const maxShownBins = 20

export type Bar = { label: string; count: number }

/**
 * Counts numbers in one pass, without knowing their range before: equal bins over a range that doubles, two bins becoming
 * one, whenever a value falls outside. Shown bins are made of these, so an edge is off by at most 1/1024 of the range.
 */
export class Histogram {
  #counts = new Float64Array(bins)
  #low = Number.NaN
  #width = 0

  add(unscaled: number, count = 1): void {
    const value = unscaled * scale
    if (Number.isNaN(this.#low)) {
      this.#low = value
      this.#width = Math.max(Math.abs(value) * 2 ** -40, Number.MIN_VALUE * 2 ** 60)
    }
    while (value < this.#low) this.#growDown()
    while (value >= this.#low + this.#width * bins) this.#growUp()
    const at = Math.min(bins - 1, Math.max(0, Math.floor((value - this.#low) / this.#width)))
    this.#counts[at] = (this.#counts[at] as number) + count
  }

  /** At most 20 equal bins between `min` and `max`, each labelled by its lower edge and its upper. */
  bars(min: number, max: number): Bar[] {
    const shown = new Array<number>(maxShownBins).fill(0)
    for (const [at, count] of this.#counts.entries()) {
      if (count > 0) add(shown, (this.#low + (at + 0.5) * this.#width) / scale, min, max, count)
    }
    return labelled(shown, min, max)
  }

  #growUp(): void {
    this.#merge(0)
  }

  #growDown(): void {
    this.#low -= this.#width * bins
    this.#merge(bins / 2)
  }

  #merge(target: number): void {
    const merged = new Float64Array(bins)
    for (let at = 0; at < bins; at += 2) merged[target + at / 2] = (this.#counts[at] as number) + (this.#counts[at + 1] as number)
    this.#counts = merged
    this.#width *= 2
  }
}

/** The same bins from values whose counts are all known, exactly. */
export function exactBars(values: Iterable<[number, number]>, min: number, max: number): Bar[] {
  const shown = new Array<number>(maxShownBins).fill(0)
  for (const [value, count] of values) add(shown, value, min, max, count)
  return labelled(shown, min, max)
}

function add(shown: number[], value: number, min: number, max: number, count: number): void {
  // Halved first, for the same reason.
  const share = max === min ? 0 : (value / 2 - min / 2) / (max / 2 - min / 2)
  const at = Math.min(shown.length - 1, Math.max(0, Math.floor(share * shown.length)))
  shown[at] = (shown[at] as number) + count
}

function labelled(shown: number[], min: number, max: number): Bar[] {
  if (min === max) return [{ label: short(min), count: shown[0] ?? 0 }]
  const edge = (at: number) => short(min * (1 - at / shown.length) + max * (at / shown.length))
  return shown.map((count, at) => ({ label: `${edge(at)} – ${edge(at + 1)}`, count }))
}

const short = (value: number): string => String(Number(value.toPrecision(4)))
