/** A classifier of short film reviews as a trainer leaves it, uploaded and registered by the public door. */
import { textModel, tokenizerConfig, tokenizerJson } from '../../runtimes/inference/testing/text.ts'
import { uploadBytes } from './upload.ts'

const manifestOf = (signature: unknown) => ({
  format: 1,
  kind: 'text',
  task: 'text-classification',
  model: 'model.onnx',
  signature,
  labels: ['negative', 'positive'],
  tokenizer: { file: 'tokenizer.json', config: 'tokenizer_config.json', max_length: 6 },
})

async function post(url: string, key: string, path: string, body: unknown): Promise<void> {
  const answer = await fetch(`${url}/api/v1${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(`${path} answered ${answer.status} ${await answer.text()}`)
}

/** Registers it under `name`; it can be deployed when its uploads are verified. */
export async function registerTextClassifier(url: string, key: string, name: string): Promise<void> {
  const model = textModel()
  const contents: [string, Uint8Array][] = [
    ['model.onnx', model.bytes],
    ['neuroweaver.json', Buffer.from(JSON.stringify(manifestOf(model.signature)))],
    ['tokenizer.json', Buffer.from(JSON.stringify(tokenizerJson))],
    ['tokenizer_config.json', Buffer.from(JSON.stringify(tokenizerConfig))],
  ]
  const files = await Promise.all(contents.map(async ([path, bytes]) => ({ path, upload_id: await uploadBytes(url, key, path, bytes) })))
  await post(url, key, '/models/register', { name, files })
}
