const everyMs = 20

/** Looks again and again until what is found is as it should be. @throws Error with what was found last, after `limitMs`. */
export async function until<T>(look: () => T | Promise<T>, isDone: (found: T) => boolean, limitMs = 20_000): Promise<T> {
  for (const end = Date.now() + limitMs; ; ) {
    const found = await look()
    if (isDone(found)) return found
    if (Date.now() > end) throw new Error(`it stayed ${JSON.stringify(found)?.slice(0, 1500)}`)
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}
