import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { limits } from '#src/contracts/common.ts'
import { type Datatype, datatype as datatypes } from '#src/contracts/signature.ts'
import { deploymentOf } from './testing/control-plane.ts'
import { identityModel, scaleModel, testModel } from './testing/models.ts'
import { RuntimeHarness } from './testing/runtime.ts'

const harness = new RuntimeHarness()
const pair = testModel({
  inputs: [
    { name: 'a', datatype: 'FP32', shape: ['n', 1] },
    { name: 'b', datatype: 'FP32', shape: ['n', 1] },
  ],
  outputs: [
    { name: 'sum', datatype: 'FP32', shape: ['n', 1] },
    { name: 'product', datatype: 'FP32', shape: ['n', 1] },
  ],
  nodes: [
    { op: 'Add', inputs: ['a', 'b'], outputs: ['sum'] },
    { op: 'Mul', inputs: ['a', 'b'], outputs: ['product'] },
  ],
})
const column = (name: string, data: unknown, change: object = {}) => ({
  name,
  datatype: 'FP32',
  shape: [(data as unknown[]).length, 1],
  data,
  ...change,
})
const a = column('a', [1, 2])
const b = column('b', [3, 4])

beforeAll(async () => {
  await harness.start()
  const { control } = harness
  const tabular = control.addBlob(
    'neuroweaver.json',
    JSON.stringify({ format: 1, kind: 'tabular', task: 'tabular-regression', signature: pair.signature }),
  )
  await harness.deploy(
    deploymentOf(control, 'pair', pair),
    deploymentOf(control, 'table', pair, { files: [tabular] }),
    ...datatypes.options.map((datatype) => deploymentOf(control, `same-${datatype}`, identityModel([{ name: 'v', datatype }]))),
    deploymentOf(control, 'wide', scaleModel(1, 4)),
  )
}, 60_000)
afterAll(() => harness.stop())

const refusal = async (name: string, body: unknown, init: RequestInit = {}) => {
  const response = await harness.infer(name, body, init)
  const answer = (await response.json()) as { error: string }
  return { status: response.status, error: answer.error }
}

describe('a request that does not fit the signature gets 400 naming the tensor', () => {
  const cases: [string, unknown, RegExp][] = [
    ['missing input', { inputs: [a] }, /"b" is missing/],
    ['extra input', { inputs: [a, b, column('c', [1, 2])] }, /"c" is not one of/],
    ['duplicate input', { inputs: [a, b, a] }, /"a" is given twice/],
    ['wrong datatype', { inputs: [a, { ...b, datatype: 'FP64' }] }, /"b": datatype must be FP32/],
    ['unknown datatype', { inputs: [a, { ...b, datatype: { toString: 1 } }] }, /"b": datatype must be FP32/],
    ['wrong rank', { inputs: [a, { ...b, shape: [2, 1, 1] }] }, /"b": shape must be/],
    ['wrong fixed dimension', { inputs: [a, { ...b, shape: [1, 2] }] }, /"b": shape must be/],
    ['negative dimension', { inputs: [a, { ...b, shape: [-2, 1] }] }, /"b": "shape"/],
    ['huge dimension', { inputs: [a, { ...b, shape: [2 ** 31, 1] }] }, /"b": shape \[2147483648, 1\] needs/],
    ['dimension past exact integers', { inputs: [a, { ...b, shape: [1e300, 1] }] }, /"b": "shape"/],
    ['text as dimension', { inputs: [a, { ...b, shape: ['2', 1] }] }, /"b": "shape"/],
    ['no shape', { inputs: [a, { ...b, shape: undefined }] }, /"b": "shape"/],
    ['shape other than the data', { inputs: [a, { ...b, data: [1, 2, 3] }] }, /"b": shape \[2, 1\] needs 2 values, "data" has 3/],
    ['no data', { inputs: [a, { ...b, data: undefined }] }, /"b": "data" must be an array/],
    ['empty batch', { inputs: [column('a', []), column('b', [])] }, /"a": the batch is empty/],
    ['null without tabular meaning', { inputs: [a, { ...b, data: [null, 1] }] }, /"b": value 0 must be a number/],
    ['text for a number', { inputs: [a, { ...b, data: ['1', 2] }] }, /"b": value 0 must be a number/],
    ['number past FP32', { inputs: [a, { ...b, data: [1e39, 2] }] }, /"b": value 0 is outside the range/],
    ['ragged nesting', { inputs: [a, { ...b, data: [[1], [2, 3]] }] }, /"b": nested "data"/],
    ['deeper nesting than the shape', { inputs: [a, { ...b, data: [[[1]], [[2]]] }] }, /"b": value 0/],
    ['unknown field of a tensor', { inputs: [a, { ...b, dtype: 'x' }] }, /"b": unknown field "dtype"/],
    ['binary data', { inputs: [a, { ...b, parameters: { binary_data_size: 8 } }] }, /"b": binary/],
    ['unknown output', { inputs: [a, b], outputs: [{ name: 'quotient' }] }, /"quotient" is not one of/],
    ['duplicate output', { inputs: [a, b], outputs: [{ name: 'sum' }, { name: 'sum' }] }, /"sum" is asked for twice/],
    ['too many outputs', { inputs: [a, b], outputs: new Array(100_000).fill({ name: 'sum' }) }, /"outputs"/],
    ['unknown field', { inputs: [a, b], output: [] }, /"output"/],
    ['id that is no text', { inputs: [a, b], id: 7 }, /"id"/],
    ['no inputs', { inputs: [] }, /"inputs"/],
    ['inputs as an object', { inputs: { a: 1 } }, /"inputs"/],
    ['an array for a body', [], /JSON object/],
    ['null for a body', 'null', /JSON object/],
    ['broken JSON', '{"inputs": [', /not JSON/],
    ['bare Infinity', '{"inputs":[{"name":"a","datatype":"FP32","shape":[1,1],"data":[Infinity]}]}', /not JSON/],
    ['a prototype as a key', '{"__proto__":{"x":1},"inputs":[]}', /__proto__/],
  ]
  it.each(cases)('%s', async (_title, body, message) => {
    const { status, error } = await refusal('pair', body)
    expect(error).toMatch(message)
    expect(status).toBe(400)
  })

  it('names the tensor of another batch size in a table', async () => {
    expect(await refusal('table', { inputs: [a, column('b', [1, 2, 3])] })).toEqual({
      status: 400,
      error: 'input "b" has 3 rows, "a" has 2',
    })
  })

  it('survives nesting deeper than the stack', async () => {
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`
    expect(
      (await refusal('pair', `{"inputs":[${JSON.stringify(a)},{"name":"b","datatype":"FP32","shape":[2,1],"data":${deep}}]}`)).status,
    ).toBe(400)
    expect(
      (await refusal('pair', `{"inputs":[${JSON.stringify(a)},{"name":"b","datatype":${deep},"shape":[2,1],"data":[1,2]}]}`)).status,
    ).toBe(400)
  })

  it('refuses text that is not UTF-8', async () => {
    const response = await harness.fetch('/v2/models/pair/infer', { method: 'POST', body: Buffer.from([0x7b, 0xff, 0x7d]) })
    expect(response.status).toBe(400)
  })
})

describe('values of each datatype', () => {
  const one = async (datatype: Datatype, value: unknown) => {
    const text = typeof value === 'string' && value.startsWith('raw:') ? value.slice(4) : JSON.stringify(value)
    const response = await harness.infer(
      `same-${datatype}`,
      `{"inputs":[{"name":"v","datatype":"${datatype}","shape":[1],"data":[${text}]}]}`,
    )
    const answer = await response.text()
    return response.ok ? /"data":\[(.*)\]\}\]\}$/.exec(answer)?.[1] : `${response.status} ${answer}`
  }
  it.each<[Datatype, unknown, string]>([
    ['BOOL', true, 'true'],
    ['UINT8', 255, '255'],
    ['INT8', -128, '-128'],
    ['UINT32', 4294967295, '4294967295'],
    ['INT64', 'raw:9007199254740993', '9007199254740993'],
    ['INT64', '-9223372036854775808', '-9223372036854775808'],
    ['UINT64', 'raw:18446744073709551615', '18446744073709551615'],
    ['FP16', 1.5, '1.5'],
    ['FP32', 0.5, '0.5'],
    ['FP64', 0.1, '0.1'],
    ['FP64', 1e300, '1e+300'],
    ['BYTES', 'Tromsø 🙂', '"Tromsø 🙂"'],
    ['BYTES', '', '""'],
  ])('%s takes %s', async (datatype, value, expected) => {
    expect(await one(datatype, value)).toBe(expected)
  })
  it.each<[Datatype, unknown]>([
    ['BOOL', 'true'],
    ['BOOL', 1],
    ['UINT8', 300],
    ['UINT8', -1],
    ['UINT8', 1.5],
    ['INT8', 128],
    ['UINT32', 4294967296],
    ['INT32', 2147483648],
    ['UINT64', -1],
    ['UINT64', 'raw:18446744073709551616'],
    ['INT64', 'raw:9223372036854775808'],
    ['INT64', 1.5],
    ['INT64', 'ten'],
    ['INT64', null],
    ['FP16', 'raw:1e999'],
    ['FP16', 70000],
    ['FP32', 'raw:1e999'],
    ['FP64', 'raw:-1e999'],
    ['FP64', null],
    ['FP32', 'raw:NaN'],
    ['FP32', true],
    ['BYTES', 5],
    ['BYTES', null],
    ['BYTES', 'raw:["x","y"]'],
  ])('%s refuses %s', async (datatype, value) => {
    expect(await one(datatype, value)).toMatch(/^400 .*\\"v\\"/)
  })
})

describe('what is accepted', () => {
  it('takes flat and nested data, [N] for [N, 1], a choice of outputs, and gives back the id', async () => {
    const response = await harness.infer('pair', {
      id: 'mine',
      inputs: [
        { ...a, shape: [2] },
        { ...b, data: [[3], [4]] },
      ],
      outputs: [{ name: 'product' }],
    })
    expect(await response.json()).toEqual({
      model_name: 'pair',
      model_version: '1',
      id: 'mine',
      outputs: [{ name: 'product', datatype: 'FP32', shape: [2, 1], data: [3, 8] }],
    })
  })

  it('takes null and a bare NaN as missing in a table, and answers NaN as null', async () => {
    const body =
      '{"inputs":[{"name":"a","datatype":"FP32","shape":[3,1],"data":[1,null,NaN]},{"name":"b","datatype":"FP32","shape":[3,1],"data":[1,1,1]}],"outputs":[{"name":"sum"}]}'
    const answer = (await (await harness.infer('table', body)).json()) as { outputs: { data: unknown[] }[] }
    expect(answer.outputs[0]?.data).toEqual([2, null, null])
  })

  it('echoes the correlation id and tells how long it took', async () => {
    const response = await harness.infer('pair', { inputs: [a, b] }, { headers: { 'x-correlation-id': 'trace-1' } })
    expect(response.headers.get('x-correlation-id')).toBe('trace-1')
    expect(Number(response.headers.get('x-nw-compute-us'))).toBeGreaterThan(0)
    expect(Number(response.headers.get('x-nw-queue-us'))).toBeGreaterThanOrEqual(0)
  })
})

describe('addresses', () => {
  it.each<[string, string, number]>([
    ['GET', '/v2', 200],
    ['GET', '/v2/health/live', 200],
    ['GET', '/v2/health/ready', 200],
    ['GET', '/v2/models/pair', 200],
    ['GET', '/v2/models/pair/ready', 200],
    ['GET', '/v2/models/pair/versions/1', 200],
    ['GET', '/v2/models/pair/versions/1/ready', 200],
    ['GET', '/metrics', 200],
    ['GET', '/', 404],
    ['GET', '/v2/nothing', 404],
    ['GET', '/v2/models', 404],
    ['GET', '/v2/models/', 404],
    ['GET', '/v2/models/none', 404],
    ['POST', '/v2/models//infer', 404],
    ['POST', '/v2/models/..%2fx/infer', 404],
    ['POST', '/v2/models/%ff/infer', 400],
    ['POST', '/v2/models/h%C3%A9/infer', 404],
    ['POST', '/v2/models/a%00b/infer', 404],
    ['POST', `/v2/models/${'x'.repeat(5000)}/infer`, 404],
    ['GET', '/v2/models/pair/versions/0', 404],
    ['GET', '/v2/models/pair/versions/-1', 404],
    ['GET', '/v2/models/pair/versions/latest', 404],
    ['GET', '/v2/models/pair/versions/100000000000000000000', 404],
    ['POST', '/v2/models/pair', 405],
    ['GET', '/v2/models/pair/infer', 405],
    ['DELETE', '/v2/models/pair/infer', 405],
    ['POST', '/v2/health/live', 405],
    ['POST', '/metrics', 405],
    ['POST', '/v2/models/pair/explain', 404],
    ['POST', '/v2/models/pair/infer/more', 404],
  ])('%s %s → %i', async (method, path, status) => {
    const response = await harness.fetch(path, { method, headers: { 'x-correlation-id': 'trace-2' } })
    expect(response.status).toBe(status)
    expect(response.headers.get('x-correlation-id')).toBe('trace-2')
    if (status === 405) expect(response.headers.get('allow')).toBeTruthy()
    if (status >= 400) expect(await response.json()).toEqual({ error: expect.any(String) })
  })

  it('refuses a request that names two hosts', async () => {
    const socket = connect(harness.runtime?.port ?? 0, '127.0.0.1')
    socket.write('GET /v2 HTTP/1.1\r\nHost: localhost\r\nhost: evil.example.org\r\nConnection: close\r\n\r\n')
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 400 .*\{"error":"[^"]*Host/s)
  })

  const raw = (bytes: string) => {
    const socket = connect(harness.runtime?.port ?? 0, '127.0.0.1')
    socket.write(bytes)
    return text(socket)
  }

  it.each([
    [400, 'two lengths', 'POST /v2/models/pair/infer HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n'],
    [400, 'a length and pieces', 'POST /v2 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n'],
    [400, 'bare line feeds', 'GET /v2 HTTP/1.1\nHost: x\n\n'],
    [431, 'huge headers', `GET /v2 HTTP/1.1\r\nHost: x\r\nX-Big: ${'a'.repeat(100_000)}\r\n\r\n`],
    [405, 'what is for a proxy', 'CONNECT example.org:443 HTTP/1.1\r\nHost: example.org\r\n\r\n'],
    [401, 'another protocol', 'GET /v2/models/pair HTTP/1.1\r\nHost: x\r\nConnection: upgrade, close\r\nUpgrade: websocket\r\n\r\n'],
  ])('L4: answer %i in their own words to %s', async (status, _what, bytes) => {
    expect(await raw(bytes)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} .*\\{"error":"[^"]+`, 's'))
  })

  it('refuses an expectation that it does not know in its own words', async () => {
    const socket = connect(harness.runtime?.port ?? 0, '127.0.0.1')
    socket.write('GET /v2 HTTP/1.1\r\nHost: localhost\r\nExpect: a-miracle\r\n\r\n')
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 417 .*\{"error":"Expect: only 100-continue/s)
  })

  it('describes the model as its signature says', async () => {
    const answer = await (await harness.fetch('/v2/models/pair')).json()
    expect(answer).toEqual({ name: 'pair', versions: ['1'], platform: 'onnxruntime_onnx', ...pair.signature })
  })

  it('answers for one version, and 404 for one that is not here', async () => {
    const path = (version: string) => `/v2/models/pair/versions/${version}/infer`
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ inputs: [a, b] }) }
    expect((await harness.fetch(path('1'), init)).status).toBe(200)
    for (const version of ['0', '-1', 'latest', '100000000000000000000', '2'])
      expect((await harness.fetch(path(version), init)).status).toBe(404)
  })

  it('needs a token for all but health and the server itself', async () => {
    const bare = (path: string, init: RequestInit = {}) => fetch(`${harness.url}${path}`, init)
    for (const path of ['/v2', '/v2/health/live', '/v2/health/ready']) expect((await bare(path)).status).toBe(200)
    for (const path of ['/v2/models/pair', '/v2/models/pair/ready', '/metrics']) expect((await bare(path)).status).toBe(401)
    expect((await bare('/v2/models/pair/infer', { method: 'POST', body: '{}' })).status).toBe(401)
    expect((await bare('/v2/models/pair/infer', { method: 'POST', body: '{}', headers: { authorization: 'Bearer wrong' } })).status).toBe(
      401,
    )
    harness.control.allow('elsewhere', ['other'])
    expect((await bare('/v2/models/pair', { headers: { authorization: 'Bearer elsewhere' } })).status).toBe(404)
  })
})

describe('a call that falls under limits', () => {
  const limit = (name: 'user' | 'key' | 'project', subject: string, perMinute: number) => ({ name, subject, calls_per_minute: perMinute })
  const inferAs = (token: string) => harness.infer('pair', { inputs: [a, b] }, { headers: { authorization: `Bearer ${token}` } })

  it('counts over all addresses, and whoever makes one too many is told when to come again', async () => {
    harness.control.allow('limited', 'all', [limit('key', 'k:limited', 3)])
    const headers = { authorization: 'Bearer limited' }
    const infer = () => inferAs('limited')
    expect((await fetch(`${harness.url}/metrics`, { headers })).status).toBe(200)
    expect((await fetch(`${harness.url}/v2/models/pair`, { headers })).status).toBe(200)
    const last = await infer()
    expect([last.status, last.headers.get('ratelimit')]).toEqual([200, expect.stringMatching(/^"key";r=0;t=(59|60)$/)])
    for (const ask of [infer, infer, () => fetch(`${harness.url}/metrics`, { headers })]) {
      const answer = await ask()
      expect([answer.status, Number(answer.headers.get('retry-after'))]).toEqual([429, expect.closeTo(20, -1)])
      expect(answer.headers.get('ratelimit-policy')).toBe('"key";q=3;w=60')
      expect(answer.headers.get('ratelimit')).toMatch(/^"key";r=0;t=(59|60)$/)
      expect(await answer.json()).toEqual({ error: expect.stringContaining('this key may make 3 calls a minute: try again in') })
    }
    expect((await harness.infer('pair', { inputs: [a, b] })).status).toBe(200)
  })

  it('counts where it is refused as well, and says so', async () => {
    harness.control.allow('astray', ['other'], [limit('key', 'k:astray', 2)])
    const ask = () => fetch(`${harness.url}/v2/models/pair`, { headers: { authorization: 'Bearer astray' } })
    const left = async () => {
      const answer = await ask()
      return [answer.status, answer.headers.get('ratelimit')?.slice(0, 9)]
    }
    expect([await left(), await left(), await left()]).toEqual([
      [404, '"key";r=1'],
      [404, '"key";r=0'],
      [429, '"key";r=0'],
    ])
  })

  it.each(['user', 'project'] as const)('counts together the keys of one %s', async (name) => {
    for (const key of ['one', 'two'])
      harness.control.allow(`${name}-${key}`, 'all', [limit(name, `shared-${name}`, 2), limit('key', `${name}-${key}`, 10)])
    expect([(await inferAs(`${name}-one`)).status, (await inferAs(`${name}-two`)).status]).toEqual([200, 200])
    const answer = await inferAs(`${name}-one`)
    expect([answer.status, await answer.json()]).toEqual([
      429,
      { error: expect.stringContaining(`this ${name} may make 2 calls a minute: try again in`) },
    ])
  })
})

describe('bodies', () => {
  it('L4: are cut off when they come in a million pieces', async () => {
    const socket = connect(harness.runtime?.port ?? 0, '127.0.0.1')
    const head = ['POST /v2/models/pair/infer HTTP/1.1', 'Host: localhost', `Authorization: Bearer ${harness.token}`]
    socket.write(`${[...head, 'Transfer-Encoding: chunked'].join('\r\n')}\r\n\r\n${'1\r\n \r\n'.repeat(1_000_000)}2\r\n{}\r\n0\r\n\r\n`)
    const [answer] = (await once(socket, 'data')) as [Buffer]
    socket.destroy()
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 413 .*\{"error":"[^"]*pieces/s)
  })

  it('takes JSON only', async () => {
    const send = (type: string) => harness.infer('pair', { inputs: [a, b] }, { headers: { 'content-type': type } })
    expect((await send('application/json; charset=utf-8')).status).toBe(200)
    expect((await send('application/octet-stream')).status).toBe(415)
    expect((await refusal('pair', { inputs: [a, b] }, { headers: { 'inference-header-content-length': '-1' } })).status).toBe(400)
    expect((await refusal('pair', '', {})).status).toBe(400)
  })

  it('refuses a declared length past the limit without reading', async () => {
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(harness.runtime?.port ?? 0, '127.0.0.1', () => {
        socket.write(
          `POST /v2/models/pair/infer HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${harness.token}\r\nContent-Length: ${limits.inferBodyBytes + 1}\r\n\r\n`,
        )
      })
      socket.once('data', (data) => {
        resolve(data.toString())
        socket.destroy()
      })
      socket.once('error', reject)
    })
    expect(answer).toMatch(/^HTTP\/1.1 413/)
  })

  it('counts what it reads when no length is declared', async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const request = httpRequest(
        `${harness.url}/v2/models/pair/infer`,
        { method: 'POST', headers: { authorization: `Bearer ${harness.token}` } },
        (response) => {
          resolve(response.statusCode)
          request.destroy()
        },
      )
      request.on('error', reject)
      const chunk = Buffer.alloc(1024 * 1024, 0x20)
      const send = () => {
        if (!request.destroyed) request.write(chunk, () => setImmediate(send))
      }
      send()
    })
    expect(status).toBe(413)
  })

  it('holds the limit for the tensor as well as for its text', async () => {
    const count = limits.inferBodyBytes / 8 + 1
    const body = `{"inputs":[{"name":"v","datatype":"INT64","shape":[${count},1],"data":[${'1,'.repeat(count - 1)}1]}]}`
    expect((await refusal('same-INT64', body)).status).toBe(413)
  })
})

describe('a body made to keep the parser busy', () => {
  it('is refused at once when a string in it does not end', async () => {
    const started = performance.now()
    const { status } = await refusal('pair', `NaN "${'\\"'.repeat(500_000)}`)
    expect(status).toBe(400)
    expect(performance.now() - started).toBeLessThan(5_000)
  })

  it('is refused when it is nested past the stack and holds an integer of many digits', async () => {
    const input = '{"name":"v","datatype":"INT64","shape":[1],"data":[9007199254740993]}'
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`
    expect(await refusal('same-INT64', `{"inputs":[${input}],"parameters":{"a":${deep}}}`)).toMatchObject({ status: 400 })
  })

  it('may hold NaN beside an integer of many digits', async () => {
    const input = '{"name":"v","datatype":"INT64","shape":[1],"data":[9007199254740993]}'
    const response = await harness.infer('same-INT64', `{"inputs":[${input}],"parameters":{"a":NaN,"b":"NaN \\" NaN"}}`)
    expect([response.status, await response.text()]).toEqual([200, expect.stringContaining('9007199254740993')])
  })
})
