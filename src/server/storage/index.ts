/** The stores of this process: opened by hand in tests, else where the settings say. */
import { env } from '#src/server/env.ts'
import { DirectoryStore } from './directory.ts'
import { Staging } from './staging.ts'
import type { ArtifactStore } from './store.ts'

type Stores = { store: ArtifactStore; staging: Staging }

let opened: Stores | undefined

export function openStores(folders: { artifactDir: string; uploadDir: string }): void {
  opened = { store: new DirectoryStore(folders.artifactDir), staging: new Staging(folders.uploadDir) }
}

function stores(): Stores {
  if (!opened) openStores(env())
  return opened as Stores
}

export const store = (): ArtifactStore => stores().store
export const staging = (): Staging => stores().staging
