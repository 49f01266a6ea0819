/** Bounds what callers take of the files that this process may have open. */
import { openFilesLimit } from '#src/telemetry/openFiles.ts'

/** Replicas' pipes, files of models and calls to web need some as well, and without one left nothing works. */
const shareOfFiles = 0.75

/** How many connections are served at a time; more are closed without a word. */
export const maxConnections = (): number => Math.floor(openFilesLimit() * shareOfFiles)
