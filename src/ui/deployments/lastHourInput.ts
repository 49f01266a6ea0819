/** The query that finds one deployment among the lists, where its last hour stands. */
export const lastHourInput = (name: string) => ({ q: name, limit: 100 })
