/** Asks the REST API of a real web process, and holds every answer to the shape that the route table promises. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ValidateFunction } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, expect } from 'vitest'
import { z } from 'zod'
import { errorBody } from '#src/contracts/errors.ts'
import { db } from '#src/server/db/client.ts'
import { auditEvents } from '#src/server/db/schema.ts'
import { jsonSchemaOf, operationIdOf } from '#src/server/rest/document.ts'
import { buildMatcher } from '#src/server/rest/match.ts'
import type { Route } from '#src/server/rest/route.ts'
import { routes } from '#src/server/rest/routes.ts'
import { useDatabase } from './database.ts'
import { startWeb, type TestWeb } from './web.ts'

type Asked = {
  key?: string | null
  /** Sent as JSON; a string or bytes are sent as they are. */
  body?: unknown
  headers?: Record<string, string>
}
type Answered = { status: number; headers: Headers; text: string; body: never }

const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true })
const validators = new Map<string, ValidateFunction>()
const match = buildMatcher(routes)

function validatorOf(name: string, make: () => Record<string, unknown>): ValidateFunction {
  const made = validators.get(name) ?? ajv.compile(make())
  validators.set(name, made)
  return made
}

const shapeOf = (route: Route) =>
  jsonSchemaOf(route.isList ? z.array(route.response as z.ZodType) : (route.response as z.ZodType), 'output', false)

function hold(name: string, make: () => Record<string, unknown>, body: unknown): void {
  const validate = validatorOf(name, make)
  if (!validate(body)) expect.fail(`${name}: ${ajv.errorsText(validate.errors)}\n${JSON.stringify(body, null, 2).slice(0, 2000)}`)
}

/** The route that a request goes to, if there is one. */
const routeOf = (method: string, path: string): Route | undefined =>
  match(new URL(path, 'http://host').pathname.replace('/api/v1', ''))?.routes.get(method)?.route

class Rest {
  readonly web: TestWeb
  /** Operations that have been answered with success. */
  readonly answered = new Set<string>()
  /** Those of them that left an entry in the record. */
  readonly recorded = new Set<string>()

  constructor(web: TestWeb) {
    this.web = web
  }

  /** @param path below `/api/v1`. */
  async ask(method: string, path: string, { key = this.web.adminKey, body, headers = {} }: Asked = {}): Promise<Answered> {
    const isRaw = typeof body === 'string' || body instanceof Uint8Array
    const response = await fetch(`${this.web.url}/api/v1${path}`, {
      method,
      headers: {
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined || isRaw ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: isRaw ? (body as string) : JSON.stringify(body) }),
    })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.startsWith('application/json') && text !== ''
    const answer = { status: response.status, headers: response.headers, text, body: (isJson ? JSON.parse(text) : undefined) as never }
    this.#check(method, path, answer)
    await this.#noteRecord(method, path, answer)
    return answer
  }

  async #noteRecord(method: string, path: string, { status, headers }: Answered): Promise<void> {
    const route = routeOf(method, path)
    if (!route || route.method === 'GET' || status >= 300 || this.recorded.has(operationIdOf(route))) return
    const correlationId = headers.get('x-correlation-id') as string
    if ((await db().$count(auditEvents, eq(auditEvents.correlationId, correlationId))) > 0) this.recorded.add(operationIdOf(route))
  }

  #check(method: string, path: string, { status, headers, body }: Answered): void {
    expect(headers.get('x-correlation-id')).toBeTruthy()
    if (method === 'HEAD') return
    if (status >= 400) return hold('error', () => jsonSchemaOf(errorBody, 'output', false), body)
    const route = routeOf(method, path)
    if (!route) return
    this.answered.add(operationIdOf(route))
    const isExpected = body !== undefined && route.response && !route.produces
    if (isExpected) hold(operationIdOf(route), () => shapeOf(route), body)
  }

  /** Asks until `isDone` says so of the body. */
  async until<T>(path: string, isDone: (body: T) => boolean): Promise<T> {
    for (const deadline = Date.now() + 20_000; ; ) {
      const { body, text } = await this.ask('GET', path)
      if (isDone(body)) return body
      if (Date.now() > deadline) throw new Error(`${path} stayed ${text.slice(0, 500)}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

/** A web process, with a worker if it is wanted, and a database of its own for the test file that calls it. */
export function useRest(options: { worker?: boolean; env?: Record<string, string> } = {}): { readonly rest: Rest } {
  const database = useDatabase()
  const dataDir = mkdtempSync(join(tmpdir(), 'neuroweaver-rest-'))
  let rest: Rest | undefined
  beforeAll(async () => {
    rest = new Rest(await startWeb({ databaseUrl: database.url, dataDir, ...options }))
  })
  afterAll(async () => {
    await rest?.web.stop()
    rmSync(dataDir, { recursive: true, force: true })
  })
  return {
    get rest() {
      if (!rest) throw new Error('web is started in beforeAll: use it inside a test')
      return rest
    },
  }
}
