import { afterAll, beforeAll, inject } from 'vitest'
import { connect, disconnect } from '#src/server/db/client.ts'
import { startQueues, stopQueues } from '#src/server/jobs/queues.ts'
import { forgetIdentities } from '#src/server/services/identities.ts'
import { asAdmin, dropDatabase, randomName, type TestCluster, urlOf } from './cluster.ts'
import './global-setup.ts'

const accessedByOthers = '55006'

/** A database is copied only while nobody is connected to its template; a copy that another file makes is over in milliseconds. */
async function createFromTemplate({ adminUrl, template }: TestCluster): Promise<string> {
  const name = randomName('nw_test')
  for (let attempt = 1; ; attempt++) {
    try {
      await asAdmin(adminUrl, (client) => client.query(`create database ${name} template ${template}`))
      return name
    } catch (error) {
      if (attempt === 20 || (error as { code?: string }).code !== accessedByOthers) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

export type TestDatabase = {
  /** Address of this file's own database; known once the tests run. */
  readonly url: string
}

/**
 * Gives the test file that calls it a database of its own, with all migrations and the project `default`.
 * `db()` and `send()` work on it, as in web; `role: 'worker'` starts the queues so that `work()` polls.
 */
export function useDatabase(options: { role?: 'web' | 'worker' } = {}): TestDatabase {
  let url: string | undefined
  let name: string | undefined
  const cluster = inject('testCluster')
  if (!cluster) throw new Error('vitest.config.ts must name src/testing/global-setup.ts as its globalSetup')
  beforeAll(async () => {
    name = await createFromTemplate(cluster)
    url = urlOf(cluster.adminUrl, name)
    connect(url, { max: 8 })
    await startQueues(url, options.role ?? 'web')
  })
  afterAll(async () => {
    await stopQueues()
    await disconnect()
    forgetIdentities()
    if (name) await dropDatabase(cluster.adminUrl, name)
  })
  return {
    get url() {
      if (!url) throw new Error('the database is made in beforeAll: read its url inside a test')
      return url
    },
  }
}
