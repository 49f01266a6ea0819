import type { RecipeName } from '#src/contracts/training.ts'
import { versionIn } from '#src/ui/datasets/datasetFacts.ts'

export type JobFormStart = { dataset?: string; version?: number; recipe?: RecipeName; from?: string }

const recipes: readonly RecipeName[] = ['tabular-classification', 'tabular-regression', 'text-classification']

/** What an address asks the form to begin with; what it does not know is left out. */
export function jobFormStart({ dataset, version, recipe, from }: Record<string, string | undefined>): JobFormStart {
  return { dataset, version: versionIn(version), recipe: recipes.find((one) => one === recipe), from }
}
