/** The query behind an address of the list of data sets. */
export const datasetListInput = ({ q }: { q?: string }) => ({ q: q || undefined, limit: 50 })
