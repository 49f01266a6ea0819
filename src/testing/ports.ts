import { isPortFree } from '#src/launcher/ports.ts'

/**
 * Below the ports that Linux gives to connections and to whoever asks for any: nobody gets one of ours by chance before we listen.
 * Above 10080, the last that fetch and browsers refuse.
 */
const firstPort = 11_000
const sharePorts = 1_000
const shares = 20

/** Tests that run beside each other take from shares of their own. */
const share = firstPort + (Number(process.env.VITEST_POOL_ID ?? 0) % shares) * sharePorts
let taken = process.pid

/** A port of 127.0.0.1 that nobody listens on, and that stays free until the caller listens. @throws Error when there is none. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < sharePorts; tries++) {
    const port = share + (taken++ % sharePorts)
    if (await isPortFree('127.0.0.1', port)) return port
  }
  throw new Error(`no port from ${share} to ${share + sharePorts - 1} is free`)
}
