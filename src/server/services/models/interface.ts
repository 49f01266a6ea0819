import type { modelVersions } from '#src/server/db/schema.ts'

type Version = Pick<typeof modelVersions.$inferSelect, 'signature' | 'external'>

/** What two versions must have in common to answer the same requests: where they are served, and names, datatypes and shapes. */
export const interfaceOf = ({ signature, external }: Version): string =>
  JSON.stringify([
    external ? 'external' : 'runtime',
    ...[signature?.inputs, signature?.outputs].map((tensors) => tensors?.map(({ name, datatype, shape }) => [name, datatype, shape])),
  ])
