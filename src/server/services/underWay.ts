/** What is under way in this process, counted by whom it is for, so that one who is slow does not hold all places. */
export class UnderWay {
  readonly #counts = new Map<string, number>()
  #total = 0

  get total(): number {
    return this.#total
  }

  /** Those who have as many under way as `limit`, or more. */
  atLeast(limit: number): string[] {
    return [...this.#counts].flatMap(([name, count]) => (count >= limit ? [name] : []))
  }

  /** Counts one for each name until the work is over, however it ends. */
  async hold<T>(names: readonly string[], work: () => Promise<T>): Promise<T> {
    this.#total += 1
    for (const name of names) this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1)
    try {
      return await work()
    } finally {
      this.#total -= 1
      for (const name of names) this.#release(name)
    }
  }

  #release(name: string): void {
    const left = (this.#counts.get(name) ?? 1) - 1
    if (left > 0) this.#counts.set(name, left)
    else this.#counts.delete(name)
  }
}
