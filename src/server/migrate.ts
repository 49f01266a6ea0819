import { fileURLToPath } from 'node:url'
import { migrateTables } from './db/migrate.ts'
import { migrateQueues } from './jobs/queues.ts'

const folder = fileURLToPath(new URL('../../drizzle', import.meta.url))

/** Tables and queues of this program's version, under one lock. */
export const migrate = (url: string): Promise<void> => migrateTables(url, folder, () => migrateQueues(url))
