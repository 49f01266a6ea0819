/** What the REST door refuses, and how: every refusal has its status and names what is wrong. */
import { request } from 'node:http'
import { beforeAll, describe, expect, it } from 'vitest'
import { db } from '#src/server/db/client.ts'
import { newId } from '#src/server/db/ids.ts'
import { deployments, models } from '#src/server/db/schema.ts'
import { makeProject } from '#src/testing/factories.ts'
import { useRest } from '#src/testing/rest.ts'
import { uploadBytes } from '#src/testing/upload.ts'

type Failure = { error: { code: string; message: string; details?: { path: string; message: string }[]; correlation_id: string } }
const use = useRest()
const anId = '0199c6a2-7d3e-7a55-9c0e-3f1b2a4c5d6e'
const file = { path: 'model.onnx', upload_id: anId }
const job = { recipe: 'tabular-classification', dataset: 'd', model_name: 'm' }

/** Sends an address just as it is written, which fetch does not. */
const raw = (method: string, path: string, headers: Record<string, string> = {}) =>
  new Promise<{ status: number; allow: string | undefined; text: string }>((resolve, reject) => {
    const sent = request({ port: use.rest.web.port, host: '127.0.0.1', method, path, headers }, async (answer) => {
      let text = ''
      for await (const chunk of answer) text += chunk
      resolve({ status: answer.statusCode ?? 0, allow: answer.headers.allow, text })
    })
    sent.on('error', reject).end()
  })
const bearer = () => ({ authorization: `Bearer ${use.rest.web.adminKey}` })

describe('a body', () => {
  const refused: [string, string, unknown, string][] = [
    ['an unknown field', '/models/register', { name: 'a', files: [file], owner: 'me' }, 'owner'],
    [
      'a field that only the server sets',
      '/models/register',
      { name: 'a', files: [file], created_at: '2020-01-01T00:00:00Z' },
      'created_at',
    ],
    ['a camelCase field', '/training/jobs', { ...job, modelName: 'm' }, 'modelName'],
    ['a missing field', '/models/register', { files: [file] }, 'name'],
    ['no files', '/models/register', { name: 'a', files: [] }, 'files'],
    ['an unknown field inside', '/models/register', { name: 'a', files: [{ ...file, size: 1 }] }, 'files.0.size'],
    ['a file without a source', '/models/register', { name: 'a', files: [{ path: 'x' }] }, 'files.0'],
    ['a file with two sources', '/models/register', { name: 'a', files: [{ ...file, sha256: 'a'.repeat(64) }] }, 'files.0'],
    ['a source that is an address', '/models/register', { name: 'a', source: 'http:///#/../../etc', files: [file] }, 'source'],
    ['a path twice', '/models/register', { name: 'a', files: [file, file] }, 'files'],
    ['a path that steps up', '/models/register', { name: 'a', files: [{ ...file, path: '../x' }] }, 'files.0.path'],
    ['an absolute path', '/models/register', { name: 'a', files: [{ ...file, path: '/etc/passwd' }] }, 'files.0.path'],
    ['a path with a scheme', '/models/register', { name: 'a', files: [{ ...file, path: 'file:///etc/passwd' }] }, 'files.0.path'],
    ['a path with a backslash', '/models/register', { name: 'a', files: [{ ...file, path: '..\\x' }] }, 'files.0.path'],
    ['a name that looks like an id', '/models/register', { name: anId, files: [file] }, 'name'],
    ['a reserved name', '/models/register', { name: 'register', files: [file] }, 'name'],
    ['a name with a slash', '/models/register', { name: 'a/b', files: [file] }, 'name'],
    ['a name with a newline at its end', '/models/register', { name: 'a\n', files: [file] }, 'name'],
    ['a name of 101 characters', '/models/register', { name: 'a'.repeat(101), files: [file] }, 'name'],
    ['tags that are no text', '/models/register', { name: 'a', files: [file], tags: { k: 1 } }, 'tags.k'],
    ['NUL in a text', '/models/register', { name: 'a', files: [file], description: 'a\u0000b' }, 'description'],
    ['NUL deep in metadata', '/models/register', { name: 'a', files: [file], metadata: { a: ['\u0000'] } }, 'metadata.a.0'],
    ['half a character', '/models/register', '{"name":"a","description":"\\ud800","files":[]}', 'description'],
    [
      'a key that reaches the prototype',
      '/models/register',
      '{"name":"a","metadata":{"a":{"__proto__":{"b":1}}},"files":[]}',
      'metadata.a.__proto__',
    ],
    ['a number past all numbers', '/models/register', '{"name":"a","metadata":{"a":1e999},"files":[]}', 'metadata.a'],
    [
      'a map of too many keys',
      '/models/register',
      { name: 'a', files: [file], tags: Object.fromEntries(Array.from({ length: 201 }, (_, n) => [`k${n}`, 'v'])) },
      'tags',
    ],
    ['a list where an object belongs', '/models/register', [], ''],
    ['a text where an object belongs', '/models/register', '"text"', ''],
    ['null', '/models/register', 'null', ''],
    ['a recipe that is not there', '/training/jobs', { ...job, recipe: 'magic' }, 'recipe'],
    ['a seed below zero', '/training/jobs', { ...job, seed: -1 }, 'seed'],
    ['a seed past 31 bits', '/training/jobs', { ...job, seed: 2 ** 31 }, 'seed'],
    ['a share that is none', '/training/jobs', { ...job, split: { test: 1.5 } }, 'split.test'],
    ['a half GPU', '/training/jobs', { ...job, resources: { gpus: 0.5 } }, 'resources.gpus'],
    ['a version that is a text', '/training/jobs', { ...job, base: { model: 'm', version: '1' } }, 'base.version'],
    ['an unknown column role', '/training/jobs', { ...job, columns: { label_column: 'x' } }, 'columns.label_column'],
    ['a field where none belongs', `/training/jobs/${anId}/cancel`, { now: true }, 'now'],
    ['no replica', '/models/m/deploy', { replicas: 0 }, 'replicas'],
    ['another device', '/models/m/deploy', { device: 'tpu' }, 'device'],
    ['a version that is true', '/models/m/deploy', { version: true }, 'version'],
    ['another scope', '/api-keys', { name: 'k', scope: 'root' }, 'scope'],
  ]

  it.each(refused)('A7, Q1, Q7: with %s is refused, naming it', async (_what, path, body, field) => {
    const headers: Record<string, string> = typeof body === 'string' ? { 'content-type': 'application/json' } : {}
    const { status, body: answer } = await use.rest.ask('POST', path, { body, headers })
    expect(answer).toMatchObject({ error: { code: 'bad_request' } })
    const { details = [] } = (answer as Failure).error
    expect([status, details.map((detail) => detail.path)]).toEqual([400, expect.arrayContaining([field])])
  })

  it('of weights that do not add up, or are none, is refused', async () => {
    for (const targets of [
      [{ version: 1, weight: 99 }],
      [
        { version: 1, weight: 101 },
        { version: 2, weight: -1 },
      ],
      [],
      [
        { version: 1, weight: 50.5 },
        { version: 2, weight: 49.5 },
      ],
    ]) {
      expect((await use.rest.ask('PUT', '/deployments/d/targets', { body: { targets } })).status).toBe(400)
    }
  })

  it('that is empty counts as {}, whatever its type', async () => {
    expect((await use.rest.ask('POST', `/training/jobs/${anId}/cancel`)).status).toBe(404)
    expect((await use.rest.ask('POST', '/models/none/deploy', { headers: { 'content-type': 'text/plain' } })).status).toBe(404)
    expect((await use.rest.ask('POST', '/models/register')).body).toMatchObject({
      error: { details: expect.arrayContaining([expect.objectContaining({ path: 'name' })]) },
    })
  })

  it('is JSON with or without a charset, and nothing else', async () => {
    const sent = (type: string) => use.rest.ask('POST', '/projects', { body: '{"name": "a b"}', headers: { 'content-type': type } })
    for (const type of ['application/json', 'application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"'])
      expect((await sent(type)).status).toBe(400)
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/jsonp',
      '<script>',
    ]) {
      const refusal = await sent(type)
      expect([refusal.status, refusal.headers.get('content-type')]).toEqual([415, 'application/json; charset=utf-8'])
    }
    expect(
      (await use.rest.ask('POST', '/projects', { body: '{}', headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' } }))
        .status,
    ).toBe(415)
  })

  it('that is no JSON is refused', async () => {
    const headers = { 'content-type': 'application/json' }
    for (const body of ['{', '{"name":}', "{'name':'a'}", 'undefined', '{"a":NaN}', '\ufeff{', new Uint8Array([0x22, 0xff, 0x22])]) {
      expect((await use.rest.ask('POST', '/projects', { body, headers })).status).toBe(400)
    }
  })

  it('that is too large or too deep is refused without harm', async () => {
    const headers = { 'content-type': 'application/json' }
    expect((await use.rest.ask('POST', '/projects', { body: `{"name":"${'a'.repeat(1_100_000)}"}`, headers })).status).toBe(413)
    const deep = `${'['.repeat(400_000)}${']'.repeat(400_000)}`
    expect(
      (await use.rest.ask('POST', '/models/register', { body: `{"name":"a","files":[],"metadata":{"a":${deep}}}`, headers })).status,
    ).toBe(400)
    expect(
      (await use.rest.ask('POST', '/models/register', { body: { name: 'a', files: [file], metadata: { a: 'b'.repeat(70_000) } } })).status,
    ).toBe(400)
    expect((await use.rest.ask('GET', '/me')).status).toBe(200)
  })

  it('is not read for whoever may not send it', async () => {
    const { status } = await use.rest.ask('POST', '/projects', { key: null, body: '{', headers: { 'content-type': 'text/plain' } })
    expect(status).toBe(401)
  })
})

describe('an upload that can not be used', () => {
  it('is named by its place', async () => {
    const { status, body } = await use.rest.ask('POST', '/models/register', { body: { name: 'a', files: [file] } })
    expect([status, (body as Failure).error.details?.[0]?.path]).toEqual([404, 'files.0.upload_id'])
    const digest = await use.rest.ask('POST', '/models/register', { body: { name: 'a', files: [{ path: 'a', sha256: '0'.repeat(64) }] } })
    expect(digest).toMatchObject({ status: 404, body: { error: { details: [{ path: 'files.0.sha256' }] } } })
  })
})

describe('a query', () => {
  const refused: [string, string][] = [
    ['limit=0', 'limit'],
    ['limit=1001', 'limit'],
    ['limit=-1', 'limit'],
    ['limit=1e3', 'limit'],
    ['limit=NaN', 'limit'],
    ['limit=', 'limit'],
    ['limit=1.5', 'limit'],
    ['limit=2147483648', 'limit'],
    ['limit=9223372036854775808', 'limit'],
    ['limit[]=1', 'limit[]'],
    ['limit=1&limit=2', 'limit'],
    ['skip=10001', 'skip'],
    ['skip=-1', 'skip'],
    ['page=2', 'page'],
    ['cursor=abc', 'cursor'],
    ['cursor=W10', 'cursor'],
    ['cursor=WyJub3cgb3IgbmV2ZXIiLCJ4Il0', 'cursor'],
    ['order_by=name', 'order_by'],
    ['order_by=name;drop', 'order_by'],
    ['order_by="name" asc', 'order_by'],
    ['q=%00', 'q'],
    [`q=${'a'.repeat(201)}`, 'q'],
    ['filter=nonsense', 'filter'],
    ['__proto__=1', '__proto__'],
  ]
  it.each(refused)('Q1, Q3, Q5: of %s is refused', async (query, field) => {
    const { status, body } = await use.rest.ask('GET', `/models?${query}`)
    expect([status, (body as Failure).error.details?.[0]?.path ?? '']).toEqual([400, field])
  })

  it('where none belongs is refused', async () => {
    for (const path of ['/models/m?verbose=1', '/me?x', '/training/recipes?q=a']) expect((await use.rest.ask('GET', path)).status).toBe(400)
  })

  it('Q1, Q6: of words that mean something to a database is taken as words', async () => {
    for (const q of ["'; drop table models; --", '%', '_', '\\', '& | ! :* <->', '🙂', '(a+)+$']) {
      expect(await use.rest.ask('GET', `/models?q=${encodeURIComponent(q)}`)).toMatchObject({ status: 200, body: [] })
    }
  })

  it('of a range that is none is refused', async () => {
    for (const query of ['from=yesterday', 'from=2026-01-01', 'to=1'])
      expect((await use.rest.ask('GET', `/deployments/d/metrics?${query}`)).status).toBe(400)
  })

  it.each(['to=0001-01-01T00:00:00Z', 'from=9999-12-31T23:59:59Z', 'from=0001-01-01T00:00:00Z&to=9999-12-31T23:59:59Z'])(
    'of a range at the end of all times is refused by name: %s',
    async (query) => {
      const [projectId, modelId, id] = [(await makeProject()).id, newId(), newId()]
      await db().insert(models).values({ id: modelId, projectId, name: 'm' })
      await db()
        .insert(deployments)
        .values({ id, projectId, modelId, name: `d-${id}`, status: 'ready' })
      const headers = { 'x-neuroweaver-project': projectId }
      expect(await use.rest.ask('GET', `/deployments/${id}/metrics?${query}`, { headers })).toMatchObject({
        status: 400,
        body: { error: { details: [{ path: 'from' }] } },
      })
    },
  )

  it('of events counts from a number', async () => {
    for (const query of ['after=-1', 'after=x', 'after=9007199254740993', 'limit=1001'])
      expect((await use.rest.ask('GET', `/training/jobs/${anId}/events?${query}`)).status).toBe(400)
  })
})

describe('an address', () => {
  beforeAll(async () => {
    const id = await uploadBytes(use.rest.web.url, use.rest.web.adminKey, 'a.bin', Buffer.from('content'))
    expect(
      (await use.rest.ask('POST', '/models/register', { body: { name: 'm', files: [{ path: 'a.bin', upload_id: id }] } })).status,
    ).toBe(201)
  })

  it.each([
    ['../../../../etc/passwd', 404],
    ['..%2f..%2fetc%2fpasswd', 400],
    ['%252e%252e%252fetc', 404],
    ['..\\..\\etc\\passwd', 400],
    ['..%5c..%5cetc', 400],
    ['/etc/passwd', 400],
    ['file:///etc/passwd', 400],
    ['C:%5cx', 400],
    ['%5c%5chost%5cshare', 400],
    ['a%00.png', 400],
    ['a/./b', 404],
    ['a//b', 400],
    ['a%2f%2fb', 400],
    [`${'n'.repeat(5000)}`, 400],
    ['%ff', 400],
    ['%ed%a0%80', 400],
    ['%', 400],
    ['a%0ab', 400],
    ['', 400],
  ])('of a file called %s reads nothing', async (path, expected) => {
    const { status, text } = await raw('GET', `/api/v1/models/m/versions/1/files/${path}`, bearer())
    expect(status).toBe(expected)
    expect(text).not.toContain('root:')
  })

  it.each([
    ['..%2f..', 404],
    ['..%5c..', 404],
    ['%2e%2e', 404],
    ['../m', 404],
    ['%00', 400],
    ['register', 405],
    ["m'", 404],
    ['m%22', 404],
    ['m;', 404],
    ['M', 404],
    ['%6D%6d', 404],
  ])('of a model called %s deletes nothing', async (name, expected) => {
    const { status } = await raw('DELETE', `/api/v1/models/${name}`, bearer())
    expect(status).toBe(expected)
    expect((await use.rest.ask('GET', '/models/m')).status).toBe(200)
  })

  it('is decoded once', async () => {
    expect((await raw('GET', '/api/v1/models/%6D', bearer())).status).toBe(200)
    expect((await raw('GET', '/api/v1/models/%256D', bearer())).status).toBe(404)
  })

  it.each(['0', '-1', '1e0', '0x1', '01x', 'latest', '2147483648', '99999999999999999999', '1.0', '%31%00'])(
    'of a version called %s is refused',
    async (version) => {
      expect((await use.rest.ask('GET', `/models/m/versions/${version}`)).status).toBe(400)
    },
  )

  it('that is not there is not found', async () => {
    for (const path of [
      '',
      '/',
      '/nothing',
      '/models/',
      '/models/m/',
      '/models/m/versions/1/',
      '/models/m/nothing',
      '/Models',
      '//models',
      '/models/m/versions/1/files',
    ]) {
      expect((await raw('GET', `/api/v1${path}`, bearer())).status, path).toBe(404)
    }
  })

  it('A9: takes only its own methods, and says which', async () => {
    expect(await raw('DELETE', '/api/v1/models', bearer())).toMatchObject({ status: 405, allow: 'HEAD, GET, OPTIONS' })
    expect(await raw('GET', '/api/v1/models/m/deploy', bearer())).toMatchObject({ status: 405, allow: 'POST, OPTIONS' })
    expect(await raw('OPTIONS', '/api/v1/models/m', bearer())).toMatchObject({ status: 204, allow: 'HEAD, GET, PATCH, DELETE, OPTIONS' })
    expect((await raw('OPTIONS', '/api/v1/models/m')).status).toBe(401)
    for (const method of ['TRACE', 'PROPFIND', 'PUT', 'PURGE']) expect((await raw(method, '/api/v1/models/m', bearer())).status).toBe(405)
  })

  it('answers HEAD as GET without the body', async () => {
    const [head, get] = [await use.rest.ask('HEAD', '/models/m'), await use.rest.ask('GET', '/models/m')]
    expect([head.status, head.text, head.headers.get('content-length')]).toEqual([200, '', get.headers.get('content-length')])
    expect((await raw('HEAD', '/api/v1/models/m')).status).toBe(401)
  })

  it('A14: takes no method from a header', async () => {
    const { status } = await raw('GET', '/api/v1/models/m', { ...bearer(), 'x-http-method-override': 'DELETE' })
    expect([status, (await use.rest.ask('GET', '/models/m')).status]).toEqual([200, 200])
  })
})

describe('a caller', () => {
  it.each(['Bearer wrong', 'Basic YTpi', 'Bearer', 'Bearer a b', 'Bearer nwr_unknown', 'nonsense'])(
    'with %s is not let in',
    async (authorization) => {
      const { status, body } = await use.rest.ask('GET', '/models', { key: null, headers: { authorization } })
      expect([status, (body as Failure).error.code]).toEqual([401, 'unauthorized'])
    },
  )

  it('gets back the correlation id that it gave', async () => {
    const { headers, body } = await use.rest.ask('GET', '/models/none', { headers: { 'x-correlation-id': 'abc-123' } })
    expect([headers.get('x-correlation-id'), (body as Failure).error.correlation_id]).toEqual(['abc-123', 'abc-123'])
  })
})
