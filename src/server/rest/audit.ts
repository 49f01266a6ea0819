/** The record of changes: listed, exported, and its chain checked. */
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { z } from 'zod'
import { type AuditFilter, auditHead, auditSource, historyTypes } from '#src/contracts/audit.ts'
import { id, isoTime, text } from '#src/contracts/common.ts'
import { exportAudit } from '#src/server/services/audit/export.ts'
import { listAudit, readHistory } from '#src/server/services/audit/find.ts'
import { readVerdict } from '#src/server/services/audit/verify.ts'
import { csvLine } from './csv.ts'
import { pageQuery } from './fields.ts'
import { listOf } from './paging.ts'
import { type Call, route } from './route.ts'
import { auditEvent, auditVerdict, presentAuditEvent, presentVerdict } from './shapes/audit.ts'

const tag = 'Audit'

const part = text(200).min(1).optional()
const filter = {
  actor: part.meta({ description: "Part of the actor's e-mail or name, or a whole id" }),
  api_key: part.meta({ description: "Part of the key's name or first characters, or its whole id" }),
  action: part.meta({ description: 'A whole action such as `model.update`, or its beginning up to the dot: `model`' }),
  target_type: part,
  target: part.meta({ description: "Part of the target's name, or its whole id" }),
  source: auditSource.optional(),
  correlation_id: part,
  project: part.meta({ description: 'Id or name; an admin of the installation sees all projects without it' }),
  q: part.meta({ description: 'Part of any name, or of what changed' }),
  from: isoTime.optional(),
  to: isoTime.optional(),
}
const filterQuery = z.strictObject(filter)

function filterOf(query: z.output<typeof filterQuery>): AuditFilter {
  const { api_key: apiKey, target_type: targetType, correlation_id: correlationId, ...rest } = query
  return { ...rest, apiKey, targetType, correlationId }
}

const csvColumns = Object.keys(auditEvent.shape).filter((name) => name !== 'seal') as Exclude<keyof z.infer<typeof auditEvent>, 'seal'>[]
type Presented = z.infer<typeof auditEvent>
const csvRow = (event: Presented) => csvLine([...csvColumns.map((name) => event[name]), event.seal?.seq, event.seal?.hash])
const formats = {
  csv: { type: 'text/csv; charset=utf-8', head: csvLine([...csvColumns, 'seal_seq', 'seal_hash']), line: csvRow },
  jsonl: { type: 'application/x-ndjson; charset=utf-8', head: '', line: (event: Presented) => `${JSON.stringify(event)}\n` },
} as const

/** Waits while the client reads more slowly than the rows come. */
async function write(res: ServerResponse, chunk: string): Promise<void> {
  if (chunk === '' || res.destroyed || res.write(chunk)) return
  await Promise.race([once(res, 'drain'), once(res, 'close')])
}

async function sendExport({ caller, query, req, res }: Call<unknown, z.output<typeof exportQuery>, unknown>): Promise<void> {
  const { format, ...wanted } = query
  const { type, head, line } = formats[format]
  const batches = exportAudit(caller, filterOf(wanted))
  // What is wrong with the request shows at the first batch, while it can still be said.
  let batch = await batches.next()
  res.writeHead(200, { 'content-type': type, 'content-disposition': `attachment; filename="audit.${format}"`, 'cache-control': 'no-store' })
  if (req.method === 'HEAD') return void res.end()
  await write(res, head)
  for (; !batch.done && !res.destroyed; batch = await batches.next())
    await write(res, batch.value.map((event) => line(presentAuditEvent(event))).join(''))
  res.end()
}

const exportQuery = z.strictObject({ format: z.enum(['csv', 'jsonl']), ...filter })

export const auditRoutes = [
  route({
    method: 'GET',
    path: '/audit/events',
    rule: 'admin',
    tag,
    summary: 'List who changed what, newest first',
    description: 'An admin of the installation sees all, an admin of a project what happened in it.',
    query: z.strictObject({ ...filter, ...pageQuery }),
    response: auditEvent,
    isList: true,
    handle: async ({ caller, query: { limit, skip, cursor, ...wanted } }) =>
      listOf(await listAudit(caller, { ...filterOf(wanted), limit, skip, cursor }), presentAuditEvent),
  }),
  route({
    method: 'GET',
    path: '/audit/history',
    rule: 'read',
    tag,
    summary: 'What happened to one thing, newest first',
    description: 'For whoever may read the thing; addresses and keys are shown to admins alone.',
    query: z.strictObject({ target_type: z.enum(historyTypes), target_id: id, ...pageQuery }),
    response: auditEvent,
    isList: true,
    handle: async ({ caller, query: { target_type: targetType, target_id: targetId, ...paging } }) =>
      listOf(await readHistory(caller, { targetType, targetId, ...paging }), presentAuditEvent),
  }),
  route({
    method: 'GET',
    path: '/audit/export',
    rule: 'admin',
    tag,
    summary: 'Take the record out as CSV or as one JSON object a line',
    description:
      'The same filters as the list. In CSV, text that a spreadsheet would run as a formula begins with an apostrophe. ' +
      'The chain can be computed again from the lines of JSON: SHA-256 over the hash before (32 zero bytes at first) and the ' +
      'entry without `project`, `seal` and what is null, as RFC 8785 writes JSON.',
    query: exportQuery,
    produces: 'text/csv',
    handle: sendExport,
  }),
  route({
    method: 'GET',
    path: '/audit/verify',
    rule: 'installation-admin',
    tag,
    summary: 'Check the chain of seals over the record',
    description:
      'Says where it breaks first, and how many entries wait for their seal. What was cut off the end together with its ' +
      'seals, or computed anew, shows only against a head that was kept outside the database.',
    query: z.strictObject({
      head: auditHead.optional().meta({ description: 'A head that was kept, as `seq:hash`', example: `1:${'0'.repeat(64)}` }),
    }),
    response: auditVerdict,
    handle: async ({ query }) => presentVerdict(await readVerdict(query.head)),
  }),
]
