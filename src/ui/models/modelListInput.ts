import type { ListModels } from '#src/contracts/model.ts'

const orders: ListModels['orderBy'][] = ['updated_at desc', 'updated_at asc', 'created_at desc', 'created_at asc', 'name asc', 'name desc']
export const defaultOrder: ListModels['orderBy'] = 'updated_at desc'

/** The query behind an address of the list of models; an order that there is not falls back to the newest first. */
export function modelListInput({ q, filter, sort }: { q?: string; filter?: string; sort?: string }) {
  return { q: q || undefined, filter: filter || undefined, orderBy: orders.find((order) => order === sort) ?? defaultOrder, limit: 50 }
}
