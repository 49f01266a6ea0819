import { expect, it } from 'vitest'
import { promptSnippet } from './promptSnippets.ts'

const call = {
  origin: 'http://127.0.0.1:3000',
  project: 'shop',
  key: null,
  body: { model: 'writer', prompt: `it's "true"`, context: { isNew: true, none: null } },
}

it('writes Python words for what is no text, and leaves texts alone', () => {
  const code = promptSnippet('python', call)
  expect(code).toContain('"isNew": True')
  expect(code).toContain('"none": None')
  expect(code).toContain(String.raw`"prompt": "it's \"true\""`)
  expect(code).toContain('"X-NeuroWeaver-Project": "shop"')
})

it('writes TypeScript that sends the body as it is', async () => {
  const sent: { url: string; init: { body: string; headers: Record<string, string> } }[] = []
  const fetchOnce = async (url: string, init: (typeof sent)[number]['init']) => {
    sent.push({ url, init })
    return { ok: true, json: async () => ({ response: 'hello' }) }
  }
  const code = promptSnippet('typescript', { ...call, key: 'k' })
  const run = new Function('fetch', 'console', `return (async () => {${code}})()`)
  await run(fetchOnce, { log: () => undefined })
  expect(sent[0]?.url).toBe('http://127.0.0.1:3000/api/v1/inference')
  expect(JSON.parse(sent[0]?.init.body ?? '')).toEqual(call.body)
  expect(sent[0]?.init.headers).toMatchObject({ Authorization: 'Bearer k', 'X-NeuroWeaver-Project': 'shop' })
})
