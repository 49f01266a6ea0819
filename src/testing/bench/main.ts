/**
 * `npm run bench [-- NAME]`: one JSON object a line. No figure fails anything, because machines are noisy; a benchmark that does not
 * run does.
 */
import type { BenchResult } from './result.ts'

const benches: Record<string, () => Promise<BenchResult[]>> = {
  registry: async () => (await import('./registry.ts')).benchRegistry(),
  auth: async () => (await import('./auth.ts')).benchAuth(),
  'sign-in': async () => (await import('./signIn.ts')).benchSignIn(),
  'key-flood': async () => (await import('./keyFlood.ts')).benchKeyFlood(),
  streams: async () => (await import('./streams.ts')).benchStreams(),
  audit: async () => (await import('./audit.ts')).benchAudit(),
  logs: async () => (await import('./logs.ts')).benchLogs(),
  pickup: async () => (await import('./pickup.ts')).benchPickup(),
  inference: async () => (await import('../../../runtimes/inference/bench.ts')).benchAddedLatency(),
  'inference-path': async () => (await import('./inferencePath.ts')).benchInferencePath(),
  upload: async () => (await import('./upload.ts')).benchUpload(),
  'upload-5gib': async () => (await import('./upload5gib.ts')).benchUpload5Gib(),
  fetch: async () => (await import('./fetch.ts')).benchFetch(),
  start: async () => (await import('./start.ts')).benchStart(),
}

/** Runs only when it is named: it writes 5 GiB and takes minutes. */
const onRequest = new Set(['upload-5gib'])
const wanted = process.argv.slice(2)
const unknown = wanted.find((name) => !benches[name])
if (unknown) {
  console.error(`There is no benchmark "${unknown}". There are: ${Object.keys(benches).join(', ')}.`)
  process.exit(64)
}
for (const name of wanted.length > 0 ? wanted : Object.keys(benches).filter((name) => !onRequest.has(name))) {
  try {
    for (const result of (await benches[name]?.()) ?? []) console.log(JSON.stringify(result))
  } catch (error) {
    console.error(`The benchmark "${name}" did not run:`, error)
    process.exitCode = 1
  }
}
