import { startProduct } from '#src/e2e/product.ts'
import type { BenchResult } from './result.ts'

const runs = 3

/** How long a start takes when nothing has to be installed or built; its floor is a bare start of the same Node. */
export async function benchStart(): Promise<BenchResult[]> {
  await (await startProduct()).stop()
  const times: number[] = []
  for (let run = 0; run < runs; run++) {
    const started = performance.now()
    const product = await startProduct()
    times.push((performance.now() - started) / 1000)
    await product.stop()
  }
  const value = Math.min(...times)
  return [{ name: 'start to ready, with an empty data folder', value, unit: 's', floor: null, ratio: null }]
}
