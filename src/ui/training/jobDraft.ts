import type { Column, Dataset } from '#src/contracts/dataset.ts'
import type { CreateJob, Job, RecipeName } from '#src/contracts/training.ts'
import { fieldsOf, type HyperField, readFields } from './formSchema.ts'
import { excludedAtFirst, guessRecipe, guessTarget, guessText, isTextRecipe, targetProblem } from './jobDefaults.ts'

/** What the form shows. Texts are as typed. */
export type JobDraft = {
  recipe: RecipeName
  target: string
  text: string
  excluded: readonly string[]
  modelName: string
  name: string
  hyper: Record<string, string>
  testPercent: string
  groupBy: string
  seed: string
  device: CreateJob['resources']['device']
  gpus: string
}

/** What a person has set by hand; all else follows the data set. */
export type Chosen = Partial<Omit<JobDraft, 'hyper'>> & { hyper?: Record<string, string> }
type Given = Pick<Dataset, 'name' | 'columns' | 'rows'>

const textOf = (value: unknown) => (value === null || value === undefined ? '' : String(value))

/** The draft of an earlier job's settings. */
export const draftOf = (job: Job): Chosen => ({
  recipe: job.recipe,
  target: job.columns.target ?? job.columns.label,
  ...(job.columns.text === undefined ? {} : { text: job.columns.text }),
  ...(job.columns.exclude || job.columns.features ? { excluded: job.columns.exclude ?? [] } : {}),
  modelName: job.modelName,
  hyper: Object.fromEntries(Object.entries(job.hyperParameters).map(([name, value]) => [name, textOf(value)])),
  testPercent: String(Math.round(job.split.test * 1000) / 10),
  groupBy: job.split.groupBy ?? '',
  seed: String(job.seed),
  device: job.resources.device,
  gpus: String(job.resources.gpus),
})

/** Choices laid over what the data set suggests. */
export function completeDraft(dataset: Given, chosen: Chosen): JobDraft {
  const recipe = chosen.recipe ?? guessRecipe(dataset.columns)
  const has = (name: string | undefined) => name !== undefined && dataset.columns.some((column) => column.name === name)
  const target = has(chosen.target) ? (chosen.target as string) : (guessTarget(dataset.columns) ?? '')
  return {
    recipe,
    target,
    text: has(chosen.text) ? (chosen.text as string) : (guessText(dataset.columns.filter((column) => column.name !== target)) ?? ''),
    excluded: (chosen.excluded ?? excludedAtFirst(dataset.columns, dataset.rows, target)).filter((name) => name !== target),
    modelName: chosen.modelName ?? dataset.name,
    name: chosen.name ?? '',
    hyper: chosen.hyper ?? {},
    testPercent: chosen.testPercent ?? '20',
    groupBy: has(chosen.groupBy) ? (chosen.groupBy as string) : '',
    seed: chosen.seed ?? '0',
    device: chosen.device ?? 'auto',
    gpus: chosen.gpus ?? '0',
  }
}

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/
const number = (text: string) => (text.trim() === '' ? Number.NaN : Number(text.trim().replace(',', '.')))

/** What stands against sending this draft, by the name of its field. */
export function problemsOf(draft: JobDraft, columns: readonly Column[], fields: readonly HyperField[]): Record<string, string> {
  const problems: Record<string, string> = {}
  const target = targetProblem(
    columns.find((column) => column.name === draft.target),
    draft.recipe,
  )
  if (target) problems.target = target
  if (isTextRecipe(draft.recipe) && !columns.some((column) => column.name === draft.text))
    problems.text = 'Choose the column with the text.'
  if (isTextRecipe(draft.recipe) && draft.text === draft.target) problems.text = 'The text and the label must be two columns.'
  if (!isTextRecipe(draft.recipe) && featuresOf(draft, columns).length === 0) problems.excluded = 'Keep at least one column to learn from.'
  if (!namePattern.test(draft.modelName))
    problems.modelName = 'Start with a letter or digit; letters, digits, dots, dashes and underscores, at most 100.'
  const percent = number(draft.testPercent)
  if (!(percent > 0 && percent < 90)) problems.testPercent = 'Give a share above 0 and below 90 %.'
  const seed = number(draft.seed)
  if (!(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 31)) problems.seed = 'Give a whole number from 0 to 2147483647.'
  const gpus = number(draft.gpus)
  if (!(Number.isInteger(gpus) && gpus >= 0 && gpus <= 64)) problems.gpus = 'Give a whole number from 0 to 64.'
  for (const [name, problem] of Object.entries(readFields(fields, draft.hyper).problems)) problems[hyperKey(name)] = problem
  return problems
}

export const hyperKey = (name: string) => `hyperParameters.${name}`

/** The columns that the job will learn from. */
export const featuresOf = (draft: Pick<JobDraft, 'target' | 'excluded'>, columns: readonly Pick<Column, 'name'>[]) =>
  columns.map((column) => column.name).filter((name) => name !== draft.target && !draft.excluded.includes(name))

/** The request of a draft without problems. */
export function inputOf(
  draft: JobDraft,
  dataset: { name: string; version: number; columns: readonly Column[] },
  fields: readonly HyperField[],
): CreateJob {
  const excluded = draft.excluded.filter((name) => dataset.columns.some((column) => column.name === name))
  return {
    ...(draft.name.trim() ? { name: draft.name.trim() } : {}),
    recipe: draft.recipe,
    dataset: dataset.name,
    datasetVersion: dataset.version,
    columns: isTextRecipe(draft.recipe)
      ? { text: draft.text, label: draft.target }
      : { target: draft.target, ...(excluded.length ? { exclude: excluded } : {}) },
    modelName: draft.modelName,
    hyperParameters: readFields(fields, draft.hyper).values,
    split: { test: number(draft.testPercent) / 100, ...(draft.groupBy ? { groupBy: draft.groupBy } : {}) },
    resources: { device: draft.device, gpus: draft.device === 'cuda' ? number(draft.gpus) : 0 },
    seed: number(draft.seed),
  }
}

const places: Record<string, string> = {
  label: 'target',
  target: 'target',
  text: 'text',
  features: 'excluded',
  exclude: 'excluded',
  test: 'testPercent',
  groupBy: 'groupBy',
  group_by: 'groupBy',
  device: 'device',
  gpus: 'gpus',
}

/** Where a refusal's path stands in the form: `columns.target` and `hyper_parameters.rounds` are fields of it. */
export function placeOf(path: string): string {
  const [head = '', ...rest] = path.split('.')
  if (/^hyper_?parameters$/i.test(head)) return hyperKey(rest[0] ?? '')
  if (['columns', 'split', 'resources'].includes(head)) return places[rest[0] ?? ''] ?? head
  return head === 'model_name' ? 'modelName' : head
}

export const fieldsOfRecipe = (schema: Record<string, unknown> | undefined): HyperField[] => (schema ? fieldsOf(schema) : [])
