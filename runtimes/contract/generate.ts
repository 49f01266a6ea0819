/** Writes the JSON Schemas that runtimes in other languages read: `node runtimes/contract/generate.ts`. */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { messages } from './messages.ts'

export const schemaPath = (name: string) => fileURLToPath(new URL(`./${name}.schema.json`, import.meta.url))

/** The schema of what is sent, as text; refinements that JSON Schema can not say are checked by the server alone. */
export const schemaText = (schema: z.ZodType) =>
  `${JSON.stringify(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }), null, 2)}\n`

if (import.meta.main) {
  for (const [name, schema] of Object.entries(messages)) writeFileSync(schemaPath(name), schemaText(schema))
}
