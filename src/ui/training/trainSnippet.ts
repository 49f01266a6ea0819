import type { Column } from '#src/contracts/dataset.ts'
import { guessRecipe, guessTarget, guessText, isTextRecipe } from './jobDefaults.ts'

type Known = { name: string; columns: readonly Column[] }

/** A call that starts a job on this data set, or on one to be named where there is none. */
export function trainSnippet(origin: string, key: string | null, dataset: Known | null): string {
  const columns = dataset?.columns ?? []
  const recipe = guessRecipe(columns)
  const target = guessTarget(columns) ?? 'label'
  const roles = isTextRecipe(recipe) ? { text: guessText(columns) ?? 'text', label: target } : { target }
  const body = JSON.stringify({
    recipe,
    dataset: dataset?.name ?? 'my-data',
    columns: roles,
    model_name: dataset?.name ?? 'my-model',
  }).replaceAll("'", `'\\''`)
  return [
    `curl -sS '${origin}/api/v1/training/jobs' \\`,
    `  -H ${key === null ? '"Authorization: Bearer $NEUROWEAVER_API_KEY"' : `'Authorization: Bearer ${key}'`} \\`,
    `  -H 'Content-Type: application/json' \\`,
    `  -d '${body}'`,
  ].join('\n')
}
