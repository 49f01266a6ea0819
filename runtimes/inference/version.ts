import { readFile } from 'node:fs/promises'
import { goldenPath, type Golden, type Manifest, manifest, manifestPath, golden } from '#src/contracts/manifest.ts'
import type { DesiredTarget, FileRef } from '#src/contracts/runtime.ts'
import type { Signature, TensorSpec } from '#src/contracts/signature.ts'
import type { ArtifactCache } from './artifacts.ts'
import { LoadFailure } from './errors.ts'
import type { GraphTensor, LoadedGraph, LoadRequest, LocalFile } from './replica-process.ts'
import type { ModelKind } from './request.ts'

/** All that is needed to start a replica of a version and to check it. */
export type VersionPlan = { kind: ModelKind; signature: Signature; load: LoadRequest; golden: Golden | undefined }

/**
 * Fetches a version's files and reads how it is to be served.
 * @param onProgress share of the bytes, 0..1
 * @throws LoadFailure
 */
export async function prepareVersion(
  target: DesiredTarget,
  cache: ArtifactCache,
  signal: AbortSignal,
  onProgress: (share: number) => void,
): Promise<VersionPlan> {
  const files = await new VersionFiles(target, cache, signal, onProgress).fetch()
  const found = await files.json(manifestPath, manifest)
  const model = found ? files.get(found.model) : files.get(findModel(target.files))
  const text = found?.kind === 'text' ? textOf(found, files) : undefined
  return {
    kind: found?.kind ?? 'graph',
    signature: target.signature,
    load: { model, inputs: target.signature.inputs.map((spec) => spec.name), text },
    golden: await files.json(goldenPath, golden),
  }
}

/** Files beside the model that serving does not need stay where they are. */
const isNeeded = ({ path }: FileRef): boolean => path === manifestPath || path === goldenPath || /\.(onnx|json|txt|model)$/i.test(path)

class VersionFiles {
  readonly #target: DesiredTarget
  readonly #cache: ArtifactCache
  readonly #signal: AbortSignal
  readonly #onProgress: (share: number) => void
  readonly #paths = new Map<string, LocalFile>()

  constructor(target: DesiredTarget, cache: ArtifactCache, signal: AbortSignal, onProgress: (share: number) => void) {
    this.#target = target
    this.#cache = cache
    this.#signal = signal
    this.#onProgress = onProgress
  }

  async fetch(): Promise<this> {
    const needed = this.#target.files.filter(isNeeded)
    const total = Math.max(
      1,
      needed.reduce((sum, file) => sum + file.size_bytes, 0),
    )
    const received = new Map<string, number>()
    const fetchOne = async (file: FileRef) => {
      const path = await this.#cache.ensure(file, this.#signal, (bytes) => {
        received.set(file.path, bytes)
        this.#onProgress([...received.values()].reduce((sum, part) => sum + part, 0) / total)
      })
      this.#paths.set(file.path, { path, sha256: file.sha256 })
    }
    await Promise.all(needed.map(fetchOne))
    return this
  }

  get(path: string): LocalFile {
    const file = this.#paths.get(path)
    if (!file) throw new LoadFailure('load', `The version has no file "${path}".`)
    return file
  }

  /** @returns undefined when the version has no such file */
  async json<T>(path: string, schema: { parse: (value: unknown) => T }): Promise<T | undefined> {
    const file = this.#paths.get(path)
    if (!file) return undefined
    try {
      return schema.parse(JSON.parse(await readFile(file.path, 'utf8')))
    } catch (error) {
      throw new LoadFailure('load', `"${path}" cannot be read.`, { cause: error })
    }
  }
}

function findModel(files: readonly FileRef[]): string {
  const models = files.filter((file) => /\.onnx$/i.test(file.path))
  const model = models.length === 1 ? models[0] : models.find((file) => file.path === 'model.onnx')
  if (model) return model.path
  if (models.length === 0) throw new LoadFailure('unsupported', 'The version has no ONNX file; this runtime serves ONNX models.')
  throw new LoadFailure('unsupported', 'The version has several ONNX files and none is named model.onnx.')
}

function textOf(found: Manifest, files: VersionFiles): LoadRequest['text'] {
  const labels = found.labels ?? found.signature.outputs.find((output) => output.name === 'probabilities')?.labels
  if (!found.tokenizer || !labels) throw new LoadFailure('load', `"${manifestPath}" names no tokenizer or no labels.`)
  const { file, config, max_length: maxLength } = found.tokenizer
  return { tokenizer: files.get(file), config: config ? files.get(config) : undefined, maxLength, labels }
}

/**
 * The graph must take and give what the signature promises.
 * @throws LoadFailure `load` naming the tensor that differs.
 */
export function checkGraph(plan: VersionPlan, graph: LoadedGraph): void {
  if (plan.kind === 'text') return checkTextGraph(graph)
  for (const input of graph.inputs) {
    if (!plan.signature.inputs.some((spec) => spec.name === input.name))
      mismatch(`its input "${input.name}" is not in the version's signature`)
  }
  for (const spec of plan.signature.inputs) checkTensor('input', spec, graph.inputs)
  for (const spec of plan.signature.outputs) checkTensor('output', spec, graph.outputs)
}

function checkTextGraph(graph: LoadedGraph): void {
  for (const name of ['input_ids', 'attention_mask'])
    if (!graph.inputs.some((input) => input.name === name)) mismatch(`it has no input "${name}"`)
  if (!graph.outputs.some((output) => output.name === 'logits')) mismatch('it has no output "logits"')
}

function checkTensor(side: string, spec: TensorSpec, found: readonly GraphTensor[]): void {
  const tensor = found.find((candidate) => candidate.name === spec.name)
  if (!tensor) return mismatch(`it has no ${side} "${spec.name}"`)
  if (tensor.datatype !== spec.datatype)
    mismatch(`its ${side} "${spec.name}" is ${tensor.datatype ?? 'not a tensor'}, the signature says ${spec.datatype}`)
}

function mismatch(reason: string): never {
  throw new LoadFailure('load', `The graph does not fit the version's signature: ${reason}.`)
}
