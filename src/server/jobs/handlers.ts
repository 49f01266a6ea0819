/** Queue → service, and what the worker looks after every few seconds. */
import { evaluateRules } from '#src/server/services/alerts/evaluate.ts'
import { reconcileUploads } from '#src/server/services/artifacts/reconcile.ts'
import { verifyUpload } from '#src/server/services/artifacts/verify.ts'
import { sealEntries } from '#src/server/services/audit/seal.ts'
import { deliverChannels, sweepDeliveries } from '#src/server/services/channels/deliver.ts'
import { settleDataset } from '#src/server/services/datasets/settle.ts'
import { sweepDeployments } from '#src/server/services/deployments/status.ts'
import { sweepQualityReports } from '#src/server/services/performance/figures.ts'
import { sweepIdempotencyKeys } from '#src/server/services/idempotency.ts'
import { advanceSwitches } from '#src/server/services/performance/switch.ts'
import { watchModels } from '#src/server/services/performance/watch.ts'
import { deliverOutbox, sweepOutbox, tellFigures } from '#src/server/services/relaycore/deliver.ts'
import { probeExternals } from '#src/server/services/external/probe.ts'
import { resealSecrets } from '#src/server/services/reseal.ts'
import { sweepSessions } from '#src/server/services/sessions.ts'
import { trainingMissing } from '#src/server/services/system.ts'
import { failUnavailable } from '#src/server/services/training/leases.ts'
import { sweepLost } from '#src/server/services/training/silence.ts'
import { work } from './queues.ts'

export async function startHandlers(): Promise<void> {
  await work('verify-upload', ({ uploadId }) => verifyUpload(uploadId), 2)
  await work('settle-dataset', ({ datasetVersionId }) => settleDataset(datasetVersionId), 2)
}

const forgetOutdated = () => Promise.all([sweepSessions(), sweepIdempotencyKeys(), sweepDeliveries(), sweepOutbox(), sweepQualityReports()])

/** Each is safe to run at any time and on several workers at once. */
export const sweeps: { name: string; everyMs: number; run: () => Promise<unknown> }[] = [
  { name: 'leases', everyMs: 5_000, run: sweepLost },
  { name: 'unavailable devices', everyMs: 3_000, run: () => failUnavailable(trainingMissing() ?? undefined) },
  { name: 'deployments', everyMs: 5_000, run: sweepDeployments },
  { name: 'external servers', everyMs: 1_000, run: probeExternals },
  { name: 'model health', everyMs: 5_000, run: watchModels },
  { name: 'model switches', everyMs: 1_000, run: advanceSwitches },
  { name: 'RelayCore outbox', everyMs: 500, run: deliverOutbox },
  { name: 'RelayCore figures', everyMs: 60_000, run: tellFigures },
  { name: 'alert rules', everyMs: 5_000, run: evaluateRules },
  { name: 'channels', everyMs: 1_000, run: deliverChannels },
  { name: 'sealed secrets', everyMs: 600_000, run: resealSecrets },
  { name: 'what is outdated', everyMs: 600_000, run: forgetOutdated },
  { name: 'uploads', everyMs: 5_000, run: reconcileUploads },
  { name: 'audit seals', everyMs: 500, run: sealEntries },
]
