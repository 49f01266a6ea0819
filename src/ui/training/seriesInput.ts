/** The query for a job's curves: the page asks on the server, its component in the browser. */
export const seriesInput = (id: string) => ({ id, points: 500 })
