/** How fast a joined runtime fetches an artifact of 1 GiB, digest and all, beside curl from the same server in the same run. */
import { execFile } from 'node:child_process'
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { createWriteStream, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { preparePython } from '#src/launcher/python.ts'
import { ArtifactCache } from '../../../runtimes/inference/artifacts.ts'
import { ControlPlane } from '../../../runtimes/inference/control.ts'
import { asAdmin, startTestCluster, urlOf } from '../cluster.ts'
import { startWeb, type TestWeb } from '../web.ts'
import { type BenchResult, quantile } from './result.ts'

const run = promisify(execFile)
const sizeBytes = 1024 ** 3
const rounds = 3
const block = randomBytes(1024 ** 2)

type Stored = { sha256: string; path: string; size_bytes: number }

/** Writes the file where web's store has it. */
async function store(dataDir: string): Promise<Stored> {
  const hash = createHash('sha256')
  for (let written = 0; written < sizeBytes; written += block.length) hash.update(block)
  const sha256 = hash.digest('hex')
  const folder = join(dataDir, 'artifacts', sha256.slice(0, 2))
  mkdirSync(folder, { recursive: true })
  const out = createWriteStream(join(folder, sha256))
  for (let written = 0; written < sizeBytes; written += block.length) if (!out.write(block)) await once(out, 'drain')
  out.end()
  await once(out, 'finish')
  return { sha256, path: 'model.onnx', size_bytes: sizeBytes }
}

/** A deployment and a running job that name the file, so that each runtime may have it. */
const nameIt = (url: string, { sha256 }: Stored, trainer: string) =>
  asAdmin(url, async (client) => {
    const [model, version, deployment, dataset, datasetVersion] = Array.from({ length: 5 }, () => randomUUID())
    const project = `(select id from projects where name = 'default')`
    const say = (text: string, values: unknown[]) => client.query(text, values)
    await say(`insert into artifacts (sha256, size_bytes, format) values ($1, $2, 'unknown')`, [sha256, sizeBytes])
    await say(`insert into models (id, project_id, name) values ($1, ${project}, 'large')`, [model])
    await say(
      `insert into model_versions (id, project_id, model_id, version, status, lineage) values ($1, ${project}, $2, 1, 'ready', '{}')`,
      [version, model],
    )
    await say(`insert into version_files (version_id, path, sha256, size_bytes) values ($1, 'model.onnx', $2, $3)`, [
      version,
      sha256,
      sizeBytes,
    ])
    await say(`insert into deployments (id, project_id, name, model_id, status) values ($1, ${project}, 'large', $2, 'pending')`, [
      deployment,
      model,
    ])
    await say(`insert into deployment_targets (deployment_id, version_id, weight) values ($1, $2, 100)`, [deployment, version])
    await say(`insert into datasets (id, project_id, name) values ($1, ${project}, 'large')`, [dataset])
    await say(`insert into dataset_versions (id, project_id, dataset_id, version, status) values ($1, ${project}, $2, 1, 'ready')`, [
      datasetVersion,
      dataset,
    ])
    await say(`insert into dataset_files (dataset_version_id, position, path, sha256, size_bytes) values ($1, 0, 'large.csv', $2, $3)`, [
      datasetVersion,
      sha256,
      sizeBytes,
    ])
    await say(
      `insert into training_jobs (id, project_id, name, recipe, status, spec, device, dataset_version_id, model_name, runtime_id, correlation_id)
       values ($1, ${project}, 'large', 'tabular-classification', 'running', '{}', 'cpu', $2, 'large', $3, 'bench')`,
      [randomUUID(), datasetVersion, trainer],
    )
  })

async function enrol(web: TestWeb): Promise<{ id: string; credential: string }> {
  const body = { kind: 'training', name: 'bench', version: '0.1.0', protocol: 1, boot_id: randomUUID(), devices: [], capacity: 1 }
  const answer = await fetch(`${web.url}/api/runtime/v1/enrol`, {
    method: 'POST',
    headers: { authorization: `Bearer ${web.runtimeToken}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const { runtime_id: id, credential } = (await answer.json()) as { runtime_id: string; credential: string }
  return { id, credential }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await work()
  return (performance.now() - started) / 1000
}

const python = `
import json, sys, threading, time
from pathlib import Path
from neuroweaver_training.agent.control import Control
from neuroweaver_training.agent.inputs import Inputs
from neuroweaver_training.agent.settings import Settings
url, folder, sha256, size, credential = sys.argv[1:]
control = Control(Settings(url, Path(folder), 'bench', None, None), threading.Event())
control._shared.credential = credential
started = time.monotonic()
Inputs(control).fetch(sha256, int(size), lambda: False)
print(time.monotonic() - started)
`

type Fetcher = { name: string; fetch: (folder: string) => Promise<number> }

function inference(web: TestWeb, file: Stored): Fetcher {
  return {
    name: 'inference',
    async fetch(folder) {
      const options = {
        controlUrl: web.url,
        runtimeToken: web.runtimeToken,
        stateDir: folder,
        // Each round's is a new runtime: its folder, with the credential, was taken away after the one before.
        name: basename(folder),
        version: '0.1.0',
        url: web.url,
      }
      const control = new ControlPlane(options)
      await control.enrol()
      const cache = new ArtifactCache({ stateDir: folder, artifactDir: undefined, control })
      return timed(() => cache.ensure(file, new AbortController().signal))
    },
  }
}

async function training(web: TestWeb, file: Stored, credential: string): Promise<Fetcher | undefined> {
  const interpreter = await preparePython()
  if ('reason' in interpreter) return undefined
  const cwd = fileURLToPath(new URL('../../../runtimes/training', import.meta.url))
  return {
    name: 'training',
    async fetch(folder) {
      const args = ['-c', python, web.url, folder, file.sha256, String(file.size_bytes), credential]
      return Number((await run(interpreter.path, args, { cwd })).stdout)
    },
  }
}

function curl(web: TestWeb, file: Stored, credential: string): Fetcher {
  const url = `${web.url}/api/runtime/v1/artifacts/${file.sha256}`
  const args = ['-sSf', '-H', `Authorization: Bearer ${credential}`, url]
  return { name: 'curl', fetch: (folder) => timed(() => run('curl', [...args, '-o', join(folder, 'file')])) }
}

/** By turns, so that whatever else the machine does falls on all of them. */
async function compare(fetchers: Fetcher[], work: string): Promise<Record<string, number>> {
  const seconds = new Map(fetchers.map(({ name }) => [name, [] as number[]]))
  for (let round = 0; round < rounds; round += 1)
    for (const { name, fetch: once } of fetchers) {
      const folder = mkdtempSync(join(work, `${name}-`))
      seconds.get(name)?.push(await once(folder))
      rmSync(folder, { recursive: true, force: true })
    }
  return Object.fromEntries([...seconds].map(([name, taken]) => [name, sizeBytes / 1024 ** 2 / quantile(taken, 0.5)]))
}

/** MiB/s of each kind of runtime; the floor is curl's, and a ratio of 0.7 or more is what is wanted. */
export async function benchFetch(): Promise<BenchResult[]> {
  const cluster = await startTestCluster()
  const work = mkdtempSync(join(tmpdir(), 'neuroweaver-fetch-'))
  const databaseUrl = urlOf(cluster.adminUrl, cluster.template)
  try {
    const file = await store(work)
    const web = await startWeb({ databaseUrl, dataDir: work })
    try {
      const trainer = await enrol(web)
      await nameIt(databaseUrl, file, trainer.id)
      const joined = [inference(web, file), await training(web, file, trainer.credential)].filter((one) => one !== undefined)
      const { curl: floor = Number.NaN, ...rates } = await compare([curl(web, file, trainer.credential), ...joined], work)
      return Object.entries(rates).map(([name, value]) => ({
        name: `fetch_1gib_${name}`,
        value,
        unit: 'MiB/s',
        floor,
        ratio: value / floor,
      }))
    } finally {
      await web.stop()
    }
  } finally {
    await cluster.stop()
    rmSync(work, { recursive: true, force: true })
  }
}
