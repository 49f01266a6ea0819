import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { type CreateJob, type Recipe, recipe } from '#src/contracts/training.ts'
import { AppError } from '#src/server/errors.ts'

/** The trainer's own descriptions of its recipes: the form, the API and the trainer read the same files. */
const folder = fileURLToPath(new URL('../../../../runtimes/training/neuroweaver_training/recipes', import.meta.url))

let cached: Promise<Recipe[]> | undefined

export function listRecipes(): Promise<Recipe[]> {
  cached ??= readRecipes()
  return cached
}

async function readRecipes(): Promise<Recipe[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort()
  return Promise.all(names.map(async (name) => recipe.parse(JSON.parse(await readFile(`${folder}/${name}`, 'utf8')))))
}

/**
 * Checks hyper-parameters against the recipe's JSON Schema.
 * @throws AppError unprocessable naming each field that is wrong.
 */
export async function checkHyperParameters(name: string, given: CreateJob['hyperParameters']): Promise<void> {
  const found = (await listRecipes()).find((item) => item.name === name)
  if (!found)
    throw new AppError('unprocessable', `There is no recipe "${name}".`, { details: [{ path: 'recipe', message: 'is not known' }] })
  const properties = (found.hyperParameters.properties ?? {}) as Record<string, unknown>
  const unknown = Object.keys(given).find((key) => !Object.hasOwn(properties, key))
  if (unknown !== undefined) {
    const message = `is not a hyper-parameter of ${name}; it has ${Object.keys(properties).join(', ')}`
    throw new AppError('unprocessable', `hyper_parameters.${unknown}: ${message}`, {
      details: [{ path: `hyper_parameters.${unknown}`, message }],
    })
  }
  const checked = z.fromJSONSchema({ ...found.hyperParameters, required: [] } as z.core.JSONSchema.JSONSchema).safeParse(given)
  if (checked.success) return
  const details = checked.error.issues.map((issue) => ({ path: ['hyper_parameters', ...issue.path].join('.'), message: issue.message }))
  throw new AppError('unprocessable', `${details[0]?.path}: ${details[0]?.message}`, { details })
}
