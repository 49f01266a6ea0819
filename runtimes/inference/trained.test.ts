import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Manifest } from '#src/contracts/manifest.ts'
import type { DesiredDeployment, FileRef } from '#src/contracts/runtime.ts'
import { deploymentOf } from './testing/control-plane.ts'
import { testModel } from './testing/models.ts'
import { RuntimeHarness } from './testing/runtime.ts'
import { textModel, tokenizerConfig, tokenizerJson } from './testing/text.ts'

const harness = new RuntimeHarness()
const text = (...texts: string[]) => [{ name: 'text', datatype: 'BYTES' as const, shape: [texts.length, 1], data: texts }]
const sigmoid = (value: number) => 1 / (1 + Math.exp(-value))

beforeAll(() => harness.start())
afterAll(() => harness.stop())

/** The files that a trainer writes beside a text model. */
function textFiles(goldenLabel: string, maxLength = 6): FileRef[] {
  const { control } = harness
  const manifest: Manifest = {
    format: 1,
    kind: 'text',
    task: 'text-classification',
    model: 'model.onnx',
    signature: textModel().signature,
    labels: ['negative', 'positive'],
    tokenizer: { file: 'tokenizer.json', config: 'tokenizer_config.json', max_length: maxLength },
  }
  const golden = {
    format: 1,
    tolerance: 1e-3,
    cases: [
      {
        name: 'truncated',
        inputs: text('a good film was the bad'),
        outputs: [
          { name: 'label', datatype: 'BYTES', shape: [1, 1], data: [goldenLabel] },
          { name: 'probabilities', datatype: 'FP32', shape: [1, 2], data: [sigmoid(-1), sigmoid(1)] },
        ],
      },
    ],
  }
  return [
    control.addBlob('neuroweaver.json', JSON.stringify(manifest)),
    control.addBlob('tokenizer.json', JSON.stringify(tokenizerJson)),
    control.addBlob('tokenizer_config.json', JSON.stringify(tokenizerConfig)),
    control.addBlob('golden.json', JSON.stringify(golden)),
  ]
}

it("classifies raw text, with the trainer's truncation and parity", async () => {
  const deployment = deploymentOf(harness.control, 'reviews', textModel(), { files: textFiles('positive') })
  await harness.deploy(deployment)
  expect(harness.report(deployment)?.parity).toMatchObject({ passed: true, cases: 1, tolerance: 1e-3 })
  const response = await harness.infer('reviews', { inputs: text('a good film', 'the film was bad', '', 'a film was the bad') })
  const { outputs } = (await response.json()) as { outputs: { name: string; shape: number[]; data: unknown[] }[] }
  expect(outputs.map((output) => [output.name, output.shape])).toEqual([
    ['label', [4, 1]],
    ['probabilities', [4, 2]],
  ])
  expect(outputs[0]?.data).toEqual(['positive', 'negative', 'negative', 'negative'])
  const expected = [sigmoid(-1), sigmoid(1), sigmoid(2), sigmoid(-2), 0.5, 0.5, 0.5, 0.5]
  for (const [index, value] of ((outputs[1]?.data ?? []) as number[]).entries()) expect(value).toBeCloseTo(expected[index] as number, 5)
})

it('gives each of many callers the answer to its own text', async () => {
  const texts = Array.from({ length: 48 }, (_, index) => (index % 3 === 0 ? 'good' : `bad${' film'.repeat(index % 4)}`))
  const responses = await Promise.all(texts.map((one) => harness.infer('reviews', { inputs: text(one), outputs: [{ name: 'label' }] })))
  const labels = await Promise.all(
    responses.map(async (response) => ((await response.json()) as { outputs: { data: string[] }[] }).outputs[0]?.data[0]),
  )
  expect(labels).toEqual(texts.map((one) => (one === 'good' ? 'positive' : 'negative')))
})

it('is not served when the label is another one', async () => {
  const deployment = deploymentOf(harness.control, 'reviews', textModel(), { files: textFiles('negative') })
  harness.control.desire(deployment)
  const report = await harness.untilFailed(deployment)
  expect(report).toMatchObject({ state: 'failed', reason_code: 'parity', parity: { passed: false } })
})

/** One input a column; `prediction` = age, or -1 where it is missing, plus 100 for city "Oslo". */
const tableModel = () =>
  testModel({
    inputs: [
      { name: 'age', datatype: 'FP32', shape: ['n', 1] },
      { name: 'city', datatype: 'BYTES', shape: ['n', 1] },
    ],
    outputs: [{ name: 'prediction', datatype: 'FP32', shape: ['n', 1] }],
    nodes: [
      { op: 'IsNaN', inputs: ['age'], outputs: ['missing'] },
      { op: 'Where', inputs: ['missing', 'none', 'age'], outputs: ['filled'] },
      {
        op: 'LabelEncoder',
        domain: 'ai.onnx.ml',
        inputs: ['city'],
        outputs: ['code'],
        attributes: { keys_strings: { strings: ['Oslo', ''] }, values_floats: { floats: [100, 0] }, default_float: { float: 0 } },
      },
      { op: 'Add', inputs: ['filled', 'code'], outputs: ['prediction'] },
    ],
    initializers: [{ name: 'none', datatype: 'FP32', shape: [1], data: [-1] }],
    domain: { name: 'ai.onnx.ml', version: 3 },
  })

it('serves a table with missing values and categories, batched with others', async () => {
  const model = tableModel()
  const { control } = harness
  const inputs = [
    { name: 'age', datatype: 'FP32', shape: [2, 1], data: [41, null] },
    { name: 'city', datatype: 'BYTES', shape: [2, 1], data: ['Oslo', ''] },
  ]
  const files = [
    control.addBlob(
      'neuroweaver.json',
      JSON.stringify({ format: 1, kind: 'tabular', task: 'tabular-regression', signature: model.signature }),
    ),
    control.addBlob(
      'golden.json',
      JSON.stringify({
        format: 1,
        tolerance: 1e-3,
        cases: [{ name: 'missing', inputs, outputs: [{ name: 'prediction', datatype: 'FP32', shape: [2, 1], data: [141, -1] }] }],
      }),
    ),
  ]
  const deployment: DesiredDeployment = deploymentOf(control, 'table', model, { files })
  await harness.deploy(deployment)
  expect(harness.report(deployment)?.parity?.passed).toBe(true)
  const ask = (age: number | null, city: string) =>
    harness.infer('table', {
      inputs: [
        { name: 'age', datatype: 'FP32', shape: [1], data: [age] },
        { name: 'city', datatype: 'BYTES', shape: [1], data: [city] },
      ],
    })
  const rows = Array.from({ length: 40 }, (_, index) => [index % 7 === 0 ? null : index, index % 2 === 0 ? 'Oslo' : 'Bodø'] as const)
  const responses = await Promise.all(rows.map(([age, city]) => ask(age, city)))
  const values = await Promise.all(
    responses.map(async (response) => ((await response.json()) as { outputs: { data: number[] }[] }).outputs[0]?.data[0]),
  )
  expect(values).toEqual(rows.map(([age, city]) => (age ?? -1) + (city === 'Oslo' ? 100 : 0)))
})

it('never batches a graph whose rows are not independent', async () => {
  const model = testModel({
    inputs: [{ name: 'x', datatype: 'FP32', shape: ['t', 1] }],
    outputs: [{ name: 'y', datatype: 'FP32', shape: ['t', 1] }],
    nodes: [{ op: 'CumSum', inputs: ['x', 'axis'], outputs: ['y'] }],
    initializers: [{ name: 'axis', datatype: 'INT64', shape: [1], data: [0] }],
  })
  await harness.deploy(deploymentOf(harness.control, 'sequence', model))
  const ask = async () =>
    (await (await harness.infer('sequence', { inputs: [{ name: 'x', datatype: 'FP32', shape: [2, 1], data: [1, 2] }] })).json()) as {
      outputs: { data: number[] }[]
    }
  const answers = await Promise.all(Array.from({ length: 40 }, ask))
  for (const { outputs } of answers) expect(outputs[0]?.data).toEqual([1, 3])
})
