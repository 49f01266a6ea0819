/**
 * A process of its own with nothing but the upload door, for tests and measurements that kill it or look at its memory.
 * Takes DATABASE_URL and UPLOAD_ROOT; prints `{"port": …}` when it listens.
 */
import { join } from 'node:path'
import { connect } from '#src/server/db/client.ts'
import { startQueues } from '#src/server/jobs/queues.ts'
import { openStores } from '#src/server/storage/index.ts'
import { openUploadDoor } from './uploadDoor.ts'

const { DATABASE_URL = '', UPLOAD_ROOT = '' } = process.env
connect(DATABASE_URL, { max: 4 })
await startQueues(DATABASE_URL, 'web')
openStores({ artifactDir: join(UPLOAD_ROOT, 'artifacts'), uploadDir: join(UPLOAD_ROOT, 'uploads') })
const { url } = await openUploadDoor()
console.log(JSON.stringify({ port: Number(new URL(url).port) }))
