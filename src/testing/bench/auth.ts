/** What finding out who asks adds to a call: the same handler with and without it, for a key and a token that are known already. */
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SignJWT } from 'jose'
import { connect, disconnect } from '#src/server/db/client.ts'
import { startTestCluster, urlOf } from '../cluster.ts'
import { makeKey, makeUser } from '../factories.ts'
import { Connection } from './load.ts'
import { type BenchResult, quantile } from './result.ts'

const rounds = 8_000
const warmUp = 2_000
const secret = 'a secret that the systems share, long enough'

/** The settings are read once, when they are first asked for, so this comes before what asks for them. */
async function loadCallerOf(databaseUrl: string): Promise<(req: IncomingMessage) => Promise<unknown>> {
  Object.assign(process.env, {
    DATABASE_URL: databaseUrl,
    RUNTIME_TOKEN: 'r'.repeat(40),
    NEXTAUTH_SECRET: 's'.repeat(40),
    UNIFIED_JWT_SECRET: secret,
    UNIFIED_JWKS_URL: '',
    UNIFIED_JWT_ISSUER: '',
    UNIFIED_JWT_AUDIENCE: '',
  })
  return (await import('#src/server/identity.ts')).callerOf
}

function listen(identify: (req: IncomingMessage) => Promise<unknown>): Promise<Server> {
  const server = createServer((req, res) => {
    const answer = req.url === '/open' ? Promise.resolve() : identify(req)
    answer.then(
      () => res.end('{"ok":true}'),
      (error) => {
        res.statusCode = 500
        res.end(String(error))
      },
    )
  })
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)))
}

async function timeMs(connection: Connection, request: string): Promise<number> {
  const started = performance.now()
  const { status, body } = await connection.send(request)
  if (status !== 200) throw new Error(`answered ${status}: ${body}`)
  return performance.now() - started
}

/** By turns, over one connection, so that whatever else the machine does falls on both; the floor sends the same header. */
async function measure(port: number, name: string, bearer: string): Promise<BenchResult> {
  const connection = await Connection.open(port)
  const requestOf = (path: string) => `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nauthorization: Bearer ${bearer}\r\n\r\n`
  const [open, asked] = [requestOf('/open'), requestOf('/asked')]
  const times: { open: number[]; asked: number[] } = { open: [], asked: [] }
  for (let round = 0; round < warmUp + rounds; round++) {
    const [one, other] = [await timeMs(connection, open), await timeMs(connection, asked)]
    if (round < warmUp) continue
    times.open.push(one)
    times.asked.push(other)
  }
  connection.close()
  const [floor, value] = [quantile(times.open, 0.5), quantile(times.asked, 0.5)]
  return { name: `auth_added_${name}_p50`, value: round4(value - floor), unit: 'ms', floor: round4(floor), ratio: round4(value / floor) }
}

const round4 = (value: number) => Number(value.toFixed(4))

async function makeToken(email: string): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  const claims = { type: 'cross_system', sub: email, user_id: '1', permissions: ['neuroweaver:write'], target_system: 'neuroweaver' }
  return new SignJWT({ ...claims, iat: now, exp: now + 3600 }).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(secret))
}

export async function benchAuth(): Promise<BenchResult[]> {
  const cluster = await startTestCluster()
  const databaseUrl = urlOf(cluster.adminUrl, cluster.template)
  const callerOf = await loadCallerOf(databaseUrl)
  connect(databaseUrl, { max: 4 })
  const server = await listen(callerOf)
  const { port } = server.address() as AddressInfo
  try {
    const key = await makeKey(await makeUser('manager'))
    return [await measure(port, 'cached_key', key), await measure(port, 'cached_token', await makeToken('bench@example.org'))]
  } finally {
    server.close()
    await disconnect()
    await cluster.stop()
  }
}
