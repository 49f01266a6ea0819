import { mkdir } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Agent } from './agent.ts'
import { ArtifactCache } from './artifacts.ts'
import { Authoriser } from './auth.ts'
import { maxConnections } from './connections.ts'
import { ControlPlane } from './control.ts'
import { advertisedUrl, type RuntimeEnv } from './env.ts'
import { log } from './log.ts'
import { Metrics } from './metrics.ts'
import { DeploymentRegistry } from './registry.ts'
import { refuseNonRequests } from './nonRequests.ts'
import { handleRequest, serverVersion } from './routes.ts'

const drainMs = 10_000

export type RunningRuntime = { url: string; port: number; stop: () => Promise<void> }

/**
 * Brings up the whole runtime; web need not be there.
 * @param onUnwelcome web will never take this process: it has to end
 * @throws when the address is taken.
 */
export async function startRuntime(env: RuntimeEnv, onUnwelcome: (reason: Error) => void = () => {}): Promise<RunningRuntime> {
  const emptyFolder = join(env.stateDir, 'empty')
  await mkdir(emptyFolder, { recursive: true, mode: 0o700 })
  const server = createServer()
  const port = await listen(server, env)
  const url = advertisedUrl(env, port)
  const control = new ControlPlane({ ...env, version: serverVersion, url })
  const cache = new ArtifactCache({ ...env, control })
  const metrics = new Metrics(() => control.now())
  let agent: Agent | undefined
  const registry = new DeploymentRegistry({ cache, emptyFolder, onChange: () => agent?.reportChange() })
  agent = new Agent({ control, registry, metrics, cache, stateDir: env.stateDir, onUnwelcome })
  let isStopping = false
  const context = { registry, metrics, authoriser: new Authoriser(control), isReady: () => !isStopping && (agent?.hasState ?? false) }
  server.on('request', (request, response) => handleRequest(context, request, response))
  refuseNonRequests(server)
  await agent.restore()
  agent.start()
  log('info', 'server', 'listening', { data: { url, port } })
  const stop = async () => {
    isStopping = true
    await stopAll(server, registry, agent)
  }
  return { url, port, stop }
}

async function listen(server: Server, { host, port }: RuntimeEnv): Promise<number> {
  // Time for a whole request to arrive; how long it may compute is the deployment's limit.
  server.requestTimeout = 120_000
  server.headersTimeout = 60_000
  server.keepAliveTimeout = 65_000
  server.maxConnections = maxConnections()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port, backlog: 1024 }, resolve)
  })
  return (server.address() as AddressInfo).port
}

/** Refuses what is new, finishes what is in flight, for at most ten seconds. */
async function stopAll(server: Server, registry: DeploymentRegistry, agent: Agent): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve))
  server.closeIdleConnections()
  await Promise.race([registry.drain(), sleep(drainMs, undefined, { ref: false })])
  await agent.stop()
  registry.kill()
  server.closeIdleConnections()
  await Promise.race([closed, sleep(1500, undefined, { ref: false })])
  server.closeAllConnections()
}
