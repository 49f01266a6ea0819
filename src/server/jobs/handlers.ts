/** Queue → service, and what the worker looks after every few seconds. */
import { reconcileUploads } from '#src/server/services/artifacts/reconcile.ts'
import { verifyUpload } from '#src/server/services/artifacts/verify.ts'
import { settleDataset } from '#src/server/services/datasets/settle.ts'
import { sweepDeployments } from '#src/server/services/deployments/status.ts'
import { trainingMissing } from '#src/server/services/system.ts'
import { failUnavailable, sweepLeases } from '#src/server/services/training/leases.ts'
import { work } from './queues.ts'

export async function startHandlers(): Promise<void> {
  await work('verify-upload', ({ uploadId }) => verifyUpload(uploadId), 2)
  await work('settle-dataset', ({ datasetVersionId }) => settleDataset(datasetVersionId), 2)
}

/** Each is safe to run at any time and on several workers at once. */
export const sweeps: { name: string; everyMs: number; run: () => Promise<unknown> }[] = [
  { name: 'leases', everyMs: 5_000, run: sweepLeases },
  { name: 'unavailable devices', everyMs: 3_000, run: () => failUnavailable(trainingMissing() ?? undefined) },
  { name: 'deployments', everyMs: 5_000, run: sweepDeployments },
  { name: 'uploads', everyMs: 5_000, run: reconcileUploads },
]
