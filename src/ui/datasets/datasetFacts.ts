import type { Column, Dataset } from '#src/contracts/dataset.ts'

/** A version whose files are still being read has no columns yet: people read that as verifying. */
export const datasetStatus = (status: Dataset['status']): string => (status === 'pending' ? 'verifying' : status)

/** Share of the cells that hold nothing, 0 to 1; null where nothing has been counted. */
export function missingShare(dataset: Pick<Dataset, 'rows' | 'columns'>): number | null {
  const cells = (dataset.rows ?? 0) * dataset.columns.length
  return cells === 0 ? null : dataset.columns.reduce((sum, column) => sum + column.missing, 0) / cells
}

export const missingOf = (column: Column, rows: number | null): number | null => (rows ? column.missing / rows : null)

export const distinctText = (column: Column) => `${column.isDistinctCapped ? 'over ' : ''}${column.distinct.toLocaleString('en-US')}`

/** `9 number, 4 category`: the types that a data set has, the commonest first. */
export function typesText(columns: readonly Pick<Column, 'type'>[]): string {
  const counts = new Map<string, number>()
  for (const { type } of columns) counts.set(type, (counts.get(type) ?? 0) + 1)
  return [...counts]
    .sort((left, right) => right[1] - left[1])
    .map(([type, count]) => `${count} ${type}`)
    .join(', ')
}

export const datasetHref = (name: string, version?: number) =>
  `/datasets/${encodeURIComponent(name)}${version === undefined ? '' : `?version=${version}`}`
export const trainHref = (name: string, version?: number) =>
  `/training/new?dataset=${encodeURIComponent(name)}${version === undefined ? '' : `&version=${version}`}`

/** The version that an address asks for; anything but a whole number from 1 on asks for the latest. */
export function versionIn(words: string | undefined): number | undefined {
  const version = Number(words)
  return Number.isInteger(version) && version >= 1 && version < 2 ** 31 ? version : undefined
}
