import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { z } from 'zod'
import {
  type DesiredDeployment,
  type DeviceInfo,
  desiredRequest,
  enrolRequest,
  type FileRef,
  heartbeatRequest,
  introspectRequest,
  type introspectResponse,
  type MetricReport,
  type ReplicaReport,
  replicasRequest,
} from '#src/contracts/runtime.ts'
import type { TestModel } from './models.ts'

export const digestOf = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex')

/** A token and what it may do: the names of the deployments that it may call, and how often. */
type Limits = z.infer<typeof introspectResponse>['limits']
type Grant = { deployments: string[] | 'all'; limits: Limits }

/** A stand-in for web's `/api/runtime/v1`: it parses every message by the contract and keeps what it was told. */
export class ControlPlaneStandIn {
  readonly enrolToken = 'enrol-me'
  readonly reports = new Map<string, ReplicaReport>()
  readonly metrics = new Map<string, MetricReport>()
  readonly blobs = new Map<string, Uint8Array>()
  readonly grants = new Map<string, Grant>()
  /** Paths of all requests, for tests that count them. */
  readonly calls: string[] = []
  readonly ranges: string[] = []
  enrolments = 0
  /** Why enrolment is refused because another runtime has the name, asked again each second. */
  nameTaken: string | undefined
  refusals = 0
  heartbeats = 0
  /** What the last enrolment and the last heartbeat listed. */
  introduced: DeviceInfo[] = []
  devices: DeviceInfo[] = []
  /** The proof that the last enrolment showed. */
  proof: string | null = null
  heartbeatMs = 200
  freshMs = 5000
  staleMs = 600_000
  /** Bytes after which an artifact's stream is cut, once. */
  cutAfter: number | undefined
  #credential = ''
  #revision = randomUUID()
  #deployments: DesiredDeployment[] = []
  #changed: (() => void)[] = []
  #server: Server | undefined
  #port = 0

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  async start(): Promise<this> {
    this.#server = createServer((request, response) => void this.#handle(request, response))
    await new Promise<void>((resolve) => this.#server?.listen(this.#port, '127.0.0.1', resolve))
    this.#port = (this.#server.address() as AddressInfo).port
    return this
  }

  async stop(): Promise<void> {
    const server = this.#server
    if (!server) return
    this.#server = undefined
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }

  allow(token: string, deployments: string[] | 'all' = 'all', limits: Limits = []): void {
    this.grants.set(digestOf(token), { deployments, limits })
  }

  forgetCredential(): void {
    this.#credential = ''
  }

  addBlob(path: string, bytes: Uint8Array | string): FileRef {
    const content = typeof bytes === 'string' ? Buffer.from(bytes) : bytes
    const sha256 = digestOf(content)
    this.blobs.set(sha256, content)
    return { path, sha256, size_bytes: content.length }
  }

  /** Replaces the desired state and wakes the watch. */
  desire(...deployments: DesiredDeployment[]): void {
    this.#deployments = deployments
    this.#revision = randomUUID()
    for (const wake of this.#changed.splice(0)) wake()
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').replace('/api/runtime/v1', '')
    this.calls.push(path)
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = chunks.length > 0 ? JSON.parse(Buffer.concat(chunks).toString()) : undefined
    const token = request.headers.authorization?.slice('Bearer '.length)
    if (path === '/enrol') return this.#enrol(token, body, response)
    if (!this.#credential || token !== this.#credential) return void response.writeHead(401).end('{}')
    if (path.startsWith('/artifacts/')) return this.#artifact(path.slice('/artifacts/'.length), request, response)
    const answer = await this.#answer(path, body)
    if (answer === undefined) return void response.writeHead(204).end()
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  }

  #enrol(token: string | undefined, body: unknown, response: ServerResponse): void {
    if (token !== this.enrolToken) return void response.writeHead(401).end('{}')
    const { previous_credential_sha256, devices } = enrolRequest.parse(body)
    if (this.nameTaken) return this.#refuse(this.nameTaken, response)
    this.introduced = devices
    this.proof = previous_credential_sha256
    this.enrolments++
    this.#credential = randomBytes(16).toString('hex')
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ runtime_id: randomUUID(), credential: this.#credential, heartbeat_ms: this.heartbeatMs }))
  }

  #refuse(message: string, response: ServerResponse): void {
    this.refusals++
    const error = { code: 'conflict', message, details: [{ path: 'name', message: 'is taken' }], correlation_id: randomUUID() }
    response.writeHead(409, { 'content-type': 'application/json', 'retry-after': '1' }).end(JSON.stringify({ error }))
  }

  async #answer(path: string, body: unknown): Promise<unknown> {
    if (path === '/heartbeat') return this.#heartbeat(heartbeatRequest.parse(body))
    if (path === '/inference/replicas') return this.#take(replicasRequest.parse(body).replicas)
    if (path === '/inference/introspect') return this.#introspect(introspectRequest.parse(body))
    if (path === '/inference/desired') return this.#watch(desiredRequest.parse(body))
    return undefined
  }

  #heartbeat({ metrics, replicas, devices }: z.infer<typeof heartbeatRequest>) {
    this.heartbeats++
    this.devices = devices
    for (const report of metrics) this.metrics.set(`${report.deployment_id} ${report.version_id} ${report.minute}`, report)
    this.#take(replicas)
    return { server_time: new Date().toISOString(), is_draining: false }
  }

  #take(replicas: ReplicaReport[]) {
    for (const report of replicas) this.reports.set(report.version_id, report)
    return { ok: true }
  }

  #introspect({ token_sha256, deployment }: z.infer<typeof introspectRequest>) {
    const grant = this.grants.get(token_sha256)
    const known = this.#deployments.some((one) => one.name === deployment)
    const allowed = grant && (grant.deployments === 'all' || grant.deployments.includes(deployment))
    const status = !grant ? 401 : !known || !allowed ? 404 : 200
    return {
      status,
      subject: grant ? 'somebody' : null,
      fresh_ms: this.freshMs,
      stale_ms: this.staleMs,
      limits: grant?.limits ?? [],
    }
  }

  async #watch({ revision, wait_ms }: z.infer<typeof desiredRequest>) {
    if (revision === this.#revision) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, wait_ms)
        timer.unref()
        this.#changed.push(() => {
          clearTimeout(timer)
          resolve()
        })
      })
    }
    return revision === this.#revision ? undefined : { revision: this.#revision, deployments: this.#deployments }
  }

  #artifact(sha256: string, request: IncomingMessage, response: ServerResponse): void {
    const bytes = this.blobs.get(sha256)
    if (!bytes) return void response.writeHead(404).end('{}')
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
    if (from > 0) this.ranges.push(request.headers.range ?? '')
    response.writeHead(from > 0 ? 206 : 200, { 'content-length': bytes.length - from })
    if (this.cutAfter === undefined) return void response.end(bytes.subarray(from))
    response.write(bytes.subarray(from, this.cutAfter), () => setTimeout(() => response.destroy(), 20))
    this.cutAfter = undefined
  }
}

/** A deployment with one target that serves a model; more targets and limits by `change`. */
export function deploymentOf(
  control: ControlPlaneStandIn,
  name: string,
  model: TestModel,
  change: Partial<DesiredDeployment> & { files?: FileRef[]; version?: number } = {},
): DesiredDeployment {
  const { files, version, ...rest } = change
  return {
    deployment_id: randomUUID(),
    name,
    replicas: 1,
    device: 'auto',
    memory_limit_bytes: 600 * 1024 * 1024,
    timeout_ms: 5000,
    targets: [targetOf(control, model, 100, { files: files ?? [], version: version ?? 1 })],
    ...rest,
  }
}

export function targetOf(
  control: ControlPlaneStandIn,
  model: TestModel,
  weight: number,
  options: { files?: FileRef[]; version?: number } = {},
): DesiredDeployment['targets'][number] {
  return {
    version_id: randomUUID(),
    model_name: 'model',
    version: options.version ?? 1,
    weight,
    signature: model.signature,
    files: [control.addBlob('model.onnx', model.bytes), ...(options.files ?? [])],
  }
}
