import type { Column } from '#src/contracts/dataset.ts'
import type { RecipeName } from '#src/contracts/training.ts'

type Named = Pick<Column, 'name' | 'type' | 'distinct'>

const targetNames = /^(target|label|class|y|outcome|species|churn(ed)?|price)$/i
const textNames = /^(text|sentence|content|body|message|comment|review|question)$/i
const fewClasses = 20

/** The column that people most likely want to predict: one with a telling name, else the last that can be one. */
export function guessTarget(columns: readonly Named[]): string | null {
  const able = columns.filter((column) => column.type !== 'datetime')
  const named = able.find((column) => targetNames.test(column.name))
  const notText = able.filter((column) => column.type !== 'text')
  return (named ?? notText.at(-1) ?? able.at(-1))?.name ?? null
}

export const guessText = (columns: readonly Named[]): string | null =>
  (columns.find((column) => textNames.test(column.name)) ?? columns.find((column) => column.type === 'text'))?.name ?? null

/** Text with something to say about it: a text classifier; a number of many values: regression; else classes. */
export function guessRecipe(columns: readonly Named[]): RecipeName {
  const target = columns.find((column) => column.name === guessTarget(columns))
  const others = columns.filter((column) => column !== target)
  if (others.length > 0 && others.every((column) => column.type === 'text')) return 'text-classification'
  return target?.type === 'number' && target.distinct > fewClasses ? 'tabular-regression' : 'tabular-classification'
}

export const isTextRecipe = (recipe: RecipeName) => recipe === 'text-classification'

/** Why a column cannot be what the recipe predicts; null when it can. */
export function targetProblem(column: Named | undefined, recipe: RecipeName): string | null {
  if (!column) return 'Choose the column to predict.'
  if (column.type === 'datetime') return 'Dates cannot be predicted. Choose another column.'
  if (recipe === 'tabular-regression' && column.type !== 'number')
    return 'Regression predicts numbers, and this column holds other things. Choose a number column, or classification.'
  if (column.distinct < 2) return 'Every row has the same value here: there is nothing to learn.'
  return null
}

/** What a table's recipe does not learn from (dates, free text), and columns that tell rows apart and nothing else: learning from an id is memory, not knowledge. */
export function excludedAtFirst(columns: readonly Column[], rows: number | null, target: string | null): string[] {
  return columns
    .filter((column) => column.name !== target)
    .filter(
      (column) =>
        column.type === 'datetime' ||
        column.type === 'text' ||
        (/^(id|uuid|.*_id|index|unnamed.*)$/i.test(column.name) && (column.isDistinctCapped || column.distinct === rows)),
    )
    .map((column) => column.name)
}
