/** What can be said of a column after one pass over its values, in bounded memory. */
import { createHash } from 'node:crypto'
import type { Column, ColumnType } from '#src/contracts/dataset.ts'
import { type Bar, exactBars, Histogram } from './histogram.ts'

const maxDistinct = 1000
const maxKeyChars = 100
const labelChars = 40
const commonest = 12

const isNumber = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$/
const isTime = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/

/** The number that a field stands for; undefined for text, and for numbers past the range of a double. */
function numberIn(value: string): number | undefined {
  if (!isNumber.test(value)) return undefined
  const number = Number(value)
  return Number.isFinite(number) ? number : undefined
}

/** Characters of distinct values that one data set may hold in memory, over all of its columns. */
export class Budget {
  #left = 64 * 1024 * 1024

  take(chars: number): boolean {
    this.#left -= chars
    return this.#left > 0
  }
}

/**
 * Sums a column up, value by value. Its type:
 * number when at least 90 % of at least 20 values are numbers (all of them when there are fewer): the trainer then names the
 * row of one that is not, instead of a figure column silently becoming words; datetime when all are ISO 8601 dates or times;
 * text when values are long (60 characters and more on average), or many: over 1000, or over 50 and over 5 % of the rows;
 * category otherwise.
 */
export class ColumnSummary {
  readonly #name: string
  readonly #budget: Budget
  readonly #seen = new Map<string, number>()
  #isCapped = false
  #missing = 0
  #present = 0
  #chars = 0
  #numbers = 0
  #areTimes = true
  #min = Number.POSITIVE_INFINITY
  #max = Number.NEGATIVE_INFINITY
  #mean = 0
  #histogram: Histogram | undefined

  constructor(name: string, budget: Budget) {
    this.#name = name
    this.#budget = budget
  }

  addMissing(count = 1): void {
    this.#missing += count
  }

  add(value: string): void {
    this.#present++
    this.#chars += value.length
    this.#count(value)
    const number = numberIn(value)
    if (number !== undefined) this.#addNumber(number)
    else if (this.#areTimes) this.#areTimes = isTime.test(value) && !Number.isNaN(Date.parse(value))
  }

  #addNumber(number: number): void {
    this.#numbers++
    this.#areTimes = false
    if (number < this.#min) this.#min = number
    if (number > this.#max) this.#max = number
    // Running mean: a sum of large numbers would overflow where their mean does not.
    this.#mean += number / this.#numbers - this.#mean / this.#numbers
    this.#histogram?.add(number)
  }

  #count(value: string): void {
    const key = value.length <= maxKeyChars ? value : `${value.slice(0, labelChars)}…${createHash('sha1').update(value).digest('base64')}`
    const known = this.#seen.get(key)
    if (known !== undefined) this.#seen.set(key, known + 1)
    else if (!this.#isCapped && this.#seen.size < maxDistinct && this.#budget.take(key.length + 50)) this.#seen.set(key, 1)
    else if (!this.#isCapped) this.#cap()
  }

  /** From here on only values that were seen are counted, and numbers by range. */
  #cap(): void {
    this.#isCapped = true
    this.#histogram = new Histogram()
    for (const [key, count] of this.#seen) {
      const number = numberIn(key)
      if (number !== undefined) this.#histogram.add(number, count)
    }
  }

  #type(): ColumnType {
    const present = this.#present
    const needed = present >= 20 ? present * 0.9 : present
    if (present > 0 && this.#numbers >= needed) return 'number'
    if (present > 0 && this.#areTimes) return 'datetime'
    const isLong = present > 0 && this.#chars / present >= 60
    const isMany = this.#isCapped || this.#seen.size > Math.max(50, present * 0.05)
    return isLong || isMany ? 'text' : 'category'
  }

  finish(): Column {
    const type = this.#type()
    const isNumeric = type === 'number'
    return {
      name: this.#name,
      type,
      missing: this.#missing,
      distinct: this.#seen.size,
      isDistinctCapped: this.#isCapped,
      min: isNumeric ? this.#min : null,
      max: isNumeric ? this.#max : null,
      mean: isNumeric ? this.#mean : null,
      histogram: isNumeric ? this.#bars() : this.#commonest(),
    }
  }

  #bars(): Bar[] {
    if (this.#histogram) return this.#histogram.bars(this.#min, this.#max)
    const values = [...this.#seen].map(([key, count]): [number | undefined, number] => [numberIn(key), count])
    return exactBars(
      values.filter((pair): pair is [number, number] => pair[0] !== undefined),
      this.#min,
      this.#max,
    )
  }

  #commonest(): Bar[] {
    const sorted = [...this.#seen].sort((one, other) => other[1] - one[1]).slice(0, commonest)
    return sorted.map(([key, count]) => ({ label: key.length > labelChars ? `${key.slice(0, labelChars).toWellFormed()}…` : key, count }))
  }
}
