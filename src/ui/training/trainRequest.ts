import type { Column } from '#src/contracts/dataset.ts'
import { guessRecipe, guessTarget, guessText, isTextRecipe } from './jobDefaults.ts'

type Known = { name: string; columns: readonly Column[] }

/** The REST request that starts a job on this data set, or on one to be named where there is none. */
export function trainRequest(dataset: Known | null) {
  const columns = dataset?.columns ?? []
  const recipe = guessRecipe(columns)
  const target = guessTarget(columns) ?? 'label'
  return {
    recipe,
    dataset: dataset?.name ?? 'my-data',
    columns: isTextRecipe(recipe) ? { text: guessText(columns) ?? 'text', label: target } : { target },
    model_name: dataset?.name ?? 'my-model',
  }
}
