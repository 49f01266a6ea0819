import { createHash } from 'node:crypto'
import type { Dataset } from '#src/contracts/dataset.ts'
import { newId } from '#src/server/db/ids.ts'
import { staging } from '#src/server/storage/index.ts'
import type { Caller } from '../access.ts'
import { createUpload, finishUpload } from '../artifacts/uploads.ts'
import { readBuiltins, toCsv } from '../samples/builtins.ts'
import { createDataset } from './change.ts'

export const sampleName = 'node-builtins'

/** Makes the sample data set: a table of Node's own functions, with numbers, categories and gaps. */
export async function loadSample(caller: Caller): Promise<Dataset> {
  const { columns, rows } = readBuiltins()
  const bytes = Buffer.from(toCsv(columns, rows))
  const id = newId()
  await createUpload(caller, { id, filename: `${sampleName}.csv`, sizeBytes: bytes.length, expectedSha256: null, metadata: null })
  const writer = await staging().openWriter(id, 0)
  if (!writer.take(bytes)) await writer.drained()
  await writer.end(bytes.length)
  await finishUpload(id, createHash('sha256').update(bytes).digest('hex'))
  return createDataset(caller, {
    name: sampleName,
    description:
      "Functions of Node's built-in modules, read from their source. Predict checks_arguments: whether a function checks what it is given.",
    files: [{ path: `${sampleName}.csv`, uploadId: id }],
  })
}
