export type Sort = { key: string; direction: 'asc' | 'desc' }
type Sortable<Row> = { key: string; sortValue?: (row: Row) => string | number | null }

/** Whether a column is sorted by, here or by the server. */
export const isSortable = (column: { sortValue?: unknown; isServerSorted?: boolean }): boolean =>
  !!column.sortValue || !!column.isServerSorted

/** `name asc` → its parts. */
export function parseSort(sort: string): Sort | null {
  const [key, direction] = sort.split(' ')
  return key ? { key, direction: direction === 'asc' ? 'asc' : 'desc' } : null
}

/** A first click sorts downwards, the next upwards, the third as it was. */
export function nextSort(key: string, order: Sort | null): string | null {
  if (order?.key !== key) return `${key} desc`
  return order.direction === 'desc' ? `${key} asc` : null
}

/** Rows by a column's value, those without one last. Columns that the server sorts are left as they came. */
export function sortRows<Row>(rows: Row[], columns: Sortable<Row>[], sort: string): Row[] {
  const order = parseSort(sort)
  const readValue = columns.find((column) => column.key === order?.key)?.sortValue
  if (!order || !readValue) return rows
  const sign = order.direction === 'asc' ? 1 : -1
  return rows.toSorted((left, right) => {
    const [a, b] = [readValue(left), readValue(right)]
    if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1
    return sign * (typeof a === 'string' || typeof b === 'string' ? String(a).localeCompare(String(b), 'en', { numeric: true }) : a - b)
  })
}
