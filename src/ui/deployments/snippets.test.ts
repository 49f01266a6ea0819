import { execFile } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Tensor } from '#src/contracts/signature.ts'
import { restSnippet, snippet } from './snippets.ts'

const run = promisify(execFile)
const inputs: Tensor[] = [
  { name: 'age', datatype: 'FP32', shape: [1, 1], data: [null] },
  { name: 'city', datatype: 'BYTES', shape: [1, 1], data: [`L'Aquila "null" $HOME \\ true`] },
  { name: 'is_new', datatype: 'BOOL', shape: [1, 1], data: [true] },
]

let received: { url: string | undefined; key: string | undefined; body: unknown }
let project: string | string[] | undefined
const server = createServer((request, response) => {
  let body = ''
  request.on('data', (chunk) => {
    body += chunk
  })
  request.on('end', () => {
    project = request.headers['x-neuroweaver-project']
    received = { url: request.url, key: request.headers.authorization, body: body === '' ? null : JSON.parse(body) }
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ outputs: [{ name: 'label', data: ['yes'] }] }))
  })
})
let endpointUrl = ''
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  endpointUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v2/models/churn`
})
afterAll(() => server.close())

const wanted = (key: string) => ({ url: '/v2/models/churn/infer', key: `Bearer ${key}`, body: { inputs } })

describe('a pasted snippet sends these very values', () => {
  it('by curl in a shell, with the key from the environment', async () => {
    const { stdout } = await run('sh', ['-c', snippet('curl', { endpointUrl, inputs, key: null })], {
      env: { ...process.env, NEUROWEAVER_API_KEY: 'secret' },
    })
    expect(JSON.parse(stdout).outputs[0].data).toEqual(['yes'])
    expect(received).toEqual(wanted('secret'))
  })

  it('by curl with a key put in', async () => {
    await run('sh', ['-c', snippet('curl', { endpointUrl, inputs, key: 'nw_1' })])
    expect(received).toEqual(wanted('nw_1'))
  })

  it('by TypeScript', async () => {
    const { stdout } = await run(
      process.execPath,
      ['--input-type=module', '-e', snippet('typescript', { endpointUrl, inputs, key: null })],
      {
        env: { ...process.env, NEUROWEAVER_API_KEY: 'secret' },
      },
    )
    expect(stdout).toContain('label')
    expect(received).toEqual(wanted('secret'))
  })

  it('as a Python literal with the same values', async () => {
    const code = snippet('python', { endpointUrl, inputs, key: 'nw_1' })
    const literal = /json=(\{[\s\S]*?\n {4}\]\})/.exec(code)?.[1] as string
    const { stdout } = await run('python3', ['-c', `import json\nprint(json.dumps(${literal}))`])
    expect(JSON.parse(stdout)).toEqual({ inputs })
  })
})

it('a pasted REST call says its project and its body', async () => {
  const origin = new URL(endpointUrl).origin
  const call = { origin, key: 'nw_1', project: "it's", path: '/training/jobs', body: { model_name: "L'Aquila" } }
  await run('sh', ['-c', restSnippet(call)])
  expect([received, project]).toEqual([{ url: '/api/v1/training/jobs', key: 'Bearer nw_1', body: { model_name: "L'Aquila" } }, "it's"])
  await run('sh', ['-c', restSnippet({ origin, key: 'nw_1', project: 'default', path: '/models/a/deploy' })])
  expect([received, project]).toEqual([{ url: '/api/v1/models/a/deploy', key: 'Bearer nw_1', body: null }, undefined])
})
