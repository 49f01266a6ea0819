/**
 * The floor of the benchmarks: bare `session.run` in a process of its own. Prints one JSON line with the median of a run in
 * microseconds and runs a second, for the model file and the FP32 input of shape [1, width] given as arguments.
 */
import { readFileSync } from 'node:fs'

delete (globalThis as { Float16Array?: unknown }).Float16Array
const ort = await import('onnxruntime-node')
const [file, width, seconds] = process.argv.slice(2)
const session = await ort.InferenceSession.create(readFileSync(file as string), {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
})
const input = new ort.Tensor('float32', new Float32Array(Number(width)).fill(0.5), [1, Number(width)])

for (let index = 0; index < 200; index++) await session.run({ x: input })
const times: number[] = []
const startedAt = performance.now()
while (performance.now() - startedAt < Number(seconds) * 1000) {
  const before = performance.now()
  await session.run({ x: input })
  times.push(performance.now() - before)
}
const perSecond = (times.length / (performance.now() - startedAt)) * 1000
times.sort((left, right) => left - right)
process.stdout.write(`${JSON.stringify({ p50Us: (times[times.length >> 1] as number) * 1000, perSecond })}\n`)
